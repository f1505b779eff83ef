"""What two modules share, made up, in the form of ``isoview sharing --format json``."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Event as StopEvent
from typing import Any

from app_pilot import MemoryDecisions, app_of

from isoview.model import Report
from isoview.tui.app import IsoviewApp

SHARED: dict[str, Any] = {
    "modules": ["one", "two"],
    "files": {"one": "site-packages/sample.cpython-313-x86_64-linux-gnu.so"},
    "capsules": [
        {"name": "one._API", "published": ["one"], "imported": ["two"]},
        {"name": "datetime.datetime_CAPI", "published": [], "imported": ["one"]},
    ],
    "registries": [{"generator": "pybind11", "key": "v11_gcc", "modules": ["one", "two"]}],
    "findings": [
        {"rule": "ISO701", "name": "class-built-twice", "guide": "pyo3-sharing-pyclass",
         "severity": "warning", "message": "shapes.Point is built by 2 modules: one, two",
         "evidence": ["one: a.so", "two: b.so"], "fingerprint": "ISO701:one:type:shapes.Point"},
    ],
}  # fmt: skip


def sharing_app(
    sharing: Callable[[Sequence[str], StopEvent], dict[str, Any]],
    *reports: Report,
    decisions: MemoryDecisions | None = None,
) -> IsoviewApp:
    """The app, with ``sharing`` in place of the process that compares modules."""
    app = app_of(*reports, decisions=decisions)
    app.services = replace(app.services, sharing=sharing)
    return app

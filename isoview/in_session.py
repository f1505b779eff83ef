"""A module of this very interpreter: looked at in process, by reading alone.

Nothing of the module is called, and no experiment is made: those belong into child processes
(``isoview live``). The same ``inspect`` serves here, in the experiments and in an attached process.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from isoview.inspectors.errors import BuiltIn, NotFound
from isoview.model import Report


def report_on(module: ModuleType) -> Report:
    """The module's file, with what the loaded module adds to it. Raises :class:`IsoviewError`."""
    from isoview.api import audit
    from isoview.run_live import with_live

    probe = _probe()
    name = getattr(module, "__name__", "the module")
    kind = probe.kind_of(module)
    if kind == "builtin":
        raise BuiltIn(
            f"{name} is compiled into the interpreter {sys.executable}",
            "There is no file to open; try another interpreter's copy by its path.",
        )
    file = probe.file_of(module)
    if file is None or kind == "python":
        raise NotFound(
            f"{name} is no extension module: nothing in it is compiled",
            "Give the extension module itself, as pkg._speedups.",
        )
    return with_live(audit(file), _live(name, file, probe.inspect(module)))


def _probe() -> Any:
    """The probe, which has no annotations: it is written for 3.9."""
    return import_module("isoview.inspectors.live.probe.inspection")


def _live(name: str, file: str, info: dict[str, object]) -> dict[str, object]:
    """One look as a live report (``isoview.live/1``)."""
    from isoview.inspectors.live.outcome import not_run

    python = {
        "executable": sys.executable or "",
        "version": ".".join(map(str, sys.version_info[:3])),
        "implementation": sys.implementation.name,
        "free_threaded": _probe().is_free_threaded(),
    }
    outcome = {**not_run(""), "status": "ok", "message": None, "repeats": "1/1", **info}
    return {
        "schema": "isoview.live/1",
        "module": name,
        "file": file,
        "target": name,
        "runs": [{"python": python, "experiments": {"info": outcome}}],
    }


def in_notebook() -> bool:
    """Whether results are shown by a notebook's front end: IPython runs, with a kernel behind it."""
    ipython = sys.modules.get("IPython")
    if ipython is None:
        return False
    shell = ipython.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def has_terminal() -> bool:
    """Whether the app could be shown: both ends are a terminal."""
    return all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__))

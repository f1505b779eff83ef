"""What the screens look like, at both widths that matter, over the hand-made module.

``pytest tests/tui --snapshot-update`` writes them anew; look at every changed picture before it is
committed. Rule and guide texts are fixed here, so that rewording one does not change a picture.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from app_pilot import app_of, press, settle
from app_reports import FACTS, FINDINGS, REPORT
from fixed_texts import fix_texts
from textual.pilot import Pilot

from isoview.model import Failed, Started, TargetError
from isoview.tui import texts
from isoview.tui.app import IsoviewApp

SIZES = [(80, 24), (140, 40)]
IDS = ["80x24", "140x40"]
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def fixed_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_texts(monkeypatch)
    monkeypatch.setattr(
        texts,
        "guide_markdown",
        lambda _section: ("# A section\n\nWhat it asks.\n\n## Why\n\nSo.", ""),
    )
    monkeypatch.setattr(
        texts, "fix_markdown", lambda rule, maker: f"# {rule}\n\n**{maker}**\n\nCall `f()`."
    )


def check(
    compare: Compare, app: IsoviewApp, size: tuple[int, int], *keys: str, toasts: bool = False
) -> None:
    async def run(pilot: Pilot[None]) -> None:
        app._disable_notifications = not toasts
        await settle(pilot)
        await press(pilot, *keys)
        await settle(pilot)

    assert compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_module(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_evidence_of_one_type_with_every_field(
    snap_compare: Compare, size: tuple[int, int]
) -> None:
    check(snap_compare, app_of(), size, "j", "j", "right", "j", "x")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_guide_and_the_section_s_findings(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "j", "j", "o")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_decision(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, app_of(), size, "j", "j", "a", "f", *"wrapped")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_live(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = app_of(live=lambda _path, _stop: LIVE)
    check(snap_compare, app, size, "l", "y", "shift+tab", "G", "k", "k")


def test_help(snap_compare: Compare) -> None:
    check(snap_compare, app_of(), (80, 24), "question_mark")


def test_question_before_code_is_run(snap_compare: Compare) -> None:
    check(snap_compare, app_of(), (80, 24), "l")


def test_read_again(snap_compare: Compare) -> None:
    rebuilt = replace(
        REPORT,
        facts=replace(FACTS, definitions=(replace(FACTS.definitions[0], m_size=64),)),
        findings=FINDINGS[1:],
    )
    check(snap_compare, app_of(REPORT, rebuilt), (140, 40), "R")


def test_unreadable(snap_compare: Compare) -> None:
    error = TargetError("x.so", "x.so is no ELF file", "Give the path of an extension module.")
    app = app_of(stream=lambda _targets: iter((Started("x.so"), Failed(error))))
    check(snap_compare, app, (80, 24))


def test_several_targets(snap_compare: Compare) -> None:
    check(snap_compare, app_of(targets=("a.so", "b.so")), (80, 24))


LIVE: dict[str, Any] = {
    "schema": "isoview.live/1",
    "runs": [
        {
            "python": {"version": "3.13.0", "free_threaded": False},
            "experiments": {
                "info": {
                    "status": "ok",
                    "phase": "single",
                    "m_size": 0,
                    "state": {"present": True, "size": 64},
                    "definition": {
                        "address": 0x7F0000004000,
                        "link_address": 0x4000,
                        "m_name": "sample",
                        "m_size": 0,
                        "methods": [{"name": "connect", "flags": 3}, {"name": "close", "flags": 4}],
                        "slots": [{"id": 2, "name": "Py_mod_exec", "value": None}],
                        "has_traverse": True,
                        "has_clear": False,
                        "has_free": True,
                    },
                    "types": [
                        {
                            "name": name,
                            "address": 0x7F0000004100 + 16 * index,
                            "link_address": None,
                            "static": static,
                            "flags": 0x4400,
                            "flag_names": ["BASETYPE", "HAVE_GC"],
                            "module_tied": False,
                            "basicsize": 40,
                        }
                        for index, (name, static) in enumerate(
                            (
                                ("sample.Connection", True),
                                ("sample.Cursor", True),
                                ("sample.Made", False),
                            )
                        )
                    ],
                }
            },
        }
    ],
}

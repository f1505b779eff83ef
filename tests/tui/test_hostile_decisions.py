"""Hostile names on the screens of decisions, guide, plan and sharing."""

import json
from typing import Any

import pytest
from app_pilot import MemoryDecisions, drive, press
from hostile_text import HOSTILE, nothing_acts
from samples import full_report
from shared_by_hand import SHARED, sharing_app
from textual.pilot import Pilot

from isoview.triage import Decision, Group

KEYS = (
    "j",
    "enter",
    "left_square_bracket",
    "m",
    "y",
    "Y",
    "o",
    "left_square_bracket",
    "G",
    "y",
    "v",
)


def hostile(value: Any) -> Any:
    """The same data with every text hostile, but for what isoview itself says."""
    if isinstance(value, dict):
        kept = {"severity", "guide", "rule"}
        return {k: v if k in kept else hostile(v) for k, v in value.items()}
    if isinstance(value, list):
        return [hostile(each) for each in value]
    return HOSTILE + value if isinstance(value, str) else value


@pytest.mark.parametrize("view", ["T", "5", "4", "6"])
def test_hostile_text_is_only_text(view: str) -> None:
    decisions = MemoryDecisions()
    report = full_report(0, HOSTILE)
    first = report.findings[0].fingerprint
    decisions.on_disk[first] = Decision(first, "intended", HOSTILE, 1)
    decisions.on_disk[HOSTILE] = Decision(HOSTILE, "confirmed", HOSTILE, 1)
    decisions.on_disk.groups = (Group(HOSTILE, HOSTILE, HOSTILE, "intended", HOSTILE),)
    shared = hostile(json.loads(json.dumps(SHARED)))
    app = sharing_app(lambda _paths, _stop: shared, report, decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, view)
        nothing_acts(app)
        for key in KEYS:
            await press(pilot, key)
            nothing_acts(app)

    drive(app, steps, (140, 40))


def test_hostile_text_in_the_editors_is_only_text() -> None:
    decisions = MemoryDecisions()
    report = full_report(0, HOSTILE)
    first = report.findings[0].fingerprint
    decisions.on_disk[first] = Decision(first, "intended", HOSTILE, 1)
    app = sharing_app(lambda _paths, _stop: SHARED, report, decisions=decisions)

    async def steps(pilot: Pilot[None]) -> None:
        for keys in (
            ("a",),
            ("i",),
            ("enter",),
            ("A",),
            ("tab", "tab"),
            ("x", "enter"),
            ("escape",),
        ):
            await press(pilot, *keys)
            nothing_acts(app)
        await press(pilot, "escape", "question_mark")
        nothing_acts(app)

    drive(app, steps, (140, 40))

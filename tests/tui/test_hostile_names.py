"""Names from files can hold escape sequences, markup and marks that turn text around."""

from typing import Any

import pytest
from app_pilot import app_of, drive, press, screen_text, settle
from compiled import compile_fixture
from hostile_text import HOSTILE, nothing_acts
from samples import full_report
from textual.pilot import Pilot

from isoview.model import Report
from isoview.tui.app import IsoviewApp
from isoview.tui.outline import outline
from isoview.tui.widgets.faces import EvidenceFace
from isoview.tui.widgets.fact_tree import FactTree
from isoview.tui.widgets.findings import FindingsTable

LIVE: dict[str, Any] = {
    "schema": "isoview.live/1",
    "runs": [
        {
            "python": {"version": HOSTILE, "free_threaded": True},
            "experiments": {"info": {"status": "crashed", "message": HOSTILE, "stderr": HOSTILE}},
        }
    ],
}


@pytest.mark.parametrize("variant", [0, 1])
def test_hostile_text_in_every_field_is_only_text(variant: int) -> None:
    report: Report = full_report(variant, HOSTILE)
    app = app_of(report, targets=(HOSTILE,), live=lambda _path, _stop: LIVE)

    async def steps(pilot: Pilot[None]) -> None:
        assert "[red]x[/red]" in screen_text(app), "markup stands there as it was written"
        for key in ("x", "o", "f", "y", "Y", "question_mark", "escape", "escape", "l", "y", "R"):
            await press(pilot, key)
            nothing_acts(app)
        await press(pilot, "a", "x", "escape", "slash", *"[red]", "enter", "y")
        nothing_acts(app)
        tree = app.screen.query_one(FactTree)
        tree.focus()
        tree.root.expand_all()
        await settle(pilot)
        for _ in range(25):
            await pilot.press("j")
            nothing_acts(app)

    drive(app, steps, (140, 40))


def test_a_hostile_message_of_an_error_is_only_text() -> None:
    from isoview.model import Failed, Started, TargetError

    error = TargetError(HOSTILE, f"cannot read {HOSTILE}", HOSTILE)
    app = app_of(
        targets=(HOSTILE,), stream=lambda _targets: iter((Started(HOSTILE), Failed(error)))
    )

    async def steps(pilot: Pilot[None]) -> None:
        assert "cannot read" in screen_text(app)
        nothing_acts(app)
        await press(pilot, "y")
        nothing_acts(app)

    drive(app, steps)


def test_the_compiled_file_with_hostile_names_opens() -> None:
    path = compile_fixture("hostile_names.c")
    app = IsoviewApp([str(path)])

    async def steps(pilot: Pilot[None]) -> None:
        nothing_acts(app)
        report = app.entries[0].report
        assert report is not None
        assert outline(report, app.entries[0].subjects)
        for _ in range(min(app.screen.query_one(FindingsTable).count, 12)):
            await press(pilot, "x", "j")
            nothing_acts(app)
        assert app.screen.query_one(EvidenceFace).everything in {True, False}
        await press(pilot, "Y")
        nothing_acts(app)

    drive(app, steps, (140, 40))

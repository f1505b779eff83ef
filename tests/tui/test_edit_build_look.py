"""A maintainer's loop on real files: find the worst, understand it, decide, mend, build, look."""

import shutil
from pathlib import Path

import pytest
from app_pilot import drive, press, screen_text
from compiled import compile_fixture
from textual.pilot import Pilot

from isoview.triage import load
from isoview.tui.app import IsoviewApp
from isoview.tui.screens.plan import PlanScreen
from isoview.tui.widgets.findings import FindingsTable


def current(app: IsoviewApp) -> str:
    row = app.screen.query_one(FindingsTable).current
    return row.finding.rule if row is not None else ""


def test_from_the_worst_finding_to_a_mended_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    built = compile_fixture("object_in_static_bad.c")
    rebuilt = compile_fixture("object_in_static_bad.c", "-O0", "-DEXTRA=1")
    mended = compile_fixture(
        "object_in_static_good.c", "-DPyInit_object_in_static_good=PyInit_object_in_static_bad"
    )
    file = tmp_path / built.name
    shutil.copyfile(built, file)
    app = IsoviewApp([str(file)])

    async def steps(pilot: Pilot[None]) -> None:
        worst = current(app)
        text = screen_text(app)
        assert worst in text, "the worst stands under the cursor, with what it is and why"
        assert "The static is shared by all module objects" in " ".join(
            text.replace("│", " ").split()
        )
        await press(pilot, "a", "c", *"goes into the state", "enter")
        (decision,) = load(tmp_path / "isoview.toml").values()
        assert (decision.status, decision.reason) == ("confirmed", "goes into the state")
        app.screen.query_one(FindingsTable).focus()
        place = current(app)

        shutil.copyfile(rebuilt, file)
        await press(pilot, "R")
        report = app.entries[0].report
        assert report is not None
        assert current(app) == place
        kept = next(f for f in report.findings if f.fingerprint == decision.fingerprint)
        assert kept.status == "confirmed", "the decision survives a build with other addresses"
        assert not app.entries[0].gone

        shutil.copyfile(mended, file)
        await press(pilot, "R")
        assert decision.fingerprint in {f.fingerprint for f in app.entries[0].gone}
        assert "gone" in screen_text(app)
        await press(pilot, "4")
        assert isinstance(app.screen, PlanScreen)
        statics = next(step for step in app.screen._steps if step.id == "statics")
        assert statics.state == "done"

    drive(app, steps)

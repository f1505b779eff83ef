"""The plan and what modules share, driven by keys."""

from collections.abc import Sequence
from dataclasses import replace
from threading import Event as StopEvent
from typing import Any

from app_pilot import app_of, drive, press, said, screen_text
from app_reports import FINDINGS, REPORT
from shared_by_hand import SHARED, sharing_app
from textual.pilot import Pilot

from isoview.inspectors.errors import IsoviewError
from isoview.plan import plan
from isoview.tui.screens.guide import GuideScreen
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.screens.plan import PlanScreen
from isoview.tui.screens.sharing import SharingScreen
from isoview.tui.sharing_lines import lines
from isoview.tui.widgets.decision_bar import DecisionBar
from isoview.tui.widgets.findings import FindingsTable


def test_steps_unfold_and_lead_to_their_findings_and_back() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "4")
        screen = app.screen
        assert isinstance(screen, PlanScreen)
        text = screen_text(app)
        for number, step in enumerate(plan(REPORT), 1):
            assert f"{number}. {step.title}" in text
        assert "▶ next" in text
        assert len(screen.listed_findings()) == len(FINDINGS)
        assert screen.chosen_findings() == (FINDINGS[0],), "it opens at what is selected"
        await press(pilot, "left")
        assert "When it is done: " in screen_text(app)
        await press(pilot, "right", "j")
        assert screen.chosen_findings() == (FINDINGS[0],)
        await press(pilot, "o")
        assert isinstance(app.screen, GuideScreen)
        await press(pilot, "left_square_bracket", "enter")
        assert isinstance(app.screen, ModuleScreen)
        row = app.screen.query_one(FindingsTable).current
        assert row is not None
        assert row.finding == FINDINGS[0]
        await press(pilot, "left_square_bracket")
        assert isinstance(app.screen, PlanScreen)
        assert app.screen.chosen_findings() == (FINDINGS[0],)
        await press(pilot, "Y")
        assert "- [ ] Multi-phase initialization" in app.clipboard

    drive(app, steps)


def test_what_is_decided_to_be_meant_so_is_no_work() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "4")
        assert "6 findings to work on" in screen_text(app)
        await press(pilot, "a", "i", *"so", "enter")
        assert "5 findings to work on, 1 decided and not planned" in screen_text(app)
        await press(pilot, "slash", *"cursor", "enter")
        assert "1 of 5 with “cursor”" in screen_text(app)

    drive(app, steps, (140, 40))


def test_the_plan_says_why_there_is_none() -> None:

    facts = replace(REPORT.facts, artifact=replace(REPORT.facts.artifact, is_extension=False))
    app = app_of(replace(REPORT, facts=facts, verdict=None, findings=()))

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "4")
        assert "this file is no extension module" in said(app)

    drive(app, steps)


def test_what_modules_share_is_listed_and_opens_them() -> None:
    asked: list[Sequence[str]] = []

    def compare(paths: Sequence[str], _stop: StopEvent) -> dict[str, Any]:
        asked.append(paths)
        return SHARED

    app = sharing_app(compare)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "6")
        text = screen_text(app)
        assert asked == [[app.entries[0].path]]
        assert "2 modules, 1 in disagreement, 1 capsule between them" in text
        assert "ISO701 shapes.Point is built by 2 modules" in text
        assert "made by  one" in text
        assert "isinstance says no" in text
        await press(pilot, "o")
        assert isinstance(app.screen, GuideScreen)
        assert app.screen.here().section == "pyo3-sharing-pyclass"
        await press(pilot, "left_square_bracket", "j", "j", "enter")
        assert isinstance(app.screen, ModuleScreen), "module one is open"
        await press(pilot, "left_square_bracket", "slash", *"datetime", "enter")
        screen = app.screen
        assert isinstance(screen, SharingScreen)
        assert "2 with “datetime”" in screen_text(app)

    drive(app, steps, (140, 40))


def test_a_comparison_that_fails_says_what_to_do() -> None:
    def compare(_paths: Sequence[str], _stop: StopEvent) -> dict[str, Any]:
        raise IsoviewError("the comparison ended without a result: killed", "Try fewer files.")

    app = sharing_app(compare)

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "6")
        words = " ".join(screen_text(app).replace("│", " ").split())
        assert "ended without a result: killed. Try fewer files. R compares again" in words
        await press(pilot, "y")
        assert "no line under the cursor" in said(app)

    drive(app, steps, (140, 40))


def test_lines_name_every_side_of_everything() -> None:
    every = list(lines(SHARED))
    modules = [(line.role, line.title) for line in every if line.kind == "module"]
    assert modules == [
        ("made by", "one"), ("taken by", "two"), ("taken by", "one"),
        ("used by", "one"), ("used by", "two"),
    ]  # fmt: skip


def test_every_line_of_the_plan_can_be_decided_about_or_says_why_not() -> None:
    first = next(finding for finding in FINDINGS if finding.rule == "ISO101")
    second = replace(first, rule="ISO102", fingerprint="ISO102:sample")
    app = app_of(replace(REPORT, findings=(*FINDINGS, second)))

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "4", "g")
        asked = set()
        for _ in range(12):
            await press(pilot, "a")
            for bar in app.screen.query(DecisionBar):
                if bar.display:
                    asked |= {scope.label for scope in bar._scopes}
                    await press(pilot, "escape")
            await press(pilot, "j")
        assert isinstance(app.screen, PlanScreen)
        assert "the 2 listed here" in asked

    drive(app, steps, (140, 40))

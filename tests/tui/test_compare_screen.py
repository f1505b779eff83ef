"""The Compare screen: what a new build changed, and the way to each finding."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from app_pilot import app_of, drive, press, said, screen_text, settle
from app_reports import FACTS, FINDINGS, REPORT, VERDICT
from textual.pilot import Pilot
from textual.widgets import Input

from isoview.model import Complete, Event, Failed, Report, Started, TargetError
from isoview.tui.app import IsoviewApp
from isoview.tui.comparing import CompareApp
from isoview.tui.screens.compare import CompareScreen
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.widgets.ask_bar import Paths

PORTED = replace(
    REPORT,
    facts=replace(
        FACTS,
        artifact=replace(FACTS.artifact, path="new/sample.so"),
        definitions=(replace(FACTS.definitions[0], m_size=64),),
        types=FACTS.types[:1],
    ),
    verdict=replace(VERDICT, multiple_module_objects=replace(VERDICT.own_gil, answer="yes")),
    findings=FINDINGS[1:],
)
OLD = replace(
    REPORT, facts=replace(FACTS, artifact=replace(FACTS.artifact, path="old/sample.so")),
    findings=FINDINGS[:-1],
)  # fmt: skip
BUILDS = {"old/sample.so": OLD, "new/sample.so": PORTED}


def stream(targets: Iterable[str]) -> Iterator[Event]:
    for target in targets:
        yield Started(target)
        report = BUILDS.get(target)
        if report is None:
            yield Failed(TargetError(target, f"{target} does not exist", "Look at its name."))
        else:
            yield Complete(report)


def app() -> IsoviewApp:
    return app_of(targets=("new/sample.so",), stream=stream)


async def compared(pilot: Pilot[None], old: str = "old/sample.so") -> None:
    await press(pilot, "8")
    pilot.app.screen.query_one(Input).value = old
    await press(pilot, "enter")


def test_answers_findings_and_facts_that_changed() -> None:
    made = app()

    async def steps(pilot: Pilot[None]) -> None:
        await compared(pilot)
        text = screen_text(made)
        assert "1 finding new, 1 gone" in text
        assert "no → yes  gained" in text
        assert "+ ○ ISO305 gilstate-api" in text
        assert "- ● ISO101 single-phase-init" in text
        assert "m_size" in text
        assert "-1 → 64" in text
        assert "static types: sample.Cursor" in text
        assert "▸ 4 findings still there" in text
        await press(pilot, "slash")
        await pilot.press(*"cursor")
        await settle(pilot)
        assert "static types: sample.Cursor" in screen_text(made)
        assert "m_size" not in screen_text(made)
        await press(pilot, "escape", "escape")
        assert isinstance(made.screen, ModuleScreen)

    drive(made, steps, (140, 40))


def test_turned_round_and_unfolded() -> None:
    made = app()

    async def steps(pilot: Pilot[None]) -> None:
        await compared(pilot)
        await press(pilot, "S")
        assert "yes → no  lost" in screen_text(made)
        screen = made.screen
        assert isinstance(screen, CompareScreen)
        changes = screen.query_one("#changes")
        left = next(at for at, line in enumerate(screen._lines) if line.side == "left")
        for _ in range(left):
            await pilot.press("j")
        await press(pilot, "right")
        assert "▾ 4 findings still there" in screen_text(made)
        await press(pilot, "right")
        assert "nothing to unfold" in said(made)
        await press(pilot, "left")
        assert "▸ 4 findings still there" in screen_text(made)
        assert changes.has_focus
        await press(pilot, "o")
        assert "this line is about no finding" in said(made)
        await press(pilot, "Y")
        assert "ISO101" in made.clipboard

    drive(made, steps, (140, 40))


def test_a_finding_opens_in_the_build_that_has_it_and_back() -> None:
    made = app()

    async def steps(pilot: Pilot[None]) -> None:
        await compared(pilot)
        screen = made.screen
        assert isinstance(screen, CompareScreen)
        gone = next(
            at for at, line in enumerate(screen._lines) if line.side == "gone" and line.finding
        )
        for _ in range(gone):
            await pilot.press("j")
        await press(pilot, "enter")
        assert isinstance(made.screen, ModuleScreen)
        assert made.screen.entry.path == "old/sample.so"
        assert "PyInit_sample creates the module" in screen_text(made)
        await press(pilot, "left_square_bracket")
        assert isinstance(made.screen, CompareScreen)
        assert made.screen.line is not None
        assert made.screen.line.finding is not None
        assert made.screen.line.finding.rule == "ISO101"

    drive(made, steps, (140, 40))


def test_a_build_that_cannot_be_read_says_so_and_another_is_chosen() -> None:
    made = app()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "8", "escape", "S")
        assert "the old build is not chosen yet" in said(made)
        await press(pilot, "c")
        made.screen.query_one(Input).value = "nothing.so"
        await press(pilot, "enter")
        assert "nothing.so does not exist" in screen_text(made)
        await press(pilot, "c")
        made.screen.query_one(Input).value = "old/sample.so"
        await press(pilot, "enter")
        assert "1 finding new, 1 gone" in screen_text(made)
        await press(pilot, "left_square_bracket")
        assert "nothing.so does not exist" in screen_text(made)

    drive(made, steps)


def test_the_path_of_the_old_build_is_completed(tmp_path: Path) -> None:
    (tmp_path / "older").mkdir()
    (tmp_path / "old_build.so").touch()
    suggest = Paths().get_suggestion

    async def steps() -> None:
        assert await suggest(f"{tmp_path}/old_") == f"{tmp_path}/old_build.so"
        assert await suggest(f"{tmp_path}/olde") == f"{tmp_path}/older/"
        assert await suggest(f"{tmp_path}/") is None
        assert await suggest(f"{tmp_path}/nothing/x") is None

    asyncio.run(steps())


def test_the_app_on_two_builds() -> None:
    made = CompareApp("old/sample.so", "new/sample.so", app().services)

    async def steps(pilot: Pilot[None]) -> None:
        assert "1 finding new, 1 gone" in screen_text(made)
        await press(pilot, "escape")
        assert "There is nothing to leave here" in said(made)
        await press(pilot, "S", "S", "R")
        assert "1 finding new, 1 gone" in screen_text(made)

    drive(made, steps)


def test_many_modules_are_folded_at_first() -> None:
    def folder(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            base: Report = OLD if target == "old" else PORTED
            for name in ("one", "two"):
                artifact = replace(base.facts.artifact, path=f"{target}/{name}.so")
                init = (replace(base.facts.init[0], module=name),)
                definitions = (replace(base.facts.definitions[0], m_name=name),)
                facts = replace(base.facts, artifact=artifact, init=init, definitions=definitions)
                yield Complete(replace(base, facts=facts))

    made = CompareApp("old", "new", app_of(stream=folder).services)

    async def steps(pilot: Pilot[None]) -> None:
        text = screen_text(made)
        assert "▸ one" in text
        assert "▸ two" in text
        assert "ISO101" not in text
        await press(pilot, "enter")
        assert "▾ one" in screen_text(made)
        assert "ISO101" in screen_text(made)

    drive(made, steps, (140, 40))

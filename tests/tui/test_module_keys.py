"""The Module screen: what cannot be read, keys, help, mouse, and its width."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest
from app_pilot import app_of, drive, press, said, screen_text, settle
from app_reports import FINDINGS, REPORT
from module_screen import current, table, tree
from textual.pilot import Pilot

from isoview.inspectors.facts import Artifact, Facts
from isoview.model import Complete, Event, Failed, Report, Started, TargetError
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.widgets.detail import DetailPane
from isoview.tui.widgets.faces import EvidenceFace
from isoview.tui.widgets.findings import FindingsTable
from isoview.tui.widgets.header import VerdictBar


def test_an_unreadable_target_says_so_in_place_and_can_be_read_again() -> None:
    answers: list[Event] = [
        Failed(TargetError("x.so", "x.so is no ELF file", "Give the path of an extension.")),
        Complete(REPORT),
    ]

    def stream(targets: Iterable[str]) -> Iterator[Event]:
        for target in targets:
            yield Started(target)
            yield answers.pop(0)

    app = app_of(stream=stream)

    async def steps(pilot: Pilot[None]) -> None:
        text = screen_text(app)
        assert "x.so is no ELF file" in text
        assert "Give the path of an extension." in text
        await press(pilot, "l")
        assert "the file was not read" in said(app)
        await press(pilot, "R")
        assert table(pilot).count == 4

    drive(app, steps)


def test_silence_is_no_verdict() -> None:
    clean = replace(REPORT, findings=())
    nothing = Report(Facts(Artifact("libz.so", format="elf"), "shape"), None, {})
    for report, words in (
        (clean, "No findings. 14 rules ran, 1 could not"),
        (nothing, "no extension module"),
    ):
        app = app_of(report)

        async def steps(pilot: Pilot[None], words: str = words) -> None:
            text = " ".join(screen_text(pilot.app).split())  # type: ignore[arg-type]  # our own app
            assert words in text
            assert "Can it be imported more than once in a process?" in text
            await press(pilot, "a", "enter", "y")

        drive(app, steps, (140, 40))


def test_copy_shows_what_was_copied() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "y")
        assert app.clipboard == FINDINGS[0].fingerprint
        assert FINDINGS[0].fingerprint in said(app)
        await press(pilot, "Y")
        assert app.clipboard.startswith("### ISO101 single-phase-init in `sample.cpython-313")
        assert "- error: `PyInit_sample creates the module`" in app.clipboard

    drive(app, steps)


def test_no_key_does_nothing_silently() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "w")
        assert "w does nothing here" in said(app)
        await press(pilot, "u")
        assert "no decision was made since the app started" in said(app)
        await press(pilot, "escape")
        assert "q leaves isoview" in said(app)
        await press(pilot, "ctrl+c")
        assert "q leaves isoview" in said(app)

    drive(app, steps)


def test_help_is_about_where_we_are() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "question_mark")
        text = screen_text(app)
        assert "The findings, worst first" in text
        assert "Unfold the findings of a rule" in text
        await press(pilot, "escape")
        tree(pilot).focus()
        await press(pilot, "question_mark")
        text = screen_text(app)
        assert "The facts: what the file says about itself" in text
        words = " ".join(text.replace("│", " ").split())
        assert "Not now: no decision was made since the app started" in words

    drive(app, steps, (100, 50))


def test_the_palette_describes_every_action_of_the_screen() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        commands = {c.title: c.help for c in app.get_system_commands(app.screen)}
        for binding in ModuleScreen.BINDINGS:
            title = binding.description  # type: ignore[union-attr]  # all are Binding
            assert any(name.startswith(f"{title} (") and text for name, text in commands.items()), (
                title
            )
        await press(pilot, "ctrl+p", *"guide", "enter")
        await settle(pilot)
        assert app.screen.query_one(DetailPane).face == "guide"

    drive(app, steps)


def test_the_mouse_selects_and_unfolds() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.click(FindingsTable, offset=(12, 2))
        await settle(pilot)
        assert current(pilot) == "ISO201 x3"
        await pilot.click("FaceTabs", offset=(14, 0))
        await settle(pilot)
        assert app.screen.query_one(DetailPane).face == "guide"
        await pilot.click(VerdictBar, offset=(25, 0))
        await settle(pilot)
        assert app.screen.query_one(VerdictBar).question == "shared_gil"
        keys = screen_text(app).splitlines()[-1]
        await pilot.click("KeyBar", offset=(keys.index("help"), 0))
        await settle(pilot)
        assert "The verdict: four questions" in screen_text(app), "help, about the verdict bar"

    drive(app, steps)


def test_zoom_gives_a_pane_the_whole_screen() -> None:
    app = app_of()

    def whole(pilot: Pilot[None]) -> list[str]:
        panes = pilot.app.screen.query(".pane")
        return [str(pane.id) for pane in panes if pane.display and pane.region.width == 80]

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "z")
        assert whole(pilot) == ["findings-pane"]
        await press(pilot, "tab")
        assert whole(pilot) == ["detail"]
        assert app.screen.query_one(EvidenceFace).has_focus
        await press(pilot, "tab", "tab")
        assert whole(pilot) == ["facts-pane"]
        assert tree(pilot).has_focus
        await press(pilot, "escape")
        assert whole(pilot) == []
        assert table(pilot).region
        await press(pilot, "tab", "z", "z")
        assert whole(pilot) == []

    drive(app, steps)


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
def test_width_decides_whether_panes_stack(size: tuple[int, int]) -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        findings = app.screen.query_one("#findings-pane").region
        detail = app.screen.query_one("#detail").region
        if size[0] >= 110:
            assert detail.x >= findings.right
        else:
            assert detail.y >= findings.bottom
        await pilot.resize_terminal(220 - size[0], 30)
        await settle(pilot)
        assert table(pilot).region

    drive(app, steps, size)


def test_several_targets_are_a_list_that_one_comes_back_to() -> None:
    app = app_of(targets=("a.so", "b.so"))

    async def steps(pilot: Pilot[None]) -> None:
        text = screen_text(app)
        assert "2 targets" in text
        assert "2 of 2 files block own GIL" in text
        await press(pilot, "j", "enter")
        assert isinstance(app.screen, ModuleScreen)
        await press(pilot, "escape")
        assert "2 targets" in screen_text(app)

    drive(app, steps)


def test_the_palette_takes_every_key_where_its_list_has_no_room() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p", "down", "pagedown", "pageup", "end", "home", "escape")
        await press(pilot, "o", "tab", "tab", "pagedown", "pageup", "escape")
        assert app.is_running

    drive(app, steps, (20, 3))

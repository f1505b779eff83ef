"""What arrives while a screen is not there yet, and what goes wrong in a screen's own worker."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from app_pilot import app_of, drive, screen_text, settle, until
from app_reports import FINDINGS, REPORT
from hostile_text import HOSTILE, nothing_acts
from live_by_hand import OUTCOMES
from process.targets import LINUX
from shared_by_hand import SHARED, sharing_app
from textual import events
from textual.command import CommandList
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher, Static

from isoview.tui.app import IsoviewApp
from isoview.tui.entry import Entry
from isoview.tui.live_control import LiveControl
from isoview.tui.live_runs import LiveServices
from isoview.tui.palette import Palette
from isoview.tui.processes import ProcessServices
from isoview.tui.screens.process import ProcessScreen
from isoview.tui.views import VIEWS
from isoview.tui.widgets.detail import DetailPane


@pytest.mark.parametrize("name", [view.name for view in VIEWS if view.about == "module"])
def test_news_of_a_file_wait_for_the_screen_that_was_just_opened(name: str) -> None:
    app = app_of()
    services = LiveServices(lambda _facts: ["/python"], lambda *_: {})
    app.experiments = LiveControl(app, services)

    async def steps(pilot: Pilot[None]) -> None:
        entry = app.entries[0]
        app.navigation.go(name, entry)
        app.show_changes(entry)
        app.experiments._changed(entry, (0, "info"), OUTCOMES["info"])
        app.experiments._show(entry, ended=True)
        await settle(pilot)
        assert app.is_running
        place = app.navigation.place()
        assert place is not None
        assert place.view == name

    drive(app, steps)


@pytest.mark.parametrize(
    "name", [view.name for view in VIEWS if view.about == "module" and view.name != "module"]
)
def test_keys_that_arrive_before_the_screen_they_opened_end_nothing(name: str) -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go(name, app.entries[0])
        for key in "dge?":
            assert not await app._check_bindings(key)
            app.on_key(events.Key(key, key))
        await settle(pilot)
        assert app.is_running
        assert not told(app)

    drive(app, steps)


def fails(*_: Any) -> Any:
    raise ZeroDivisionError("planted")


def told(app: IsoviewApp) -> str:
    return " ".join(note.title + note.message for note in app._notifications)


@pytest.mark.parametrize("view", ["processes", "process", "sharing"])
def test_a_fault_in_a_screens_own_worker_is_said(view: str) -> None:
    app = sharing_app(fails)
    app.__dict__["process_services"] = ProcessServices(list=fails, attach=fails)

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go(view, 1 if view == "process" else None)
        await until(pilot, lambda: "ZeroDivisionError: planted" in told(app))
        assert app.is_running

    drive(app, steps)


def test_a_module_that_was_compared_and_is_not_open_is_said() -> None:
    app = sharing_app(lambda _paths, _stop: {**SHARED, "files": {"one": "elsewhere.so"}})

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go("sharing")
        await until(pilot, lambda: "made by  one" in screen_text(app))
        lines: Callable[[], Any] = lambda: app.screen.line  # type: ignore[attr-defined] # noqa: E731
        while lines().title != "one":
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: "elsewhere.so is not among the files" in told(app))

    drive(app, steps)


@LINUX
def test_the_name_of_a_module_in_a_process_is_only_text() -> None:
    app = app_of()
    app.__dict__["process_services"] = ProcessServices(list=list, attach=fails)

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go("process", 1)
        await until(pilot, lambda: isinstance(app.screen, ProcessScreen) and app.screen.is_mounted)
        screen = app.screen
        assert isinstance(screen, ProcessScreen)
        kind: Any = ProcessScreen
        cell, kind.cell = kind.cell, property(lambda _self: (HOSTILE, 0))
        try:
            screen._show_cell()
            await settle(pilot)
            assert "[red]x[/red]" in screen_text(app), "markup stands there as it was written"
            nothing_acts(app)
            screen.query_one("#cell-text", Static)
        finally:
            kind.cell = cell

    drive(app, steps)


def test_a_palette_that_was_left_while_it_searched_ends_nothing() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette) and app.screen.is_mounted)
        palette = app.screen
        assert isinstance(palette, Palette)
        await pilot.press("escape")
        await until(pilot, lambda: not palette.query(CommandList))
        await palette._gather_commands("d").wait()
        await settle(pilot)
        assert app.is_running

    drive(app, steps)


def test_a_face_chosen_while_the_screen_is_left_is_not_shown() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go("module", app.entries[0])
        await until(pilot, lambda: any(each.is_filled for each in app.screen.query(DetailPane)))
        detail = app.screen.query_one(DetailPane)
        switcher = detail.query_one(ContentSwitcher)
        switcher._pruning = True  # Textual mounts nothing any more
        detail.face = "fix"
        await settle(pilot)
        assert app.is_running
        assert not switcher.query("#fix")
        switcher._pruning = False

    drive(app, steps)


def test_a_report_is_not_written_out_for_a_job_that_gets_its_entry() -> None:
    """Textual describes a worker by the whole text of what it is given: half a minute of it for a
    file with 600,000 statics, at every line that the cursor came to.
    """
    entry = Entry("sample.so")
    entry.take(replace(REPORT, findings=FINDINGS * 100))
    entry.live.report = {"runs": ["much"] * 1000}
    assert len(repr(entry)) < 300

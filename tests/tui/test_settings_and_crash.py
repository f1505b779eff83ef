"""What is kept from one session to the next, and what happens when isoview itself fails."""

import asyncio
import json
import os
import sys

import pytest
from app_pilot import app_of, drive, press, said, settle
from compiled import compile_fixture
from terminal import Terminal
from textual.pilot import Pilot

from isoview.tui.app import IsoviewApp
from isoview.tui.crash import folder
from isoview.tui.settings import Settings, settings_file


def test_the_theme_is_kept_at_once() -> None:
    async def choose(pilot: Pilot[None]) -> None:
        pilot.app.theme = "high-contrast-light"
        await settle(pilot)
        assert json.loads(settings_file().read_text())["theme"] == "high-contrast-light"

    drive(app_of(), choose)
    assert app_of().theme == "high-contrast-light"


def test_a_file_opens_in_the_view_that_it_was_left_in() -> None:
    path = str(compile_fixture("hostile_names.c"))

    async def back_there(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, IsoviewApp)
        place = app.navigation.place()
        assert place is not None
        assert place.view == "symbols"
        await press(pilot, "escape")
        assert app.navigation.place().view == "module"  # type: ignore[union-attr]

    async def first() -> None:
        async with IsoviewApp([path]).run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "2")
            await pilot.press("q")

    asyncio.run(first())
    drive(IsoviewApp([path]), back_there)


def test_a_pane_that_had_the_whole_screen_has_it_again() -> None:
    def whole(pilot: Pilot[None]) -> list[str]:
        panes = pilot.app.screen.query(".pane")
        return [str(pane.id) for pane in panes if pane.display and pane.region.width == 80]

    async def zoom(pilot: Pilot[None]) -> None:
        await press(pilot, "tab", "z", "q")

    async def again(pilot: Pilot[None]) -> None:
        await settle(pilot)
        assert whole(pilot) == ["detail"]
        assert pilot.app.screen.is_in("detail")  # type: ignore[attr-defined]
        await press(pilot, "escape", "q")

    async def shared(pilot: Pilot[None]) -> None:
        assert whole(pilot) == []

    for steps in (zoom, again, shared):
        drive(app_of(), steps)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 99}', "\x00\xff", '{"version": 1, "theme": 7}']
)
def test_damaged_settings_are_as_if_there_were_none(text: str) -> None:
    path = settings_file()
    path.parent.mkdir(parents=True)
    path.write_bytes(text.encode("latin-1"))

    async def steps(pilot: Pilot[None]) -> None:
        assert pilot.app.theme == "textual-dark"
        assert ("app.json are not used" in said(pilot.app)) == ("1, " not in text)  # type: ignore[arg-type]

    drive(app_of(), steps)


def test_two_sessions_do_not_lose_what_the_other_wrote() -> None:
    one, two = Settings(), Settings()
    one.load()
    two.load()
    one.put("theme", "nord")
    one.save()
    two.put("sort", "open")
    two.save()
    assert json.loads(settings_file().read_text()) == {
        "theme": "nord",
        "sort": "open",
        "version": 1,
    }
    assert [path.name for path in settings_file().parent.iterdir()] == ["app.json"]


def test_settings_that_cannot_be_written_are_no_obstacle() -> None:
    settings_file().parent.mkdir(parents=True)
    settings_file().mkdir()  # nothing can be put in its place
    settings = Settings()
    settings.load()
    settings.put("theme", "nord")
    settings.save()
    assert "app.json" in settings.problem


def test_a_fault_leaves_a_report_and_says_where() -> None:
    app = app_of()

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await settle(pilot)
            await press(pilot, "j")

            def fail() -> None:
                raise ZeroDivisionError("\x1b[31mhostile")

            app.call_later(fail)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):  # a test's pilot raises it again
        asyncio.run(run())
    assert app.return_code == 3
    (report,) = folder().iterdir()
    text = report.read_text()
    assert "ZeroDivisionError" in text
    assert "fail" in text
    assert "last keys: j" in text
    assert "sample.so" in text
    assert "\x1b" not in text
    if os.name == "posix":
        assert report.stat().st_mode & 0o077 == 0


FAILING = """
import sys
from isoview.tui.widgets.key_bar import KeyBar
from isoview.cli import main
render = KeyBar.render
def fail(self):
    if len(self.app.last_keys) > 0:
        raise KeyError("planted")
    return render(self)
KeyBar.render = fail
main(sys.argv[1:])
"""


def test_in_a_terminal_nobody_sees_a_traceback() -> None:
    path = compile_fixture("hostile_names.c")
    terminal = Terminal([sys.executable, "-c", FAILING, str(path)])
    terminal.until("findings")
    terminal.press("\t")
    code = terminal.close()
    assert "isoview failed: KeyError: 'planted'" in terminal.text
    assert "Please send the report in" in terminal.text
    assert "Traceback" not in terminal.text
    assert code == 3
    assert len(list(folder().iterdir())) == 1


def test_without_colours_it_is_the_same_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        assert app.no_color
        await press(pilot, "j", "x")
        colours = {
            segment.style.color.get_truecolor()
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.color is not None
        }
        assert all(len(set(colour)) == 1 for colour in colours), "shades of grey alone"

    drive(app, steps)


@pytest.mark.parametrize(
    "theme", ["ansi-dark", "ansi-light", "high-contrast-dark", "high-contrast-light"]
)
def test_every_kind_of_theme_shows_every_mark(theme: str) -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        app.theme = theme
        await settle(pilot)
        await press(pilot, "j", "o", "question_mark")

    drive(app, steps)

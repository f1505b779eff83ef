"""Places: a history of them, the views behind the digits, the way here on top."""

from app_pilot import app_of, drive, press, said, screen_text, settle
from textual.pilot import Pilot

from isoview.tui.screens.module import ModuleScreen
from isoview.tui.widgets.detail import DetailPane
from isoview.tui.widgets.findings import FindingsTable
from isoview.tui.widgets.header import STEP


def current(pilot: Pilot[None]) -> str:
    row = pilot.app.screen.query_one(FindingsTable).current
    assert row is not None
    return row.finding.fingerprint


def test_the_history_goes_back_and_forward_through_screens_and_selections() -> None:
    app = app_of(targets=("a.so", "b.so"))

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "left_square_bracket")
        assert "this is where you began" in said(app)
        await press(pilot, "j", "enter")
        assert screen_text(app).startswith(f" … {STEP} sample.cpython-313"), (
            "the end of the way stays"
        )
        assert app.navigation.entry is app.entries[-1]
        await press(pilot, "j", "j", "right", "j", "o")
        chosen = current(pilot)
        await press(pilot, "left_square_bracket")
        assert app.navigation.place().view == "workspace"  # type: ignore[union-attr]
        await press(pilot, "right_square_bracket")
        assert isinstance(app.screen, ModuleScreen)
        assert app.screen.entry is app.entries[-1]
        assert current(pilot) == chosen
        assert app.screen.query_one(DetailPane).face == "guide"
        await press(pilot, "right_square_bracket")
        assert "you have not gone back" in said(app)

    drive(app, steps)


def test_escape_is_a_way_that_the_history_knows() -> None:
    app = app_of(targets=("a.so", "b.so"))

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "enter", "j", "escape")
        assert app.navigation.place().view == "workspace"  # type: ignore[union-attr]
        await press(pilot, "left_square_bracket")
        assert isinstance(app.screen, ModuleScreen)
        assert app.screen.query_one(FindingsTable).cursor_row == 1

    drive(app, steps)


def test_a_jump_inside_a_screen_can_be_taken_back() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "j", "j", "j")
        before = current(pilot)
        screen = app.screen
        assert isinstance(screen, ModuleScreen)
        screen.focus_pane("verdict")
        await settle(pilot)
        await press(pilot, "enter")
        assert current(pilot) != before
        await press(pilot, "left_square_bracket")
        assert screen.is_in("verdict")

    drive(app, steps)


def test_digits_open_views_and_say_why_not() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "0")
        assert "there is no list" in said(app)
        await press(pilot, "1")
        assert "you are there" in said(app)
        await press(pilot, "3")
        assert app.navigation.place().view == "live"  # type: ignore[union-attr]
        assert f"sample.cpython-313-x86_64-linux-gnu.so {STEP} live" in screen_text(app)
        await press(pilot, "1")
        assert isinstance(app.screen, ModuleScreen)
        assert len(app.screen_stack) == 1, "going down to it, not over it"

    drive(app, steps, (140, 40))


def test_a_click_on_the_way_goes_back_to_that_screen() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "5", "4")
        at = screen_text(app).splitlines()[0].index("sample")
        await pilot.click(offset=(at + 2, 0))
        await settle(pilot)
        assert isinstance(app.screen, ModuleScreen)
        await pilot.click(offset=(3, 0))
        await settle(pilot)
        assert isinstance(app.screen, ModuleScreen), "there is nothing below it"
        await press(pilot, "left_square_bracket")
        assert app.navigation.place().view == "plan"  # type: ignore[union-attr]

    drive(app, steps, (140, 40))

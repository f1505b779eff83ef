"""The Symbols screen: three tables, and the ways from a line to what it is about."""

from app_pilot import app_of, drive, press, said, screen_text, settle
from symbols_by_hand import Entry, symbol_list
from textual.pilot import Pilot
from textual.widgets import Input

from isoview.inspectors.errors import Unreadable
from isoview.symbols import SymbolList
from isoview.tui.app import IsoviewApp
from isoview.tui.screens.bytes import BytesScreen
from isoview.tui.screens.guide import GuideScreen
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.screens.symbols import SymbolsScreen
from isoview.tui.widgets.statics_map import StaticsMap
from isoview.tui.widgets.table_tabs import TableLines


def screen(app: IsoviewApp) -> SymbolsScreen:
    assert isinstance(app.screen, SymbolsScreen)
    return app.screen


def chosen(app: IsoviewApp) -> str:
    return screen(app).state.about().name


async def typed(pilot: Pilot[None], text: str) -> None:
    await pilot.press(*text)
    await settle(pilot)


def with_symbols(*entries: Entry) -> IsoviewApp:
    app = app_of()
    object.__setattr__(app.services, "symbols", lambda _path, _part: symbol_list(*entries))
    return app


def test_symbols_sections_and_statics_are_counted_and_turned_to() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        text = screen_text(app)
        assert "Symbols 13" in text
        assert "Sections 5" in text
        assert "Statics 3" in text
        assert "sample::free_pool(void*)" in text, "as it was written"
        await press(pilot, "d")
        assert "_ZN6sample9free_poolEPv" in screen_text(app)
        await press(pilot, "right")
        assert "the whole file" in screen_text(app)
        await press(pilot, "right")
        assert "cached_null" in screen_text(app)
        assert app.screen.query_one(StaticsMap).display
        await press(pilot, "right")
        assert "13 symbols" in screen_text(app)

    drive(app, steps)


def test_typing_filters_and_escape_leaves_step_by_step() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2", "slash")
        await typed(pilot, "type")
        assert "3 of 13 symbols, with “type”" in screen_text(app)
        await press(pilot, "enter", "t", "t")
        assert "3 of 13 symbols, object only, with “type”" in screen_text(app)
        await press(pilot, "escape")
        assert "7 of 13 symbols, object only" in screen_text(app)
        await press(pilot, "escape")
        assert "13 symbols" in screen_text(app)
        await press(pilot, "slash")
        await typed(pilot, "none such")
        assert "None of 13 symbols fits" in screen_text(app)
        await press(pilot, "escape", "escape")
        assert isinstance(app.screen, ModuleScreen)

    drive(app, steps)


def test_sorting_keeps_the_symbol_under_the_cursor() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2", "G", "k", "k")
        assert chosen(app) == "counter"
        await press(pilot, "s", "s")
        assert "name ▲" in screen_text(app)
        assert chosen(app) == "counter"
        await press(pilot, "s", "g")
        assert "size ▼" in screen_text(app)
        assert chosen(app).endswith("_Type")
        await press(pilot, "S", "g")
        assert chosen(app) == "PyModule_Create2"
        await pilot.click(TableLines, offset=(2, 0))
        await settle(pilot)
        assert "name ▲" in screen_text(app)

    drive(app, steps)


def test_from_a_symbol_to_its_bytes_section_finding_and_back() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2", "slash")
        await typed(pilot, "cached")
        await press(pilot, "enter", "enter")
        assert isinstance(app.screen, BytesScreen)
        assert "cached_null" in screen_text(app)
        await press(pilot, "left_square_bracket")
        assert chosen(app) == "cached_null"
        await press(pilot, "w")
        assert screen(app).state.about().name == ".bss"
        await press(pilot, "left_square_bracket", "i")
        assert isinstance(app.screen, ModuleScreen)
        assert "ISO301" in screen_text(app)
        await press(pilot, "2")
        assert chosen(app) == "cached_null", "the digit opens what is chosen"
        await press(pilot, "o")
        assert isinstance(app.screen, GuideScreen)
        await press(pilot, "left_square_bracket")
        assert chosen(app) == "cached_null"

    drive(app, steps, (140, 40))


def test_from_a_section_to_its_symbols_and_its_bytes() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2", "right", "j", "j", "w")
        assert "5 of 13 symbols, in .data" in screen_text(app)
        await press(pilot, "right", "G", "enter")
        assert "the whole file: offset 0x0" in screen_text(app)

    drive(app, steps, (140, 40))


def test_what_cannot_be_done_says_why() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2", "j", "i")
        assert "there is no finding about this line" in said(app)
        await press(pilot, "right", "d")
        assert "sections have no other name" in said(app)
        await press(pilot, "t")
        assert "these lines are of one kind" in said(app)
        await press(pilot, "left", "G", "w")
        assert "this symbol is in no section" in said(app)
        await press(pilot, "enter")
        assert "is of another library" in said(app)

    drive(app, steps)


def test_a_stripped_file_and_one_that_is_gone_say_so() -> None:
    app = with_symbols()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        assert "The file has no symbols" in screen_text(app)
        await press(pilot, "enter")
        assert said(app)

    drive(app, steps)

    def gone(_path: str, _part: str | None) -> SymbolList:
        raise Unreadable("x.so does not exist", "Build it again.")

    app = app_of()
    object.__setattr__(app.services, "symbols", gone)

    async def refused(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        assert "x.so does not exist. Build it again." in screen_text(app)
        await press(pilot, "slash")
        assert "x.so does not exist" in said(app)

    drive(app, refused)


def test_symbols_are_there_before_the_report_is() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        entry = app.entries[0]
        report, entry.report = entry.report, None
        await press(pilot, "2")
        assert "Symbols 13   Sections …   Statics …" in screen_text(app)
        entry.report = report
        app.show_changes(entry)
        await settle(pilot)
        assert "Symbols 13   Sections 5   Statics 3" in screen_text(app)

    drive(app, steps)


def test_what_is_typed_before_the_names_are_there_is_kept() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        state = screen(app).state
        state.searchable = False
        await press(pilot, "slash")
        await typed(pilot, "co")
        assert state.waiting_words == "co"
        screen(app).on_search_ready()
        await settle(pilot)
        assert "4 of 13" in screen_text(app)
        assert app.screen.query_one(Input).value == "co"

    drive(app, steps)


def test_the_map_and_the_table_choose_for_each_other() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "2", "left", "g")
        assert chosen(app) == "methods"
        drawn = app.screen.query_one(StaticsMap)
        lines = [str(line) for line in drawn.render().plain.splitlines()]  # type: ignore[union-attr]
        row = next(at for at, line in enumerate(lines) if line.startswith(".bss"))
        await pilot.click(StaticsMap, offset=(22, row))
        await settle(pilot)
        assert chosen(app) == "cached_null"

    drive(app, steps, (140, 40))

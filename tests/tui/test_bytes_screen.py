"""The Bytes screen: structures over their bytes, jumps along pointers, search."""

import re

from app_pilot import app_of, drive, press, said, screen_text, settle
from textual.pilot import Pilot
from textual.widgets import Input

from isoview.inspectors.errors import Unreadable
from isoview.tui.app import IsoviewApp
from isoview.tui.bytes_place import Place
from isoview.tui.screens.bytes import BytesScreen
from isoview.tui.screens.module import ModuleScreen
from isoview.tui.screens.symbols import SymbolsScreen
from isoview.tui.widgets.field_table import FieldTable
from isoview.tui.widgets.hex_view import HexView

WIDE = (140, 40)


def kind(app: IsoviewApp) -> str:
    structure = app.screen.query_one(FieldTable).structure
    return structure.kind if structure is not None else ""


def at(app: IsoviewApp) -> int:
    cursor = app.screen.query_one(HexView).cursor
    assert cursor is not None
    return cursor.at


async def answer(pilot: Pilot[None], text: str) -> None:
    """Type into the open editor."""
    pilot.app.screen.query_one(Input).value = text
    await press(pilot, "enter")


def test_the_definition_is_shown_over_its_bytes() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9")
        text = screen_text(app)
        assert "PyModuleDef at 0x4000 in .data" in text
        for part in ("0x4028", "m_name", '→ "sample"', "relocation", "import", "file"):
            assert part in text, part
        assert re.search(r"0x4038 ff ff ff ff ff ff ff ff +m_size +0xffffffffffffffff +-1", text)
        await press(pilot, "j", "j")
        field = app.screen.query_one(FieldTable).field
        assert field is not None
        assert at(app) == field.address, "the bytes of the field are lit"
        number = app.screen.query_one(FieldTable).count
        await press(pilot, "x")
        assert app.screen.query_one(FieldTable).count > number
        assert app.screen.query_one(FieldTable).field == field

    drive(app, steps, WIDE)


def test_pointers_are_followed_and_the_way_back_is_kept() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9")
        table = app.screen.query_one(FieldTable)
        table.cursor = next(i for i, f in enumerate(table.fields) if f.name == "m_methods")
        await press(pilot, "enter")
        assert kind(app) == "PyMethodDef[]"
        assert '→ "connect"' in screen_text(app)
        await press(pilot, "j", "enter")
        assert kind(app) == "", "a function is code: only its bytes are shown"
        assert ".text+0x210  connect" in screen_text(app)
        await press(pilot, "left_square_bracket")
        assert kind(app) == "PyMethodDef[]"
        assert app.screen.query_one(FieldTable).cursor == 1
        await press(pilot, "left_square_bracket")
        assert kind(app) == "PyModuleDef"
        await press(pilot, "right_square_bracket", "right_square_bracket")
        assert at(app) == 0x1210
        await press(pilot, "escape")
        assert isinstance(app.screen, ModuleScreen)

    drive(app, steps, WIDE)


def test_a_word_among_the_bytes_is_followed_too() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go("bytes", app.entries[0], Place(0x4808, pane="hex"))
        await settle(pilot)
        await press(pilot, "right", "right", "enter")
        assert at(app) == 0x1210
        await press(pilot, "enter")
        assert "No pointer into this file stands here" in said(app)

    drive(app, steps, WIDE)


def test_search_for_text_and_bytes() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9", "slash")
        await answer(pilot, "sample")
        assert at(app) == 0x3000
        await press(pilot, "n")
        assert at(app) == 0x3012
        await press(pilot, "N")
        assert at(app) == 0x3000
        await press(pilot, "left_square_bracket")
        assert at(app) == 0x4000
        await press(pilot, "slash")
        await answer(pilot, "0xff ff FF")
        assert at(app) == 0x4038
        await press(pilot, "slash")
        await answer(pilot, "0x1")
        assert "Two hexadecimal digits make a byte" in said(app)
        await press(pilot, "slash")
        await answer(pilot, "nowhere at all")
        assert "It stands nowhere in this file" in said(app)
        await press(pilot, "slash", "escape")
        assert isinstance(app.screen, BytesScreen)

    drive(app, steps, WIDE)


def test_going_to_an_address_a_section_and_a_symbol() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9")
        for typed, reached in (
            ("0x3020", 0x3020), (".bss", 0x5000), ("Cursor_Type", 0x42A0), ("cached_null", 0x5000),
        ):  # fmt: skip
            await press(pilot, "colon")
            await answer(pilot, typed)
            assert at(app) == reached, typed
        assert kind(app) == "words"
        assert "zero fill" in screen_text(app)
        await press(pilot, "colon")
        await answer(pilot, "0x999999")
        assert "outside of every section" in said(app)
        await press(pilot, "colon")
        await answer(pilot, "no_such_thing")
        assert "is no address, section or symbol" in said(app)

    drive(app, steps, WIDE)


def test_moving_among_the_bytes() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9", "tab", "less_than_sign")
        assert at(app) == 0x3000
        await press(pilot, "left")
        assert at(app) == 0x13FF, "the byte before is in the section before"
        await press(pilot, "right", "down")
        assert at(app) == 0x3010
        await press(pilot, "greater_than_sign", "greater_than_sign")
        assert at(app) == 0x5000
        await press(pilot, "up")
        assert at(app) == 0x48F0, "over the heading"
        await press(pilot, "g", "G")
        assert "the whole file: offset 0x12" in screen_text(app)
        await press(pilot, "pageup", "pagedown", "k", "j")
        await pilot.click(HexView, offset=(14, 3))
        await press(pilot, "escape")
        assert app.screen.query_one(FieldTable).has_focus

    drive(app, steps)


def test_to_symbol_finding_and_copy() -> None:
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        app.navigation.go("bytes", app.entries[0], Place(0x4100))
        await settle(pilot)
        assert kind(app) == "PyTypeObject"
        await press(pilot, "y")
        assert app.clipboard.startswith("0x41")
        await press(pilot, "Y")
        assert app.clipboard.startswith("PyTypeObject at 0x4100 in `.data`")
        assert "| 0x4118 | tp_name |" in app.clipboard
        await press(pilot, "tab", "y")
        assert "0x41" in app.clipboard
        await press(pilot, "w")
        assert isinstance(app.screen, SymbolsScreen)
        assert app.screen.state.about().name == "Connection_Type"
        await press(pilot, "left_square_bracket", "i")
        assert isinstance(app.screen, ModuleScreen)
        assert "sample.Connection is a static type" in screen_text(app)
        await press(pilot, "9")
        assert kind(app) == "PyTypeObject", "the digit opens what is chosen"

    drive(app, steps, WIDE)


def test_a_file_that_is_gone_says_so_in_place() -> None:
    app = app_of()

    def gone(_entry: object) -> None:
        raise Unreadable("x.so does not exist", "Build it again.")

    app.work.parts = gone  # type: ignore[method-assign, assignment]  # what a vanished file does

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "9")
        assert "x.so does not exist. Build it again." in screen_text(app)
        await press(pilot, "slash")
        assert "x.so does not exist" in said(app)

    drive(app, steps)

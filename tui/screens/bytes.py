"""The Bytes screen: a structure of the file field by field, and the bytes it is made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Static

from isoview.inspectors.errors import IsoviewError
from isoview.tui import bytes_place, bytes_words
from isoview.tui.bytes_place import Place
from isoview.tui.entry import Entry
from isoview.tui.evidence_text import meaning
from isoview.tui.ink import Ink, shown
from isoview.tui.screens.panes import PanedScreen
from isoview.tui.shared_keys import HELP, OTHER_PANE, PANE_BEFORE, QUIT, ZOOM
from isoview.tui.symbol_tables import findings_about
from isoview.tui.widgets.ask_bar import AskBar
from isoview.tui.widgets.field_table import FieldTable
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.hex_view import HexView
from isoview.tui.widgets.key_bar import KeyBar

if TYPE_CHECKING:
    from isoview.inspectors.binary.decode import Structure
    from isoview.inspectors.binary.parts import Parts


class BytesScreen(PanedScreen):
    """What is chosen among the fields is lit among the bytes, and the other way round."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("slash", "search", "search", key_display="/", tooltip="Look for text, or for bytes as 0x7f 45 4c 46"),
        Binding("n", "again(False)", "next", show=False, tooltip="Go to the next place that holds it"),
        Binding("N", "again(True)", "one before", show=False, tooltip="Go to the place before that holds it"),
        Binding("colon", "goto", "go to", key_display=":", tooltip="Go to an address, a section or a symbol"),
        Binding("x", "everything", "all fields", tooltip="Show the fields of zeros too, or leave them out"),
        Binding("w", "symbol", "symbol", show=False, tooltip="Go to the symbol that these bytes belong to"),
        Binding("i", "finding", "finding", tooltip="Go to the finding about this structure"),
        Binding("o", "guide", "guide", show=False, tooltip="Show the guide section that belongs to this structure's finding"),
        OTHER_PANE,
        PANE_BEFORE,
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy the field, or the line of bytes"),
        Binding("Y", "copy_markdown", "copy as Markdown", show=False, tooltip="Copy the structure as a Markdown table"),
        Binding("escape", "leave", "back", show=False, tooltip="Leave what is open: zoom, pane, screen"),
        QUIT,
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (170, "-wide")]  # noqa: RUF012
    VIEW = "bytes"
    PANES = ("fields", "hex")
    WHERE = "The bytes of one file, and the structures that are known in them."

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.place: Place | None = None
        self.parts: Parts | None = None
        self._note = ""
        self._wanted = b""  # what was searched for last
        self._busy = ""

    def compose(self) -> ComposeResult:
        yield Breadcrumb(id="breadcrumb")
        with Container(id="right"):
            with Vertical(id="fields-pane", classes="pane"):
                yield FieldTable(id="fields")
            with Vertical(id="hex-pane", classes="pane"):
                yield HexView(id="hex")
                yield Static(id="cursor", markup=False)
        yield Static(id="silence", markup=False)
        yield AskBar()
        yield KeyBar()

    def on_mount(self) -> None:
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._show())
        self.query_one(FieldTable).focus()
        self._show()
        if self.arriving is None:
            self._read(None)

    def show_entry(self) -> None:
        """The file was read again: so are its bytes."""
        if not self.entry.reading and self.parts is not None:
            self._read(self.place)

    def _work(self, job: Callable[[], None]) -> None:
        """Run a job in a thread; the app says what goes wrong in it."""
        self.isoview.run_worker(job, group="bytes", thread=True, exit_on_error=False)

    # -- places ---------------------------------------------------------------------------------

    def here(self) -> Place | None:
        place, hexes = self.place, self.query_one(HexView)
        pane = "hex" if self.is_in("hex") else "fields"
        if place is None or (
            pane == "hex" and hexes.cursor is not None and self._field_at() is None
        ):
            cursor = hexes.cursor
            if cursor is None or self.parts is None:
                return None
            return Place(cursor.at, not self.parts.all[cursor.part].mapped, pane="hex")
        field = self.query_one(FieldTable).field
        return place._replace(field=field.offset if field is not None else 0, pane=pane)

    def go_to(self, state: Any) -> None:
        if state is not None:
            self._read(state)

    def hint(self, view: str) -> Any:
        from isoview.tui import ways
        from isoview.tui.symbol_state import Spot

        symbol = bytes_words.symbol_at(self.parts, self._address())
        if view == "symbols" and symbol is not None:
            return Spot(address=symbol.address)
        found = self._findings()
        return ways.place_of(found[0], view) if found else None

    def jump(self, place: Place) -> None:
        """Go somewhere else in the file, with a way back."""
        self.isoview.navigation.remember()
        self._read(place)

    def _read(self, place: Place | None) -> None:
        self._busy = "reading…"
        self._work(
            partial(bytes_place.read, self.isoview.work, self.entry, place, self.post_message)
        )

    def on_bytes_read(self, message: bytes_place.BytesRead) -> None:
        self._busy, self._note = "", message.note
        self.place = message.place
        table, hexes = self.query_one(FieldTable), self.query_one(HexView)
        if message.parts is not None:
            if message.parts is not self.parts:
                self.parts = message.parts
                hexes.show(message.parts)
            self._settle(message.place, message.structure)
        else:
            table.show(None)
        self._show()

    def _settle(self, place: Place | None, structure: Structure | None) -> None:
        """Show the structure at a place, and its bytes."""
        table, hexes = self.query_one(FieldTable), self.query_one(HexView)
        pane = self.query_one("#fields-pane")
        pane.display = structure is not None
        spot = bytes_words.spot_of(self.parts, place)
        zero_fill = bytes_words.is_zero_fill(self.parts, spot)
        table.show(structure, place.field if place is not None else 0, zero_fill=zero_fill)
        if structure is not None and not structure.fields:
            self.notify(structure.note or "Nothing can be read there.", severity="warning")
        if place is not None and spot is None:
            self._note = f"{place.at:#x} is outside of every section"
            self.notify(f"{self._note}.", severity="warning")
        elif place is not None and spot is not None:
            field = table.field
            if structure is not None and place.field and field is not None:
                hexes.light(spot.part, field.address, field.size)
            else:
                size = structure.size if structure is not None else place.size
                hexes.light(spot.part, spot.at, max(size, 1))
        wants_hex = structure is None or (place is not None and place.pane == "hex")
        (hexes if wants_hex else table).focus()

    # -- showing --------------------------------------------------------------------------------

    def _show(self) -> None:
        table, hexes = self.query_one(FieldTable), self.query_one(HexView)
        self.query_one("#right").display = self.parts is not None
        silence = self.query_one("#silence", Static)
        silence.display = self.parts is None
        silence.update(shown(self._note or "Reading the file…"))
        structure = table.structure
        if structure is not None:
            title = f"{structure.kind} at {structure.address:#x} in {structure.source}"
            name = bytes_words.name_at(self.parts, structure.address)
            pane = self.query_one("#fields-pane")
            pane.border_title = shown(f"{title}  {name}".strip(), limit=100)
            left = len(structure.fields) - len(table.fields)
            zeros = f"{left} of zeros: x shows them" if left else ""
            pane.border_subtitle = shown(structure.note or zeros, limit=70)
        self._show_cursor(hexes)
        stage = self._busy or self._note
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), "", stage)
        self.refresh_bindings()

    def _show_cursor(self, hexes: HexView) -> None:
        if self.parts is None or hexes.cursor is None:
            return
        field = self.query_one(FieldTable).field
        said = bytes_words.values(self.parts, hexes.cursor)
        if field is not None and self.is_in("fields"):  # in full: its line may have no room
            said = f"{field.name}: {meaning(field)}"
        line = shown(bytes_words.where(self.parts, hexes.cursor), "bold", limit=60)
        line.append("  ").append_text(shown(said, Ink(self.app).style("quiet"), limit=200))
        self.query_one("#cursor", Static).update(line, layout=False)

    def on_line_table_moved(self, _event: FieldTable.Moved) -> None:
        table, hexes = self.query_one(FieldTable), self.query_one(HexView)
        field = table.field
        spot = self.parts.spot(field.address) if field is not None and self.parts else None
        if field is not None and spot is not None:
            with self.prevent(HexView.Moved):
                hexes.light(spot.part, field.address, field.size)
        self._show_cursor(hexes)
        self.refresh_bindings()

    def on_hex_view_moved(self, _event: HexView.Moved) -> None:
        table = self.query_one(FieldTable)
        line = self._field_at()
        if line is not None:
            with self.prevent(FieldTable.Moved):
                table.cursor = line
        self._show_cursor(self.query_one(HexView))
        self.refresh_bindings()

    def _field_at(self) -> int | None:
        """The line of the field that holds the byte under the cursor."""
        table, cursor = self.query_one(FieldTable), self.query_one(HexView).cursor
        if cursor is None or self.parts is None or not self.parts.all[cursor.part].mapped:
            return None
        inside = (
            at for at, field in enumerate(table.fields)
            if field.address <= cursor.at < field.address + field.size
        )  # fmt: skip
        return next(inside, None)

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        table = self.query_one(FieldTable)
        if self.parts is None and name not in {"leave", "pane", "zoom"}:
            return self._note or "the file is being read"
        if name == "again" and not self._wanted:
            return "nothing was searched for: / does that"
        if name in {"search", "again"} and self._busy:
            return self._busy
        if name in {"everything", "copy_markdown"} and table.structure is None:
            return "no structure is known at this place"
        if name == "pane" and table.structure is None:
            return "there are only the bytes"
        if name in {"finding", "guide"} and not self._findings():
            return "there is no finding about this place"
        if name == "symbol" and bytes_words.symbol_at(self.parts, self._address()) is None:
            return "no symbol covers these bytes"
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if self.query_one(AskBar).is_open:
            return action == "leave"  # the rest is typed into the editor
        return None if self.why_not(action) else True

    def _address(self) -> int | None:
        """The address of the chosen byte, or of the structure its field belongs to."""
        table, cursor = self.query_one(FieldTable), self.query_one(HexView).cursor
        if table.structure is not None and self._field_at() is not None:
            return table.structure.address
        if cursor is None or self.parts is None or not self.parts.all[cursor.part].mapped:
            return None
        return cursor.at

    def _findings(self) -> tuple[Any, ...]:
        address = self._address()
        return findings_about(self.entry, address, "") if address is not None else ()

    def on_line_table_opened(self) -> None:
        table = self.query_one(FieldTable)
        structure, field = table.structure, table.field
        if structure is None or field is None:
            return
        from isoview import links

        target = links.follow(structure, field, self.entry.subjects)
        if target is None:
            self.notify(bytes_words.no_pointer(field))
        else:
            self.jump(Place(target.address, size=target.size, kind=target.kind or ""))

    def on_hex_view_followed(self) -> None:
        cursor = self.query_one(HexView).cursor
        line = self._field_at()
        if line is not None and self.query_one(FieldTable).fields[line].target is not None:
            self.query_one(FieldTable).action_open()
            return
        target = bytes_words.pointer_at(self.parts, cursor)
        if target is None:
            self.notify("No pointer into this file stands here.")
        else:
            self.jump(Place(target))

    def action_search(self) -> None:
        self.query_one(AskBar).ask("/", "text, or bytes as 0x7f 45 4c 46")

    def action_goto(self) -> None:
        self.query_one(AskBar).ask(":", "an address as 0x1200, a section, or a symbol")

    def on_ask_bar_answered(self, event: AskBar.Answered) -> None:
        self._refocus()
        text = event.text.strip()
        if not text:
            self.notify("Nothing was typed.")
        elif event.about == ":":
            place = bytes_words.place_named(self.parts, text)
            if place is None:
                self.notify(f"{text} is no address, section or symbol of this file.")
            else:
                self.jump(place)
        else:
            self._search(text)

    def on_ask_bar_left(self) -> None:
        self._refocus()

    def _refocus(self) -> None:
        has_structure = self.query_one(FieldTable).structure is not None
        self.query_one("#fields" if has_structure else "#hex").focus()

    def _search(self, text: str) -> None:
        try:
            self._wanted = bytes_place.needle(text)
        except IsoviewError as error:
            self.notify(f"{error.message}. {error.hint}", severity="error")
            return
        self.isoview.navigation.remember()
        self.action_again(False)

    def action_again(self, backwards: bool) -> None:
        cursor = self.query_one(HexView).cursor
        if self.parts is None or cursor is None:
            return
        self._busy = "searching…"
        self._work(
            partial(bytes_place.search, self.parts, self._wanted, cursor, self.post_message,
                    backwards=backwards)
        )  # fmt: skip

    def on_found(self, message: bytes_place.Found) -> None:
        self._busy = ""
        hexes = self.query_one(HexView)
        if message.spot is None:
            self.notify("It stands nowhere in this file.")
        else:
            hexes.focus()
            hexes.light(message.spot.part, message.spot.at, len(message.wanted))
        self._show()

    def action_everything(self) -> None:
        self.query_one(FieldTable).toggle()
        self._show()

    def action_symbol(self) -> None:
        from isoview.tui.symbol_state import Spot

        symbol = bytes_words.symbol_at(self.parts, self._address())
        if symbol is not None:
            self.isoview.navigation.go("symbols", self.entry, Spot(address=symbol.address))

    def action_finding(self) -> None:
        from isoview.tui.ways import to_finding

        to_finding(self.isoview, self.entry, self._findings()[0])

    def action_guide(self) -> None:
        from isoview.tui.ways import to_guide

        to_guide(self.isoview, self.entry, self._findings()[0])

    def action_copy(self) -> None:
        table, hexes = self.query_one(FieldTable), self.query_one(HexView)
        field = table.field
        if self.is_in("fields") and field is not None:
            self.isoview.copy(f"{field.address:#x} {field.name} {field.number:#x} {field.meaning}")
        else:
            self.isoview.copy(bytes_words.line_text(self.parts, hexes.cursor))

    def action_copy_markdown(self) -> None:
        structure = self.query_one(FieldTable).structure
        if structure is not None:
            self.isoview.copy(bytes_words.markdown(structure, self.query_one(FieldTable).fields))

    def action_leave(self) -> None:
        table = self.query_one(FieldTable)
        if self.query_one(AskBar).is_open:
            self.query_one(AskBar).action_cancel()
        elif self.has_class("-zoomed"):
            self.action_zoom()
        elif table.structure is not None and not self.is_in("fields"):
            table.focus()
        else:
            self.isoview.leave(self)

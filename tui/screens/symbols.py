"""The Symbols screen: every symbol, section and static of one file."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.widgets import Static

from isoview.tui import symbol_work
from isoview.tui.bytes_place import Place
from isoview.tui.entry import Entry
from isoview.tui.ink import Ink, shown
from isoview.tui.screens.panes import PanedScreen
from isoview.tui.shared_keys import HELP, NEXT_PANE, PANE_BEFORE, QUIT, ZOOM
from isoview.tui.symbol_state import NAMES, SECTIONS, STATICS, SYMBOLS, Spot, State
from isoview.tui.symbol_tables import (
    About,
    SectionsTable,
    StaticsTable,
    SymbolsTable,
    findings_about,
)
from isoview.tui.widgets.about import AboutPage
from isoview.tui.widgets.bars import FilterBar
from isoview.tui.widgets.header import Breadcrumb
from isoview.tui.widgets.key_bar import KeyBar
from isoview.tui.widgets.lines import LineTable
from isoview.tui.widgets.statics_map import StaticsMap
from isoview.tui.widgets.table_tabs import TableLines, TableTabs


class SymbolsScreen(PanedScreen):
    """Tables of any length; the pane beside them says what the chosen line is about."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("slash", "filter", "filter", key_display="/", tooltip="Show only names that hold the typed pieces"),
        Binding("s", "sort(1)", "sort", tooltip="Sort by the next column"),
        Binding("S", "reverse", "turn round", show=False, tooltip="Sort the other way round"),
        Binding("t", "kind", "kind", tooltip="Show one kind only: functions, objects, ..."),
        Binding("d", "readable", "as written", show=False, tooltip="Show C++ and Rust names as they were written, or as they stand in the file"),
        Binding("w", "section", "its section", show=False, tooltip="Go to the section of this line; from a section to its symbols"),
        Binding("i", "finding", "finding", tooltip="Go to the finding about this line"),
        Binding("o", "guide", "guide", tooltip="Show the guide section that belongs to this line's finding"),
        NEXT_PANE,
        PANE_BEFORE,
        ZOOM,
        Binding("y", "copy", "copy", show=False, tooltip="Copy the name as it stands in the file"),
        Binding("Y", "copy_markdown", "copy as Markdown", show=False, tooltip="Copy name, address and section as Markdown"),
        Binding("escape", "leave", "back", show=False, tooltip="Leave what is open: zoom, filter, kind, screen"),
        QUIT,
    ]  # fmt: skip
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012
    VIEW = "symbols"
    PANES = ("lines", "about")
    WHERE = "Symbols, sections and statics of one file."

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.entry = entry
        self.state = State(entry)

    def compose(self) -> ComposeResult:
        yield Breadcrumb(id="breadcrumb")
        yield TableTabs()
        with Container(id="right"):
            with Vertical(id="lines-pane", classes="pane"):
                yield StaticsMap(id="map")
                yield TableLines(id="lines")
                yield Static(id="silence", markup=False)
            with Vertical(id="about-pane", classes="pane"):
                yield AboutPage(id="about")
        yield KeyBar()

    def on_mount(self) -> None:
        self.query_one(TableLines).focus()
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self.show_table())
        self.show_entry()
        self._work(partial(symbol_work.read, self.isoview.work, self.entry, self.post_message))

    def _work(self, job: Callable[[], None]) -> None:
        """Run a job in a thread; the app says what goes wrong in it."""
        self.isoview.run_worker(
            job, group="symbols", description="symbols", thread=True, exit_on_error=False
        )

    # -- what arrives ---------------------------------------------------------------------------

    def show_entry(self) -> None:
        """The entry was read, or read again: the statics are those of the new reading."""
        self.state.take_statics()
        report = self.entry.report
        if report is not None:
            self.query_one(StaticsMap).show(report.facts.sections, report.facts.globals)
        self._read_sections()
        self.show_table()

    def _read_sections(self) -> None:
        """Find the sections once the file was read: symbols are shown before that."""
        state = self.state
        if self.entry.report is not None and state.searchable and state.tables[SECTIONS] is None:
            self._work(
                partial(symbol_work.read_parts, self.isoview.work, self.entry, self.post_message)
            )

    def on_symbols_read(self, message: symbol_work.SymbolsRead) -> None:
        self.state.busy = ""
        self.state.note = message.note
        if message.symbols is not None:
            self.state.tables[SYMBOLS] = SymbolsTable(self.entry, message.symbols)
        self._arrive()
        self.show_table()

    def on_search_ready(self) -> None:
        self.state.searchable = True
        self._read_sections()
        if self.state.waiting_words:
            self._filter(self.state.waiting_words)

    def on_parts_read(self, message: symbol_work.PartsRead) -> None:
        if message.parts is not None:
            self.state.tables[SECTIONS] = SectionsTable(message.parts.all)
        self.state.note = self.state.note or message.note
        self._arrive()
        self.show_table()

    def on_sorted(self, message: symbol_work.Sorted) -> None:
        self.state.busy = ""
        table = self.state.symbols
        if table is not None and table.symbols is message.symbols:
            index = self.state.chosen_symbol()
            table.symbols.sort(message.order, descending=message.descending, rows=message.rows)
            table.take()
            self.state.keep_symbol(index)
        self.show_table()

    # -- showing --------------------------------------------------------------------------------

    def show_table(self) -> None:
        """Show the chosen table as it is now."""
        state, table = self.state, self.state.table
        tabs = self.query_one(TableTabs)
        tabs.shown = state.shown
        tabs.count([None if each is None else each.total for each in state.tables])
        lines, silence = self.query_one(TableLines), self.query_one("#silence", Static)
        self.query_one(StaticsMap).display = state.shown == STATICS
        if table is not None:
            with self.prevent(LineTable.Moved):
                lines.show(table, state.cursor)
        empty = table is None or table.count == 0
        if empty or silence.display:  # an update lays the screen out anew
            silence.update(shown(state.silence()))
            silence.display = empty
        self.query_one("#lines-pane").border_title = shown(state.title(), limit=76)
        self._show_about()
        stage = state.busy or (state.note and "not everything could be read")
        self.query_one(Breadcrumb).show(self.isoview.navigation.crumbs(self), "", stage)

    def _show_about(self) -> None:
        from isoview.tui.symbol_text import about_line

        state, about = self.state, self.state.about()
        self.query_one(AboutPage).show(
            about_line(Ink(self.app), self.entry, about) if about != About() else ""
        )
        if state.shown == STATICS and state.statics is not None:
            fits = state.cursor < state.statics.count
            chosen = state.statics.shown[state.cursor] if fits else None
            self.query_one(StaticsMap).choose(chosen)
        self.refresh_bindings()

    def on_line_table_moved(self, _event: LineTable.Moved) -> None:
        self.state.cursor = self.query_one(TableLines).cursor
        self._show_about()

    def on_line_table_opened(self) -> None:
        self.action_bytes()

    def on_line_table_head_clicked(self, event: LineTable.HeadClicked) -> None:
        table = self.state.table
        if table is not None and event.key in table.orders:
            self._sort(event.key, descending=table.order == event.key and not table.descending)
        else:
            self.notify("This column is no order.")

    def on_table_tabs_picked(self, event: TableTabs.Picked) -> None:
        self.action_turn(event.index - self.state.shown)

    def on_statics_map_picked(self, event: StaticsMap.Picked) -> None:
        statics = self.state.statics
        row = statics.row_at(event.address) if statics is not None else None
        if row is None:
            self.notify(f"No static that is shown stands at {event.address:#x}.")
        else:
            self.query_one(TableLines).cursor = row

    # -- places ---------------------------------------------------------------------------------

    def here(self) -> Spot:
        return self.state.spot()

    def go_to(self, state: Any) -> None:
        self.state.wanted = state
        self.state.shown = state.table
        self._arrive()
        self.show_table()

    def hint(self, view: str) -> Any:
        from isoview.tui import ways

        about, found = self.state.about(), self._findings()
        if view == "bytes" and about.address is not None:
            return Place(about.address, in_file=about.offset, size=about.size)
        return ways.place_of(found[0], view) if found else None

    def _arrive(self) -> None:
        """Go where a jump wanted to, if its table is there by now."""
        state, wanted = self.state, self.state.wanted
        if wanted is None or state.table is None or wanted.table != state.shown:
            return
        state.wanted = None
        if wanted.address is not None or wanted.name:
            state.widen()
        if state.table.words != wanted.words:
            state.table.filter(wanted.words)
            self._put_filter(wanted.words)
        row = state.row_of(wanted)
        if row is None:
            self.notify(f"No {NAMES[state.shown][:-1]} of this file begins there.")
        state.cursor = row or 0

    # -- keys -----------------------------------------------------------------------------------

    def why_not(self, action: str) -> str | None:
        """Why an action cannot be done now, or None when it can."""
        name = action.split("(", maxsplit=1)[0]
        table = self.state.table
        if name == "filter" and table is None and self.state.note:
            return self.state.note
        if name in {"sort", "reverse", "kind"} and table is None:
            return self.state.note or "the file is being read"
        if name in {"sort", "reverse"} and self.state.busy:
            return self.state.busy
        if name == "kind" and table is not None and len(table.kinds) < 2:
            return "these lines are of one kind"
        if name == "readable" and self.state.shown == SECTIONS:
            return "sections have no other name"
        if name in {"finding", "guide"} and not self._findings():
            return "there is no finding about this line"
        if name in {"section", "copy", "copy_markdown", "bytes"} and self.state.about() == About():
            return "there is no line to go from"
        if name == "section" and self.state.shown != SECTIONS and not self.state.about().section:
            return "this symbol is in no section of this file"
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        if self.focused is not None and self.focused.has_class("editor"):
            return action in {"pane", "leave"}  # the rest is typed into the filter
        return None if self.why_not(action) else True

    def _findings(self) -> tuple[Any, ...]:
        about = self.state.about()
        if about == About() or about.offset or self.state.shown == SECTIONS:
            return ()
        return findings_about(self.entry, about.address, about.name)

    async def action_filter(self) -> None:
        if not self.query(FilterBar):
            await self.query_one("#lines-pane").mount(FilterBar())
        self.query_one(FilterBar).open()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        self._filter(event.text)

    def _filter(self, words: str) -> None:
        """Filter now, or as soon as there are names to search in."""
        state, table = self.state, self.state.table
        self.state.waiting_words = ""
        if table is None or (state.shown == SYMBOLS and not state.searchable):
            state.waiting_words = words
            return
        table.filter(words)
        state.cursor = 0
        self.show_table()

    def _put_filter(self, words: str) -> None:
        """Show in the editor what is filtered by."""
        for bar in self.query(FilterBar):
            bar.put(words)

    def on_filter_bar_left(self) -> None:
        self.query_one(TableLines).focus()

    def action_turn(self, step: int) -> None:
        self.state.shown = (self.state.shown + step) % len(NAMES)
        self._put_filter(self.state.spot().words)
        self.show_table()

    def action_sort(self, step: int) -> None:
        table = self.state.table
        if table is None:
            return
        orders = table.orders
        order = orders[(orders.index(table.order) + step) % len(orders)]
        self._sort(order, descending=order == "size")

    def action_reverse(self) -> None:
        if self.state.table is not None:
            self._sort(self.state.table.order, descending=not self.state.table.descending)

    def _sort(self, order: str, *, descending: bool) -> None:
        table = self.state.table
        if isinstance(table, SymbolsTable):
            self.state.busy = "sorting…"
            job = partial(symbol_work.sort, table.symbols, order, self.post_message,
                          descending=descending)  # fmt: skip
            self._work(job)
        else:
            self.state.sort_here(order, descending=descending)
        self.show_table()

    def action_kind(self) -> None:
        table = self.state.table
        if table is None:
            return
        kinds = table.kinds
        table.show_kind(kinds[(kinds.index(table.kind) + 1) % len(kinds)])
        self.state.cursor = 0
        self.show_table()

    def action_readable(self) -> None:
        for table in self.state.tables:
            if isinstance(table, SymbolsTable | StaticsTable):
                table.readable = not table.readable
        self.show_table()

    def action_section(self) -> None:
        about, symbols = self.state.about(), self.state.symbols
        self.isoview.navigation.remember()
        if self.state.shown != SECTIONS:
            self.go_to(Spot(SECTIONS, name=about.section))
        elif symbols is not None:
            symbols.show_section(about.section)
            self.state.cursors[SYMBOLS] = 0
            self.action_turn(SYMBOLS - self.state.shown)

    def action_bytes(self) -> None:
        from isoview.tui.ways import bytes_about

        bytes_about(self.isoview, self.entry, self.state.about())

    def action_finding(self) -> None:
        from isoview.tui.ways import to_finding

        to_finding(self.isoview, self.entry, self._findings()[0])

    def action_guide(self) -> None:
        from isoview.tui.ways import to_guide

        to_guide(self.isoview, self.entry, self._findings()[0])

    def action_copy(self) -> None:
        about = self.state.about()
        self.isoview.copy(about.name or f"{about.address or 0:#x}")

    def action_copy_markdown(self) -> None:
        from isoview.readable import readable
        from isoview.tui.texts import code

        about = self.state.about()
        where = f" at {code(f'{about.address:#x}')}" if about.address is not None else ""
        inside = f" in {code(about.section)}" if about.section else ""
        written = readable(about.name)
        also = f" ({code(written)})" if written != about.name else ""
        self.isoview.copy(f"{code(about.name or 'no name')}{also}{where}{inside}")

    def action_leave(self) -> None:
        table = self.state.table
        if self.has_class("-zoomed"):
            self.action_zoom()
        elif table is not None and table.words:
            self._put_filter("")
            self._filter("")
            self.query_one(TableLines).focus()
        elif self.state.is_narrowed():
            self.state.widen()
            self.show_table()
        elif not self.query_one(TableLines).has_focus:
            self.query_one(TableLines).focus()
        else:
            self.isoview.leave(self)

"""What the Symbols screen shows: three tables, where one is in each, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from isoview.tui.entry import Entry
from isoview.tui.symbol_tables import About, SectionsTable, StaticsTable, SymbolsTable, Table

SYMBOLS, SECTIONS, STATICS = range(3)
NAMES = ("symbols", "sections", "statics")


class Spot(NamedTuple):
    """A place on the screen; ``address`` and ``name`` are a jump's: to the line about them."""

    table: int = SYMBOLS
    row: int = 0
    words: str = ""
    address: int | None = None
    name: str = ""  # of a section


@dataclass
class State:
    """The tables, each None until it is there."""

    entry: Entry
    tables: list[Table | None] = field(default_factory=lambda: [None, None, None])
    cursors: list[int] = field(default_factory=lambda: [0, 0, 0])
    shown: int = SYMBOLS
    note: str = ""  # why something could not be read
    busy: str = "reading…"
    searchable: bool = False
    waiting_words: str = ""  # typed before the names could be searched
    wanted: Spot | None = None  # where to go once its table is there

    @property
    def table(self) -> Table | None:
        """The table that is shown, once it is there."""
        return self.tables[self.shown]

    @property
    def symbols(self) -> SymbolsTable | None:
        table = self.tables[SYMBOLS]
        return table if isinstance(table, SymbolsTable) else None

    @property
    def statics(self) -> StaticsTable | None:
        table = self.tables[STATICS]
        return table if isinstance(table, StaticsTable) else None

    @property
    def cursor(self) -> int:
        return self.cursors[self.shown]

    @cursor.setter
    def cursor(self, row: int) -> None:
        self.cursors[self.shown] = row

    def about(self) -> About:
        """What the chosen line is about."""
        return self.table.about(self.cursor) if self.table is not None else About()

    def spot(self) -> Spot:
        """Where one is."""
        return Spot(self.shown, self.cursor, self.table.words if self.table is not None else "")

    def take_statics(self) -> None:
        """The statics of the newest reading, in the order and with the filter there was."""
        report = self.entry.report
        if report is None:
            return
        before = self.statics
        made = StaticsTable(self.entry, report.facts.globals)
        if before is not None:
            made.filter(before.words)
            made.sort(before.order, descending=before.descending)
        self.tables[STATICS] = made

    def chosen_symbol(self) -> int | None:
        """The number of the symbol under the cursor, whatever the order."""
        table, row = self.symbols, self.cursors[SYMBOLS]
        return table.symbols.rows[row] if table is not None and row < table.count else None

    def keep_symbol(self, index: int | None) -> None:
        """Put the cursor back onto a symbol after the order has changed."""
        table = self.symbols
        place = table.symbols.place_of(index) if table is not None and index is not None else None
        self.cursors[SYMBOLS] = place or 0

    def sort_here(self, order: str, *, descending: bool) -> None:
        """Sort sections or statics; the cursor stays on its line."""
        about, table = self.about(), self.table
        if table is None:
            return
        table.sort(order, descending=descending)
        row = None
        if isinstance(table, SectionsTable):
            row = table.row_named(about.name)
        elif about.address is not None:
            row = table.row_at(about.address)
        self.cursor = row or 0

    def is_narrowed(self) -> bool:
        """Whether one kind or one section only is shown."""
        table = self.table
        inside = isinstance(table, SymbolsTable) and table.symbols.section
        return table is not None and (table.kind != "all" or bool(inside))

    def widen(self) -> None:
        """Show every kind and every section again."""
        table = self.table
        if table is not None and table.kind != "all":
            table.show_kind("all")
        if isinstance(table, SymbolsTable) and table.symbols.section:
            table.show_section("")

    def row_of(self, spot: Spot) -> int | None:
        """The line that a jump leads to."""
        table = self.table
        if isinstance(table, SectionsTable) and spot.name:
            return table.row_named(spot.name)
        if table is not None and spot.address is not None:
            return table.row_at(spot.address)
        return spot.row

    # -- in words -------------------------------------------------------------------------------

    def title(self) -> str:
        """What is shown: how many of how many, of which kind, with which words."""
        table = self.table
        if table is None:
            return NAMES[self.shown]
        number = f"{table.total:,}"
        if table.count != table.total:
            number = f"{table.count:,} of {number}"
        kind = f", {table.kind} only" if table.kind != "all" else ""
        inside = ""
        if isinstance(table, SymbolsTable) and table.symbols.section:
            inside = f", in {table.symbols.section}"
        by = f", by {table.order}" if table.order != "file" else ""
        held = f", with “{table.words}”" if table.words.strip() else ""
        return f"{number} {table.noun}{kind}{inside}{held}{by}"

    def silence(self) -> str:
        """What to say where there is no line."""
        table = self.table
        if table is None:
            return self.note or "Reading the file…"
        if not table.total:
            return {
                SYMBOLS: "The file has no symbols: they were stripped off.",
                STATICS: "No writable static is known in this file.",
            }.get(self.shown, "The file has no sections.")
        return f"None of {table.total:,} {table.noun} fits. escape shows all again."

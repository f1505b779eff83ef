"""Reading and sorting symbols in a worker thread: the Symbols screen is told when it is done."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from textual.message import Message

from isoview.inspectors.errors import IsoviewError

if TYPE_CHECKING:
    from array import array

    from isoview.inspectors.binary.parts import Parts
    from isoview.symbols import SymbolList
    from isoview.tui.entry import Entry
    from isoview.tui.work import Post, Work


class SymbolsRead(Message):
    """The symbols are there, or why not."""

    def __init__(self, symbols: SymbolList | None, note: str = "") -> None:
        super().__init__()
        self.symbols = symbols
        self.note = note


class SearchReady(Message):
    """The names can be searched."""

    def __init__(self, symbols: SymbolList) -> None:
        super().__init__()
        self.symbols = symbols


class PartsRead(Message):
    """The sections are there, or why not."""

    def __init__(self, parts: Parts | None, note: str = "") -> None:
        super().__init__()
        self.parts = parts
        self.note = note


class Sorted(Message):
    """All symbols in another order."""

    def __init__(
        self, symbols: SymbolList, order: str, rows: array[int], *, descending: bool
    ) -> None:
        super().__init__()
        self.symbols = symbols
        self.order = order
        self.rows = rows
        self.descending = descending


def read(work: Work, entry: Entry, post: Post) -> None:
    """Read the symbols, then make them searchable: each is told at once."""
    report = entry.report
    part = report.facts.artifact.slice if report else None
    try:
        symbols = work.symbols(entry.path, part)
    except IsoviewError as error:
        post(SymbolsRead(None, f"{error.message}. {error.hint}"))
        return
    post(SymbolsRead(symbols))
    symbols.prepare()
    gc.freeze()  # else a collection looks at half a million names between two keys
    post(SearchReady(symbols))


def read_parts(work: Work, entry: Entry, post: Post) -> None:
    """The sections of a file."""
    try:
        post(PartsRead(work.parts(entry)))
    except IsoviewError as error:
        post(PartsRead(None, f"{error.message}. {error.hint}"))


def sort(symbols: SymbolList, order: str, post: Post, *, descending: bool) -> None:
    """Put all symbols into another order."""
    rows = symbols.sorted_rows(order, descending=descending)
    post(Sorted(symbols, order, rows, descending=descending))

"""The three tables of the Symbols screen: symbols, sections, statics. Plain data, and its cells.

Each says how many lines it has, what stands in one, what it can be sorted by, and what a line is
about; the screen draws whichever is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from isoview.tui.branch import size_text
from isoview.tui.filtering import Filter
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import SEVERITY, finding_mark
from isoview.tui.widgets.lines import Column

if TYPE_CHECKING:
    from isoview.inspectors.binary.parts import Part
    from isoview.inspectors.facts import Global
    from isoview.model import Finding
    from isoview.symbols import SymbolList
    from isoview.tui.entry import Entry

NAME_SHOWN = 300
"""Characters of a name in a line; the pane beside it has the rest."""


class About(NamedTuple):
    """What a line is about."""

    name: str = ""
    address: int | None = None
    size: int = 0
    section: str = ""
    offset: bool = False  # the address is a place in the file


class Table:
    """Lines that can be filtered and sorted."""

    title = ""
    noun = ""
    orders: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    count = 0
    total = 0
    order = ""
    descending = False
    kind = "all"
    words = ""

    def columns(self, width: int) -> Sequence[Column]:
        """The columns there is room for."""
        raise NotImplementedError

    def cells(self, row: int, ink: Ink) -> Sequence[Text]:
        raise NotImplementedError

    def about(self, row: int) -> About:
        """What the line is about; nothing where there is no such line."""
        raise NotImplementedError

    def filter(self, words: str) -> None:
        """Keep the lines that hold every word."""
        raise NotImplementedError

    def sort(self, order: str, *, descending: bool) -> None:
        raise NotImplementedError

    def show_kind(self, kind: str) -> None:
        """Show lines of one kind only."""
        raise NotImplementedError

    def row_at(self, address: int) -> int | None:
        """The line about an address."""
        raise NotImplementedError


def _name_column(width: int, others: Sequence[Column]) -> Column:
    taken = sum(column.width + 1 for column in others)
    return Column("name", "name", max(width - taken, 8))


def _marked(ink: Ink, worst: Finding | None) -> Text:
    """The beginning of a name: the mark of the gravest finding about it."""
    return Text() if worst is None else Text.assemble(ink.mark(finding_mark(worst)), " ")


class SymbolsTable(Table):
    """Every symbol; what takes time was done before, or is done by the screen's worker."""

    title, noun = "Symbols", "symbols"
    orders = ("file", "address", "name", "size", "kind", "section")
    kinds = ("all", "function", "object", "tls", "other", "import")

    def __init__(self, entry: Entry, symbols: SymbolList) -> None:
        self.entry = entry
        self.symbols = symbols
        self.readable = True
        self.total = len(symbols.columns)
        self.take()

    def take(self) -> None:
        """Say what the list says, after it was filtered or sorted."""
        symbols = self.symbols
        self.count, self.words = len(symbols), symbols.words
        self.order, self.descending, self.kind = symbols.order, symbols.descending, symbols.kind

    def columns(self, width: int) -> Sequence[Column]:
        others = [Column("kind", "kind", 8), Column("address", "address", 12, right=True),
                  Column("size", "size", 8, right=True)]  # fmt: skip
        if width >= 90:
            others.append(Column("section", "section", 14))
        if width >= 104:
            others.append(Column("scope", "seen", 8))
        return [_name_column(width, others), *others]

    def called(self, name: str) -> str:
        """A name as it is to be shown."""
        from isoview.readable import readable

        return readable(name) if self.readable else name

    def cells(self, row: int, ink: Ink) -> Sequence[Text]:
        symbol = self.symbols.row(row)
        quiet = ink.style("quiet")
        imported = symbol.kind == "import"
        worst = worst_of(self.entry, None if imported else symbol.address, symbol.name)
        name = _marked(ink, worst)
        name.append_text(shown(self.called(symbol.name), limit=NAME_SHOWN))
        return [
            name,
            Text(symbol.kind, style=quiet),
            Text("" if imported else f"{symbol.address:#x}"),
            Text(f"{symbol.size:,}" if symbol.size else ""),
            shown(symbol.section, quiet, limit=40),
            Text(symbol.scope, style=quiet),
        ]

    def about(self, row: int) -> About:
        if not 0 <= row < len(self.symbols):
            return About()
        symbol = self.symbols.row(row)
        address = None if symbol.kind in {"import", "tls"} else symbol.address
        return About(symbol.name, address, symbol.size, symbol.section)

    def filter(self, words: str) -> None:
        self.symbols.filter(words)
        self.take()

    def sort(self, order: str, *, descending: bool) -> None:
        self.symbols.sort(order, descending=descending)
        self.take()

    def show_kind(self, kind: str) -> None:
        self.symbols.show(kind=kind)
        self.take()

    def show_section(self, name: str) -> None:
        """Show the symbols of one section only; of all where it has no name."""
        self.symbols.show(section=name)
        self.take()

    def row_at(self, address: int) -> int | None:
        index = self.symbols.index_at(address)
        return None if index is None else self.symbols.place_of(index)


class SectionsTable(Table):
    """Sections in memory, sections that are not loaded, and the file itself."""

    title, noun = "Sections", "sections"
    orders = ("address", "name", "size", "what")

    def __init__(self, parts: Sequence[Part]) -> None:
        self._all = list(parts)
        self.total = len(self._all)
        self.order = "address"
        self.filter("")

    def columns(self, width: int) -> Sequence[Column]:
        others = [Column("what", "what", 28), Column("address", "address", 12, right=True),
                  Column("size", "size", 9, right=True)]  # fmt: skip
        return [_name_column(width, others), *others]

    def cells(self, row: int, ink: Ink) -> Sequence[Text]:
        part = self._shown[row]
        return [
            shown(part.name, limit=NAME_SHOWN),
            Text(part.nature, style=ink.style("quiet")),
            Text(f"{part.start:#x}" if part.mapped else f"+{part.start:#x}"),
            Text(size_text(part.size)),
        ]

    def about(self, row: int) -> About:
        if not 0 <= row < len(self._shown):
            return About()
        part = self._shown[row]
        return About(part.name, part.start, part.size, part.name, not part.mapped)

    def filter(self, words: str) -> None:
        self.words = words
        wanted = Filter(words)
        self._shown = [part for part in self._all if wanted.keeps(f"{part.name} {part.nature}")]
        self.count = len(self._shown)

    def sort(self, order: str, *, descending: bool) -> None:
        keys = {
            "name": lambda part: part.name,
            "size": lambda part: part.size,
            "what": lambda part: part.nature,
        }
        key = keys.get(order, lambda part: (not part.mapped, part.start))
        self._all.sort(key=key, reverse=descending)
        self.order, self.descending = order, descending
        self.filter(self.words)

    def row_at(self, address: int) -> int | None:
        inside = (
            at for at, part in enumerate(self._shown) if part.mapped and part.start <= address < part.end
        )  # fmt: skip
        return next(inside, None)

    def row_named(self, name: str) -> int | None:
        """The line of the section of this name."""
        return next((at for at, part in enumerate(self._shown) if part.name == name), None)


class StaticsTable(Table):
    """Writable C statics, as the judge knows them."""

    title, noun = "Statics", "statics"
    orders = ("address", "name", "size", "kind", "section")

    def __init__(self, entry: Entry, statics: Sequence[Global]) -> None:
        self.entry = entry
        self._all = list(statics)
        self.total = len(self._all)
        self.order = "address"
        self.kinds = ("all", *sorted({static.kind for static in statics}))
        self.readable = True
        self.sort("address", descending=False)

    def columns(self, width: int) -> Sequence[Column]:
        others = [Column("kind", "kind", 10), Column("section", "section", 12),
                  Column("address", "address", 12, right=True),
                  Column("size", "size", 9, right=True)]  # fmt: skip
        return [_name_column(width, others), *others]

    def cells(self, row: int, ink: Ink) -> Sequence[Text]:
        static = self.shown[row]
        worst = worst_of(self.entry, static.address, static.symbol or "")
        name = _marked(ink, worst)
        name.append_text(
            shown(self.called(static.symbol), limit=NAME_SHOWN)
            if static.symbol
            else Text("no name", style=ink.style("quiet"))
        )
        return [
            name,
            Text(static.kind),
            shown(static.section, ink.style("quiet"), limit=40),
            Text(f"{static.address:#x}"),
            Text(size_text(static.size)),
        ]

    def called(self, name: str) -> str:
        from isoview.readable import readable

        return readable(name) if self.readable else name

    def about(self, row: int) -> About:
        if not 0 <= row < len(self.shown):
            return About()
        static = self.shown[row]
        return About(static.symbol or "", static.address, static.size, static.section)

    def filter(self, words: str) -> None:
        self.words = words
        wanted = Filter(words.replace("::", " "))
        self.shown = [
            static for static in self._all
            if self.kind in {"all", static.kind}
            and wanted.keeps(f"{static.symbol or ''} {static.section} {static.kind}")
        ]  # fmt: skip
        self.count = len(self.shown)

    def show_kind(self, kind: str) -> None:
        self.kind = kind
        self.filter(self.words)

    def sort(self, order: str, *, descending: bool) -> None:
        keys = {
            "name": lambda static: static.symbol or "",
            "size": lambda static: static.size,
            "kind": lambda static: static.kind,
            "section": lambda static: static.section,
        }
        key = keys.get(order, lambda static: static.address)
        self._all.sort(key=key, reverse=descending)
        self.order, self.descending = order, descending
        self.filter(self.words)

    def row_at(self, address: int) -> int | None:
        inside = (
            at for at, static in enumerate(self.shown)
            if static.address <= address < static.address + max(static.size, 1)
        )  # fmt: skip
        return next(inside, None)


def findings_about(entry: Entry, address: int | None, name: str) -> tuple[Finding, ...]:
    """The findings about what stands at an address, or about an imported name; worst first."""
    if entry.report is None:
        return ()
    subject = entry.subjects.at(address) if address is not None else name
    found = entry.subjects.findings(subject)
    return tuple(sorted(found, key=lambda f: list(SEVERITY).index(f.severity)))


def worst_of(entry: Entry, address: int | None, name: str) -> Finding | None:
    """The gravest finding about a line."""
    found = findings_about(entry, address, name)
    return found[0] if found else None

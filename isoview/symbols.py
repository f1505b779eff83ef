"""The symbols of a file as a list to look at: filtered while one types, sorted, read row by row.

Nothing here makes an object for each symbol but the names to search in, and those once. The names
are searched on the caller's thread (a hundred thousand take some ten milliseconds); what takes
longer, reading the file, making those names and sorting, is meant for a worker thread.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from itertools import accumulate, compress, islice, repeat
from operator import contains, not_
from typing import TYPE_CHECKING, Any

from isoview.inspectors.binary.symbol_table import (
    IMPORT,
    KINDS,
    Columns,
    SymbolRow,
    places_of,
    read_columns,
)

if TYPE_CHECKING:
    from isoview.inspectors.binary.image import Image

ORDERS = ("file", "address", "name", "size", "kind", "section")
"""What symbols can be sorted by: as they stand in the file; size begins with the largest."""
SHOWN_KINDS = ("all", "function", "object", "tls", "other", "import")
"""What one can choose to see."""
RUN = 1 << 15
"""Elements sorted at a stretch: a sort holds every other thread up until it ends."""
MANY = 50_000
"""Rows from which on those that a filter keeps are marked rather than listed."""


class Kept(Sequence[int]):
    """The rows of a sequence that are marked, a byte for each.

    Half a million numbers take longer to make than to find, and the garbage collector looks at a
    list of them again and again. These are made when they are looked at.
    """

    BLOCK = 4096

    def __init__(self, rows: Sequence[int], marks: bytes) -> None:
        self.rows, self.marks = rows, marks
        self.names: tuple[str, ...] = ()
        starts = range(0, len(marks), self.BLOCK)
        counts = (marks.count(1, start, start + self.BLOCK) for start in starts)
        self._before = [0, *accumulate(counts)]  # how many are kept before each block

    def __len__(self) -> int:
        return self._before[-1]

    def __iter__(self) -> Iterator[int]:
        return compress(self.rows, self.marks)

    def __getitem__(self, place: Any) -> Any:  # one at a time: nobody slices it
        if not 0 <= place < len(self):
            raise IndexError(place)
        block = bisect_right(self._before, place) - 1
        start = block * self.BLOCK
        inside = compress(range(start, start + self.BLOCK), self.marks[start : start + self.BLOCK])
        return self.rows[next(islice(inside, place - self._before[block], None))]

    def index(self, value: Any, start: int = 0, stop: int | None = None) -> int:  # noqa: ARG002
        at = self.rows.index(value)
        if not self.marks[at]:
            raise ValueError(value)
        return self.marks.count(1, 0, at)


class SymbolList:
    """What is shown of one file's symbols, in order. ``len`` and ``row`` are all a table needs."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.order = "file"
        self.descending = False
        self.kind = "all"
        self.section = ""  # only symbols of this one
        self.words = ""
        self.rows: Sequence[int] = columns.rows
        self._ordered: Sequence[int] = columns.rows
        self._names: list[str] = []
        self._steps: list[tuple[str, Sequence[int]]] = []  # what was typed, and what it left

    def __len__(self) -> int:
        return len(self.rows)

    def row(self, place: int) -> SymbolRow:
        """The symbol at a place of the list."""
        return self.columns.row(self.rows[place])

    # -- filtering ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the names that are searched in; the first search does where nobody did."""
        if not self._names:
            self._names = self.columns.folded_names()

    def filter(self, words: str) -> None:
        """Keep the names that hold every word; capitals count where any is typed.

        ``::`` parts words as a blank does: in the file, ``std::vector`` is no piece of a name.
        """
        self.words = words
        parts = search_words(words)
        self.prepare()
        wanted = " ".join(parts)
        while self._steps and not wanted.startswith(self._steps[-1][0]):
            self._steps.pop()
        if not self._steps or self._steps[-1][0] != wanted:
            self._steps.append((wanted, self._narrowed(parts)))
        self.rows = self._steps[-1][1]

    def _narrowed(self, parts: Sequence[str]) -> Sequence[int]:
        """Typing on narrows what the letters before it left; going back finds that again."""
        rows = self._steps[-1][1] if self._steps else self._of_kind()
        for part in sorted(parts, key=len, reverse=True):
            folded = part.lower()
            rows = self._holding(rows, folded)
            if part != folded:
                rows = [i for i in rows if part in self.columns.raw_name(i).decode("latin-1")]
        return rows

    def _holding(self, rows: Sequence[int], part: str) -> Sequence[int]:
        """The rows whose names hold ``part``: marked while they are many, listed when few."""
        if rows is self.columns.rows:  # everything in the file's order: the names as they are
            rows = range(len(self._names))  # what has no name holds nothing
        if isinstance(rows, Kept) and len(rows) > len(rows.marks) * 3 // 4:
            # Most were kept: looking through all again takes less than picking them out.
            found = bytes(map(contains, self._names_of(rows.rows), repeat(part)))
            return Kept(rows.rows, _both(found, rows.marks))
        found = bytes(map(contains, self._names_of(rows), repeat(part)))
        if len(found) > MANY:
            return Kept(rows, found)
        return array("I", compress(rows, found))

    def _names_of(self, rows: Sequence[int]) -> Iterable[str]:
        if isinstance(rows, range):
            return self._names
        if isinstance(rows, Kept):
            # Each letter asks for those that the letter before it left.
            rows.names = rows.names or tuple(compress(self._names_of(rows.rows), rows.marks))
            return rows.names
        return map(self._names.__getitem__, rows)

    def _of_kind(self) -> Sequence[int]:
        columns, rows = self.columns, self._ordered
        if self.kind != "all":
            rows = _with(rows, columns.kinds, {KINDS.index(self.kind)})
        if self.section:
            names = columns.section_names
            numbers = {number for number, name in names.items() if name == self.section}
            rows = _with(rows, columns.sections, numbers)
        return rows

    def show(self, *, kind: str | None = None, section: str | None = None) -> None:
        """Show one kind of symbols only, or those of one section; the filter stays."""
        self.kind = self.kind if kind is None else kind
        self.section = self.section if section is None else section
        self._anew()

    def _anew(self) -> None:
        self._steps.clear()
        if self.words.strip():
            self.filter(self.words)
        else:
            self.rows = self._of_kind()

    # -- sorting --------------------------------------------------------------------------------

    def sorted_rows(self, order: str, *, descending: bool) -> "array[int]":
        """All rows in another order; takes up to a second for a million: not for the keyboard's
        thread.
        """
        columns = self.columns
        without: Sequence[int] = ()
        if order == "file":
            rows: Sequence[int] = columns.rows
        elif order == "name":
            self.prepare()
            names = self._names
            rows = politely_sorted(columns.rows, names.__getitem__)
        elif order == "kind":
            rows = politely_sorted(columns.rows, columns.kinds.__getitem__)
        elif order == "section":
            rows = politely_sorted(columns.rows, columns.section)
        elif order == "size":
            rows = politely_sorted(columns.rows, columns.sizes.__getitem__)
        else:
            rows, without = self._by_address()
        found = array("I", rows)
        if descending:
            found.reverse()
        found.extend(without)
        return found

    def _by_address(self) -> tuple[Sequence[int], Sequence[int]]:
        """What the file has, by address; what is of other libraries has none, and comes last."""
        columns = self.columns
        wanted = [columns.kinds[row] == IMPORT for row in columns.rows]
        placed = list(compress(columns.rows, map(not_, wanted)))
        rows = politely_sorted(placed, columns.addresses.__getitem__)
        return rows, list(compress(columns.rows, wanted))

    def sort(self, order: str, *, descending: bool, rows: "array[int] | None" = None) -> None:
        """Put the list in order; ``rows`` is what :meth:`sorted_rows` returned."""
        self._ordered = rows or self.sorted_rows(order, descending=descending)
        self.order, self.descending = order, descending
        self._anew()

    # -- finding places -------------------------------------------------------------------------

    def place_of(self, index: int) -> int | None:
        """Where in the list a symbol stands, if it is shown."""
        try:
            return self.rows.index(index)
        except ValueError:
            return None

    def index_at(self, address: int) -> int | None:
        """The symbol that begins at ``address``: one with a size before one without."""
        addresses, sizes, kinds = self.columns.addresses, self.columns.sizes, self.columns.kinds
        found = [
            index for index in places_of(addresses, address)
            if kinds[index] and KINDS[kinds[index]] not in {"import", "tls"}
        ]  # fmt: skip
        return max(found, key=lambda index: sizes[index], default=None)


def search_words(text: str) -> list[str]:
    """The words of a filter, as they stand in the names of a file, byte by byte."""
    words = text.replace("::", " ").split()
    return [word.encode("utf-8", "surrogateescape").decode("latin-1") for word in words]


def _both(one: bytes, other: bytes) -> bytes:
    """The marks that both have."""
    number = int.from_bytes(one, "little") & int.from_bytes(other, "little")
    return number.to_bytes(len(one), "little")


def _with(rows: Sequence[int], values: Sequence[int], wanted: Container[int]) -> list[int]:
    """The rows whose value is a wanted one."""
    return list(compress(rows, map(wanted.__contains__, map(values.__getitem__, rows))))


def politely_sorted(rows: Sequence[int], key: Callable[[int], Any]) -> list[int]:
    """``rows`` sorted by ``key``, in steps that are short enough to type in between."""
    runs = [sorted(rows[at : at + RUN], key=key) for at in range(0, len(rows), RUN)]
    while len(runs) > 1:
        # Two sorted runs behind each other are merged by list.sort without sorting them again.
        pairs = [runs[at : at + 2] for at in range(0, len(runs), 2)]
        runs = [_merged(pair, key) for pair in pairs]
    return runs[0] if runs else []


def _merged(pair: list[list[int]], key: Callable[[int], Any]) -> list[int]:
    merged = pair[0] if len(pair) == 1 else pair[0] + pair[1]
    if len(pair) > 1:
        merged.sort(key=key)
    return merged


# -- opening, reading names ---------------------------------------------------------------------


def open_symbols(path: str, part: str | None = None) -> SymbolList:
    """The symbols of a file, or of the slice ``part`` of a universal one.

    Raises :class:`Unreadable` or :class:`UnsupportedFormat`.
    """
    from isoview.evidence import file_bytes

    data = file_bytes(path)

    def image() -> "Image":
        from isoview.inspectors.binary.inspect import choose, load_bytes

        return choose(load_bytes(data, path), part).image

    return SymbolList(read_columns(data, image))

"""What a cffi module offers: the names of its library, its structs, enums and typedefs.

An API-mode module builds no class of its own; it hands one table to ``_cffi_backend``. The table
is ``struct _cffi_type_context_s`` of ``parse_c_type.h`` (in every cffi since 1.0)::

    types, globals, struct_unions' fields, struct_unions, enums, typenames: 6 pointers
    num_globals, num_struct_unions, num_enums, num_typenames: 4 ints
    includes: pointer; num_types, flags: 2 ints

cffi writes its tables sorted by name (it looks names up by bisection), which is what makes sure
that a run of words is such a table.
"""

from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.image import Image
from isoview.inspectors.facts import Evidence, NameTable

COUNT_LIMIT = 1 << 20
"""More names than this in one table are taken for chance."""
NAMES_LIMIT = 1 << 18
"""Most names in all contexts together, which may claim one another's. (The largest library that
cffi wraps, OpenSSL, has some 3,000.)
"""


class Context(NamedTuple):
    """Where a context stands and what it counts."""

    address: int
    tables: tuple[int | None, ...]  # types, globals, fields, struct_unions, enums, typenames
    counts: tuple[int, ...]  # globals, struct_unions, enums, typenames


class Table(NamedTuple):
    """One of the context's tables: its place, its entry in words and ints, what it is called."""

    pointer: int  # index among the context's pointers
    number: int  # index among its counts
    words: int  # size of an entry in words...
    ints: int  # ...and in 32-bit numbers behind them
    kind: str


# _cffi_global_s, _cffi_struct_union_s, _cffi_enum_s, _cffi_typename_s, with their padding.
_TABLES = (
    Table(1, 0, 4, 0, "cffi library"),
    Table(3, 1, 2, 5, "cffi structs"),
    Table(4, 2, 2, 2, "cffi enums"),
    Table(5, 3, 1, 1, "cffi typedefs"),
)


class _Names:
    """The names of one kind of table, each read once, however many contexts claim it."""

    def __init__(self, image: Image, table: Table) -> None:
        words = -(-(table.words * image.word_size + 4 * table.ints) // image.word_size)
        self.table = table
        self._image = image
        self._step = words * image.word_size
        self._names: dict[int, str | None] = {}  # by the address of the entry
        self._ends: dict[
            int, int
        ] = {}  # where the names that begin at an entry are in order no more

    def of(self, context: Context) -> tuple[str, ...] | None:
        """The names of a context; None where they are not all there, or not in order."""
        start, count = context.tables[self.table.pointer], context.counts[self.table.number]
        if (count > 0) != (start is not None):
            return None
        if start is None:
            return ()
        if self._end(start) < start + count * self._step:
            return None
        entries = range(start, start + count * self._step, self._step)
        return tuple([name for entry in entries if (name := self._names[entry]) is not None])

    def _end(self, start: int) -> int:
        at = start
        while at not in self._ends:
            name, following = self._name(at), self._name(at + self._step)
            if name is None or following is None or following <= name:
                self._ends[at] = at if name is None else at + self._step
                break
            at += self._step
        end = self._ends[at]
        self._ends.update(dict.fromkeys(range(start, at, self._step), end))
        return end

    def _name(self, entry: int) -> str | None:
        if entry not in self._names:
            target = self._image.pointers.get(entry)
            name = self._image.cstring(target, 512) if target is not None else None
            self._names[entry] = name if name and name.isprintable() else None
        return self._names[entry]


def cffi_tables(image: Image) -> tuple[NameTable, ...]:
    """Every name table of every cffi context in the file."""
    found: list[NameTable] = []
    for context, lists in contexts(image):
        for table, names in zip(_TABLES, lists, strict=True):
            # A struct without a name of its own is called "$" and the typedef it belongs to.
            told = tuple([name for name in names if name[0] != "$"])
            if told:
                text = f"table of a cffi context at {context.address:#x}"
                evidence = Evidence("data", text, context.tables[table.pointer])
                found.append(NameTable(table.kind, "cffi", told, True, (evidence,)))
    return tuple(found)


def contexts(image: Image) -> Iterator[tuple[Context, list[tuple[str, ...]]]]:
    """The cffi contexts of the file, recognised by shape and by the order of their names, with the
    names of each table.
    """
    readers = [_Names(image, table) for table in _TABLES]
    left = NAMES_LIMIT
    for address in sorted(image.pointers):
        # types and globals are there in every module that has any name.
        context = _context(image, address) if address + image.word_size in image.pointers else None
        if context is None or sum(context.counts) > left:
            continue
        lists = [names for reader in readers if (names := reader.of(context)) is not None]
        if len(lists) == len(readers):
            left -= sum(context.counts)
            yield context, lists


def _context(image: Image, address: int) -> Context | None:
    """What has the shape of a context at ``address``; its names are not looked at."""
    size = image.word_size
    tables: list[int | None] = []
    for index in range(6):
        at = address + index * size
        target = image.pointers.get(at)
        if target is None and image.unsigned(at, size) != 0:
            return None
        tables.append(target)
    at = address + 6 * size
    counts = [image.unsigned(at + 4 * index, 4) or 0 for index in range(4)]
    if not 0 < counts[0] + counts[1] + counts[3] < COUNT_LIMIT or counts[2] >= COUNT_LIMIT:
        return None
    if at in image.pointers or at + size in image.pointers:
        return None
    includes = at + 16
    if includes not in image.pointers and image.unsigned(includes, size) != 0:
        return None
    return Context(address, tuple(tables), tuple(counts))

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


def cffi_tables(image: Image) -> tuple[NameTable, ...]:
    """Every name table of every cffi context in the file."""
    found: list[NameTable] = []
    for context in contexts(image):
        for table in _TABLES:
            # A struct without a name of its own is called "$" and the typedef it belongs to.
            names = tuple(n for n in _names(image, context, table) or () if n[0] != "$")
            if names:
                text = f"table of a cffi context at {context.address:#x}"
                evidence = Evidence("data", text, context.tables[table.pointer])
                found.append(NameTable(table.kind, "cffi", names, True, (evidence,)))
    return tuple(found)


def contexts(image: Image) -> Iterator[Context]:
    """The cffi contexts of the file, recognised by shape and by the order of their names."""
    size = image.word_size
    pointers = image.pointers
    for address in sorted(pointers):
        # types and globals are there in every module that has any name.
        if address + size not in pointers:
            continue
        context = _context(image, address)
        if context is not None:
            yield context


def _context(image: Image, address: int) -> Context | None:
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
    context = Context(address, tuple(tables), tuple(counts))
    for table in _TABLES:
        if (context.counts[table.number] > 0) != (context.tables[table.pointer] is not None):
            return None
        names = _names(image, context, table)
        if names is None or list(names) != sorted(set(names)):
            return None
    return context


def _names(image: Image, context: Context, table: Table) -> tuple[str, ...] | None:
    start = context.tables[table.pointer]
    count = context.counts[table.number]
    if start is None or not count:
        return ()
    entry = -(-(table.words * image.word_size + 4 * table.ints) // image.word_size)
    step = entry * image.word_size
    found: list[str] = []
    for index in range(count):
        target = image.pointers.get(start + index * step)
        name = image.cstring(target, 512) if target is not None else None
        if not name or not name.isprintable():
            return None
        found.append(name)
    return tuple(found)

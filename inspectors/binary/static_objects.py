"""Python objects that the file itself lays out in its data: instances of its static types.

``PyObject_HEAD_INIT`` with a type makes one, such as the zero timedelta of CPython 3.13's
``_datetime``. The word for the type leads to a static type of the file, the word before is a
reference count as headers write it, and the size is that of the type's instances.
"""

from collections.abc import Iterator

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.facts import StaticRow, Type

INSTANCE = "instance"
"""Kind of evidence for an object in the file's data."""
# The first 32 bits that PyObject_HEAD_INIT leaves: 3.8 to 3.12, 3.12 and 3.13 (also with 32 bits),
# 3.14 and 3.15 (also with 32 bits).
_COUNTS = frozenset({1, 0xFFFFFFFF, 0x3FFFFFFF, 0xC0000000, 0x70000000})


def static_objects(
    image: Image, layout: Layout, types: tuple[Type, ...], statics: list[StaticRow]
) -> list[StaticRow]:
    """``statics``, with those marked that are objects, or have the address of one."""
    made = {
        entry.address: entry
        for entry in types
        if entry.kind == "static" and (entry.basicsize or 0) > layout.head
    }
    if not made:
        return statics
    found = dict(_instances(image, layout, made, statics))
    if not found:
        return statics
    return [_marked(image, row, found) for row in statics]


def _instances(
    image: Image, layout: Layout, made: dict[int | None, Type], statics: list[StaticRow]
) -> Iterator[tuple[int, str]]:
    pointers, type_at = image.pointers, layout.head - layout.word
    for address, _, _, size, what, _ in statics:
        if what != "table":
            continue
        kind = made.get(pointers.get(address + type_at, -1))
        if kind is None or not _fits(size, kind):
            continue
        count = image.unsigned(address, 4)
        if address not in pointers and (layout.free_threaded or count in _COUNTS):
            yield address, kind.name


def _fits(size: int, kind: Type) -> bool:
    basic = kind.basicsize or 0
    return size == basic or bool(kind.itemsize and size > basic)


def _marked(image: Image, row: StaticRow, found: dict[int, str]) -> StaticRow:
    address, symbol, section, size, kind, _ = row
    name = found.get(address)
    if name is not None:
        text = f"an instance of {name} that stands in the file's data"
    elif kind == "table":
        words = range(address, address + min(size, 4096), image.word_size)
        targets = (image.pointers.get(word) for word in words)
        reached = next((found[at] for at in targets if at is not None and at in found), None)
        if reached is None:
            return row
        text = f"has the address of an instance of {reached} in the file's data"
    else:
        return row
    told = INSTANCE if name is not None else "data", text, address
    return address, symbol, section, size, "object", (told,)

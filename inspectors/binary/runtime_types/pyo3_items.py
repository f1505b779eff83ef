"""The methods, attributes and slots of a PyO3 class: two tables in constant data.

``PyClassItems`` is a slice of method definitions and a slice of ``PyType_Slot`` (16 bytes). A
method definition is a Rust enum of 56 or 64 bytes, by PyO3's version; what it holds is told by
what its words are: names and docs are a pointer and a length, functions lie in code.
"""

from typing import NamedTuple

from isoview.inspectors.binary.image import Image
from isoview.inspectors.facts import Method
from isoview.inspectors.text import decode

_STRIDES = (56, 64)
_ITEM_LIMIT = 4096
_SLOT_LIMIT = 200
_TAG_LIMIT = 15  # the enum's tag: which kind of entry it is
_METHOD_FLAGS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x20 | 0x40 | 0x80
_CALLING = 0x1 | 0x4 | 0x8 | 0x80  # one of these is in every method's flags


class Items(NamedTuple):
    """What a class's tables list. ``unnamed`` counts entries whose name is only in the code."""

    methods: tuple[Method, ...]
    getters: tuple[str, ...]
    slots: tuple[int, ...]
    unnamed: int
    tables: tuple[tuple[int, int], ...]  # [start, end) of the method definitions


class Slice(NamedTuple):
    """A Rust slice: link-time address of its first element, and how many there are."""

    address: int
    length: int


class Table(NamedTuple):
    """A ``PyClassItems``."""

    entries: Slice
    slots: Slice


class _Entry(NamedTuple):
    name: str
    flags: int | None  # METH_* of a method
    has_doc: bool


def tables_at(image: Image, words: list[int]) -> tuple[Table, ...]:
    """The tables among ``words``: of the derive macro's items, and of the class's own."""
    return tuple(table for word in words if (table := _table(image, word)) is not None)


def stride_of(image: Image, tables: list[Table]) -> int:
    """The size of a method definition in this file: with it, most entries have a name.

    Tables of one entry cannot tell.
    """
    parts = [table.entries for table in tables if table.entries.length > 1]

    def score(stride: int) -> tuple[int, int]:
        entries = [entry for part in parts for entry in _entries(image, part, stride)]
        return len(entries), sum(entry.flags is not None for entry in entries)

    return max(_STRIDES, key=score)


def read_items(image: Image, tables: tuple[Table, ...], stride: int) -> Items | None:
    """The items of all ``tables``; None where there is no table."""
    if not tables:
        return None
    methods: list[Method] = []
    getters: list[str] = []
    slots: list[int] = []
    unnamed = 0
    places: list[tuple[int, int]] = []
    for entries, numbers in tables:
        slots += _slot_ids(image, numbers) or ()
        named = _entries(image, entries, stride)
        places.append((entries.address, entries.address + stride * entries.length))
        unnamed += entries.length - len(named)
        for entry in named:
            if entry.flags is not None:
                methods.append(Method(entry.name, entry.flags))
            elif entry.has_doc and entry.name not in getters:
                getters.append(entry.name)
    return Items(tuple(methods), tuple(getters), tuple(slots), unnamed, tuple(places))


def _table(image: Image, address: int) -> Table | None:
    """The two slices at ``address``, where that is a ``PyClassItems``."""
    if image.segment_at(address) is None or image.in_code(address):
        return None
    parts = [_slice(image, address + 16 * n) for n in range(2)]
    if parts[0] is None or parts[1] is None:
        return None
    if _slot_ids(image, parts[1]) is None:
        return None
    return Table(parts[0], parts[1])


def _slice(image: Image, address: int) -> Slice | None:
    """A slice at ``address``. An empty one points nowhere: at its alignment."""
    start, length = image.word(address), image.unsigned(address + 8, 8)
    if start is None or length is None or length > _ITEM_LIMIT or address + 8 in image.pointers:
        return None
    if not length:
        return Slice(start, 0)
    return Slice(start, length) if address in image.pointers else None


def _slot_ids(image: Image, part: Slice) -> tuple[int, ...] | None:
    found: list[int] = []
    for index in range(part.length):
        entry = part.address + 16 * index
        number = image.unsigned(entry, 4)
        if number is None or not 0 < number < _SLOT_LIMIT or entry + 8 not in image.pointers:
            return None
        found.append(number)
    return tuple(found)


def _entries(image: Image, part: Slice, stride: int) -> list[_Entry]:
    """The entries that have a name."""
    found = (_entry(image, part.address + stride * n, stride) for n in range(part.length))
    return [entry for entry in found if entry is not None]


def _entry(image: Image, address: int, size: int) -> _Entry | None:
    tag = image.unsigned(address, 8)
    if address in image.pointers or tag is None or tag > _TAG_LIMIT:
        return None
    texts: list[str] = []
    flags: int | None = None
    at = address
    while at < address + size:
        target = image.pointers.get(at)
        if target is not None:
            text = (
                None if image.in_code(target) else _text(image, target, image.unsigned(at + 8, 8))
            )
            if text is not None:
                texts.append(text)
                at += 8
        elif at > address and flags is None and at not in image.imports_at:
            value = image.unsigned(at, 4) or 0
            if value & _CALLING and not value & ~_METHOD_FLAGS and texts:
                flags = value
        at += 8
    if not texts or not texts[0].isidentifier():
        return None
    return _Entry(texts[0], flags, len(texts) > 1)


def _text(image: Image, address: int, length: int | None) -> str | None:
    """The string of ``length`` bytes (a C string counts its NUL) at ``address``."""
    if length is None or not 0 < length < 1 << 20:
        return None
    raw = image.read(address, length)
    if len(raw) != length or 0 in raw[:-1]:
        return None
    return decode(raw.rstrip(b"\0"))

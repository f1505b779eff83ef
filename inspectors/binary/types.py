"""Static ``PyTypeObject``s and ``PyType_Spec``s of a file, found by their shape.

Layouts: ``Include/object.h`` and ``Include/cpython/object.h`` of 3.8 to 3.15.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import (
    TYPE_FIELDS,
    TYPE_FUNCTION_FIELDS,
    TYPE_INTEGER_FIELDS,
    TYPE_RUNTIME_FIELDS,
    Layout,
    layout_of,
)
from isoview.inspectors.binary.names import DATA_TYPE_SLOTS, TYPE_SLOTS, flag_names
from isoview.inspectors.binary.scan import (
    candidates,
    data_segments,
    function_at,
    head_at,
    is_plain,
    is_zero,
    shared_methods,
)
from isoview.inspectors.facts import Type
from isoview.inspectors.record import Record

SIZE_LIMIT = 1 << 24
"""Largest basicsize or itemsize, in bytes, that a type can sensibly ask for."""


class FoundType(Record):
    """A type, its extent in the file, and the tables that belong to it (link-time addresses)."""

    fact: Type
    size: int
    layout: Layout
    tables: tuple[int, ...]


def printable(text: str | None) -> bool:
    """Whether ``text`` can be a type's name: hostile names are names too, so only emptiness and
    undecodable bytes are refused.
    """
    return bool(text) and text is not None and len(text) < 1024 and "\\x" not in text[:4]


def find_static_types(image: Image, layouts: tuple[Layout, ...]) -> tuple[FoundType, ...]:
    """Every static type of the file in one of ``layouts``, in order of address."""
    found: dict[int, FoundType] = {}
    for layout in layouts:
        for segment in data_segments(image):
            name_at, names = layout.type("tp_name"), [name for name, _ in image.before_plain]
            plain = [number * layout.word for number in _PLAIN]
            scan = candidates(image, segment, layout, name_at, names, 1, plain)
            for address, words, index in scan:
                if max(words[index + 1 : index + 3], default=0) > SIZE_LIMIT:
                    continue  # of tp_basicsize and tp_itemsize
                static = read_static_type(image, address, layout)
                if static is not None:
                    found[address] = static
    return _apart(image, found)


def _apart(image: Image, found: dict[int, FoundType]) -> tuple[FoundType, ...]:
    """Types that do not overlap, in order of address: words inside one can pass for another.

    Of two, the one stays whose head was written; else the one that starts first.
    """
    kept: list[int] = []
    for address in sorted(found):
        if kept and address < kept[-1] + found[kept[-1]].size:
            if image.word(kept[-1]) == 0 != image.word(address):
                kept[-1] = address
            continue
        kept.append(address)
    return tuple(found[address] for address in kept)


def read_static_type(image: Image, address: int, layout: Layout) -> FoundType | None:
    """The static type at ``address``, or None where the words there have another shape."""
    if not head_at(image, address, layout):
        return None
    base = address + layout.head
    size, pointers = image.word_size, image.pointers
    meta = base - size  # ob_type: zero, an import (PyType_Type) or a local metatype
    if meta not in pointers and meta not in image.imports_at and image.unsigned(meta, size) != 0:
        return None
    words = image.window(base, len(TYPE_FIELDS))
    if len(words) < len(TYPE_FIELDS):
        return None
    # Which fields the loader fills in: few do, so they are not asked for one by one.
    local = _fields_among(image.relocated, base, size)
    filled = local | _fields_among(image.imported_words, base, size)
    if not filled.isdisjoint(_PLAIN_FIELDS):
        return None
    integers = _integers(words, size)
    if integers is None:
        return None
    name_at = pointers.get(base + _NAME * size)
    if name_at is None or name_at in pointers or image.in_code(name_at):
        return None  # no text starts with a relocated word
    name = image.cstring(name_at, 1024)
    if not printable(name) or name is None:
        return None
    set_fields = _pointer_fields(image, base, words, local, filled)
    if set_fields is None:
        return None
    headless = image.unsigned(address, size) == 0 and not layout.free_threaded
    content = not TYPE_FUNCTION_FIELDS.isdisjoint(set_fields) or (
        not headless
        and (
            integers["tp_flags"] or integers["tp_basicsize"] >= 2 * size or "tp_base" in set_fields
        )
    )
    if not content:
        return None
    at = layout.type_offsets
    methods_at = pointers.get(address + at["tp_methods"])
    return FoundType(
        Type(
            address=address,
            name=name,
            kind="static",
            base=_base_name(image, address + at["tp_base"]),
            basicsize=integers["tp_basicsize"],
            itemsize=integers["tp_itemsize"],
            flags=integers["tp_flags"],
            flag_names=flag_names(integers["tp_flags"]),
            slots_set=tuple(set_fields),
            module_tied=False,
            completed_at_runtime=True,  # PyType_Ready inherits what is zero here
            methods=(shared_methods(image, methods_at) or ()) if methods_at is not None else (),
        ),
        layout.type_size,
        layout,
        tuple([pointers[base + number * size] for number in _TABLES if number in local]),
    )


_NUMBERS = {field: number for number, field in enumerate(TYPE_FIELDS)}
_NAME = _NUMBERS["tp_name"]
_INTEGERS = tuple((_NUMBERS[field], field) for field in sorted(TYPE_INTEGER_FIELDS))
_RUNTIME = tuple(_NUMBERS[field] for field in sorted(TYPE_RUNTIME_FIELDS))
_PLAIN_FIELDS = frozenset(_NUMBERS[field] for field in TYPE_INTEGER_FIELDS | TYPE_RUNTIME_FIELDS)
# Of these the ones that tell most other structures apart come first.
_PLAIN = tuple(
    _NUMBERS[field] - _NAME
    for field in (
        "tp_vectorcall_offset", "tp_flags", "tp_dict", "tp_mro", "tp_weaklistoffset",
        "tp_dictoffset", "tp_bases", "tp_cache", "tp_subclasses", "tp_weaklist", "tp_version_tag",
    )
)  # fmt: skip
_POINTERS = frozenset(range(len(TYPE_FIELDS))) - _PLAIN_FIELDS - {_NAME}
_FUNCTIONS = frozenset(_NUMBERS[field] for field in TYPE_FUNCTION_FIELDS)
_DOC = _NUMBERS["tp_doc"]
_TABLES = tuple(
    _NUMBERS[field]
    for field in (
        "tp_methods", "tp_members", "tp_getset", "tp_as_number", "tp_as_sequence",
        "tp_as_mapping", "tp_as_async", "tp_as_buffer",
    )
)  # fmt: skip
_SMALL = ("tp_basicsize", "tp_itemsize", "tp_weaklistoffset", "tp_dictoffset")


def _fields_among(sorted_words: list[int], base: int, size: int) -> set[int]:
    """Numbers of the fields of a type, whose fields begin at ``base``, that are among some words."""
    first = bisect_left(sorted_words, base)
    last = bisect_left(sorted_words, base + len(TYPE_FIELDS) * size, first)
    return {(word - base) // size for word in sorted_words[first:last]}


def _integers(words: Sequence[int], size: int) -> dict[str, int] | None:
    """The integer fields of a type from its ``words`` behind the head; None where they, or those
    that the interpreter fills in, hold something else.
    """
    half = 1 << size * 8 - 1
    # tp_flags is an unsigned long: 4 bytes and padding on Win64, where the padding is zero.
    values = {
        field: words[number] if words[number] < half else words[number] - 2 * half
        for number, field in _INTEGERS
    }
    if values["ob_size"] or values["tp_version_tag"]:
        return None
    for field in _SMALL:
        if not -SIZE_LIMIT <= values[field] <= SIZE_LIMIT:
            return None
    if values["tp_basicsize"] < 0 or values["tp_itemsize"] < 0:
        return None
    if (
        not 0 <= values["tp_vectorcall_offset"] <= SIZE_LIMIT
        or not 0 <= values["tp_flags"] < 1 << 33
    ):
        return None
    for number in _RUNTIME:
        if words[number]:
            return None
    return values


def _pointer_fields(
    image: Image, base: int, words: Sequence[int], local: set[int], filled: set[int]
) -> list[str] | None:
    """Names of the pointer fields that are set; None where one holds something else."""
    for number in _POINTERS - filled:
        if words[number]:
            return None
    size, pointers = image.word_size, image.pointers
    found: list[str] = []
    for number in sorted(filled):
        if number == _NAME:
            continue
        where = base + number * size
        if number in _FUNCTIONS:
            if function_at(image, where) is None:
                return None
        elif number in local and number != _DOC and image.in_code(pointers[where]):
            return None
        found.append(TYPE_FIELDS[number])
    return found


def _base_name(image: Image, where: int) -> str | None:
    """Name of the base: an imported type's symbol, or a local static type's ``tp_name``."""
    if where in image.imports_at:
        name = image.imports_at[where]
        return "object" if name == "PyBaseObject_Type" else name
    target = image.pointers.get(where)
    if target is None:
        return None
    for free_threaded in (False, True):
        name_at = image.pointers.get(
            target + layout_of(image.word_size, free_threaded).type("tp_name")
        )
        if name_at is not None:
            return image.cstring(name_at, 1024)
    return None


def find_specs(image: Image, taken: list[tuple[int, int]]) -> tuple[FoundType, ...]:
    """Every ``PyType_Spec``; ``taken`` are extents (start, end) of accepted structures, whose
    tails can look like one.
    """
    layout = layout_of(image.word_size, free_threaded=False)
    pointers = image.pointers
    gap = layout.spec_slots
    starts = [
        address
        for address, behind in image.before_plain
        if behind == gap and image.unsigned(pointers[address + gap], 4) in TYPE_SLOTS
    ]
    found: list[FoundType] = []
    extents = sorted(taken)
    lows = [low for low, _ in extents]
    for address in starts:
        before = bisect_right(lows, address) - 1  # extents do not overlap
        if before >= 0 and address < extents[before][1]:
            continue
        spec = read_spec(image, address, layout)
        if spec is not None:
            found.append(spec)
    return tuple(found)


def read_spec(image: Image, address: int, layout: Layout) -> FoundType | None:
    """The ``PyType_Spec`` at ``address``, or None where the words there have another shape."""
    size = image.word_size
    name_at, slots_at = image.pointers[address], image.pointers[address + layout.spec_slots]
    basicsize = image.signed(address + size, 4)
    itemsize = image.signed(address + size + 4, 4)
    flags = image.unsigned(address + size + 8, 4)
    plain = all(
        is_plain(image, word) for word in range(address + size, address + layout.spec_slots, size)
    )
    if basicsize is None or itemsize is None or flags is None or not plain:
        return None
    if not -SIZE_LIMIT <= basicsize <= SIZE_LIMIT or not 0 <= itemsize <= SIZE_LIMIT:
        return None
    if size == 8 and image.unsigned(address + 20, 4) != 0:
        return None
    if image.in_code(slots_at) or image.in_code(name_at) or name_at in image.pointers:
        return None
    slots = _type_slots(image, slots_at)
    if slots is None:
        return None
    name = image.cstring(name_at, 1024)
    if not printable(name) or name is None:
        return None
    # Shiboken puts the number of packages before the name: "2:PySide6.QtCore.QObject".
    name = re.sub(r"\A\d:", "", name)
    numbers = dict(slots)
    methods_at = image.pointers.get(numbers.get(64, 0))
    base = _base_name(image, numbers[48]) if 48 in numbers else None
    return FoundType(
        Type(
            address=address,
            name=name,
            kind="spec",
            base=base,
            basicsize=basicsize,
            itemsize=itemsize,
            flags=flags,
            flag_names=flag_names(flags),
            slots_set=tuple(TYPE_SLOTS[number] for number, _ in slots),
            completed_at_runtime=any(is_zero(image, word) for _, word in slots),
            methods=(shared_methods(image, methods_at) or ()) if methods_at is not None else (),
        ),
        layout.spec_size,
        layout,
        (slots_at, *(image.pointers[word] for number, word in slots
                     if number in (64, 72, 73) and word in image.pointers)),
    )  # fmt: skip


def _type_slots(image: Image, address: int) -> list[tuple[int, int]] | None:
    """(id, address of the value word) of every slot; None where the bytes are no slot table."""
    size = image.word_size
    found: list[tuple[int, int]] = []
    seen: set[int] = set()
    some_pointer = False
    # The id is an int at the start of its word, zeros behind it; ids are few, and none comes twice.
    shift = 32 if size == 8 and image.endian == "big" else 0
    words = image.window(address, 2 * len(TYPE_SLOTS) + 2)
    for index in range(0, len(words), 2):
        entry = address + index * size
        number = words[index] >> shift
        if words[index] != number << shift or not is_plain(image, entry):
            return None
        if number == 0:
            return found if some_pointer else None
        if number not in TYPE_SLOTS or number in seen:
            return None
        if index + 1 == len(words):
            return None
        seen.add(number)
        value = entry + size
        plain = is_plain(image, value)
        runs = plain and words[index + 1] == 0
        if not runs and number not in DATA_TYPE_SLOTS and function_at(image, value) is None:
            return None
        some_pointer = some_pointer or not plain
        found.append((number, value))
    return None

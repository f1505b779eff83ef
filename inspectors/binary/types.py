"""Static ``PyTypeObject``s and ``PyType_Spec``s of a file, found by their shape.

Layouts: ``Include/object.h`` and ``Include/cpython/object.h`` of 3.8 to 3.15.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from operator import itemgetter
from struct import unpack_from

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
    shared_methods,
)
from isoview.inspectors.binary.spec_use import CommonUse
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
        name_at = layout.type("tp_name")
        plain = [number * layout.word for number in _PLAIN]
        for segment in data_segments(image):
            for address, words, index in candidates(
                image, segment, layout, name_at, image.before_plain, (), plain
            ):
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
    base = address + layout.head
    size, pointers = image.word_size, image.pointers
    name_at = pointers.get(base + _NAME * size)
    if name_at is None or name_at in pointers or image.in_code(name_at):
        return None  # no text starts with a relocated word
    heads = layout.head // size
    words = image.window(address, heads + len(TYPE_FIELDS))
    if len(words) < heads + len(TYPE_FIELDS):
        return None
    head, words = words[:heads], words[heads:]
    if any(_ZEROS(words)):
        return None
    sizes = _sizes(words, size)
    if sizes is None or not head_at(image, address, layout, head[0]):
        return None
    # ob_type: zero, an import (PyType_Type) or a local metatype
    if head[-1] and is_plain(image, base - size):
        return None
    # Which words the loader fills in: few are, so they are not asked for one by one.
    filled = _among(image.relocated, base, size)
    imported = _among(image.imported_words, base, size)
    if imported:
        filled = sorted({*filled, *imported})
    if any(_POINTER_WORDS(words)):
        for number in _POINTERS.difference([(word - base) // size for word in filled]):
            if words[number]:
                return None
    set_fields = _set_fields(image, base, filled)
    if set_fields is None:
        return None
    name = image.cstring(name_at, 1024)
    if not printable(name) or name is None:
        return None
    basicsize, itemsize, flags = sizes
    headless = head[0] == 0 and not layout.free_threaded
    content = not TYPE_FUNCTION_FIELDS.isdisjoint(set_fields) or (
        not headless and (flags or basicsize >= 2 * size or "tp_base" in set_fields)
    )
    if not content:
        return None
    methods_at = pointers.get(base + _METHODS * size)
    return FoundType(
        Type(  # by place: there are many, and by name each takes twice as long
            address,
            name,
            "static",
            _base_name(image, base + _BASE * size),
            basicsize,
            itemsize,
            flags,
            flag_names(flags),
            tuple(set_fields),
            False,  # module_tied
            True,  # completed_at_runtime: PyType_Ready inherits what is zero here
            (shared_methods(image, methods_at) or ()) if methods_at is not None else (),
        ),
        layout.type_size,
        layout,
        tuple([pointers[at] for number in _TABLES if (at := base + number * size) in pointers]),
    )


_NUMBERS = {field: number for number, field in enumerate(TYPE_FIELDS)}
_NAME = _NUMBERS["tp_name"]
_METHODS, _BASE = _NUMBERS["tp_methods"], _NUMBERS["tp_base"]
_ZEROS = itemgetter(*(_NUMBERS[field] for field in ("ob_size", *sorted(TYPE_RUNTIME_FIELDS))))
_SIZES = itemgetter(
    *(
        _NUMBERS[field]
        for field in (
            "tp_basicsize", "tp_itemsize", "tp_vectorcall_offset", "tp_weaklistoffset",
            "tp_dictoffset", "tp_flags",
        )
    )
)  # fmt: skip
_PLAIN_FIELDS = frozenset(_NUMBERS[field] for field in TYPE_INTEGER_FIELDS | TYPE_RUNTIME_FIELDS)
# Of these the ones that tell most other structures apart come first.
_PLAIN = tuple(
    _NUMBERS[field] - _NAME
    for field in (
        "tp_version_tag", "tp_subclasses", "tp_mro", "tp_dictoffset", "tp_cache", "tp_flags",
        "tp_bases", "tp_vectorcall_offset", "tp_weaklistoffset", "tp_weaklist", "tp_dict",
    )
)  # fmt: skip
_POINTERS = frozenset(range(len(TYPE_FIELDS))) - _PLAIN_FIELDS - {_NAME}
_POINTER_WORDS = itemgetter(*_POINTERS)
_FUNCTIONS = frozenset(_NUMBERS[field] for field in TYPE_FUNCTION_FIELDS)
_TEXTS = frozenset({_NAME, _NUMBERS["tp_doc"]})
_MAY_BE_CODE = _FUNCTIONS | _TEXTS
_TABLES = tuple(
    _NUMBERS[field]
    for field in (
        "tp_methods", "tp_members", "tp_getset", "tp_as_number", "tp_as_sequence",
        "tp_as_mapping", "tp_as_async", "tp_as_buffer",
    )
)  # fmt: skip


def _among(sorted_words: list[int], base: int, size: int) -> list[int]:
    """Those of some words that are fields of a type, whose fields begin at ``base``."""
    first = bisect_left(sorted_words, base)
    return sorted_words[first : bisect_left(sorted_words, base + len(TYPE_FIELDS) * size, first)]


def _sizes(words: Sequence[int], size: int) -> tuple[int, int, int] | None:
    """tp_basicsize, tp_itemsize and tp_flags of a type from its ``words`` behind the head; None
    where they, or the offsets it has, cannot be what they would be.
    """
    basicsize, itemsize, vectorcall, weaklist, dictionary, flags = _SIZES(words)
    if basicsize > SIZE_LIMIT or itemsize > SIZE_LIMIT or vectorcall > SIZE_LIMIT:
        return None
    negative = (1 << size * 8) - SIZE_LIMIT
    if SIZE_LIMIT < weaklist < negative or SIZE_LIMIT < dictionary < negative:
        return None
    # tp_flags is an unsigned long: 4 bytes and padding on Win64, where the padding is zero.
    return (basicsize, itemsize, flags) if flags < 1 << min(33, size * 8 - 1) else None


def _set_fields(image: Image, base: int, filled: list[int]) -> list[str] | None:
    """Names of the fields behind tp_name that are ``filled`` in, which are words of a type whose
    fields begin at ``base``; None where one is filled in with something else.
    """
    size, pointers, (low, high) = image.word_size, image.pointers, image.most_code
    found: list[str] = []
    for where in filled:
        number = (where - base) // size
        target = pointers.get(where)
        if target is not None and low <= target < high:
            if number not in _MAY_BE_CODE:
                return None
        elif number in _FUNCTIONS:
            if function_at(image, where) is None:
                return None
        elif number in _PLAIN_FIELDS or (
            number not in _TEXTS and target is not None and image.in_code(target)
        ):
            return None
        found.append(TYPE_FIELDS[number])
    found.remove("tp_name")
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


def find_specs(image: Image, taken: list[tuple[int, int]], use: CommonUse) -> tuple[FoundType, ...]:
    """Every ``PyType_Spec``; ``taken`` are extents (start, end) of accepted structures, whose
    tails can look like one.
    """
    layout = layout_of(image.word_size, free_threaded=False)
    pointers = image.pointers
    gap = layout.spec_slots
    least, odd = _slot_tables(image)
    starts = [
        address
        for address in image.before_plain
        if (slots_at := pointers.get(address + gap, -1)) > least
        and not slots_at & odd
        and image.unsigned(slots_at, 4) in TYPE_SLOTS
    ]
    found: list[FoundType] = []
    extents = sorted(taken)
    lows = [low for low, _ in extents]
    for address in starts:
        before = bisect_right(lows, address) - 1  # extents do not overlap
        if before >= 0 and address < extents[before][1]:
            continue
        spec = read_spec(image, address, layout, use)
        if spec is not None:
            found.append(spec)
    return tuple(found)


_BASES = frozenset({48, 49})  # Py_tp_base, Py_tp_bases
_SLOTS_AT_ONCE = 32
"""Words of a table of type slots that are read at first: most are shorter."""
_SLOT_WORDS = 2 * len(TYPE_SLOTS) + 2
"""Most words of a table of type slots: ids are few, and none comes twice."""


def _slot_tables(image: Image) -> tuple[int, int]:
    """Behind which address slot tables stand, and which of an address's bits are zero for them.

    A slot table has a word that the loader fills in. So it does not stand wholly before all such
    words, where the texts are that most structures in the form of a spec point to.
    """
    words = image.relocated, image.imported_words
    if sum(map(len, words)) < len(image.pointers) + len(image.imports_at):
        return -1, 0  # some word stands where none can: nothing is known
    first = min([found[0] for found in words if found], default=0)
    return max(-1, first - _SLOT_WORDS * image.word_size), image.word_size - 1


def read_spec(image: Image, address: int, layout: Layout, use: CommonUse) -> FoundType | None:
    """The ``PyType_Spec`` at ``address``, or None where the words there have another shape."""
    size, pointers, imports = image.word_size, image.pointers, image.imports_at
    name_at, slots_at = pointers[address], pointers[address + layout.spec_slots]
    for word in range(address + size, address + layout.spec_slots, size):
        if word in pointers or word in imports:
            return None
    raw = image.read(address + size, layout.spec_slots - size)
    if len(raw) < layout.spec_slots - size:
        return None
    basicsize, itemsize, flags = unpack_from("<iiI" if image.endian == "little" else ">iiI", raw)
    if not -SIZE_LIMIT <= basicsize <= SIZE_LIMIT or not 0 <= itemsize <= SIZE_LIMIT:
        return None
    if any(raw[12:]):  # padding
        return None
    if image.in_code(slots_at) or image.in_code(name_at) or name_at in pointers:
        return None
    found = _type_slots(image, slots_at)
    if found is None:
        return None
    slots, some_zero = found
    name = image.cstring(name_at, 1024)
    if not printable(name) or name is None:
        return None
    # Shiboken puts the number of packages before the name: "2:PySide6.QtCore.QObject".
    if name[1:2] == ":" and name[0].isdecimal():
        name = name[2:]
    methods_at = pointers.get(slots.get(64, 0))
    base = "object" if use.plain and slots.keys().isdisjoint(_BASES) else None
    if 48 in slots:
        base = _base_name(image, slots[48])
    return FoundType(
        Type(
            address,
            name,
            "spec",
            base,
            basicsize,
            itemsize,
            flags,
            flag_names(flags),
            tuple([TYPE_SLOTS[number] for number in slots]),
            use.tied,
            some_zero,
            (shared_methods(image, methods_at) or ()) if methods_at is not None else (),
        ),
        layout.spec_size,
        layout,
        (slots_at, *[pointers[word] for number, word in slots.items()
                     if number in (64, 72, 73) and word in pointers]),
    )  # fmt: skip


def _type_slots(image: Image, address: int) -> tuple[dict[int, int], bool] | None:
    """Address of the value word of every slot by the slot's id, and whether some value is zero in
    the file; None where the bytes are no slot table.
    """
    size, pointers, imports = image.word_size, image.pointers, image.imports_at
    low, high = image.most_code
    found: dict[int, int] = {}
    some_pointer = some_zero = False
    # The id is an int at the start of its word, zeros behind it; ids are few, and none comes twice.
    shift = 32 if size == 8 and image.endian == "big" else 0
    words = image.window(address, _SLOTS_AT_ONCE)
    for index in range(0, _SLOT_WORDS, 2):
        if index == _SLOTS_AT_ONCE:
            words = image.window(address, _SLOT_WORDS)
        if index >= len(words):
            return None
        entry = address + index * size
        number = words[index] >> shift
        if words[index] != number << shift or entry in pointers or entry in imports:
            return None
        if number == 0:
            return (found, some_zero) if some_pointer else None
        if number not in TYPE_SLOTS or number in found:
            return None
        if index + 1 == len(words):
            return None
        value = found[number] = entry + size
        target = pointers.get(value)
        if target is None and value not in imports:
            if words[index + 1] == 0:
                some_zero = True
            elif number not in DATA_TYPE_SLOTS:
                return None
            continue
        some_pointer = True
        if (
            number not in DATA_TYPE_SLOTS
            and (target is None or not low <= target < high)
            and function_at(image, value) is None
        ):
            return None
    return None

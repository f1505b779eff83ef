"""What the structure scanners share: which words can start a CPython object, and safe reads.

A structure is recognised by its shape over the pointer map: no symbol is needed, so a stripped
file says as much as any other.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, wraps

from isoview.inspectors.binary.image import Image, Segment
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.binary.names import FUNCTION_SLOTS, INTEGER_SLOTS, MODULE_SLOTS
from isoview.inspectors.facts import Method, Slot
from isoview.inspectors.hints import TypeVar

TABLE_LIMIT = 4096
"""Most entries of one slot table that are read, with those of tables nested in it."""
METHOD_LIMIT = 1 << 16
"""Most entries of one method table: SWIG's are the longest (some 12,000 in pymupdf)."""
SLOT_DEPTH = 5
"""Nesting of slot tables that CPython itself accepts (PEP 820)."""

# First word of a static object, as the headers of each version write it (read from compiled
# files): 1 up to 3.12 and in every PyO3 build, 0xFFFFFFFF in 3.13, 0x0005_0000_C000_0000 in 3.14
# and 3.15; on 32-bit 0x3FFFFFFF in 3.13 and 0x70000000 in 3.14 and later. 0: no head was written.
HEAD_WORDS = frozenset({
    0, 1, 2, 0xFFFFFFFF, 0x3FFFFFFF, 0x70000000, 0xC0000000, 0x0004_0000_C000_0000,
    0x0005_0000_C000_0000,
})  # fmt: skip
_PLAIN_NAME = re.compile(r"\w[\w.]*\Z")


def is_module_name(text: str | None) -> bool:
    """Whether ``text`` can be a module's name: mypyc's start with a digit, so any word will do."""
    return text is not None and len(text) < 512 and _PLAIN_NAME.match(text) is not None


def head_at(image: Image, address: int, layout: Layout, first: int) -> bool:
    """Whether the words at ``address``, of which the file has ``first`` for the first, can be the
    head of a static object in ``layout``.
    """
    if not layout.free_threaded:
        return first in HEAD_WORDS and address not in image.pointers
    # ob_tid 0; then u16 flags (4 from 3.14), u8 mutex 0, u8 gc bits 0, u32 ob_ref_local
    # 0xFFFFFFFF; ob_ref_shared 0 (3.13t, 3.14t, 3.15t as compiled).
    return (
        first == 0
        and image.unsigned(address + layout.word, 2) in (0, 4)
        and image.unsigned(address + layout.word + 4, 4) == 0xFFFFFFFF
        and image.unsigned(address + layout.word + 8, layout.word) == 0
    )


_TABLES = frozenset({".pdata", ".xdata", ".idata", ".edata", ".didat", ".rsrc", ".reloc"})
"""Sections of PE files that hold the linker's own tables."""


def data_segments(image: Image) -> tuple[Segment, ...]:
    """Segments in which relocated structures can stand: in an ELF file the loader writes to
    them; in the other formats constants are relocated too.
    """
    if image.format == "elf":
        return tuple(segment for segment in image.segments if segment.writable)
    return tuple(
        segment
        for segment in image.segments
        if not segment.executable and segment.name not in _TABLES
    )


def candidates(
    image: Image,
    segment: Segment,
    layout: Layout,
    name_offset: int,
    names: Sequence[int],
    zeros: Sequence[int],
    plain: Sequence[int],
) -> Iterator[tuple[int, Sequence[int], int]]:
    """Addresses at which an object may start one of whose ``names``, pointers to its name in order
    of address, stands at ``name_offset``; with each the segment's words, not relocated, and the
    place of the name pointer among them.

    The word before the name is zero, and so are those ``zeros`` words before it; ``plain`` has
    distances from the name (in bytes) at which no pointer stands. Only these and the head word are
    looked at: this is the scanners' inner loop, and most names are dropped by the first two.
    """
    words, pointers = image.words(segment), image.pointers
    size = image.word_size
    base = segment.address + -segment.address % size
    first = bisect_left(names, base + name_offset)
    last = bisect_left(names, base + len(words) * size, first)
    if first == last:
        return
    # The word that tells: the reference count, or (free-threaded) the one with ob_ref_local.
    told = (size + 4) // size * size if layout.free_threaded else 0
    back = (name_offset - told) // size
    if layout.free_threaded:
        shift = size * 8 - 32
        near = [
            place
            for name in names[first:last]
            if not words[(place := (name - base) // size) - 1]
            and 0xFFFFFFFF in (words[place - back] & 0xFFFFFFFF, words[place - back] >> shift)
        ]
    else:
        near = [
            place
            for name in names[first:last]
            if not words[(place := (name - base) // size) - 1] and words[place - back] in HEAD_WORDS
        ]
    for place in near:
        address = base + place * size
        for distance in plain:
            if address + distance in pointers:
                break
        else:
            for before in zeros:
                if words[place - before]:
                    break
            else:
                yield address - name_offset, words, place


def is_plain(image: Image, address: int) -> bool:
    """Whether the word at ``address`` is plain data: neither a local pointer nor an import."""
    return address not in image.pointers and address not in image.imports_at


def is_zero(image: Image, address: int) -> bool:
    """Whether the word at ``address`` is plain and zero."""
    return is_plain(image, address) and image.unsigned(address, image.word_size) == 0


def function_at(image: Image, address: int) -> int | str | None:
    """The function a word points to: a local address in code, or an imported name."""
    if address in image.imports_at:
        return image.imports_at[address]
    target = image.pointers.get(address)
    if target is None:
        return None
    if image.in_code(target):
        return target
    if image.arch == "armv7":
        return target if image.in_code(target & ~1) else None  # Thumb functions have bit 0 set
    if image.arch == "ppc64":  # ELF ABI version 1: a function's descriptor
        return target if image.in_code(image.pointers.get(target, target)) else None
    return None


Table = TypeVar("Table")
READ_LIMIT = 1 << 17
"""Most entries of tables that are read in one file: each entry of a long table can be the first of
another, and every structure of the file point to a different one.
"""
METHODS_IN_ALL = 1 << 17
"""Most methods of all definitions and types of a file: they may share one long table."""
_READ, _SHARED = ("entries read", 0, 0), ("methods shared", 0, 0)


def _afford(image: Image, what: tuple[str, int, int], limit: int, count: int) -> bool:
    """Count what is done for an image; whether it is no more than ``limit`` yet."""
    done: int = image.tables.get(what, 0) + count
    image.tables[what] = done
    return done <= limit


def read_once(
    read: Callable[[Image, int, int], Table],
) -> Callable[..., Table]:
    """``read(image, address, depth)``, done once for each table of an image."""
    name = read.__name__

    @wraps(read)
    def reading(image: Image, address: int, depth: int = 0) -> Table:
        key, tables = (name, address, depth), image.tables
        found: Table
        if key in tables:
            found = tables[key]
        else:
            found = tables[key] = read(image, address, depth)
        return found

    return reading


@read_once
def read_methods(image: Image, address: int, _depth: int = 0) -> tuple[Method, ...] | None:
    """The ``PyMethodDef`` table at ``address``; None where the bytes are no such table."""
    size = image.word_size
    pointers, imports = image.pointers, image.imports_at
    (low, high), cstring = image.most_code, image.cstring
    # The flags are an int at the start of their word.
    shift, mask = (32 if size == 8 and image.endian == "big" else 0), 0xFFFFFFFF
    found: list[Method] = []
    entry, chunk = address, _METHODS_AT_ONCE
    while len(found) < METHOD_LIMIT:
        words = image.window(entry, 4 * chunk)
        if not _afford(image, _READ, READ_LIMIT, len(words) // 4):
            return None
        for at in range(0, len(words), 4):
            target = pointers.get(entry)
            if target is None:
                ends = words[at] == 0 and entry not in imports
                return tuple(found) if ends else None
            if at + 4 > len(words):
                return None
            function, flags, third = entry + size, words[at + 2] >> shift & mask, entry + 2 * size
            if flags > 0xFFFF or third in pointers or third in imports:
                return None
            code = pointers.get(function)
            if (
                (code is None or not low <= code < high)
                and function_at(image, function) is None
                and (words[at + 1] or code is not None)
            ):
                return None
            name = cstring(target, 512)
            if not name:
                return None
            found.append(_method(name, flags))
            entry += 4 * size
        if len(words) < 4 * chunk:
            return None
        chunk = min(chunk * 4, METHOD_LIMIT)
    return None


_METHODS_AT_ONCE = 4
"""Most tables are shorter."""
_method = lru_cache(maxsize=1 << 12)(Method)  # the files of one generator have many of the same


def shared_methods(image: Image, address: int) -> tuple[Method, ...] | None:
    """The ``PyMethodDef`` table at ``address`` for one more structure that has it: only its first
    entry once more was read than any file has. None where the bytes are no such table.
    """
    found = read_methods(image, address)
    if not found or _afford(image, _SHARED, METHODS_IN_ALL, len(found)):
        return found
    return found[:1]


@read_once
def read_module_slots(image: Image, address: int, depth: int = 0) -> tuple[Slot, ...] | None:
    """The ``PyModuleDef_Slot`` table at ``address``; None where the bytes are no such table."""
    size = image.word_size
    found: list[Slot] = []
    for index in range(TABLE_LIMIT):
        entry = address + index * 2 * size
        number = image.unsigned(entry, 4)
        if number is None or not is_plain(image, entry) or not _afford(image, _READ, READ_LIMIT, 1):
            return None
        if number == 0:
            return tuple(found)
        slot = _module_slot(image, number, entry + size)
        if slot is None:
            return None
        found.append(slot)
        nested = image.pointers.get(entry + size)
        if number in (92, 94) and nested is not None and depth < SLOT_DEPTH:
            reader = read_pyslots if number == 92 else read_module_slots
            found += reader(image, nested, depth + 1) or ()
            if len(found) > TABLE_LIMIT:
                return None
    return None


@read_once
def read_pyslots(image: Image, address: int, depth: int = 0) -> tuple[Slot, ...] | None:
    """The ``PySlot`` array at ``address`` (3.15, PEP 820): u16 id, u16 flags, u32 0, 8-byte value.

    An optional slot that is not known here is left out: CPython skips what it does not know.
    """
    found: list[Slot] = []
    for index in range(TABLE_LIMIT):
        entry = address + index * 16
        number, flags = image.unsigned(entry, 2), image.unsigned(entry + 2, 2)
        if number is None or flags is None or image.unsigned(entry + 4, 4) != 0:
            return None
        if not _afford(image, _READ, READ_LIMIT, 1):
            return None
        if number == 0:
            return tuple(found)
        slot = _module_slot(image, number, entry + 8)
        if slot is None:
            if not flags & 1:  # PySlot_OPTIONAL
                return None
            continue
        found.append(slot)
        nested = image.pointers.get(entry + 8)
        if number in (92, 94) and nested is not None and depth < SLOT_DEPTH:
            reader = read_pyslots if number == 92 else read_module_slots
            found += reader(image, nested, depth + 1) or ()
            if len(found) > TABLE_LIMIT:
                return None
    return None


def _module_slot(image: Image, number: int, value_at: int) -> Slot | None:
    name = MODULE_SLOTS.get(number)
    if name is None:
        return None
    if number in FUNCTION_SLOTS:
        function = function_at(image, value_at)
        if function is None and not is_zero(image, value_at):
            return None
        return Slot(number, name, None, function)
    if number in INTEGER_SLOTS:
        value = image.unsigned(value_at, image.word_size)
        return Slot(number, name, value) if is_plain(image, value_at) else None
    return Slot(number, name, address=image.word(value_at))

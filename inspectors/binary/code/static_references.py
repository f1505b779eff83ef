"""Which functions refer to writable statics, found in the bytes before anything is decoded.

x86-64: every byte that can be the ModRM of an operand relative to the instruction pointer, with a
displacement that leads to writable data. AArch64: ``adrp`` of a page with writable data, ``adr`` and
literal loads. A byte that only looks like one makes a function be looked at for nothing, no more.
Words of the GOT that lead to a writable static of this file count as the static.
"""

import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from struct import Struct

from isoview.inspectors.binary.code.functions import Function, Functions
from isoview.inspectors.binary.image import Image
from isoview.inspectors.hints import NamedTuple

_IMMEDIATES = {0xC7: 4, 0x81: 4, 0x69: 4, 0xC6: 1, 0x80: 1, 0x83: 1, 0x6B: 1, 0xC0: 1, 0xC1: 1}
"""Opcodes with an immediate behind the displacement, and its bytes."""
_STORES = frozenset({
    0x89, 0xC7, 0x11, 0x29, 0x7F, 0xD6, 0x17, 0x88, 0xC6, 0x01, 0x09, 0x21, 0x83, 0x81, 0xFF,
    0xFE, 0x80, 0x87, 0xB1, 0xC1,
})  # fmt: skip
"""Last opcode bytes of x86-64 instructions that write to memory."""
_BEFORE = [(_IMMEDIATES.get(opcode, 0), opcode in _STORES) for opcode in range(256)]
"""What the byte before ModRM says: how many bytes stand behind the displacement, and whether it writes."""
_INT32 = Struct("<i").unpack_from


_REACH = 6
"""Instructions behind an ``adrp`` among which the access is looked for."""
UNKNOWN = -1
"""The target of a reference to a page with statics, where it is not seen which of them."""


class Reference(NamedTuple):
    """One place in code that seems to refer to a static."""

    at: int
    target: int
    stores: bool


# There may be a hundred thousand in a file, and the class's own way to make one takes twice as long.
_reference = partial(tuple.__new__, Reference)
Bounds = list[tuple[int, int]]


def spans(image: Image) -> Bounds:
    """Ranges of addresses: writable data, and the words of the GOT that lead to it; sorted, and
    joined where one ends at the next.
    """
    found = [
        (region.address, region.address + region.size)
        for region in image.regions
        if region.writable and not region.thread_local and not region.executable
    ]
    slots = [
        (slot, slot + image.word_size)
        for slot, target in image.pointers.items()
        if image.is_writable(target) and not image.is_writable(slot) and _is_got(image, slot)
    ]
    joined: Bounds = []
    for low, high in sorted((*found, *slots)):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return joined


def _is_got(image: Image, slot: int) -> bool:
    region = image.region_at(slot)
    if region is None:
        return False
    name = region.name
    return ".got" in name or name.endswith((",__got", ",__auth_got", " sealed", ".refptr"))


def referring(image: Image, functions: Functions) -> list[tuple[Function, list[Reference]]]:
    """Functions that refer to writable statics, and where; those that store most come first."""
    wanted = spans(image)
    found: dict[int, list[Reference]] = {}
    starts = functions.starts
    if not wanted or not starts:
        return []
    scan = _scan_x86_64 if image.arch == "x86-64" else _scan_aarch64
    for region in functions.code:
        code = image.read(region.address, region.size)
        index, following = -1, starts[0]
        for reference in scan(code, region.address, wanted):  # in the order of addresses
            at = reference[0]
            if at >= following or index < 0 or at < starts[index]:
                index = bisect_right(starts, at) - 1
                following = starts[index + 1] if index + 1 < len(starts) else 1 << 64
            if index >= 0:
                there = found.get(index)
                if there is None:
                    found[index] = [reference]
                else:
                    there.append(reference)
    stores = {index: sum([r[2] for r in references]) for index, references in found.items()}
    order = sorted(found, key=lambda index: (-stores[index], index))
    return [(functions.at(starts[index]), found[index]) for index in order]


def _scan_x86_64(code: bytes, start: int, wanted: Bounds) -> Iterator[Reference]:
    low = wanted[0][0] - start - len(code)
    high = wanted[-1][1] - start
    pattern = re.compile(
        rb"[\x05\x0d\x15\x1d\x25\x2d\x35\x3d](?=.." + upper_bytes(low, high) + rb")", re.DOTALL
    )
    lows = [bound[0] for bound in wanted]
    highs = [bound[1] for bound in wanted]
    before, distance = _BEFORE, _INT32
    for match in pattern.finditer(code):
        at = match.start()
        immediate, stores = before[code[at - 1]]
        target = start + at + 5 + immediate + distance(code, at + 1)[0]
        span = bisect_right(lows, target) - 1
        if span >= 0 and target < highs[span]:
            yield _reference((start + at, target, stores))


def upper_bytes(low: int, high: int) -> bytes:
    """A pattern for the upper two bytes of little-endian displacements in [low, high]."""
    first, last = low >> 16, high >> 16
    if last - first > 4096:
        return rb".."
    by_top: dict[int, list[int]] = {}
    for value in range(first, last + 1):
        by_top.setdefault(value >> 8 & 0xFF, []).append(value & 0xFF)
    parts = []
    for top, lower in by_top.items():
        third = b"." if len(lower) == 256 else b"[%b-%b]" % (_byte(min(lower)), _byte(max(lower)))
        parts.append(third + _byte(top))
    return b"(?:" + b"|".join(parts) + b")"


def _byte(value: int) -> bytes:
    return b"\\x%02x" % value


def _scan_aarch64(code: bytes, start: int, wanted: Bounds) -> Iterator[Reference]:
    lows = [low for low, _ in wanted]

    def holds(first: int, last: int) -> bool:
        """Whether any wanted byte lies in [first, last]; by search, for a file may claim terabytes."""
        span = bisect_right(lows, last) - 1
        return span >= 0 and first < wanted[span][1]

    words = array("I", code[: len(code) // 4 * 4])
    found = [
        index
        for index, word in enumerate(words)
        if word & 0x1F000000 == 0x10000000 or word & 0xFF000000 == 0x58000000
    ]
    for index in found:
        word, at = words[index], start + 4 * index
        distance = word >> 5 & 0x7FFFF
        if word >> 24 == 0x58:  # ldr, literal
            target = at + 4 * (distance - (distance >> 18 << 19))
            if holds(target, target):
                yield Reference(at, target, False)
            continue
        distance = distance << 2 | word >> 29 & 3
        distance -= distance >> 20 << 21
        target = (at & ~0xFFF) + (distance << 12) if word >> 31 else at + distance
        if holds(target & ~0xFFF, target | 0xFFF):
            behind = words[index + 1 : index + 1 + _REACH] if word >> 31 else ()
            yield _through(behind, word & 31, at, target)


def _through(behind: Sequence[int], register: int, at: int, page: int) -> Reference:
    """The static that the load or store behind an ``adrp`` reaches; unknown where the register
    serves as a base for several.
    """
    for word in behind:
        if word & 0xBB000000 == 0xB9000000 and word >> 5 & 31 == register:  # ldr, str: 4 or 8 bytes
            size = 4 << (word >> 30 & 1)
            return Reference(at, page + (word >> 10 & 0xFFF) * size, not word >> 22 & 1)
        if word >> 5 & 31 == register or word & 31 == register:
            break
    return Reference(at, UNKNOWN, True)

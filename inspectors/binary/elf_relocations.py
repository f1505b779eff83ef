"""ELF relocations: the numbers of each processor as a table, and one bulk reader for all.

Numbers: each processor's ELF psABI supplement, as ``readelf -r`` prints them. Only relocations
that put an address into data matter here; the rest (TLS, COPY) is left alone.
"""

import sys
from collections.abc import Callable, Iterator, Sequence

from isoview.inspectors.binary.words import integers
from isoview.inspectors.hints import NamedTuple
from isoview.inspectors.record import Record


class Numbers(Record):
    """Relocation numbers of one processor."""

    relative: int  # the image's own address
    symbolic: frozenset[int]  # a symbol's address: data words, GOT and PLT slots


MACHINES: dict[int, tuple[str, Numbers]] = {
    3: ("i686", Numbers(8, frozenset({1, 6, 7}))),
    21: ("ppc64", Numbers(22, frozenset({38, 20, 21}))),
    22: ("s390x", Numbers(12, frozenset({22, 10, 11}))),
    40: ("armv7", Numbers(23, frozenset({2, 21, 22}))),
    62: ("x86-64", Numbers(8, frozenset({1, 6, 7}))),
    183: ("aarch64", Numbers(1027, frozenset({257, 1025, 1026}))),
    243: ("riscv64", Numbers(3, frozenset({2, 5}))),
    258: ("loongarch64", Numbers(3, frozenset({2, 5}))),
}
"""By ``e_machine``. ppc64 and ppc64le share a number; the byte order tells them apart."""


class Symbolic(NamedTuple):
    """The relocations against symbols, as columns of one length."""

    addresses: Sequence[int]  # of the words
    indexes: Sequence[int]  # of the symbols
    addends: Sequence[int | None]  # None: it stands in the word


class Relocations(Record):
    """One table, by what has to be done; addresses are link-time."""

    relative: dict[int, int]  # word address -> local address
    relative_in_place: list[int]  # word addresses whose stored word is the local address (REL)
    symbolic: Symbolic
    highest: int | None = None  # of the symbols of all entries, where it is known


def read_table(
    raw: memoryview, *, bits: int, endian: str, explicit_addend: bool, kinds: Numbers
) -> Relocations:
    """All entries of one REL or RELA table (its size is what bounds the work)."""
    if bits == 64 and explicit_addend:
        return _read_rela(raw, endian, kinds)
    size = bits // 8
    columns = 3 if explicit_addend else 2
    words = integers(raw[: len(raw) // (size * columns) * (size * columns)], size, endian)
    addresses = list(words[0::columns])
    infos = list(words[1::columns])
    shift, mask = (32, 0xFFFFFFFF) if bits == 64 else (8, 0xFF)
    addends: list[int] | list[None] = list(words[2::3]) if explicit_addend else [None] * len(infos)
    kind, symbolic = kinds.relative, kinds.symbolic
    # Linkers put all that are relative first: those are taken as a block, without a look at each.
    first = infos.count(kind)
    if infos[:first].count(kind) != first:
        first = 0
    relative: dict[int, int] = {}
    in_place: list[int] = []
    if explicit_addend:
        relative = dict(zip(addresses[:first], addends[:first], strict=True))  # type: ignore[arg-type]
    else:
        in_place = addresses[:first]
    others = list(zip(addresses[first:], infos[first:], addends[first:], strict=True))
    rest = [
        (address, info >> shift, addend)
        for address, info, addend in others
        if info & mask in symbolic
    ]
    if len(rest) != len(others):
        for address, info, addend in others:
            if info & mask != kind:
                continue
            if addend is None:
                in_place.append(address)
            else:
                relative[address] = addend
    return Relocations(relative, in_place, _columns(rest))


def _columns(rows: Sequence[tuple[int, int, int | None]]) -> Symbolic:
    return Symbolic(*zip(*rows, strict=True)) if rows else Symbolic((), (), ())


def _read_rela(raw: memoryview, endian: str, kinds: Numbers) -> Relocations:
    """The same for what nearly every file has: RELA entries of 64-bit files."""
    raw = raw[: len(raw) // 24 * 24]
    words = integers(raw, 8, endian)
    # Linkers put all that are relative first: those are taken as a block, without a look at each.
    first = _run_of(words[1::3].tobytes(), kinds.relative.to_bytes(8, sys.byteorder))
    block, rest = words[: 3 * first], words[3 * first :]
    relative = dict(zip(block[0::3], block[2::3], strict=True))
    addresses, addends = rest[0::3].tolist(), rest[2::3].tolist()
    # r_info is one number, the kind in its low half and the symbol's index in the high one.
    low, high = (2, 3) if sys.byteorder == "little" else (3, 2)
    parts = memoryview(rest).cast("B").cast("I")
    symbols, wanted = parts[high::6].tolist(), parts[low::6].tolist()
    highest = max(symbols, default=0)
    if kinds.symbolic.issuperset(wanted):
        return Relocations(relative, [], Symbolic(addresses, symbols, addends), highest)
    rows = list(zip(addresses, symbols, addends, wanted, strict=True))
    relative.update((row[0], row[2]) for row in rows if row[3] == kinds.relative)
    symbolic = [row[:3] for row in rows if row[3] in kinds.symbolic]
    return Relocations(relative, [], _columns(symbolic), highest)


def _run_of(column: bytes, item: bytes) -> int:
    """How many items at the beginning of ``column`` are ``item``."""
    low, high = 0, len(column) // len(item)
    while low < high:
        middle = (low + high + 1) // 2
        size = len(item)
        if column[low * size : middle * size] == item * (middle - low):
            low = middle
        else:
            high = middle - 1
    return low


def relr_addresses(
    raw: memoryview, *, bits: int, endian: str, limit: int, mapped: Callable[[int], bool]
) -> Iterator[int]:
    """Word addresses of a DT_RELR table (generic ABI: an even entry is an address, an odd one a
    bitmap of the words after it). Stops at the first address outside the image, and after
    ``limit`` addresses: no more words than the file has can be relocated.
    """
    size = bits // 8
    where = 0
    left = limit
    for entry in integers(raw, size, endian):
        if entry & 1 == 0:
            if not mapped(entry) or left <= 0:
                return
            yield entry
            left -= 1
            where = entry + size
            continue
        if not mapped(where) or left <= 0:
            return
        left -= bits - 1
        for bit in range(bits - 1):
            if entry >> (bit + 1) & 1:
                yield where + bit * size
        where += (bits - 1) * size

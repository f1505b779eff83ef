"""The bytes of a file as parts that can be looked at: sections in memory, then what is in no memory.

A part has its bytes at link-time addresses, or, where the loader maps none of it (``.comment``,
``.symtab``, the file as a whole), at offsets of the file.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from isoview.inspectors.binary.image import Image

WHOLE = "the whole file"
PART_LIMIT = 1 << 32
"""Most bytes of one part: a damaged header may claim any size."""
STEP = 1 << 20
"""Bytes searched at a stretch."""


@dataclass(frozen=True)
class Part:
    """A run of bytes; ``start`` is an address where it is ``mapped``, else a file offset."""

    name: str
    start: int
    size: int
    mapped: bool
    writable: bool = False
    executable: bool = False
    zero_fill: bool = False

    @property
    def end(self) -> int:
        """Behind its last byte: an address where it is mapped, else a file offset."""
        return self.start + self.size

    @property
    def nature(self) -> str:
        """What it is for, in a few words."""
        if not self.mapped:
            return "offsets in the file" if self.name == WHOLE else "not loaded: file offsets"
        if self.zero_fill:
            return "zeros that the loader makes"
        return "code" if self.executable else "writable data" if self.writable else "constants"


@dataclass(frozen=True)
class Spot:
    """One byte: the number of its part, and its address or offset."""

    part: int
    at: int


class Parts:
    """All parts of one file, mapped ones first and by address, the whole file last."""

    def __init__(self, data: memoryview, image: Image) -> None:
        self._data = data
        self.image = image
        mapped = [
            Part(r.name, r.address, min(r.size, PART_LIMIT), True, r.writable, r.executable,
                 r.zero_fill)
            for r in sorted(image.regions, key=lambda region: region.address)
            # Thread-local zeros have no place of their own: others stand at their addresses.
            if r.size and not (r.thread_local and r.zero_fill)
        ]  # fmt: skip
        unmapped = [Part(*entry, False) for entry in _unmapped(data)]
        whole = Part(WHOLE, 0, len(data), False)
        self.all: tuple[Part, ...] = (*mapped, *unmapped, whole)
        self._mapped = len(mapped)

    @cached_property
    def _starts(self) -> list[int]:
        return [part.start for part in self.all[: self._mapped]]

    def spot(self, address: int) -> Spot | None:
        """The byte at a link-time address."""
        at = bisect_right(self._starts, address) - 1
        for number in range(at, max(at - 4, -1), -1):  # sections that overlap: a damaged table
            if address < self.all[number].end:
                return Spot(number, address)
        return None

    def named(self, name: str) -> int | None:
        """The number of the part of this name."""
        return next((at for at, part in enumerate(self.all) if part.name == name), None)

    def read(self, number: int, at: int, size: int) -> bytes:
        """Bytes of a part, zeros where it has none in the file; fewer at its end."""
        part = self.all[number]
        size = min(size, part.end - at)
        if not part.mapped:
            return bytes(self._data[at : at + max(size, 0)])
        raw = self.image.read(at, size)
        return raw + bytes(max(size - len(raw), 0))

    def find(self, wanted: bytes, start: Spot, *, backwards: bool = False) -> Spot | None:
        """The next place that holds ``wanted`` after ``start``, or before it, round all parts.

        The whole file is searched only from inside of it: the sections are parts of it.
        """
        if not wanted:
            return None
        numbers = list(range(len(self.all) - 1))
        if start.part >= len(numbers):
            numbers = [start.part]
        here = numbers.index(start.part)
        if backwards:
            order = numbers[here::-1] + numbers[:here:-1]
        else:
            order = numbers[here:] + numbers[:here]
        for number in order:
            begun = start.at if number == start.part else None
            found = self._find_in(number, wanted, begun, backwards=backwards)
            if found is not None:
                return Spot(number, found)
        found = self._find_in(start.part, wanted, None, backwards=backwards)  # round to the start
        return None if found is None else Spot(start.part, found)

    def _find_in(
        self, number: int, wanted: bytes, begun: int | None, *, backwards: bool
    ) -> int | None:
        part = self.all[number]
        if part.zero_fill:
            return None
        if backwards:
            return self._find_before(number, wanted, part.end if begun is None else begun)
        at = part.start if begun is None else begun + 1
        while at < part.end:
            chunk = self.read(number, at, STEP + len(wanted) - 1)
            found = chunk.find(wanted)
            if found >= 0:
                return at + found
            at += STEP
        return None

    def _find_before(self, number: int, wanted: bytes, end: int) -> int | None:
        start = self.all[number].start
        while end > start:
            at = max(end - STEP, start)
            found = self.read(number, at, end - at + len(wanted) - 1).rfind(wanted)
            if found >= 0:
                return at + found
            end = at
        return None


def _unmapped(data: memoryview) -> list[tuple[str, int, int]]:
    """(name, offset, size) of sections that are not loaded; only ELF files name such."""
    if bytes(data[:4]) != b"\x7fELF":
        return []
    from isoview.inspectors.binary.elf import SHF_ALLOC, SHT_NOBITS, ElfFile

    return [
        (section.name, section.offset, min(section.size, len(data) - section.offset))
        for section in ElfFile(data).sections
        if section.size and section.type not in (0, SHT_NOBITS)
        and not section.flags & SHF_ALLOC and section.offset < len(data)
    ]  # fmt: skip

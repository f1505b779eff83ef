"""Function extents of a PE file, from its exception directory (``.pdata``).

x86-64: 12 bytes for each piece of a function: begin, end, unwind information (all RVAs); a piece
whose unwind information is chained continues another. ARM64: 8 bytes: begin, and the length packed
beside it or in ``.xdata``. A leaf function that touches no stack has no entry in either.
Format: Microsoft, "x64 exception handling" and "ARM64 exception handling".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from isoview.inspectors.binary.pe import EXCEPTIONS, PeFile
from isoview.inspectors.binary.words import integers

PIECE_LIMIT = 64
"""Most pieces of one function that are joined."""
_CHAINED = 0x4 << 3  # UNW_FLAG_CHAININFO, above the three bits of the version


class Unwind:
    """The exception directory of one file; ``reader`` gives its bytes."""

    def __init__(self, reader: PeFile) -> None:
        self.reader = reader
        self.entry = {"x86-64": 3, "aarch64": 2}.get(reader.arch, 0)  # in 4-byte words
        rva, size = reader.directory(EXCEPTIONS)
        raw = reader.at(rva, size) if rva and self.entry else memoryview(b"")
        words = integers(raw, 4, "little")
        whole = len(words) // self.entry * self.entry if self.entry else 0
        self.words: Sequence[int] = words[:whole]
        self.begins: Sequence[int] = self.words[0 :: self.entry] if whole else ()

    def starts(self) -> tuple[int, ...]:
        """Link-time addresses at which functions start, sorted."""
        base = self.reader.base
        begins = (
            begin for index, begin in enumerate(self.begins) if begin and not self._chained(index)
        )
        return tuple(base + begin for begin in sorted(set(begins)))

    def size(self, address: int) -> int | None:
        """Bytes of the function at a link-time address; None where it has no entry."""
        begin = address - self.reader.base
        index = bisect_left(self.begins, begin)
        if index >= len(self.begins) or self.begins[index] != begin:
            return None
        end = begin + self._length(index)
        for piece in range(index + 1, min(index + PIECE_LIMIT, len(self.begins))):
            if self.begins[piece] != end or not self._chained(piece):
                break
            end += self._length(piece)
        return end - begin

    def room(self, address: int) -> int | None:
        """Bytes from a link-time address to the next function that has an entry."""
        begin = address - self.reader.base
        index = bisect_right(self.begins, begin)
        return self.begins[index] - begin if index < len(self.begins) else None

    def _length(self, index: int) -> int:
        if self.entry == 3:
            return max(self.words[index * 3 + 1] - self.words[index * 3], 0)
        data = self.words[index * 2 + 1]
        if data & 3:  # packed: bits 2 to 12 count instructions
            return (data >> 2 & 0x7FF) * 4
        head = self.reader.at(data, 4)
        return (int.from_bytes(head, "little") & 0x3FFFF) * 4

    def _chained(self, index: int) -> bool:
        """Whether a piece continues a function: chained on x86-64, a fragment on ARM64."""
        if self.entry == 2:
            return self.words[index * 2 + 1] & 3 == 2
        head = self.reader.at(self.words[index * 3 + 2], 1)
        return len(head) == 1 and bool(head[0] & _CHAINED)

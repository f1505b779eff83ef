"""Where functions begin and end: from unwind tables and function starts, else from symbols.

A stripped file has unwind tables all the same (``.eh_frame_hdr``, ``.pdata``,
``LC_FUNCTION_STARTS``), so that an address in code can be said to lie in a function. A function
that the tables do not list (a leaf function on Windows, hand-written assembler) counts to the one
before it.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from isoview.inspectors.binary.image import Image


class Function(NamedTuple):
    """The extent of one function: [start, end)."""

    start: int
    end: int


class Functions:
    """Every function of an image, by address."""

    def __init__(self, image: Image) -> None:
        self._regions = sorted(
            (r.address, r.address + r.size)
            for r in image.regions
            if r.executable and not r.zero_fill
        )
        self.starts: Sequence[int] = self._starts(image)

    def _starts(self, image: Image) -> Sequence[int]:
        known = list(image.function_starts)
        if not known:
            known = [s.address for s in image.symbols if s.kind == "function" and s.address]
        known += [address for address in image.exports.values() if self._region_end(address)]
        return sorted(set(known))

    def _region_end(self, address: int) -> int | None:
        for low, high in self._regions:
            if low <= address < high:
                return high
        return None

    def at(self, address: int) -> Function | None:
        """The function that holds the byte at ``address``; None outside code."""
        end = self._region_end(address)
        index = bisect_right(self.starts, address)
        if end is None or index == 0:
            return None
        start = self.starts[index - 1]
        if self._region_end(start) != end:
            return None
        if index < len(self.starts):
            end = min(end, self.starts[index])
        return Function(start, end)

    def __iter__(self) -> Iterator[Function]:
        """Every function, in the order of addresses."""
        for start in self.starts:
            function = self.at(start)
            if function is not None:
                yield function

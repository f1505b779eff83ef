"""Constant bytes of a file: where its texts stand, searched without copying twice."""

import re
from functools import lru_cache

from isoview.inspectors.binary.image import Image, Region
from isoview.inspectors.hints import Any
from isoview.inspectors.record import cached_property

_CONSTANT_SECTIONS = (".rodata", ".rdata", "__cstring", "__const")
_WRITABLE_CONSTANTS = ".data"
"""Where Microsoft's compiler puts texts that it was not told to share (/GF, part of /O1 and /O2)."""


class Constants:
    """The pieces of an image in which string constants can stand, with link-time addresses."""

    def __init__(self, image: Image, *, writable: bool = False) -> None:
        self._image = image
        self._writable = writable

    @cached_property
    def _pieces(self) -> list[tuple[int, Any, int, int]]:
        """Address, buffer, and where in it the piece begins and ends."""
        found: list[tuple[int, Any, int, int]] = []
        for region in _regions(self._image, self._writable):
            place = self._image.place(region.address, region.size)
            if place is None or not isinstance(place[0], bytes):  # mappings search slowly
                raw = self._image.read(region.address, region.size)
                place = raw, 0, len(raw)
            found.append((region.address, *place))
        return found

    def find(self, needle: bytes) -> int | None:
        """Address of the first place that holds ``needle``."""
        for address, raw, start, end in self._pieces:
            at = _first(raw, needle, start, end)
            if at >= 0:
                return address + at - start
        return None

    def match(self, needle: bytes, pattern: bytes) -> tuple[int, re.Match[bytes]] | None:
        """The first match of ``pattern`` at a place where ``needle`` begins.

        ``needle`` is what is searched for: a plain search is some ten times faster than a pattern.
        It is asked for where most files have it, so it is not first made sure that it is missing.
        """
        for address, raw, start, end in self._pieces:
            at = raw.find(needle, start, end)
            while at >= 0:
                match = re.compile(pattern).match(raw, at, end)
                if match:
                    return address + int(at) - start, match
                at = raw.find(needle, at + 1, end)
        return None


_SHORT = 13
"""Up to so many bytes a text is found to be missing sooner from the end than from the start, in up
to half the time (CPython 3.11 to 3.15): only the search from the start looks at every text's
repetitions, for the sake of its worst case.
"""


def _first(raw: Any, needle: bytes, start: int, end: int) -> int:
    """Where a text first stands; -1 where it does not, as it is with most texts in most files."""
    if len(needle) <= _SHORT and raw.rfind(needle, start, end) < 0:
        return -1
    at: int = raw.find(needle, start, end)
    return at


def _regions(image: Image, writable: bool) -> list[Region]:
    """Named constant sections where there are any, ``writable`` ones with them; else every region
    without code, or, where an older linker put the constants into the code segment, every region.
    """
    named = [
        region for region in image.regions if _is_of_constants(region.name) and not region.zero_fill
    ]
    if named and writable:
        named += [
            region
            for region in image.regions
            if region.name == _WRITABLE_CONSTANTS and not region.zero_fill
        ]
    if named:
        return named
    sealed = [r for r in image.regions if not r.executable and not r.zero_fill]
    if any(not region.writable for region in sealed):
        return sealed
    return [r for r in image.regions if not r.zero_fill]


@lru_cache(maxsize=512)
def _is_of_constants(section: str) -> bool:
    """Whether constants stand in a section of this name: files have the same few names."""
    # Mach-O sections are named with their segment: "__TEXT,__cstring".
    return section.rpartition(",")[2].startswith(_CONSTANT_SECTIONS)

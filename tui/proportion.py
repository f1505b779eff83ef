"""Statics as a map: every cell stands for the same number of bytes. Plain data, no Textual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoview.inspectors.facts import Global, Section

SHAPES = {
    "object": "●",
    "type": "◆",
    "definition": "◈",
    "lock": "▪",
    "buffer": "▒",
    "table": "▤",
    "scalar": "·",
    "runtime": "○",
    "unknown": "?",
}
"""What a cell shows, from what matters most: a cell of several statics shows the first of them."""
WORDS = {
    "object": "objects",
    "type": "types",
    "definition": "definitions",
    "lock": "locks",
    "buffer": "buffers",
    "table": "tables",
    "scalar": "scalars",
    "runtime": "run time",
    "unknown": "unknown",
}
EMPTY = "░"
"""Bytes that no known static takes."""
_RANKS = tuple(SHAPES)


@dataclass(frozen=True)
class Band:
    """One section: its cells in rows, each the kind it shows ("" for none)."""

    name: str
    start: int
    size: int
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Map:
    """Sections by address; ``scale`` is the number of bytes in a cell."""

    bands: tuple[Band, ...]
    scale: int
    width: int
    left_out: int = 0  # sections there is no room for, the smallest

    def cells_of(self, address: int, size: int) -> Iterable[tuple[int, int, int]]:
        """(band, row, column) of the cells that a run of bytes touches."""
        for number, band in enumerate(self.bands):
            if band.start <= address < band.start + band.size:
                first = (address - band.start) // self.scale
                last = min(address + max(size, 1), band.start + band.size) - 1 - band.start
                for cell in range(first, last // self.scale + 1):
                    yield number, cell // self.width, cell % self.width

    def address_at(self, band: int, row: int, column: int) -> int | None:
        """The first byte of a cell."""
        if not (0 <= band < len(self.bands) and 0 <= row < len(self.bands[band].rows)):
            return None
        if not 0 <= column < len(self.bands[band].rows[row]):
            return None
        return self.bands[band].start + (row * self.width + column) * self.scale


def draw(sections: Iterable[Section], statics: Sequence[Global], width: int, height: int) -> Map:
    """The map of the writable sections that hold statics, as large as fits."""
    named = {static.section for static in statics}
    kept = [s for s in sections if s.size and (s.writable or s.name in named)]
    largest = sorted(kept, key=lambda section: -section.size)[: max(height, 1)]
    chosen = [section for section in kept if section in largest]
    if not chosen or width < 1:
        return Map((), 1, max(width, 1))
    total = sum(section.size for section in chosen)
    scale = max(-(-total // (width * max(height, 1))), 1)
    while len(chosen) < height and sum(_rows(s.size, scale, width) for s in chosen) > height:
        scale += max(scale // 16, 1)
    if len(chosen) >= height:  # one row for each
        scale = ceil(max(section.size for section in chosen) / width)
    bands = tuple(_band(section, statics, scale, width) for section in chosen)
    return Map(bands, scale, width, len(kept) - len(chosen))


def _rows(size: int, scale: int, width: int) -> int:
    return ceil(ceil(size / scale) / width)


def _band(section: Section, statics: Sequence[Global], scale: int, width: int) -> Band:
    count = -(-section.size // scale)
    ranks = [len(_RANKS)] * count
    for static in statics:
        if not section.address <= static.address < section.address + section.size:
            continue
        rank = _RANKS.index(static.kind) if static.kind in _RANKS else len(_RANKS) - 1
        first = (static.address - section.address) // scale
        last = (static.address + max(static.size, 1) - 1 - section.address) // scale
        for cell in range(first, min(last + 1, count)):
            ranks[cell] = min(ranks[cell], rank)
    kinds = [_RANKS[rank] if rank < len(_RANKS) else "" for rank in ranks]
    rows = tuple(tuple(kinds[at : at + width]) for at in range(0, count, width))
    return Band(section.name, section.address, section.size, rows)

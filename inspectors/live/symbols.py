"""Addresses of a file's statics as a person knows them: by symbol, else by section and offset."""

from bisect import bisect_right
from typing import Any

from isoview.inspectors.errors import IsoviewError


def name_statics(file: str | None, outcome: dict[str, Any]) -> None:
    """Name the words that ``statics`` reported, and leave out those that the loader fills.

    A word that the loader fills (a relocation in writable memory) points to one object from the
    start and for every copy: it is a constant, no state.
    """
    if "held" not in outcome:
        return
    names = _Names(file)
    held = [entry for entry in outcome["held"] if not names.is_constant(entry["address"])]
    outcome["objects"] -= len(outcome["held"]) - len(held)
    outcome["held"] = held
    for entry in (*held, *outcome["overwritten"]):
        entry["symbol"] = names.of(entry["address"])


class _Names:
    def __init__(self, file: str | None) -> None:
        self._starts: list[int] = []
        self._symbols: list[tuple[str, int, int]] = []
        self._regions: list[tuple[str, int, int]] = []
        self._filled: frozenset[int] = frozenset()
        if file is not None:
            try:
                self._read(file)
            except IsoviewError:
                return  # it was loaded and cannot be read: the addresses go without a name

    def _read(self, file: str) -> None:
        from isoview.inspectors.binary.inspect import load

        with load(file) as loaded:
            image = loaded.image
            symbols = [entry for entry in image.symbols if entry.kind == "object" and entry.size]
            self._symbols = [(entry.name, entry.address, entry.size) for entry in symbols]
            self._starts = [entry.address for entry in symbols]
            self._regions = [
                (region.name, region.address, region.size)
                for region in image.regions
                if region.writable and not region.thread_local
            ]
            self._filled = frozenset(image.pointers) | frozenset(image.imports_at)

    def is_constant(self, address: int) -> bool:
        """Whether the loader fills the word."""
        return address in self._filled

    def of(self, address: int) -> str | None:
        """``symbol``, ``symbol+8``, or ``.bss+0x40``; None outside everything."""
        index = bisect_right(self._starts, address) - 1
        if index >= 0:
            name, start, size = self._symbols[index]
            if address < start + size:
                return name if address == start else f"{name}+{address - start:#x}"
        for name, start, size in self._regions:
            if start <= address < start + size:
                return f"{name}+{address - start:#x}"
        return None

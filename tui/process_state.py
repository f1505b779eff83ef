"""One process as the screen knows it: the last reading, the one before, what came in since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoview.attach import Audited, NamedStatic, Observed, Read, StaticsRead
    from isoview.inspectors.process.facts import Module

Cell = tuple[str, int]
"""A module's name and an interpreter's number."""


@dataclass
class Reading:
    """One reading with what streamed in after it."""

    read: Read
    modules: dict[Cell, Module]
    observed: dict[str, Observed]
    statics: dict[str, StaticsRead] = field(default_factory=dict)  # by file

    @property
    def interpreters(self) -> list[int]:
        return [entry.id for entry in self.read.walk.interpreters]


def made_of(read: Read) -> Reading:
    """A reading as the grid wants it: extension modules by name and interpreter."""
    from isoview.attach import observed

    modules = {
        (module.name, interpreter.id): module
        for interpreter in read.walk.interpreters
        for module in interpreter.modules
        if module.extension
    }
    return Reading(read, modules, {entry.module: entry for entry in observed(read.walk)})


@dataclass
class ProcessState:
    """What the screen shows. Audits stay: a mapped file does not change while it is mapped."""

    now: Reading | None = None
    before: Reading | None = None
    audits: dict[str, Audited] = field(default_factory=dict)  # by file
    readings: int = 0

    def take(self, read: Read) -> None:
        self.before, self.now = self.now, made_of(read)
        self.readings += 1

    def take_statics(self, found: StaticsRead) -> None:
        if self.now is not None:
            self.now.statics[found.file.file] = found

    def take_audit(self, audited: Audited) -> None:
        self.audits[audited.file.file] = audited

    # -- rows -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Extension modules of both readings, those that share first."""
        if self.now is None:
            return []
        names = {name for name, _ in self.now.modules}
        names |= {name for name, _ in self.before.modules} if self.before else set()
        return sorted(names, key=lambda name: (not self.shares(name), name))

    def shares(self, name: str) -> bool:
        seen = self.now.observed.get(name) if self.now else None
        return seen is not None and seen.outcome in {"shares", "same-module"}

    def module(self, cell: Cell) -> Module | None:
        return self.now.modules.get(cell) if self.now else None

    def change(self, cell: Cell) -> str:
        """``+`` where the module came since the last reading, ``-`` where it went."""
        if self.now is None or self.before is None:
            return ""
        was, now = self.before.modules.get(cell), self.now.modules.get(cell)
        if was is None and now is not None:
            return "+"
        if was is not None and now is None:
            return "-"
        if was is not None and now is not None and was.address != now.address:
            return "≠"
        return ""

    # -- what belongs to a module ---------------------------------------------------------------

    def file_of(self, module: Module) -> str | None:
        from isoview.inspectors.process.maps import shown_path

        return shown_path(module.image.path) if module.image is not None else module.file

    def statics_of(self, file: str | None) -> tuple[NamedStatic, ...] | None:
        """Statics of a file that hold objects of its own; None while they are being read."""
        return _statics(self.now, file)

    def statics_change(self, file: str | None) -> tuple[set[int], set[int]]:
        """Addresses of statics that hold an object now and did not, and the other way round."""
        was, now = _statics(self.before, file), _statics(self.now, file)
        if was is None or now is None:
            return set(), set()
        old = {(row.static.address, row.static.target) for row in was}
        new = {(row.static.address, row.static.target) for row in now}
        return {address for address, _ in new - old}, {address for address, _ in old - new}

    def types_change(self, cell: Cell) -> tuple[set[int], set[int]]:
        """Addresses of classes that came and went since the last reading."""
        if self.now is None or self.before is None:
            return set(), set()
        was, now = self.before.modules.get(cell), self.now.modules.get(cell)
        if was is None or now is None:
            return set(), set()
        old, new = {row.address for row in was.types}, {row.address for row in now.types}
        return new - old, old - new


def _statics(reading: Reading | None, file: str | None) -> tuple[NamedStatic, ...] | None:
    found = reading.statics.get(file) if reading is not None and file is not None else None
    if found is None:
        return None
    return tuple(row for row in found.named if row.static.inside is None and not row.static.core)

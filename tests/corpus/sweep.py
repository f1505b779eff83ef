"""Every module of the corpus through both stages, in one process: errors and CPU time."""

import gc
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from corpus.wheels import Module
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Facts

ALLOWANCE = 0.100
"""Seconds that the shape stage may cost a file over three times the reading of it."""


@dataclass(frozen=True)
class Slow:
    """A file above the allowance, and how much there was to go through: that is the cause."""

    module: Module
    seconds: float
    reading: float
    size: int
    pointers: int
    symbols: int


@dataclass
class Sweep:
    facts: dict[Module, Facts] = field(default_factory=dict)  # of the shape stage
    errors: list[tuple[Module, str]] = field(default_factory=list)
    slow: list[Slow] = field(default_factory=list)
    shape_seconds: float = 0.0
    code_seconds: float = 0.0
    read_seconds: float = 0.0
    bytes: int = 0

    @property
    def modules(self) -> int:
        return len(self.facts) + len(self.errors)


def sweep(modules: Iterable[Module], *, with_code: bool = True) -> Sweep:
    """Look at all ``modules``; nothing that one of them does ends the run."""
    result = Sweep()
    for module in modules:
        gc.freeze()  # the collector's walks over what we keep are no file's own cost
        try:
            _one(result, module, with_code=with_code)
        except Exception as error:  # noqa: BLE001 - any exception is what is counted here
            result.errors.append((module, f"{type(error).__name__}: {error}"))
    gc.unfreeze()
    return result


def _one(result: Sweep, module: Module, *, with_code: bool) -> None:
    begin = time.process_time()
    size = len(module.path.read_bytes())
    reading = time.process_time() - begin
    begin = time.process_time()
    with load(str(module.path)) as loaded:
        facts = shape(loaded)
        shaping = time.process_time() - begin
        if with_code:
            begin = time.process_time()
            code(loaded, facts)
            result.code_seconds += time.process_time() - begin
    result.facts[module] = facts
    result.bytes += size
    result.read_seconds += reading
    result.shape_seconds += shaping
    if shaping > 3 * reading + ALLOWANCE:
        pointers = len(loaded.image.pointers) + len(loaded.image.imports_at)
        symbols = len(loaded.image.symbols) + len(loaded.image.imported)
        result.slow.append(Slow(module, shaping, reading, size, pointers, symbols))

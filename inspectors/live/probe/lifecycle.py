"""Create, use, drop, collect, many times: is it all freed, and what grows?"""

import gc
import os
import sys
import time
import weakref

from .interpreter import HEAP_TYPE
from .objects import namespace_of, owns_type
from .outcomes import CutShortError, outcome

CYCLES = 20
"""N: growth is measured between N and 2N cycles; the first N let caches fill."""
LEAST_CYCLES = 5
BATCHES = 5
STUDENT = 2.776
"""Two-sided 95 % of Student's t with BATCHES - 1 degrees of freedom."""
SECONDS = 4.0
SLOW_COLLECTION = 0.03
_FLAGS = type.__dict__["__flags__"].__get__


def lifecycle(target):
    """Make and drop copies; the first module object stays, as a package keeps it anyway."""
    target.channel.stage("second import")
    if target.again() is target.first:
        raise CutShortError(
            outcome("not-run", "a second import gives the same module object: nothing to drop")
        )
    seen = _Seen()
    target.channel.stage("cycles")
    _settle()
    rounds, spent = 3, time.monotonic()
    for _ in range(rounds):
        _cycle(target, seen)
    spent = (time.monotonic() - spent) / rounds
    count = max(LEAST_CYCLES, min(CYCLES, int(SECONDS / 2 / max(spent, 1e-6))))
    count += -count % BATCHES
    # Filled beforehand with numbers of the same size: noting a sample must not take memory.
    blocks, memory = _numbers(count + 1), _numbers(count + 1)
    for _ in range(max(count - rounds, 0)):
        _cycle(target, seen)
    blocks[0], memory[0] = sys.getallocatedblocks(), resident()
    for index in range(1, count + 1):
        _cycle(target, seen)
        blocks[index], memory[index] = sys.getallocatedblocks(), resident()
    answer = seen.answer()
    answer["cycles"] = 2 * count
    answer["blocks_per_cycle"] = growth(blocks)
    answer["bytes_per_cycle"] = growth(memory) if memory[0] else {"low": None, "high": None}
    answer.update(target.identity)
    return answer


class _Seen:
    """Which copies and types were made, and which are still there."""

    def __init__(self):
        self.modules = self.types = 0
        self.modules_freed = self.types_freed = 0
        self._kept = []
        self.module_weak = True

    def watch(self, module, types):
        self.modules += 1
        self.types += len(types)
        try:
            self._kept.append(weakref.ref(module, self._module_gone))
        except TypeError:
            self.module_weak = False
        self._kept.extend(weakref.ref(cls, self._type_gone) for cls in types)

    def _module_gone(self, reference):
        self.modules_freed += 1
        self._kept.remove(reference)

    def _type_gone(self, reference):
        self.types_freed += 1
        self._kept.remove(reference)

    def answer(self):
        # The last copy may be kept by the interpreter until the next one comes: no leak.
        freed = self.modules_freed >= self.modules - 1 if self.module_weak else None
        return {
            "module_freed": freed,
            "modules_made": self.modules, "modules_freed": self.modules_freed,
            "types_made": self.types, "types_freed": self.types_freed,
        }  # fmt: skip


def _cycle(target, seen):
    module = target.again()
    target.use(module)
    seen.watch(module, _new_types(module, target))
    del module
    gc.collect()


def _new_types(module, target):
    """The copy's own heap types that the first module object does not have."""
    known = {id(value) for value in namespace_of(target.first).values()}
    return [
        value
        for value in namespace_of(module).values()
        if issubclass(type(value), type)
        and id(value) not in known
        and _FLAGS(value) & HEAP_TYPE
        and owns_type(value, module, target.name)
    ]


def _settle():
    """Collect what the import left; a large heap is then left out of the collections to come."""
    gc.collect()
    began = time.monotonic()
    gc.collect()
    if time.monotonic() - began > SLOW_COLLECTION:
        gc.freeze()


def _numbers(count):
    return [(1 << 40) + index for index in range(count)]


def growth(samples):
    """{low, high} of the growth per cycle: the mean of BATCHES slopes, with its 95 % bounds."""
    size = (len(samples) - 1) // BATCHES
    slopes = [
        (samples[(index + 1) * size] - samples[index * size]) / size for index in range(BATCHES)
    ]
    mean = sum(slopes) / BATCHES
    variance = sum((slope - mean) ** 2 for slope in slopes) / (BATCHES - 1)
    margin = STUDENT * (variance / BATCHES) ** 0.5
    return {"low": round(mean - margin, 2), "high": round(mean + margin, 2)}


def resident():
    """Bytes of memory in use by this process; 0 where the system does not tell (Linux tells)."""
    try:
        with open("/proc/self/statm", "rb", 0) as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        return 0

"""Who runs a function: only the module's initialisation, or something else too.

Init functions, the functions of ``Py_mod_create`` and ``Py_mod_exec`` and the constructors of the
file run once for each module object. A function is *init code* if nothing else leads to it: no other
function calls it, and its address stands in no table and is taken by no code, unless for a function
that calls it at once. One that nothing is seen to lead to stays undecided.
"""

from collections.abc import Collection, Iterable
from functools import cached_property

from isoview.inspectors.binary.code.calls import CallIndex
from isoview.inspectors.binary.code.functions import RUN_FIRST, RUN_LAST, Functions, listed
from isoview.inspectors.binary.code.handed_over import AT_ONCE, AWAY, handed_over, offered_inits
from isoview.inspectors.binary.code.references import references
from isoview.inspectors.binary.code.scene import Scene
from isoview.inspectors.binary.image import Image
from isoview.inspectors.facts import Facts

INIT, OUTSIDE, RUNTIME, UNDECIDED = "init", "outside", "runtime", "undecided"

LIST_LIMIT = 1 << 16
"""Bytes of one list of constructors that are read."""
CLOSURE_LIMIT = 20_000
"""Most functions that are gone through on the way from writers to what starts them."""
_INIT_SLOTS = frozenset({"Py_mod_create", "Py_mod_exec"})


class Writers:
    """Sorts functions of one file; ``wanted`` are the starts of all that will be asked about."""

    def __init__(
        self,
        image: Image,
        facts: Facts,
        functions: Functions,
        wanted: Iterable[int],
        constructors: Iterable[tuple[int, int]] = (),
        scene: Scene | None = None,
    ) -> None:
        self.image = image
        self.functions = functions
        self.wanted = frozenset(wanted)
        self.scene = scene
        self.init = self._init_roots(facts) | self._between(constructors)
        if scene is not None:
            self.init |= offered_inits(scene, facts)

    def _init_roots(self, facts: Facts) -> frozenset[int]:
        found = {entry.address for entry in facts.init if entry.address is not None}
        for definition in facts.definitions:
            for slot in definition.slots:
                if slot.name in _INIT_SLOTS and isinstance(slot.function, int):
                    found.add(slot.function)
        found |= listed(self.image, *RUN_FIRST)
        return frozenset(found)

    def _between(self, bounds: Iterable[tuple[int, int]]) -> frozenset[int]:
        """Functions whose addresses stand in one of these ranges of data."""
        found = set()
        for low, high in bounds:
            words = range(low, min(high, low + LIST_LIMIT), self.image.word_size)
            found |= {self.image.pointers[word] for word in words if word in self.image.pointers}
        return frozenset(found)

    def sort(self, function: int) -> str:
        """``init``, ``outside``, ``runtime`` (the compiler's own start and end), ``undecided``."""
        return self._sorted.get(function, UNDECIDED)

    @cached_property
    def _callers(self) -> tuple[dict[int, set[int]], set[int]]:
        """Functions that call or jump to each function on the way, by its start; and those whose
        address is taken by code, but for being called at once.
        """
        found: dict[int, set[int]] = {}
        taken: set[int] = set()
        waiting = set(self.wanted - self.init - self._in_data - self._ends)
        while waiting and len(found) < CLOSURE_LIMIT:
            fresh = self._close(waiting, found)
            waiting = set()
            for site, target in references(self.image, fresh):
                taker = self.functions.containing(site)
                if taker is None or self._is_odd(taker.start):
                    continue  # Windows' exception filters take addresses of what they guard
                fate = handed_over(self.scene, site) if self.scene is not None else None
                if fate == AWAY and taker.start in self.init:
                    continue  # nanobind's exec function: who runs it is in another library
                if fate != AT_ONCE:
                    taken.add(target)
                    continue
                found[target].add(taker.start)
                if taker.start not in self.init and taker.start not in self._in_data:
                    waiting.add(taker.start)
            waiting -= found.keys()
        return found, taken

    def _close(self, waiting: set[int], found: dict[int, set[int]]) -> set[int]:
        """Add the callers of ``waiting``, and theirs; all functions that were added."""
        fresh: set[int] = set()
        while waiting and len(found) < CLOSURE_LIMIT:
            fresh |= waiting
            for start in waiting:
                found[start] = set()
            for site, target in self._index.edges(waiting):
                caller = self.functions.containing(site)
                if caller is not None and caller.start != target:
                    found[target].add(caller.start)
            waiting = (
                {caller for start in waiting for caller in found[start] if caller not in found}
                - self.init
                - self._in_data
            )
        return fresh

    @cached_property
    def _exported(self) -> frozenset[int]:
        return frozenset(self.image.exports.values())

    @cached_property
    def _ends(self) -> frozenset[int]:
        found = listed(self.image, *RUN_LAST)
        if self.image.entry is not None:
            found.add(self.image.entry)
        return frozenset(found)

    @cached_property
    def _in_data(self) -> frozenset[int]:
        """Functions whose address stands in data: methods, slots, callbacks. Words of the linkage
        table are not data: through them the file calls what it exports.
        """
        tables = [(r.address, r.address + r.size) for r in self.image.regions if ".got" in r.name]
        found = {
            target
            for slot, target in self.image.pointers.items()
            if not any(low <= slot < high for low, high in tables)
        }
        return frozenset(found) - self.init - self._ends

    def _through_stub(self, start: int) -> bool:
        """Whether a function may still be called in a way that is not followed: it is not
        exported, or its own file has a word of the linkage table for it.
        """
        return start not in self._exported or start in self._pointed

    @cached_property
    def _pointed(self) -> frozenset[int]:
        return frozenset(self.image.pointers.values())

    def _is_odd(self, start: int) -> bool:
        """Whether nothing in a Windows file leads to a function but its unwind information."""
        return (
            self.image.format == "pe"
            and start not in self.init
            and start not in self._in_data
            and start not in self._targets
            and start not in self._exported
        )

    @cached_property
    def _targets(self) -> Collection[int]:
        return self._index.targets()

    @property
    def _index(self) -> CallIndex:
        return self.functions.calls

    @cached_property
    def _sorted(self) -> dict[int, str]:
        found: dict[int, str] = dict.fromkeys(self.init, INIT)
        found.update(dict.fromkeys(self._ends, RUNTIME))
        found.update(dict.fromkeys(self.wanted & self._in_data, OUTSIDE))
        if all(start in found for start in self.wanted):
            return found
        callers, taken = self._callers
        outside = taken | callers.keys() & self._in_data
        found.update(dict.fromkeys(outside - self.init - self._ends, OUTSIDE))
        for start, calling in callers.items():
            if not calling and start not in found:
                found[start] = UNDECIDED if self._through_stub(start) else OUTSIDE
        # What something outside calls is outside too; the rest is init code if all that leads to
        # it is.
        callees: dict[int, list[int]] = {}
        for start, calling in callers.items():
            for caller in calling:
                callees.setdefault(caller, []).append(start)
        for sort in (OUTSIDE, UNDECIDED, RUNTIME, INIT):
            waiting = [start for start, known in found.items() if known == sort]
            while waiting:
                for callee in callees.get(waiting.pop(), ()):
                    if callee not in found:
                        found[callee] = sort
                        waiting.append(callee)
        return found

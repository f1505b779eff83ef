"""What following the code of a file's functions has brought to light, before it is weighed."""

from isoview.inspectors.binary.code.values import Node, Reason, Value

EVIDENCE_LIMIT = 4
"""Reasons kept for one node, of each kind of knowledge: the first are as good as the rest."""


class Flow:
    """A value seen going from one node to another."""

    __slots__ = ("at", "function", "source", "target")

    def __init__(self, source: Node, target: Node, at: int, function: int) -> None:
        self.source = source
        self.target = target
        self.at = at
        self.function = function


class Array:
    """A run of elements that code walks over: where it begins, its step, and its end if told."""

    __slots__ = ("at", "end", "function", "start", "stride")

    def __init__(self, start: Node, stride: int, end: int | None, at: int, function: int) -> None:
        self.start = start
        self.stride = stride
        self.end = end
        self.at = at
        self.function = function


class Record:
    """Everything seen so far; grows as functions are followed."""

    def __init__(self) -> None:
        self.sources: dict[Node, list[Reason]] = {}
        self.uses: dict[Node, list[Reason]] = {}
        self.flows: dict[tuple[Node, Node], Flow] = {}
        self.points: dict[Node, dict[Value, None]] = {}  # what an argument points at, in order
        self.arrays: list[Array] = []
        self.narrow: dict[int, int] = {}  # smallest access to a word, in bytes, up to 8
        self.contrary: dict[Node, Reason] = {}  # something that is no object was stored
        self.writes: dict[int, dict[int, int]] = {}  # word: function: an instruction that writes
        self.touched: set[int] = set()  # every static address that code refers to
        self.leading: set[Node] = set()  # what points to a word that is an address itself
        self.capsule_makers: set[int] = set()  # functions that make capsules
        self.locks: dict[int, Reason] = {}
        self.caches: dict[int, Reason] = {}  # _PyArg_Parser structures
        self.constructors: list[tuple[int, int]] = []  # lists of functions that start-up code runs
        self.followed: set[int] = set()  # functions that were gone through

    def source(self, node: Node, reason: Reason) -> None:
        """An object was put there."""
        kept = self.sources.setdefault(node, [])
        if _is_new(kept, reason.kind, reason.name, reason.function):
            kept.append(reason)

    def use(
        self, node: Node, kind: str, name: str, at: int, function: int, position: int = 0
    ) -> None:
        """What stands there is treated as an object: the parts of the reason why."""
        kept = self.uses.get(node)
        if kept is None:
            self.uses[node] = [Reason(kind, name, at, function, position)]
        elif _is_new(kept, kind, name, function):
            kept.append(Reason(kind, name, at, function, position))

    def flow(self, source: Node, target: Node, at: int, function: int) -> None:
        """A value was seen going from one node to the other at the instruction ``at``."""
        pair = (source, target)
        if source != target and pair not in self.flows:
            self.flows[pair] = Flow(source, target, at, function)

    def point(self, node: Node, value: Value) -> None:
        """An argument was seen pointing at something."""
        self.points.setdefault(node, {})[value] = None

    def write(self, address: int, function: int, at: int) -> None:
        """The instruction ``at`` of ``function`` writes to a static (all link-time addresses)."""
        self.writes.setdefault(address, {}).setdefault(function, at)

    def access(self, address: int, size: int) -> None:
        """A static is read or written, ``size`` bytes of it."""
        self.touched.add(address)
        if size < self.narrow.setdefault(address, 8):
            self.narrow[address] = size


def _is_new(kept: list[Reason], kind: str, name: str, function: int) -> bool:
    """Whether a reason is to be kept beside those that are kept already."""
    if len(kept) >= EVIDENCE_LIMIT:
        return False
    for other in kept:
        if other[3] == function and other[0] == kind and other[1] == name:
            return False
    return True

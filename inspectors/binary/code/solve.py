"""Weighing the record: which words of the file hold objects, and why.

Two kinds of knowledge travel along the flows. What is *used* as an object must have been one where
it came from: this travels backward. What *is* an object stays one where it goes to: this travels
forward. What is known only because it came along forward never travels backward, or every helper
that takes a ``void *`` would make objects of all it ever saw.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain

from isoview.inspectors.binary.code.record import Array, Record
from isoview.inspectors.binary.code.values import (
    ARGUMENT,
    COUNTED,
    DIRECT,
    FIELD,
    FLOWED,
    FROM,
    INSIDE,
    MEMORY,
    RETURNED,
    STATIC,
    Node,
    Reason,
    Value,
)
from isoview.inspectors.hints import NamedTuple

FAN_LIMIT = 4096
"""Most statics that one argument is taken to point at."""


class Knowledge(NamedTuple):
    """What is known of the nodes: the reasons why each is an object, best first."""

    nodes: dict[Node, list[Reason]]
    arrays: dict[int, list[Array]]  # by the address they start at


class Solver:
    """Weighs one record."""

    def __init__(
        self, record: Record, type_offset: int, end_of: Callable[[int], int | None]
    ) -> None:
        self.record = record
        self.end_of = end_of
        self._points: dict[Node, frozenset[int]] = {}
        self._backward: dict[Node, list[Node]] = {}
        self._forward: dict[Node, list[Node]] = {}
        for source, target in record.flows:
            self._backward.setdefault(target, []).append(source)
            self._forward.setdefault(source, []).append(target)
            if isinstance(source, tuple) and source[0] == MEMORY and source[2] == type_offset:
                kept = self._forward.setdefault(source[1], [])  # the type of an object is one
                if source not in kept:
                    kept.append(source)

    def solve(self) -> Knowledge:
        """All that follows from the record."""
        known: dict[Node, list[Reason]] = {}
        aliases = self._aliases()
        demanded = self._travel(self._uses(), self._backward, aliases)
        merge(known, self.record.sources)
        merge(known, demanded)
        self._spread(known)
        known = self._travel(known, self._forward, aliases)
        arrays: dict[int, list[Array]] = {}
        for array in self.record.arrays:
            for address in self.addresses(array.start):
                arrays.setdefault(address, []).append(array)
        return Knowledge(known, arrays)

    def _uses(self) -> dict[Node, list[Reason]]:
        """The uses, without counts that cannot be references: where the first word is an address,
        one more than it is the next character or element, as in mypyc's argument parsers.
        """
        found = dict(self.record.uses)
        for node in self.record.leading & found.keys():
            kept = [reason for reason in found[node] if reason.kind != COUNTED]
            if kept:
                found[node] = kept
            else:
                del found[node]
        return found

    def _aliases(self) -> dict[Node, frozenset[int]]:
        """The words that stand for memory behind an argument."""
        nodes: set[Node] = {*self.record.sources, *self.record.uses}
        nodes.update(chain.from_iterable(self.record.flows))
        found: dict[Node, frozenset[int]] = {}
        for node in nodes:
            if isinstance(node, tuple) and node[0] in (MEMORY, FIELD):
                base = node[1]
                if isinstance(base, int) and node[0] == MEMORY:
                    continue  # memory on the heap
                words = frozenset(address + node[2] for address in self.addresses(base))
                if words:
                    found[node] = words
        return found

    def _travel(
        self,
        start: dict[Node, list[Reason]],
        edges: dict[Node, list[Node]],
        aliases: dict[Node, frozenset[int]],
    ) -> dict[Node, list[Reason]]:
        """Carry what is known along ``edges``, and from memory to the words it stands for."""
        known = {node: list(reasons) for node, reasons in start.items()}
        waiting = deque(known)
        while waiting:
            node = waiting.popleft()
            reason = known[node][0]
            if self._returns_others(node):
                continue
            for other in (*edges.get(node, ()), *aliases.get(node, ())):
                if other not in known:
                    flow = self.record.flows.get((node, other)) or self.record.flows.get(
                        (other, node)
                    )
                    at, function = (
                        (flow.at, flow.function) if flow else (reason.at, reason.function)
                    )
                    known[other] = [Reason(FLOWED, reason.name, at, function, 0, node)]
                    waiting.append(other)
        return known

    def _spread(self, known: dict[Node, list[Reason]]) -> None:
        """What is known of any element of a named array is known of all that code refers to."""
        fields = [node for node in known if isinstance(node, tuple) and node[0] == FIELD]
        if not fields:
            return
        words = {source for source, _ in self.record.flows}
        words |= {n[1] for n in words if isinstance(n, tuple) and isinstance(n[1], int)}
        ordered = sorted(node for node in words if isinstance(node, int))
        strides = {a.start: a.stride for a in self.record.arrays if isinstance(a.start, int)}
        for node in fields:
            start = node[1]
            end = self.end_of(start) if strides.get(start) == 8 else None
            if end is not None:
                for word in ordered[bisect_left(ordered, start) : bisect_left(ordered, end)]:
                    known.setdefault(word, [known[node][0]._replace(kind=FLOWED, through=node)])

    def _returns_others(self, node: Node) -> bool:
        """Whether ``node`` is the result of a function that returns what is no object, too."""
        return isinstance(node, tuple) and node[0] == RETURNED and node in self.record.contrary

    def addresses(self, node: Node) -> frozenset[int]:
        """The statics that ``node`` points at: itself, where it is an address."""
        if isinstance(node, int):
            return frozenset({node})
        if node[0] == INSIDE:
            return frozenset(address + node[2] for address in self.addresses(node[1]))
        if node[0] != ARGUMENT:
            return frozenset()
        if node not in self._points:
            self._settle(node)
        return self._points[node]

    def _settle(self, node: Node) -> None:
        """Work out what an argument points at, those first that are passed on as it. Without
        recursion: an argument may be handed through thousands of functions.
        """
        waiting = [(node, False)]
        while waiting:
            argument, ready = waiting.pop()
            if ready:
                self._points[argument] = frozenset(self._pointed(argument))
            elif argument not in self._points:
                self._points[argument] = frozenset()  # what a circle of calls comes back to
                waiting.append((argument, True))
                passed = map(_argument_in, self.record.points.get(argument, ()))
                waiting += [(other, False) for other in passed if other is not None]

    def _pointed(self, node: Node) -> Iterator[int]:
        count = 0
        for value in self.record.points.get(node, ()):
            for address in self._value(value):
                yield address
                count += 1
                if count >= FAN_LIMIT:
                    return

    def _value(self, value: Value) -> Iterator[int]:
        if value is None:
            return
        if value[0] == STATIC:
            yield value[1]
        elif value[0] == FROM:
            yield from self.addresses(value[1])
        elif value[0] == INSIDE:
            for address in self.addresses(value[1]):
                yield address + value[2]


def _argument_in(value: Value) -> Node | None:
    """The argument whose statics a value points at, if it is counted from one."""
    node = value[1] if value is not None and value[0] in (FROM, INSIDE) else None
    while isinstance(node, tuple) and node[0] == INSIDE:
        node = node[1]
    return node if isinstance(node, tuple) and node[0] == ARGUMENT else None


def merge(into: dict[Node, list[Reason]], more: dict[Node, list[Reason]]) -> None:
    """Add reasons; those that saw an object being put there come first."""
    for node, reasons in more.items():
        kept = into.get(node)
        if kept is None:
            kept = into[node] = list(reasons)
        else:
            kept += reasons
        if len(kept) > 1:
            kept.sort(key=lambda reason: reason.kind not in DIRECT)

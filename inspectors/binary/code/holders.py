"""Which words of the file hold objects: the solved record, less what speaks against it."""

from bisect import bisect_right
from collections.abc import Callable

from isoview.inspectors.binary.code.record import Array, Record
from isoview.inspectors.binary.code.solve import Knowledge
from isoview.inspectors.binary.code.values import COUNTED, DIRECT, FIELD, FLOWED, Reason
from isoview.inspectors.binary.image import Image
from isoview.inspectors.hints import NamedTuple

ARRAY_LIMIT = 1 << 16
"""Most elements of one array."""
CHAIN_LIMIT = 12
"""Most steps back to where a piece of knowledge began."""
FAR = 2
"""So many steps may lie between a word and a mere count."""


class Holder(NamedTuple):
    """A word that holds an object, or the first of ``elements`` words ``stride`` bytes apart."""

    address: int
    reasons: tuple[Reason, ...]
    grade: str  # strong, medium, weak
    elements: int = 1
    stride: int = 8


class Weigher:
    """Decides word by word. ``end_of`` gives the end of the variable an address lies in."""

    def __init__(
        self,
        image: Image,
        record: Record,
        knowledge: Knowledge,
        end_of: Callable[[int], int | None],
        writable: Callable[[int], bool],
    ) -> None:
        self.image = image
        self.record = record
        self.knowledge = knowledge
        self.end_of = end_of
        self.writable = writable
        self.touched = sorted(record.touched)
        # By step, place within it, and end: where the elements from an address on end.
        self._stops: dict[tuple[int, int, int], dict[int, int]] = {}

    def holders(self) -> dict[int, Holder]:
        """By address."""
        found: dict[int, Holder] = {}
        for node, reasons in self.knowledge.nodes.items():
            if isinstance(node, int):
                grade = self.grade(node, reasons)
                if grade is not None:
                    found[node] = Holder(node, tuple(reasons), grade)
        for start, arrays in self.knowledge.arrays.items():
            self._extend(start, arrays, found)
        return found

    def grade(self, address: int, reasons: list[Reason]) -> str | None:
        """How sure it is that the word holds an object; None where it does not."""
        word = self.image.word_size
        if address % word or not self.writable(address):
            return None
        direct = any(reason.kind in DIRECT for reason in reasons)
        if not direct and not self._can_hold(address):
            return None
        contrary = self.record.contrary.get(address)
        if contrary is not None and not direct:
            indirect = all(reason.kind == FLOWED for reason in reasons)
            return None if contrary.kind != "result" or indirect else "weak"
        if direct:
            return "strong"
        if any(reason.kind != FLOWED for reason in reasons):
            return "medium"
        return "weak" if self._well_founded(reasons[0]) else None

    def _well_founded(self, reason: Reason) -> bool:
        """Whether what came a long way began with more than a count going up or down: other
        libraries count at the first word of their structures too.
        """
        for steps in range(CHAIN_LIMIT):
            known = self.knowledge.nodes.get(reason.through) if reason.through is not None else None
            if reason.kind != FLOWED or not known:
                return steps <= FAR or reason.kind != COUNTED
            reason = known[0]
        return False

    def _can_hold(self, address: int) -> bool:
        """Whether nothing in the file and no access speaks against a pointer set at run time."""
        if self.record.narrow.get(address, 8) < 8 or self.record.narrow.get(address + 4, 8) < 8:
            return False
        if address in self.image.pointers or address in self.image.imports_at:
            return False
        return not self.image.unsigned(address, self.image.word_size)

    def _extend(self, start: int, arrays: list[Array], found: dict[int, Holder]) -> None:
        """Add the elements of an array whose first is known to hold an object."""
        different = {(array.stride, array.end): array for array in arrays if array.stride}
        for array in different.values():
            for offset in range(0, max(array.stride, 8), 8):
                first = start + offset
                reasons = self.knowledge.nodes.get((FIELD, array.start, offset))
                if reasons is None:
                    reasons = self.knowledge.nodes.get(first)
                if reasons is None or self.grade(first, reasons) is None:
                    continue
                old = found.get(first)
                count = self._count(first, array)
                if old is None or old.elements < count:
                    grade = old.grade if old else "weak"
                    kept = old.reasons if old else tuple(reasons)
                    found[first] = Holder(first, kept, grade, count, max(array.stride, 8))

    def _count(self, first: int, array: Array) -> int:
        told = [end for end in (array.end, self.end_of(first)) if end is not None and end > first]
        end = min(told, default=None)
        if end is None and array.stride > 8:
            return 1  # how many there are is not told
        if end is None:
            after = bisect_right(self.touched, first + array.stride)
            end = self.touched[after] if after < len(self.touched) else first + 8
        stride = max(array.stride, 8)
        count = -(-(self._stop(first, stride, end) - first) // stride)
        return min(max(count, 1), ARRAY_LIMIT)

    def _stop(self, first: int, stride: int, end: int) -> int:
        """Where the elements from ``first`` on end: at ``end``, or at one that can hold no object.
        Each is looked at once, however many arrays begin inside of one another.
        """
        known = self._stops.setdefault((stride, first % stride, end), {})
        looked = [first]
        address, last = first + stride, min(end, first + ARRAY_LIMIT * stride)
        while address < last:
            if address in self.record.contrary or not self._can_hold(address):
                break
            if address in known:
                address = known[address]
                break
            looked.append(address)
            address += stride
        known.update(dict.fromkeys(looked, address))
        return address

"""The file around the function that is followed: what addresses mean, and where facts are noted."""

from bisect import bisect_right
from collections.abc import Iterable

from isoview.inspectors.binary.code import api
from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import VECTORS, Machine
from isoview.inspectors.binary.code.record import Array, Record
from isoview.inspectors.binary.code.values import (
    ADDRESS_OF,
    ARGUMENT,
    FILLED_BY,
    FROM,
    GIVEN_BY,
    IMPORT,
    NUMBER,
    OBJECT,
    RESULT,
    STACK,
    STATIC,
    VALUE_OF,
    Node,
    Reason,
    Value,
)
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import Layout

State = dict[int, Value]
"""Values by register; upper halves of vectors and stack slots follow at their own numbers."""
HIGH = 1 << 8
"""The upper half of vector register ``n`` stands at ``n + HIGH``."""
SLOT = 1 << 40
"""The stack slot at offset ``n`` from the stack at entry stands at ``SLOT + n``."""
FIRST_SLOT = SLOT >> 1
"""No register has a number from here on: offsets from the stack at entry are negative."""
STUB_LENGTH = 24
"""Most bytes of a stub in a procedure linkage table."""


class Scene:
    """One image, what is known of it, and the record that is being made."""

    def __init__(
        self,
        image: Image,
        functions: Functions,
        machine: Machine,
        layout: Layout,
        objects: dict[int, str],
    ) -> None:
        self.image = image
        self.functions = functions
        self.machine = machine
        self.objects = objects  # static types of the file: an address of one is an object's
        self.record = Record()
        self.type_offset = layout.head - layout.word
        self.flags_offset = layout.type("tp_flags")
        self._writable = _bounds(
            (region.address, region.address + region.size)
            for region in image.regions
            if region.writable and not region.thread_local and not region.executable
        )
        self._targets: dict[int, Value] = {}
        self._words: dict[int, tuple[str, int | str]] = {}
        kept = {*machine.kept, machine.stack, *(n + HIGH for n in machine.kept if n >= VECTORS)}
        everything = {*range(VECTORS * 2), *range(VECTORS + HIGH, VECTORS * 2 + HIGH)}
        self._lost = frozenset(everything - kept)  # what a call does not keep
        self._entry: State = {machine.stack: (STACK, 0)}

    def entry(self, function: int) -> State:
        """What is known where a function begins: its arguments are nodes."""
        state = dict(self._entry)
        for position, register in enumerate(self.machine.arguments):
            state[register] = (FROM, (ARGUMENT, function, position))
        return state

    def is_data(self, address: int) -> bool:
        """Whether a word at ``address`` can be written while the program runs."""
        return bisect_right(self._writable, address) & 1 == 1

    def seen(self, address: int) -> None:
        """Code takes the address of something."""
        if self.is_data(address):
            self.record.touched.add(address)

    def target(self, address: int) -> Value:
        """What a call to ``address`` reaches: an import through its stub, or a function here."""
        found = self._targets.get(address)
        if found is None:
            name = _stub(self.image, address)
            found = self._own(address) if name is None else (IMPORT, name)
            self._targets[address] = found
        return found

    def _own(self, address: int) -> Value:
        """A function of this file, perhaps behind a stub: exported ones are called through it."""
        slot = page = None
        for ins in self.machine.decode(self.image.read(address, STUB_LENGTH), address):
            if ins[1] == i.ADDRESS:
                page = ins[8]
            elif ins[1] == i.LOAD and page is not None and ins[4] >= 0:
                slot = page + ins[7]
            elif ins[1] == i.JUMP_MEMORY and ins[4] == i.NONE == ins[5]:
                slot = ins[7]
                break
            elif ins[1] not in (i.OTHER, i.ADD):
                break
        target = self.image.pointers.get(slot) if slot is not None else None
        return (STATIC, address if target is None else target)

    def loaded(self, place: Value) -> Value:
        """What a load from ``place`` gives, where the file itself tells."""
        if place is None or place[0] != STATIC:
            return None
        return self.load_static(place[1], self.image.word_size)

    def load_word(self, address: int) -> Value:
        """What a load of 8 bytes from a static address gives; what is noted of it is once enough."""
        known = self._words.get(address)
        if known is None:
            found = self.load_static(address, 8)
            if found is not None:
                self._words[address] = found
            return found
        tag, held = known
        return (tag, held)  # not the same one: what is told of one load is not told of others

    def load_static(self, address: int, size: int) -> Value:
        """What a load of ``size`` bytes from a static address gives."""
        if size >= 8:
            name = self.image.imports_at.get(address)
            if name is not None:
                return (IMPORT, name)
        if self.is_data(address):
            self.record.access(address, size)
            return (FROM, address) if size >= 8 else None
        if size == 8:
            target = self.image.pointers.get(address)
            if target is not None:
                self.seen(target)
                return (STATIC, target)
        return None

    def imported_value(self, name: str, at: int, function: int) -> Value:
        """What stands in an imported variable."""
        if api.holds_object(name):
            return (OBJECT, Reason(VALUE_OF, name, at, function))
        return None

    def object_name(self, value: Value) -> tuple[str, bool] | None:
        """(name, whether it is a type) of a value that is the address of a known object."""
        if value is None:
            return None
        if value[0] == IMPORT and len(value) == 2 and api.is_object_address(value[1]):
            return value[1], value[1].endswith("_Type")
        if value[0] == STATIC and value[1] in self.objects:
            return self.objects[value[1]], True
        return None

    def array(self, place: Value, at: int, function: int) -> None:
        """An array that is reached by an index."""
        assert place is not None  # noqa: S101 - only elements come here
        if self.is_data(place[1]):
            self.record.arrays.append(Array(place[1], place[2], None, at, function))

    def stored(self, address: int, value: Value, size: int, at: int, function: int) -> None:
        """A store to a static address."""
        if not self.is_data(address):
            return
        record = self.record
        record.access(address, min(size, 8))
        record.write(address, function, at)
        if size >= 8:
            self.put(address, value, at, function)

    def changed(self, address: int, size: int, at: int, function: int) -> None:
        """A static word is counted up or otherwise changed where it stands: it is a number."""
        if self.is_data(address):
            self.record.access(address, size)
            self.record.write(address, function, at)
            self.record.contrary.setdefault(address, Reason("changed", "", at, function))

    def put(self, node: Node, value: Value, at: int, function: int) -> None:
        """A value goes to a node."""
        if value is None:
            return
        record, tag = self.record, value[0]
        if tag == FROM:
            record.flow(value[1], node, at, function)
        elif tag == OBJECT:
            reason = value[1]._replace(at=at, function=function)
            if reason.kind == FILLED_BY:  # into the stack, and from there
                reason = reason._replace(kind=GIVEN_BY)
            record.source(node, reason)
        elif tag == RESULT:
            record.contrary.setdefault(node, Reason("result", value[1], at, function))
        elif tag == NUMBER and value[1]:
            record.contrary.setdefault(node, Reason("number", str(value[1]), at, function))
        else:
            known = self.object_name(value)
            if known is not None:
                record.source(node, Reason(ADDRESS_OF, known[0], at, function))
            elif tag in (IMPORT, STATIC):
                record.contrary.setdefault(node, Reason("address", "", at, function))

    def after_call(self, state: State) -> State:
        """What a call leaves: registers that are kept, and the stack."""
        after = state.copy()
        for key in self._lost.intersection(state):
            del after[key]
        return after


def _bounds(ranges: Iterable[tuple[int, int]]) -> list[int]:
    """Where what some ranges cover begins and ends, in turn."""
    found: list[int] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1]:
            found[-1] = max(found[-1], high)
        elif low < high:
            found += (low, high)
    return found


def _stub(image: Image, address: int) -> str | None:
    if image.arch == "x86-64":
        from isoview.inspectors.binary.machine_x86_64 import stub_target

        return stub_target(image, address)
    from isoview.inspectors.binary.walk_aarch64 import stub_target as stub_target_aarch64

    return stub_target_aarch64(image, address)

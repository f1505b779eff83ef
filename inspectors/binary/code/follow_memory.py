"""Memory in the code that is followed: what an operand's address is, what loads give and stores do."""

from isoview.inspectors.binary.code.instructions import NONE, VECTORS, Instruction
from isoview.inspectors.binary.code.loops import Loops
from isoview.inspectors.binary.code.scene import HIGH, SLOT, Scene, State
from isoview.inspectors.binary.code.values import (
    ARGUMENT,
    AT,
    COUNTED,
    DEPTH,
    ELEMENT,
    FIELD,
    FROM,
    IMPORT,
    INSIDE,
    MEMORY,
    NUMBER,
    OBJECT,
    PART,
    SCALED,
    STACK,
    STATIC,
    TYPE_OF,
    TYPED,
    Node,
    Reason,
    Value,
    depth,
    number,
)

CHECK_REACH = 16
"""Bytes from a branch to the store of a reference count that it guards."""


class Memory:
    """The state of the function that is followed, and how instructions reach memory in it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.function = 0
        self.state: State = {}
        self.branched = 0  # the last branch
        self.loops = Loops(scene.record, 0)

    def _set(self, register: int, value: Value) -> None:
        if value is None:
            self.state.pop(register, None)
        else:
            self.state[register] = value

    def _clobber(self, ins: Instruction) -> None:
        self.state.pop(ins[3], None)
        if ins[3] >= VECTORS:
            self.state.pop(ins[3] + HIGH, None)

    # Addresses

    def _place(self, ins: Instruction) -> Value:
        """The address of a memory operand."""
        base, index, disp = ins[4], ins[5], ins[7]
        if base == NONE:
            if index == NONE:
                return (STATIC, disp)
            held = self.state.get(index)
            if held is not None and held[0] == NUMBER:
                return (STATIC, disp + held[1] * ins[6])
            if self.scene.is_data(disp):
                return (ELEMENT, disp, ins[6])
            return None if disp else (SCALED, ins[6])
        value = self.state.get(base)
        if index != NONE:
            held = self.state.get(index)
            place = self._indexed(value, held, ins[6], disp)
            if place is not None and place[0] in (STATIC, ELEMENT):
                self.loops.indexed(ins[0], index, place, ins[6])
            return place
        return self._moved(value, disp)

    def _indexed(self, value: Value, index: Value, scale: int, disp: int) -> Value:
        if index is not None and index[0] == NUMBER:
            return self._moved(value, disp + index[1] * scale)
        if index is not None and index[0] in (STATIC, ELEMENT) and scale == 1:
            if value is not None and value[0] == NUMBER:
                return self._moved(index, disp + value[1])
            index, value = value, index
        if scale == 1:
            scale = index[1] if index is not None and index[0] == SCALED else 0
        if value is None:
            return None
        if value[0] in (STATIC, ELEMENT):
            return (ELEMENT, value[1] + disp, scale)
        if value[0] in (FROM, INSIDE):
            offset = value[2] if value[0] == INSIDE else 0
            if isinstance(offset, int):
                return (AT, (FIELD, value[1], offset + disp))
        return None

    @staticmethod
    def _moved(value: Value, by: int) -> Value:
        if value is None:
            return None
        tag = value[0]
        if tag in (STATIC, STACK):
            return (tag, value[1] + by)
        if tag == FROM:
            return (INSIDE, value[1], by)
        if tag == INSIDE:
            return (INSIDE, value[1], value[2] + by)
        if tag == ELEMENT:
            return (ELEMENT, value[1] + by, value[2])
        if tag == AT:
            return (AT, (FIELD, value[1][1], value[1][2] + by))
        if tag == NUMBER:
            return number(value[1] + by)
        if tag == OBJECT:
            return (PART, value[1], by)
        if tag == IMPORT:
            return (IMPORT, value[1], by) if by else value
        return None

    # Memory

    def _load(self, ins: Instruction) -> None:
        place = self._place(ins)
        size, register = ins[2], ins[3]
        value = self._at(ins[0], place, size)
        self._set(register, value)
        if register >= VECTORS:
            high = self._at(ins[0], self._moved(place, 8), 8) if size >= 16 else (NUMBER, 0)
            self._set(register + HIGH, high)

    def _load_high(self, ins: Instruction) -> None:
        self._set(ins[3] + HIGH, self._at(ins[0], self._place(ins), 8))

    def _at(self, at: int, place: Value, size: int) -> Value:
        """What a load of ``size`` bytes gives."""
        if place is None:
            return None
        tag = place[0]
        if tag == STACK:
            return self.state.get(SLOT + place[1]) if size >= 8 else None
        if tag == STATIC:
            return self.scene.load_static(place[1], size)
        if tag in (FROM, INSIDE):
            self._leads(place[1])
        if size < 4:
            return None
        if tag == AT:
            return (FROM, place[1])
        if tag == INSIDE:
            return self._behind(at, place[1], place[2])
        if tag == ELEMENT:
            self.scene.array(place, at, self.function)
            return (FROM, (FIELD, place[1], 0))
        if tag == FROM:
            return self._behind(at, place[1], 0)
        if tag == PART and place[2] == self.scene.type_offset:
            return (OBJECT, place[1]._replace(kind=TYPE_OF))
        if tag == IMPORT and len(place) == 2:
            return self.scene.imported_value(place[1], at, self.function)
        return None

    def _leads(self, node: Node) -> None:
        """Something is read through ``node``: where that is a first word, it is an address."""
        if isinstance(node, tuple) and node[0] == MEMORY and not node[2]:
            self.scene.record.leading.add(node[1])

    def _behind(self, at: int, node: Node, offset: int) -> Value:
        """What stands at an offset from where a node points."""
        layout = self.scene
        if offset == layout.flags_offset and isinstance(node, tuple) and node[0] == MEMORY:
            owner = node[1]
            if node[2] == layout.type_offset and not is_argument(owner):
                self.scene.record.use(owner, Reason(TYPED, "", at, self.function))
            return None
        if depth(node) >= DEPTH:
            return None
        return (FROM, (MEMORY, node, offset))

    def _store(self, ins: Instruction) -> None:
        place = self._place(ins)
        size, register = ins[2], ins[3]
        value = self.state.get(register) if size >= 4 else None
        self._put(ins[0], place, value, size)
        if size >= 16:
            high = self.state.get(register + HIGH) if register >= VECTORS else None
            self._put(ins[0], self._moved(place, 8), high, 8)

    def _store_high(self, ins: Instruction) -> None:
        self._put(ins[0], self._place(ins), self.state.get(ins[3] + HIGH), 8)

    def _store_const(self, ins: Instruction) -> None:
        self._put(ins[0], self._place(ins), (NUMBER, ins[8]), ins[2])

    def _put(self, at: int, place: Value, value: Value, size: int) -> None:
        if place is None:
            return
        tag = place[0]
        if tag == STACK:
            self._set(SLOT + place[1], value if size >= 8 else None)
        elif tag == STATIC:
            self.scene.stored(place[1], value, size, at, self.function)
        elif tag == AT and size == 8:
            self.scene.put(place[1], value, at, self.function)
        elif tag in (FROM, INSIDE) and size >= 4:
            offset = place[2] if tag == INSIDE else 0
            node = place[1]
            if offset == 0 and _counts(value, node) and (size == 8 or self._checked(at)):
                self.scene.record.use(node, Reason(COUNTED, "", at, self.function))
            elif isinstance(node, tuple) and size == 8:
                target = (MEMORY, node, offset)
                if depth(target) <= DEPTH:
                    self.scene.put(target, value, at, self.function)
        elif tag == ELEMENT:
            self.scene.array(place, at, self.function)
            self.scene.record.write(place[1], self.function, at)
            if size == 8:
                self.scene.put((FIELD, place[1], 0), value, at, self.function)

    def _checked(self, at: int) -> bool:
        """Whether a branch stands just before ``at``: from 3.12 on, 32 bits of a reference count
        are only changed after a look at whether the object is immortal. Other counters are not
        looked at, and many structures begin with one.
        """
        return 0 < at - self.branched <= CHECK_REACH

    def _update(self, ins: Instruction) -> None:
        place = self._place(ins)
        if place is None:
            return
        if place[0] == STATIC:
            self.scene.changed(place[1], ins[2], ins[0], self.function)
        elif place[0] == STACK:
            self.state.pop(SLOT + place[1], None)
        elif (
            place[:1] + place[2:] in ((FROM,), (INSIDE, 0))
            and ins[8] in (1, -1)
            and ins[2] == 8
            and not self._locked(ins[0])
        ):
            self.scene.record.use(place[1], Reason(COUNTED, "", ins[0], self.function))

    def _locked(self, at: int) -> bool:
        """Whether an x86-64 instruction has the lock prefix. Rust and C++ count shared pointers so;
        the first word of an object is never changed that way, with a GIL or without.
        """
        image = self.scene.image
        return image.arch == "x86-64" and image.read(at, 1) == b"\xf0"

    def _modify(self, ins: Instruction) -> None:
        place = self._place(ins)
        if place is not None and place[0] == STATIC:
            self.scene.changed(place[1], ins[2], ins[0], self.function)
        elif place is not None and place[0] == ELEMENT:
            self.scene.record.write(place[1], self.function, ins[0])
        elif place is not None and place[0] == STACK:
            self.state.pop(SLOT + place[1], None)
        if ins[3] != NONE:
            self.state.pop(ins[3], None)

    def _read(self, ins: Instruction) -> None:
        place = self._place(ins)
        if place is not None and place[0] == STATIC:
            self.scene.load_static(place[1], ins[2])
        if ins[3] != NONE:
            self._clobber(ins)

    def _exchange(self, ins: Instruction) -> None:
        place = self._place(ins)
        old = self._at(ins[0], place, ins[2])
        self._put(ins[0], place, self.state.get(ins[3]), ins[2])
        self._set(ins[3], old)


def plain(value: Value) -> Value:
    """What stands at a node, where an address is exactly that."""
    if value is not None and value[0] == INSIDE and value[2] == 0:
        return (FROM, value[1])
    return value


def is_argument(node: Node) -> bool:
    """Whether a node is an argument, or memory that one leads to."""
    while isinstance(node, tuple) and node[0] in (MEMORY, FIELD):
        node = node[1]
    return isinstance(node, tuple) and node[0] == ARGUMENT


def _counts(value: Value, node: Node) -> bool:
    """Whether ``value`` is the first word of what ``node`` points to, plus or minus one."""
    return (
        value is not None
        and value[0] == INSIDE
        and value[2] in (1, -1)
        and value[1] == (MEMORY, node, 0)
    )

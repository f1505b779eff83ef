"""Memory in the code that is followed: what an operand's address is, what loads give and stores do."""

from isoview.inspectors.binary.code.instructions import HERE, NONE, VECTORS, Shared
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

    def _clobber(self, _: int, ins: Shared) -> None:
        self.state.pop(ins[3], None)
        if ins[3] >= VECTORS:
            self.state.pop(ins[3] + HIGH, None)

    def _clobber_word(self, _: int, ins: Shared) -> None:
        self.state.pop(ins[3], None)

    # Addresses

    def _place(self, at: int, ins: Shared) -> Value:
        """The address of a memory operand."""
        base, index, disp = ins[4], ins[5], ins[7]
        if base < 0:
            if base == HERE:
                return (STATIC, at + disp)
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
                self.loops.indexed(at, index, place, ins[6])
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

    def _load(self, at: int, ins: Shared) -> None:
        place = self._place(at, ins)
        size, register = ins[2], ins[3]
        value = self._at(at, place, size)
        self._set(register, value)
        if register >= VECTORS:
            high = self._at(at, self._moved(place, 8), 8) if size >= 16 else (NUMBER, 0)
            self._set(register + HIGH, high)

    def _load_word(self, at: int, ins: Shared) -> None:
        state = self.state
        place = state.get(ins[4])
        if place is None:
            value = None
        elif place[0] == STACK:
            value = state.get(SLOT + place[1] + ins[7])
        else:
            value = self._at(at, self._moved(place, ins[7]), 8)
        if value is None:
            state.pop(ins[3], None)
        else:
            state[ins[3]] = value

    def _load_static(self, at: int, ins: Shared) -> None:
        disp = ins[7]
        address = at + disp if ins[4] == HERE else disp
        self._set(ins[3], self.scene.load_word(address))

    def _load_high(self, at: int, ins: Shared) -> None:
        self._set(ins[3] + HIGH, self._at(at, self._place(at, ins), 8))

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
                self.scene.record.use(owner, TYPED, "", at, self.function)
            return None
        if depth(node) >= DEPTH:
            return None
        return (FROM, (MEMORY, node, offset))

    def _store(self, at: int, ins: Shared) -> None:
        place = self._place(at, ins)
        size, register = ins[2], ins[3]
        value = self.state.get(register) if size >= 4 else None
        self._put(at, place, value, size)
        if size >= 16:
            high = self.state.get(register + HIGH) if register >= VECTORS else None
            self._put(at, self._moved(place, 8), high, 8)

    def _store_word(self, at: int, ins: Shared) -> None:
        state = self.state
        place = state.get(ins[4])
        if place is None:
            return
        value = state.get(ins[3])
        if place[0] != STACK:
            self._put(at, self._moved(place, ins[7]), value, 8)
        elif value is None:
            state.pop(SLOT + place[1] + ins[7], None)
        else:
            state[SLOT + place[1] + ins[7]] = value

    def _store_high(self, at: int, ins: Shared) -> None:
        self._put(at, self._place(at, ins), self.state.get(ins[3] + HIGH), 8)

    def _store_const(self, at: int, ins: Shared) -> None:
        self._put(at, self._place(at, ins), (NUMBER, ins[8]), ins[2])

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
                self.scene.record.use(node, COUNTED, "", at, self.function)
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

    def _update(self, at: int, ins: Shared) -> None:
        place = self._place(at, ins)
        if place is None or self._counted_up(at, ins, place):
            return
        counts = place[0] == FROM or (place[0] == INSIDE and not place[2])
        if counts and ins[8] in (1, -1) and ins[2] == 8:
            self.scene.record.use(place[1], COUNTED, "", at, self.function)

    def _update_locked(self, at: int, ins: Shared) -> None:
        """Under an x86-64 lock prefix. Rust and C++ count shared pointers so; the first word of an
        object is never changed that way, with a GIL or without.
        """
        place = self._place(at, ins)
        if place is not None:
            self._counted_up(at, ins, place)

    def _counted_up(self, at: int, ins: Shared, place: Value) -> bool:
        """Note a word of the file or the stack that is changed where it stands; whether it is one."""
        assert place is not None  # noqa: S101 - the caller has looked
        if place[0] == STATIC:
            self.scene.changed(place[1], ins[2], at, self.function)
        elif place[0] == STACK:
            self.state.pop(SLOT + place[1], None)
        else:
            return False
        return True

    def _modify(self, at: int, ins: Shared) -> None:
        place = self._place(at, ins)
        if place is not None and place[0] == STATIC:
            self.scene.changed(place[1], ins[2], at, self.function)
        elif place is not None and place[0] == ELEMENT:
            self.scene.record.write(place[1], self.function, at)
        elif place is not None and place[0] == STACK:
            self.state.pop(SLOT + place[1], None)
        if ins[3] != NONE:
            self.state.pop(ins[3], None)

    def _read(self, at: int, ins: Shared) -> None:
        place = self._place(at, ins)
        if place is not None and place[0] == STATIC:
            self.scene.load_static(place[1], ins[2])
        if ins[3] != NONE:
            self._clobber(at, ins)

    def _exchange(self, at: int, ins: Shared) -> None:
        place = self._place(at, ins)
        old = self._at(at, place, ins[2])
        self._put(at, place, self.state.get(ins[3]), ins[2])
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

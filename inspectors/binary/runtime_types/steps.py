"""What single instructions do to the state that the tracker carries along."""

from collections.abc import Callable

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.instructions import Instruction, Machine
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.choices import choices
from isoview.inspectors.binary.runtime_types.state import MASK, State, Value, plus, put

_MASK32 = 0xFFFFFFFF


class Steps:
    """Instructions that are no calls and no jumps, for one image."""

    def __init__(self, image: Image, machine: Machine) -> None:
        self.image = image
        self.machine = machine
        # Arguments, and pairs of constants, that were put on the stack, to be found again wherever
        # the code goes on; not those whose place was used again for something else.
        self.spilled: dict[int, Value] = {}
        self.reused: set[int] = set()
        self._choices = choices(image)
        self._incoming = 8 if image.arch == "x86-64" else 0  # behind the return address
        self._handlers: dict[int, Callable[[Instruction, State], None]] = {
            i.LOAD: self._load,
            i.STORE: self._store,
            i.MOVE: self._move,
            i.CONST: self._constant,
            i.ADDRESS: self._constant,
            i.LEA: self._address,
            i.ADD: self._add,
            i.SUM: self._sum,
            i.STORE_CONST: self._store_constant,
            i.LOAD_HIGH: self._load_high,
            i.UNPACK: self._unpack,
            i.STORE_HIGH: self._store_high,
            i.PUSH: self._push,
            i.POP: self._pop,
            i.MERGE: self._merge,
            i.CLOBBER: self._clobber,
            i.READ: self._clobber,
            i.EXCHANGE: self._exchange,
            i.MODIFY: self._modify,
            i.UPDATE: self._modify,
        }

    def begin(self) -> None:
        """Begin with a new function."""
        self.spilled, self.reused = {}, set()

    def remembered(self) -> dict[int, Value]:
        """Words of the stack that hold the same wherever the function goes on."""
        for offset in self.reused:
            self.spilled.pop(offset, None)
        return self.spilled

    def apply(self, step: Instruction, state: State) -> None:
        """Change ``state`` as the instruction does."""
        handler = self._handlers.get(step[1])
        if handler is not None:
            handler(step, state)

    def place(self, step: Instruction, state: State) -> Value | None:
        """The address of a memory operand."""
        base, index, disp = step[4], step[5], step[7]
        if index != i.NONE:
            return None
        return disp & MASK if base == i.NONE else plus(state.registers.get(base), disp)

    def loaded(self, place: Value | None, size: int, state: State) -> Value | None:
        """What a load of ``size`` bytes from ``place`` gives."""
        if isinstance(place, int):
            return self._word(place, size)
        if isinstance(place, str):
            return ("import", place)
        if not isinstance(place, tuple):
            return None
        if place[0] == "stack":
            value = state.memory.get(place[1])
            if value is None and size == 8 and place[1] >= self._incoming:
                return ("incoming", place[1] - self._incoming)
            return value & (1 << 8 * size) - 1 if isinstance(value, int) else value
        return ("field", place[1], place[2]) if place[0] == "at" else ("field", place, 0)

    def _word(self, address: int, size: int) -> Value | None:
        image = self.image
        if size == 8:
            known: Value | None = image.imports_at.get(address)
            if known is None:
                known = image.pointers.get(address)
            if known is not None:
                return known
        return (
            ("variable", address) if image.is_writable(address) else image.unsigned(address, size)
        )

    def _load(self, step: Instruction, state: State) -> None:
        size, reg = step[2], step[3]
        place = self.place(step, state)
        put(state.registers, reg, self.loaded(place, min(size, 8), state))
        if reg >= i.VECTORS:
            put(state.upper, reg, self.loaded(plus(place, 8), 8, state) if size > 8 else 0)

    def _store(self, step: Instruction, state: State) -> None:
        place = self.place(step, state)
        if not isinstance(place, tuple) or place[0] != "stack":
            return
        size, reg, offset = step[2], step[3], place[1]
        if size <= 8:
            value = state.registers.get(reg)
            state.store(offset, size, value)
            if isinstance(value, tuple) and value[0] in ("argument", "incoming"):
                self.spilled[offset] = value
            elif isinstance(value, tuple) and value[0] == "stack" and size == 8:
                if self.spilled.setdefault(offset, value) != value:
                    self.reused.add(offset)
            else:
                self.spilled.pop(offset, None)
            return
        state.forget(place, size)
        if size > 16:
            return
        for at, half in ((offset, state.registers.get(reg)), (offset + 8, state.upper.get(reg))):
            state.store(at, 8, half)
            if half is not None and self.spilled.setdefault(at, half) != half:
                self.reused.add(at)

    def _store_constant(self, step: Instruction, state: State) -> None:
        place = self.place(step, state)
        if isinstance(place, tuple) and place[0] == "stack":
            state.store(place[1], step[2], step[8] & MASK)

    def _move(self, step: Instruction, state: State) -> None:
        size, reg, base = step[2], step[3], step[4]
        value = state.registers.get(base)
        put(
            state.registers, reg, value & _MASK32 if size <= 4 and isinstance(value, int) else value
        )
        if reg >= i.VECTORS:
            put(state.upper, reg, state.upper.get(base) if size > 8 else 0)

    def _constant(self, step: Instruction, state: State) -> None:
        reg = step[3]
        put(state.registers, reg, step[8] & (_MASK32 if step[2] == 4 else MASK))
        if reg >= i.VECTORS:
            put(state.upper, reg, 0)

    def _address(self, step: Instruction, state: State) -> None:
        """``lea``: also ``base + index * scale + disp`` of a choice between two numbers."""
        base, index, scale = step[4], step[5], step[6]
        if index == i.NONE:
            put(state.registers, step[3], self.place(step, state))
            return
        first = state.registers.get(base) if base != i.NONE else 0
        chosen = state.registers.get(index)
        value: Value | None = None
        if isinstance(chosen, tuple) and chosen[0] == "either" and _are_numbers(chosen):
            if first == chosen:
                first, scale = 0, scale + 1
            if isinstance(first, int):
                scaled = ("either", chosen[1] * scale & MASK, chosen[2] * scale & MASK)
                value = plus(scaled, first + step[7])
        put(state.registers, step[3], value)

    def _add(self, step: Instruction, state: State) -> None:
        put(state.registers, step[3], plus(state.registers.get(step[4]), step[8]))

    def _sum(self, step: Instruction, state: State) -> None:
        left, right = state.registers.get(step[4]), state.registers.get(step[5])
        known = isinstance(left, int) and isinstance(right, int)
        put(state.registers, step[3], left + right * step[6] & MASK if known else None)  # type: ignore[operator]

    def _load_high(self, step: Instruction, state: State) -> None:
        put(state.upper, step[3], self.loaded(self.place(step, state), 8, state))

    def _store_high(self, step: Instruction, state: State) -> None:
        place = self.place(step, state)
        if isinstance(place, tuple) and place[0] == "stack":
            state.store(place[1], 8, state.upper.get(step[3]))

    def _unpack(self, step: Instruction, state: State) -> None:
        upper = state.registers.get(step[4])
        if step[5] != i.NONE:
            put(state.registers, step[3], state.registers.get(step[5]))
        put(state.upper, step[3], upper)

    def _push(self, step: Instruction, state: State) -> None:
        pushed = self.loaded(self.place(step, state), 8, state) if step[2] == 0 else None
        top = plus(state.registers.get(self.machine.stack), -8)
        if isinstance(top, tuple) and top[0] == "stack":
            state.registers[self.machine.stack] = top
            reg = step[3]
            value: Value | None = step[8] & MASK
            if step[2] == 0:
                value = pushed
            elif reg != i.NONE:
                value = state.registers.get(reg)
            state.store(top[1], 8, value)

    def _pop(self, step: Instruction, state: State) -> None:
        top = state.registers.get(self.machine.stack)
        put(state.registers, step[3], state.word(top, 0))
        above = plus(top, 8)
        if above is not None:
            state.registers[self.machine.stack] = above

    def _merge(self, step: Instruction, state: State) -> None:
        old, new = state.registers.get(step[3]), state.registers.get(step[4])
        if old != new:
            both = old is not None and new is not None
            put(state.registers, step[3], ("either", old, new) if both else None)

    def _clobber(self, step: Instruction, state: State) -> None:
        reg = step[3]
        if reg != i.NONE:
            chosen = self._choices(step, state.registers) if step[1] == i.CLOBBER else None
            put(state.registers, reg, chosen)
            state.upper.pop(reg, None)

    def _modify(self, step: Instruction, state: State) -> None:
        state.forget(self.place(step, state), max(step[2], 8))

    def _exchange(self, step: Instruction, state: State) -> None:
        self._clobber(step, state)
        self._modify(step, state)


def _are_numbers(chosen: Value) -> bool:
    """Whether a choice is one between two numbers: it can be between an address and a number."""
    return isinstance(chosen, tuple) and all(isinstance(part, int) for part in chosen[1:])

"""Following constants through one function, up to the calls that interest us.

One pass in the order of addresses. At a forward branch the state is kept for its target; where two
ways meet, only what both agree on is known. What is behind a jump and reached by no branch that was
seen starts with nothing known. So a value is never mixed from two ways through the function.

Values: an ``int`` is a number or a link-time address; a ``str`` the address of an import; a tuple
begins with what it is: ``("stack", offset)`` an address on the stack, counted from where the stack
pointer stood at the start; ``("argument", n)``, and ``("incoming", offset)`` for those on the
stack; ``("result", site)`` of the call there;
``("variable", address)`` the content of a word that is written at run time; ``("import", name)``
the content of an imported variable; ``("field", value, offset)`` a word read through a value;
``("either", value, value)`` the result of a conditional move.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.instructions import Instruction, Machine
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.choices import Value, choices

_MASK = (1 << 64) - 1
_MASK32 = 0xFFFFFFFF


NEVER_RETURN = frozenset({
    "_Unwind_Resume", "__cxa_throw", "__cxa_rethrow", "__stack_chk_fail", "abort", "exit",
    "_CxxThrowException", "__cxa_bad_cast", "__cxa_throw_bad_array_new_length", "longjmp",
    "_ZSt9terminatev", "_ZSt20__throw_length_errorPKc", "_ZSt17__throw_bad_allocv",
    "_ZSt19__throw_logic_errorPKc", "_ZSt20__throw_out_of_rangePKc",
    "_ZSt24__throw_out_of_range_fmtPKcz", "_ZSt28__throw_bad_array_new_lengthv",
    "__clang_call_terminate", "__assert_fail",
})  # fmt: skip
"""Imported functions behind whose call no code is reached."""
_RUN = 64
"""Longest piece of the stack that is forgotten word by word."""


class State:
    """What is known of registers (general ones, and halves of vectors) and of the stack."""

    __slots__ = ("memory", "odd", "registers", "upper")

    def __init__(self) -> None:
        self.registers: dict[int, Value] = {}
        self.upper: dict[int, Value] = {}  # upper halves of vectors
        self.memory: dict[int, Value] = {}  # words of the stack by their offset
        self.odd: set[int] = set()  # those of the offsets that are no multiple of 8

    def copy(self) -> "State":
        new = State()
        new.registers = self.registers.copy()
        new.upper = self.upper.copy()
        new.memory = self.memory.copy()
        new.odd = self.odd.copy()
        return new

    def meet(self, other: "State") -> None:
        """Keep what both know alike."""
        for mine, theirs in (
            (self.registers, other.registers),
            (self.upper, other.upper),
            (self.memory, other.memory),
        ):
            for key in [key for key, value in mine.items() if theirs.get(key) != value]:
                del mine[key]

    def word(self, base: Value | None, offset: int) -> Value | None:
        """The word that was stored at ``base + offset`` on the stack."""
        if isinstance(base, tuple) and base[0] == "stack":
            return self.memory.get(base[1] + offset)
        return None

    def forget(self, base: Value | None, size: int) -> None:
        """Somebody else wrote ``size`` bytes at ``base`` on the stack, or may have."""
        if isinstance(base, tuple) and base[0] == "stack":
            self._drop(base[1], size)

    def _drop(self, offset: int, size: int) -> None:
        memory = self.memory
        if offset % 8:
            for key in range(offset - 7, offset):
                memory.pop(key, None)
        if size <= _RUN:
            for key in range(offset, offset + size, 1 if offset % 8 else 8):
                memory.pop(key, None)
        else:
            for key in [key for key in memory if offset <= key < offset + size]:
                del memory[key]
        if self.odd:  # words that do not stand at a multiple of 8
            for key in [key for key in self.odd if offset - 8 < key < offset + size]:
                self.odd.discard(key)
                memory.pop(key, None)

    def store(self, offset: int, size: int, value: Value | None) -> None:
        self._drop(offset, size)
        if value is not None:
            if offset % 8:
                self.odd.add(offset)
            self.memory[offset] = value & (1 << 8 * size) - 1 if isinstance(value, int) else value


class Site(NamedTuple):
    """A call: where, to what (address, or name of an import), and what is known before it."""

    address: int
    target: Value | None
    state: State
    tail: bool  # a jump out of the function


class Tracker:
    """Runs through functions of one image."""

    def __init__(self, image: Image, machine: Machine, stub: Callable[[int], str | int | None]) -> None:
        self.image = image
        self.machine = machine
        self.stub = stub
        # Arguments, and pairs of constants, that were put on the stack, to be found again wherever
        # the code goes on; not those whose place was used again for something else.
        self._spilled: dict[int, Value] = {}
        self._reused: set[int] = set()
        self._choices = choices(image)
        self._incoming = 8 if image.arch == "x86-64" else 0  # behind the return address

    def sites(
        self, start: int, end: int, decoded: Iterable[Instruction] | None = None
    ) -> Iterator[Site]:
        """The calls of the function [start, end), in the order of addresses.

        ``state`` is valid until the next site is asked for. What the user changes in it counts
        for what follows.
        """
        machine = self.machine
        if decoded is None:
            decoded = machine.decode(self.image.read(start, end - start), start)
        self._spilled, self._reused = {}, set()
        state: State | None = self._entry()
        frame = dict[int, Value]()  # stack and frame pointer as they last were
        kept: dict[int, State] = {}
        last = -1
        for step in decoded:
            at, kind = step[0], step[1]
            if at != last:
                last = at
                if kept and at in kept:
                    arriving = kept.pop(at)
                    if state is None:
                        state = arriving
                    else:
                        state.meet(arriving)
            if state is None:
                if kind in (i.OTHER, i.STOP):
                    continue
                # Reached in a way that was not seen: begin anew with nothing known.
                state = State()
                state.registers.update(frame)
                for offset in self._reused:
                    self._spilled.pop(offset, None)
                state.memory.update(self._spilled)
            if kind < i.CALL:
                self._step(step, state)
            elif kind in (i.CALL, i.CALL_REG, i.CALL_MEMORY):
                target = self._target(step, state)
                yield Site(at, target, state, False)
                frame = self._frame(state)
                self._after_call(at, state)
                if target in NEVER_RETURN:
                    state = None
            elif kind in (i.JUMP, i.JUMP_REG, i.JUMP_MEMORY):
                target = self._target(step, state)
                if isinstance(target, int) and at < target < end:
                    self._keep(kept, target, state)
                elif not (isinstance(target, int) and start <= target <= at):
                    yield Site(at, target, state, True)
                frame = self._frame(state)
                state = None
            elif kind == i.BRANCH:
                if at < step[8] < end:
                    self._keep(kept, step[8], state)
            else:
                frame = self._frame(state) if kind != i.RETURN else frame
                state = None

    def _frame(self, state: State) -> dict[int, Value]:
        """The stack pointer, and registers that a call keeps and that point into the stack: they
        are set once and used all over a long function.
        """
        kept = self.machine.kept
        return {
            number: value
            for number, value in state.registers.items()
            if isinstance(value, tuple)
            and value[0] == "stack"
            and (number in kept or number == self.machine.stack)
        }

    def forget(self, state: State, base: Value, size: int) -> None:
        """What lies in ``size`` bytes at ``base`` on the stack has served its purpose."""
        state.forget(base, size)
        if isinstance(base, tuple) and base[0] == "stack":
            self._reused.update(range(base[1], base[1] + size, 8))

    def _entry(self) -> State:
        state = self._nothing()
        for number, register in enumerate(self.machine.arguments):
            state.registers[register] = ("argument", number)
        return state

    def _nothing(self) -> State:
        state = State()
        state.registers[self.machine.stack] = ("stack", 0)
        return state

    @staticmethod
    def _keep(kept: dict[int, State], target: int, state: State) -> None:
        there = kept.get(target)
        if there is None:
            kept[target] = state.copy()
        else:
            there.meet(state)

    def _target(self, step: Instruction, state: State) -> Value | None:
        kind = step[1]
        if kind in (i.CALL, i.JUMP):
            name = self.stub(step[8])
            return name if name is not None else step[8]
        if kind in (i.CALL_REG, i.JUMP_REG):
            return state.registers.get(step[4])
        return self._loaded(step, state, 8)

    def _after_call(self, at: int, state: State) -> None:
        kept = self.machine.kept
        registers = state.registers
        for number in [n for n in registers if n not in kept and n != self.machine.stack]:
            del registers[number]
        for number in [n for n in state.upper if n not in kept]:
            del state.upper[number]
        registers[self.machine.result] = ("result", at)

    def _place(self, step: Instruction, state: State) -> Value | None:
        """The address of a memory operand."""
        base, index, disp = step[4], step[5], step[7]
        if base == i.NONE:
            return disp & _MASK if index == i.NONE else None
        if index != i.NONE:
            return None
        value = state.registers.get(base)
        return _plus(value, disp)

    def _loaded(self, step: Instruction, state: State, size: int) -> Value | None:
        place = self._place(step, state)
        return self.loaded(place, size, state)

    def loaded(self, place: Value | None, size: int, state: State | None) -> Value | None:
        """What a load of ``size`` bytes from ``place`` gives."""
        image = self.image
        if isinstance(place, int):
            if size == 8:
                name = image.imports_at.get(place)
                if name is not None:
                    return name
                target = image.pointers.get(place)
                if target is not None:
                    return target
            if image.is_writable(place):
                return ("variable", place)
            return image.unsigned(place, size)
        if isinstance(place, str):
            return ("import", place)
        if isinstance(place, tuple):
            if place[0] == "stack":
                value = state.memory.get(place[1]) if state is not None else None
                if value is None and size == 8 and place[1] >= self._incoming:
                    return ("incoming", place[1] - self._incoming)
                return value & (1 << 8 * size) - 1 if isinstance(value, int) else value
            if place[0] == "at":
                return ("field", place[1], place[2])
            return ("field", place, 0)
        return None

    def _step(self, step: Instruction, state: State) -> None:
        _, kind, size, reg, base, index, scale, _disp, imm = step
        registers = state.registers
        value: Value | None
        if kind == i.LOAD:
            self._load(step, state)
        elif kind == i.STORE:
            self._store(step, state)
        elif kind == i.MOVE:
            if size <= 4:
                value = registers.get(base)
                _set(registers, reg, value & _MASK32 if isinstance(value, int) else value)
            else:
                _set(registers, reg, registers.get(base))
            if reg >= i.VECTORS:
                _set(state.upper, reg, state.upper.get(base) if size > 8 else 0)
        elif kind in (i.CONST, i.ADDRESS):
            _set(registers, reg, imm & (_MASK32 if size == 4 else _MASK))
            if reg >= i.VECTORS:
                _set(state.upper, reg, 0)
        elif kind == i.LEA:
            _set(
                registers,
                reg,
                self._place(step, state) if index == i.NONE else self._sum(step, state),
            )
        elif kind == i.ADD:
            _set(registers, reg, _plus(registers.get(base), imm))
        elif kind == i.SUM:
            left, right = registers.get(base), registers.get(index)
            total = (
                left + right * scale if isinstance(left, int) and isinstance(right, int) else None
            )
            _set(registers, reg, total)
        elif kind == i.STORE_CONST:
            place = self._place(step, state)
            if isinstance(place, tuple) and place[0] == "stack":
                state.store(place[1], size, imm & _MASK)
        elif kind == i.LOAD_HIGH:
            _set(state.upper, reg, self._loaded(step, state, 8))
        elif kind == i.UNPACK:
            _set(state.upper, reg, registers.get(base))
        elif kind == i.STORE_HIGH:
            place = self._place(step, state)
            if isinstance(place, tuple) and place[0] == "stack":
                state.store(place[1], 8, state.upper.get(reg))
        elif kind == i.PUSH:
            top = _plus(registers.get(self.machine.stack), -8)
            if top is not None:
                registers[self.machine.stack] = top
                if isinstance(top, tuple):
                    state.store(top[1], 8, imm & _MASK if reg == i.NONE else registers.get(reg))
        elif kind == i.POP:
            top = registers.get(self.machine.stack)
            value = state.word(top, 0)
            _set(registers, reg, value)
            above = _plus(top, 8)
            if above is not None:
                registers[self.machine.stack] = above
        elif kind == i.MERGE:
            old, new = registers.get(reg), registers.get(base)
            if old != new:
                _set(
                    registers,
                    reg,
                    ("either", old, new) if old is not None and new is not None else None,
                )
        elif kind in (i.CLOBBER, i.READ, i.EXCHANGE, i.MODIFY, i.UPDATE):
            chosen = self._choices(step, registers) if kind == i.CLOBBER else None
            if chosen is not None:
                registers[reg] = chosen
            elif reg != i.NONE and kind != i.MODIFY and kind != i.UPDATE:
                registers.pop(reg, None)
                state.upper.pop(reg, None)
            if kind in (i.EXCHANGE, i.MODIFY, i.UPDATE):
                state.forget(self._place(step, state), max(size, 8))

    def _sum(self, step: Instruction, state: State) -> Value | None:
        """``base + index * scale + disp`` of a choice between two numbers (``setcc``)."""
        base = state.registers.get(step[4]) if step[4] != i.NONE else 0
        index = state.registers.get(step[5])
        if not isinstance(index, tuple) or index[0] != "either" or not isinstance(index[1], int):
            return None
        scaled = ("either", index[1] * step[6], index[2] * step[6])
        if base == index:
            return _plus(("either", index[1] * (step[6] + 1), index[2] * (step[6] + 1)), step[7])
        return _plus(scaled, base + step[7]) if isinstance(base, int) else None

    def _load(self, step: Instruction, state: State) -> None:
        size, reg = step[2], step[3]
        _set(state.registers, reg, self._loaded(step, state, min(size, 8)))
        if reg >= i.VECTORS:
            upper: Value | None = 0
            if size > 8:
                upper = self.loaded(_plus(self._place(step, state), 8), 8, state)
            _set(state.upper, reg, upper)

    def _store(self, step: Instruction, state: State) -> None:
        place = self._place(step, state)
        if not isinstance(place, tuple) or place[0] != "stack":
            return
        size, reg = step[2], step[3]
        if size <= 8:
            value = state.registers.get(reg)
            state.store(place[1], size, value)
            if isinstance(value, tuple) and value[0] in ("argument", "incoming"):
                self._spilled[place[1]] = value
            else:
                self._spilled.pop(place[1], None)
            return
        state.forget(place, size)
        halves = (state.registers.get(reg), state.upper.get(reg))
        for offset, half in zip((place[1], place[1] + 8), halves, strict=True):
            state.store(offset, 8, half if offset == place[1] or size == 16 else None)
            if half is not None and self._spilled.setdefault(offset, half) != half:
                self._reused.add(offset)


def _set(values: dict[int, Value], register: int, value: Value | None) -> None:
    if value is None:
        values.pop(register, None)
    else:
        values[register] = value


def _plus(value: Value | None, amount: int) -> Value | None:
    if amount == 0:
        return value
    if isinstance(value, int):
        return value + amount & _MASK
    if isinstance(value, tuple):
        if value[0] == "stack":
            return ("stack", value[1] + amount)
        if value[0] == "at":
            return ("at", value[1], value[2] + amount)
        if value[0] == "either":
            if isinstance(value[1], int) and isinstance(value[2], int):
                return ("either", value[1] + amount, value[2] + amount)
            return None
        return ("at", value, amount)
    return None

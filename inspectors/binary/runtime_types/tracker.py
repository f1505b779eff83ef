"""Following constants through one function, up to the calls that interest us.

One pass in the order of addresses. At a forward branch the state is kept for its target; where two
ways meet, only what both agree on is known. What is behind a jump and reached by no branch that was
seen starts with nothing known but what was put aside on the stack. So a value is never mixed from
two ways through the function.
"""

from collections.abc import Callable, Iterable, Iterator

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.instructions import Instruction, Machine
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.state import State, Value
from isoview.inspectors.binary.runtime_types.steps import Steps
from isoview.inspectors.hints import NamedTuple

NEVER_RETURN = frozenset({
    "_Unwind_Resume", "__cxa_throw", "__cxa_rethrow", "__stack_chk_fail", "abort", "exit",
    "_CxxThrowException", "__cxa_bad_cast", "__cxa_throw_bad_array_new_length", "longjmp",
    "_ZSt9terminatev", "_ZSt20__throw_length_errorPKc", "_ZSt17__throw_bad_allocv",
    "_ZSt19__throw_logic_errorPKc", "_ZSt20__throw_out_of_rangePKc",
    "_ZSt24__throw_out_of_range_fmtPKcz", "_ZSt28__throw_bad_array_new_lengthv",
    "__clang_call_terminate", "__assert_fail",
})  # fmt: skip
"""Imported functions behind whose call no code is reached."""


RETURN = "(return)"
"""Stands for the target where a function returns, for who asks."""


class Site(NamedTuple):
    """A call: where, to what (address, or name of an import), and what is known before it."""

    address: int
    target: Value | None
    state: State
    tail: bool  # a jump out of the function


class Tracker:
    """Runs through functions of one image."""

    def __init__(
        self, image: Image, machine: Machine, stub: Callable[[int], str | int | None]
    ) -> None:
        self.machine = machine
        self.image = image
        self.stub = stub
        self.steps = Steps(image, machine)
        self.returned: dict[int, Value] = {}
        """What the user of the sites knows of the results of calls, by the addresses of the calls."""

    def sites(
        self,
        start: int,
        end: int,
        decoded: Iterable[Instruction] | None = None,
        first: Value | None = None,
    ) -> Iterator[Site]:
        """The calls of the function [start, end), in the order of addresses; where it is known
        what its ``first`` argument is, also its returns.

        ``state`` is valid until the next site is asked for. What the user changes in it counts
        for what follows.
        """
        machine, apply = self.machine, self.steps.apply
        if decoded is None:
            decoded = machine.decode(self.image.read(start, end - start), start)
        self.steps.begin()
        state: State | None = self._entry(first)
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
                state.memory.update(self.steps.remembered())
            if kind < i.CALL:
                apply(step, state)
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
                if kind == i.RETURN and first is not None:
                    yield Site(at, RETURN, state, False)
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
            self.steps.reused.update(range(base[1], base[1] + size, 8))

    def _entry(self, first: Value | None) -> State:
        state = self._nothing()
        for number, register in enumerate(self.machine.arguments):
            state.registers[register] = ("argument", number)
        if first is not None:
            state.registers[self.machine.arguments[0]] = first
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
        return self.steps.loaded(self.steps.place(step, state), 8, state)

    def _after_call(self, at: int, state: State) -> None:
        kept = self.machine.kept
        registers = state.registers
        for number in [n for n in registers if n not in kept and n != self.machine.stack]:
            del registers[number]
        for number in [n for n in state.upper if n not in kept]:
            del state.upper[number]
        registers[self.machine.result] = self.returned.pop(at, ("result", at))

"""Following one function: registers and stack slots are tracked in one linear pass.

At each forward branch the state is kept for its target and merged there; after a jump or a return
the code that nothing leads to starts with nothing known. Loops are not run: what a loop walks over
is told by ``loops``. What calls mean is in ``follow_calls``.
"""

from bisect import bisect_left
from collections.abc import Callable
from itertools import compress, count, repeat
from operator import is_

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.follow_calls import Calls
from isoview.inspectors.binary.code.follow_memory import Memory, is_argument, plain
from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.code.instructions import (
    NONE,
    PAGE,
    VECTORS,
    Listing,
    Shared,
)
from isoview.inspectors.binary.code.loops import Loops
from isoview.inspectors.binary.code.meeting import BLIND, met
from isoview.inspectors.binary.code.never import LEADS_ON, Never
from isoview.inspectors.binary.code.scene import HIGH, SLOT, Scene, State
from isoview.inspectors.binary.code.values import (
    COMPARED,
    FROM,
    IMPORT,
    MEMORY,
    NUMBER,
    SCALED,
    STACK,
    STATIC,
    ZERO,
    Reason,
    Value,
    merged,
    number,
)

SHIFT_LIMIT = 12
"""Elements of arrays are smaller than two to this power."""
LATE_LIMIT = 64
"""Blocks of one function that are gone through again, because only a jump back leads to them."""
LATE_LENGTH = 400
"""Instructions of each."""
_NO_INSTRUCTION: Shared = (0, i.OTHER, 0, NONE, NONE, NONE, 0, 0, 0, i.OTHER)


class Follower(Memory):
    """Follows functions of one image, one after the other."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.calls = Calls(scene)
        self.never = Never(scene.image, scene.functions, scene.machine, scene.target)
        self.handlers = self._handlers()
        self.controls: dict[int, Callable[[int, Shared, Shared], bool]] = {
            i.CALL: self._call, i.CALL_REG: self._call_through, i.CALL_MEMORY: self._call_through,
            i.JUMP: self._jump, i.JUMP_REG: self._jump_through, i.JUMP_MEMORY: self._jump_through,
            i.BRANCH: self._branch, i.RETURN: self._return, i.STOP: self._stop,
        }  # fmt: skip

    def _handlers(self) -> list[Callable[[int, Shared], None]]:
        table: list[Callable[[int, Shared], None]] = [self._nothing] * i.CALL
        for kind, handler in (
            (i.CLOBBER, self._clobber), (i.MOVE, self._move), (i.CONST, self._const),
            (i.ADDRESS, self._address), (i.ADD, self._add), (i.SUM, self._sum), (i.LEA, self._lea),
            (i.MERGE, self._merge), (i.SHIFT, self._shift), (i.LOAD, self._load), (i.STORE, self._store),
            (i.STORE_CONST, self._store_const), (i.UPDATE, self._update),
            (i.MODIFY, self._modify), (i.READ, self._read), (i.EXCHANGE, self._exchange),
            (i.LOAD_HIGH, self._load_high), (i.STORE_HIGH, self._store_high),
            (i.UNPACK, self._unpack), (i.COMPARE, self._compare),
            (i.COMPARE_CONST, self._compare_const), (i.COMPARE_MEMORY, self._compare_memory),
            (i.PUSH, self._push), (i.POP, self._pop), (i.LOAD_WORD, self._load_word),
            (i.LOAD_STATIC, self._load_static), (i.STORE_WORD, self._store_word),
            (i.MOVE_WORD, self._move_word), (i.CLOBBER_WORD, self._clobber_word),
            (i.CLEAR, self._clear), (i.UPDATE_LOCKED, self._update_locked),
        ):  # fmt: skip
            table[kind] = handler
        return table

    def _nothing(self, _: int, __: Shared) -> None:
        """What forms without a meaning of their own do."""

    def follow(self, function: Function, code: Listing) -> None:
        """Go through ``code``, all of ``function``; what it shows goes to the scene's record."""
        self.function = function.start
        self.end = function.end
        self.loops = Loops(self.scene.record, function.start)
        self._blind: set[int] = set()
        self._late: dict[int, State] = {}
        self._through(code, self.scene.entry(function.start))
        if not self._late:
            return
        addresses = list(code.addresses())
        for _ in range(LATE_LIMIT):
            if not self._late:
                break
            target, state = self._late.popitem()
            self._blind.discard(target)
            start = bisect_left(addresses, target)
            block = code.instructions[start : start + LATE_LENGTH]
            if block and addresses[start] == target:
                self._through(Listing(target, target, block), state, again=True)

    def _through(self, code: Listing, state: State, *, again: bool = False) -> None:
        """Go through ``code`` from the top; ``again`` ends where nothing leads on."""
        self.state = state
        self._saved = saved = dict[int, State]()
        handlers, controls, first_control = self.handlers, self.controls, i.CALL
        reached = True
        before = _NO_INSTRUCTION
        instructions = code.instructions
        for index, at, ins in zip(count(), code.addresses(), instructions):
            if at in saved:
                arrived = saved.pop(at)
                if reached and before[1] in LEADS_ON:
                    reached = not self.never.ended(instructions, index, at)
                self.state = met(self.state, arrived) if reached else arrived
                reached = True
            elif not reached:
                if again:
                    if saved:
                        continue
                    return
                self._blind.add(at)
                self.state = {self.scene.machine.stack: (STACK, 0), BLIND: (NUMBER, 0)}
                reached = True
            form = ins[9]
            if form >= first_control:
                reached = controls[form](at, ins, before)
            elif form:
                handlers[form](at, ins)
            before = ins

    # Where control goes: each says whether the next instruction is reached from here

    def _call(self, at: int, ins: Shared, _: Shared) -> bool:
        called = self.scene.target(at + ins[8])
        self.state = self.calls.call(at, self.state, self.function, called)
        return True

    def _call_through(self, at: int, ins: Shared, _: Shared) -> bool:
        self.state = self.calls.call(at, self.state, self.function, self._called(at, ins))
        return True

    def _branch(self, at: int, ins: Shared, before: Shared) -> bool:
        self.branched = at
        target = at + ins[8]
        if at < target < self.end:
            state = self.state.copy()
            if ins[2]:
                self._told(ins, before, state)
            old = self._saved.get(target)
            self._saved[target] = state if old is None else met(old, state)
        elif self.function <= target <= at:
            self._back(at, target)
        return True

    def _jump(self, at: int, ins: Shared, _: Shared) -> bool:
        target = at + ins[8]
        if at < target < self.end:
            old = self._saved.get(target)
            self._saved[target] = self.state if old is None else met(old, self.state)
        elif self.function <= target <= at:
            self._back(at, target)
        else:
            self._leave(at, i.JUMP, self.scene.target(target))
        self.branched = at
        return False

    def _jump_through(self, at: int, ins: Shared, _: Shared) -> bool:
        self._leave(at, ins[1], self._called(at, ins))
        self.branched = at
        return False

    def _return(self, at: int, _: Shared, __: Shared) -> bool:
        self.calls.returned(at, self.state, self.function)
        return False

    def _stop(self, _: int, __: Shared, ___: Shared) -> bool:
        return False

    def _back(self, at: int, target: int) -> None:
        """A jump or branch back within the function."""
        if self.loops.bumps:
            self.loops.back(at, target)
        if target in self._blind and BLIND not in self.state:
            self._late.setdefault(target, self.state.copy())  # only a jump back leads there

    def _leave(self, at: int, kind: int, reached: Value) -> None:
        """A jump out of the function."""
        if reached is not None and self._is_tail_call(kind, reached):
            state = self.calls.call(at, self.state, self.function, reached)
            self.calls.returned(at, state, self.function)

    def _is_tail_call(self, kind: int, reached: Value) -> bool:
        """Whether a jump out of the function is a call: not one back from its cold part."""
        assert reached is not None  # noqa: S101 - the caller has looked
        if reached[0] == IMPORT:
            return True
        return (
            kind != i.JUMP_REG
            and reached[0] == STATIC
            and self.scene.functions.starts_at(reached[1])
        )

    def _told(self, ins: Shared, before: Shared, state: State) -> None:
        """A branch on whether a register is NULL: it is on one of the two ways."""
        register = ins[3]
        if register == NONE and before[1] == i.COMPARE_CONST and before[2] == 8 and not before[8]:
            register = before[3]
        value = state.get(register)
        if value is None:
            return
        null = state if ins[2] == i.IF_ZERO else self.state
        for key in list(compress(null, map(is_, null.values(), repeat(value)))):
            null[key] = (NUMBER, 0)

    def _called(self, at: int, ins: Shared) -> Value:
        """What a call or jump leads to."""
        kind = ins[1]
        if kind in (i.CALL, i.JUMP):
            return self.scene.target(at + ins[8])
        if kind in (i.CALL_REG, i.JUMP_REG):
            return self.state.get(ins[4])
        place = self._place(at, ins)
        if place is not None and place[0] == STATIC and self.scene.is_data(place[1]):
            called = Reason("called", "", at, self.function)
            self.scene.record.contrary.setdefault(place[1], called)
        return self.scene.loaded(place)

    # Registers

    def _move(self, _: int, ins: Shared) -> None:
        value = self.state.get(ins[4])
        if ins[2] == 4 and value is not None and value[0] not in (NUMBER, FROM):
            value = None
        self._set(ins[3], value)
        if ins[3] >= VECTORS:
            high = self.state.get(ins[4] + HIGH) if ins[2] > 8 else (NUMBER, 0)
            self._set(ins[3] + HIGH, high)

    def _move_word(self, _: int, ins: Shared) -> None:
        state = self.state
        value = state.get(ins[4])
        if value is None:
            state.pop(ins[3], None)
        else:
            state[ins[3]] = value

    def _clear(self, _: int, ins: Shared) -> None:
        self.state[ins[3]] = ZERO

    def _const(self, _: int, ins: Shared) -> None:
        self.state[ins[3]] = (NUMBER, ins[8])
        if ins[3] >= VECTORS:
            self.state[ins[3] + HIGH] = (NUMBER, 0)

    def _address(self, at: int, ins: Shared) -> None:
        address = (at & -PAGE if ins[2] == PAGE else at) + ins[8]
        if address & 0xFFF or self.scene.machine.link == NONE:  # adrp gives a page, no static
            self.scene.seen(address)
        self.state[ins[3]] = (STATIC, address)

    def _add(self, at: int, ins: Shared) -> None:
        value = self.state.get(ins[4])
        by = ins[8]
        if ins[3] == ins[4] and by % 8 == 0 and value is not None and not self._is_page(value):
            self.loops.bump(at, ins[3], value, by)
        self._set(ins[3], plain(self._moved(value, by)))
        if ins[4] != ins[3] and value is not None and value[0] == STATIC:
            self.scene.seen(value[1] + by)

    def _is_page(self, value: Value) -> bool:
        """Whether a value is what ``adrp`` gives: what is added to it makes an address."""
        page = value is not None and value[0] == STATIC and not value[1] & 0xFFF
        return page and self.scene.machine.link != NONE

    def _sum(self, _: int, ins: Shared) -> None:
        if ins[5] == NONE:  # x86-64: reg += base
            one, other = self.state.get(ins[3]), self.state.get(ins[4])
        else:
            one, other = self.state.get(ins[4]), self.state.get(ins[5])
        self._set(ins[3], plain(self._indexed(one, other, max(ins[6], 1), 0)))

    def _lea(self, at: int, ins: Shared) -> None:
        value = plain(self._place(at, ins))
        if ins[3] == ins[4] and ins[5] == NONE and ins[7] % 8 == 0:
            held = self.state.get(ins[4])
            if held is not None:
                self.loops.bump(at, ins[3], held, ins[7])
        self._set(ins[3], value)

    def _shift(self, _: int, ins: Shared) -> None:
        value = self.state.get(ins[4])
        if value is not None and value[0] == NUMBER:
            self.state[ins[3]] = number(value[1] << ins[8])
        else:
            self._set(ins[3], (SCALED, 1 << ins[8]) if 0 < ins[8] < SHIFT_LIMIT else None)

    def _merge(self, _: int, ins: Shared) -> None:
        self._set(ins[3], merged(self.state.get(ins[3]), self.state.get(ins[4])))

    def _unpack(self, _: int, ins: Shared) -> None:
        upper = self.state.get(ins[4])
        if ins[5] != NONE:
            self._set(ins[3], self.state.get(ins[5]))
        self._set(ins[3] + HIGH, upper)

    # Comparisons

    def _compare(self, at: int, ins: Shared) -> None:
        self._compared(at, self.state.get(ins[3]), self.state.get(ins[4]))
        self.loops.compared(ins[3], self.state.get(ins[4]))
        self.loops.compared(ins[4], self.state.get(ins[3]))

    def _compare_const(self, _: int, ins: Shared) -> None:
        if ins[8]:
            self.loops.counted(ins[3], ins[8])

    def _compare_memory(self, at: int, ins: Shared) -> None:
        value = self._at(at, self._place(at, ins), ins[2])
        if ins[3] != NONE and ins[2] == 8:
            self._compared(at, value, self.state.get(ins[3]))

    def _compared(self, at: int, one: Value, other: Value) -> None:
        for value, known in ((one, other), (other, one)):
            if value is None or value[0] != FROM or known is None:
                continue
            name = self.scene.object_name(known)
            if name is None:
                continue
            node = value[1]
            of_type = (
                isinstance(node, tuple)
                and node[0] == MEMORY
                and node[2] == self.scene.type_offset
                and name[1]
            )
            if of_type:
                node = node[1]
            if not (of_type and is_argument(node)):
                self.scene.record.use(node, COMPARED, name[0], at, self.function)

    # The stack

    def _push(self, at: int, ins: Shared) -> None:
        stack = self.scene.machine.stack
        top = self.state.get(stack)
        if top is None or top[0] != STACK:
            return
        pushed = self.state.get(ins[3]) if ins[3] != NONE else None
        if ins[2] == 0:
            pushed = self._at(at, self._place(at, ins), 8)
        self.state[stack] = (STACK, top[1] - 8)
        self._set(SLOT + top[1] - 8, pushed)

    def _pop(self, _: int, ins: Shared) -> None:
        stack = self.scene.machine.stack
        top = self.state.get(stack)
        if top is None or top[0] != STACK:
            self.state.pop(ins[3], None)
            return
        self.state[stack] = (STACK, top[1] + 8)
        self._set(ins[3], self.state.get(SLOT + top[1]))

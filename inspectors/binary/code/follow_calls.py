"""What calls mean: C-API functions by their prototypes, functions of the file by what goes in."""

from isoview.inspectors.binary.code import api
from isoview.inspectors.binary.code.scene import SLOT, Scene, State
from isoview.inspectors.binary.code.values import (
    ARGUMENT,
    AT,
    DEPTH,
    ELEMENT,
    FIELD,
    FILLED_BY,
    FROM,
    IMPORT,
    INSIDE,
    MEMORY,
    OBJECT,
    PASSED,
    RESULT,
    RESULT_OF,
    RETURNED,
    STACK,
    STATIC,
    Node,
    Reason,
    Value,
    depth,
    reason_of,
)
from isoview.inspectors.record import Record

_PARSERS = {"PyArg_ParseTuple": 1, "PyArg_ParseTupleAndKeywords": 2, "PyArg_Parse": 1,
            "_PyArg_ParseTuple_SizeT": 1, "_PyArg_ParseTupleAndKeywords_SizeT": 2,
            "_PyArg_Parse_SizeT": 1}  # fmt: skip
"""Position of the format string. Where it is 2, keywords follow it."""
_BUILDERS = frozenset(
    {"PyObject_CallFunctionObjArgs", "PyObject_CallMethodObjArgs", "PyTuple_Pack"}
)
_RUN_LISTS = frozenset({"_initterm", "_initterm_e"})
"""What Microsoft's start-up code calls to run the constructors between two addresses."""
_CAPSULE_MAKER = "PyCapsule_New"
_NOTED = _RUN_LISTS | {_CAPSULE_MAKER}
_NEW_OBJECT: Value = (OBJECT, None)
"""Stands for the object that a call gives, which has the call for its reason."""
_COOKIE_COMPARED = b"\x48\x3b\x0d"  # cmp rcx, [rip + ...]
_COOKIE_TESTED = b"\x48\xc1\xc1\x10\x66\xf7\xc1\xff\xff"  # rol rcx, 16; test cx, 0xffff
_COOKIE_REACH = 24
ARGUMENT_LIMIT = 16
"""Most variable arguments that are looked at."""


class _Plan(Record):
    """What calls of one imported function mean. ``arguments``: position, letter of the prototype,
    and register where it is always in one.
    """

    noted: bool
    known: bool
    arguments: tuple[tuple[int, str, int | None], ...]
    result: Value


class Calls:
    """Notes what calls in one scene show."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._cookies: dict[int, bool] = {}
        self._plans: dict[str, _Plan] = {}

    def call(self, at: int, state: State, function: int, called: Value) -> State:
        """Note the call at ``at``; the state after it."""
        if called is not None and called[0] == STATIC and self._checks_cookie(called[1]):
            return state
        after = self.scene.after_call(state)
        result = self.scene.machine.result
        if called is None:
            self._forget(state, after)
            return after
        if called[0] == IMPORT and len(called) == 2:
            value = self._imported(called[1], at, function, state, after)
        elif called[0] == STATIC:
            value = self._local(called[1], at, function, state, after)
        else:
            value = None
        if value is not None:
            after[result] = value
        return after

    def _checks_cookie(self, target: int) -> bool:
        """Whether this is Microsoft's ``__security_check_cookie``. Functions call it right before they
        return, with their result in its register: it changes none but the one of its argument. Taken
        for an ordinary function, it would seem to give what every function returns.
        """
        image = self.scene.image
        if image.format != "pe" or image.arch != "x86-64":
            return False
        if target not in self._cookies:
            start = image.read(target, _COOKIE_REACH)
            self._cookies[target] = start.startswith(_COOKIE_COMPARED) and _COOKIE_TESTED in start
        return self._cookies[target]

    def returned(self, at: int, state: State, function: int) -> None:
        """The function returns."""
        value = state.get(self.scene.machine.result)
        self.scene.put((RETURNED, function), value, at, function)

    def _forget(self, state: State, after: State) -> None:
        """Stack slots whose address goes into an unknown function may change."""
        for register in self.scene.machine.arguments:
            value = state.get(register)
            if value is not None and value[0] == STACK:
                after.pop(SLOT + value[1], None)

    # Functions of the file

    def _local(self, target: int, at: int, function: int, state: State, after: State) -> Value:
        record = self.scene.record
        for position, register in enumerate(self.scene.machine.arguments):
            value = state.get(register)
            if value is None:
                continue
            tag = value[0]
            node = (ARGUMENT, target, position)
            if tag == FROM and value[1] != node:
                record.flow(value[1], node, at, function)
                if isinstance(value[1], tuple):
                    record.point(node, value)
            elif tag == OBJECT:
                record.source(node, value[1])
            elif tag == STATIC and self.scene.is_data(value[1]):
                record.touched.add(value[1])
                record.point(node, value)
            elif tag == INSIDE and depth(value[1]) <= 1:
                record.point(node, value)
            elif tag == STACK:
                after.pop(SLOT + value[1], None)
        return (FROM, (RETURNED, target))

    # Imports

    def _argument(self, state: State, position: int, fixed: int | None = None) -> Value:
        """An argument; ``fixed`` counts those that are not variable, where this one is."""
        machine = self.scene.machine
        if fixed is not None and machine.variadic_on_stack:
            offset = 8 * (position - fixed)
        elif position < len(machine.arguments):
            return state.get(machine.arguments[position])
        else:
            offset = machine.home + 8 * (position - len(machine.arguments))
        top = state.get(machine.stack)
        return state.get(SLOT + top[1] + offset) if top is not None and top[0] == STACK else None

    def _imported(self, name: str, at: int, function: int, state: State, after: State) -> Value:
        plan = self._plans.get(name) or self._planned(name)
        if plan.noted:
            self._note(name, at, function, state)
        if not plan.known:
            self._forget(state, after)
            return plan.result
        record = self.scene.record
        for position, letter, register in plan.arguments:
            if letter == "V":
                self._variable(name, position, at, function, state, after)
                continue
            value = self._argument(state, position) if register is None else state.get(register)
            if value is None:
                continue
            if letter == "O":
                if value[0] == FROM:
                    record.use(value[1], PASSED, name, at, function, position)
            elif letter == "P":
                self._pointed(value, Reason(PASSED, name, at, function, position), after)
            elif value[0] == STATIC and value[1] not in record.caches:
                record.caches[value[1]] = Reason(PASSED, name, at, function, position)
        if plan.result is _NEW_OBJECT:
            return (OBJECT, reason_of((RESULT_OF, name, at, function, 0, None)))
        return plan.result

    def _planned(self, name: str) -> "_Plan":
        """What a call of the imported function ``name`` means, for all calls of it."""
        registers = self.scene.machine.arguments
        noted = name in api.LOCK_FUNCTIONS or name in api.FILLERS or name in _NOTED
        prototype = api.prototype(name)
        if prototype is None:
            plan = _Plan(noted, known=False, arguments=(), result=(RESULT, name))
        else:
            taken = tuple(
                (position, letter, registers[position] if position < len(registers) else None)
                for position, letter in enumerate(prototype.arguments)
                if letter in "OPKV"
            )
            results = {"O": _NEW_OBJECT, "P": None}
            plan = _Plan(noted, True, taken, results.get(prototype.result, (RESULT, name)))
        self._plans[name] = plan
        return plan

    def _note(self, name: str, at: int, function: int, state: State) -> None:
        """What the call of a function tells besides objects."""
        if name in api.LOCK_FUNCTIONS:
            self._lock(name, at, function, state)
        elif name in api.FILLERS:
            self._filled(at, function, state)
        elif name == _CAPSULE_MAKER:
            self.scene.record.capsule_makers.add(function)
        else:
            bounds = [state.get(register) for register in self.scene.machine.arguments[:2]]
            if all(value is not None and value[0] == STATIC for value in bounds):
                low, high = (int(value[1]) for value in bounds if value is not None)
                self.scene.record.constructors.append((low, high))

    def _pointed(self, value: Value, reason: Reason, after: State) -> None:
        """A pointer to an object pointer: filled in by the function, or read by it."""
        filled = reason._replace(kind=FILLED_BY)
        node = _node_at(value)
        if node is not None:
            self.scene.record.source(node, filled)
            if isinstance(node, int):
                self.scene.record.write(node, reason.function, reason.at)
                self.scene.record.touched.add(node)
        elif value is not None and value[0] == STACK:
            after[SLOT + value[1]] = (OBJECT, filled)

    def _variable(
        self, name: str, start: int, at: int, function: int, state: State, after: State
    ) -> None:
        if name in _BUILDERS:
            for position in range(start, start + ARGUMENT_LIMIT):
                value = self._argument(state, position, start)
                if value is None or (value[0] == "number" and value[1] == 0):
                    break
                if value[0] == FROM:
                    self.scene.record.use(value[1], PASSED, name, at, function, position)
            return
        where = _PARSERS.get(name)
        if where is None:
            return
        format_at = self._argument(state, where)
        if format_at is None or format_at[0] != STATIC:
            return
        text = self.scene.image.cstring(format_at[1]) or ""
        first = where + (2 if where == 2 else 1)
        for position, letter in enumerate(_units(text), first):
            if letter == "O":
                reason = Reason(PASSED, name, at, function, position)
                self._pointed(self._argument(state, position, first), reason, after)

    def _lock(self, name: str, at: int, function: int, state: State) -> None:
        value = state.get(self.scene.machine.arguments[0])
        if value is not None and value[0] == STATIC and self.scene.is_data(value[1]):
            self.scene.record.locks.setdefault(value[1], Reason(PASSED, name, at, function))

    def _filled(self, at: int, function: int, state: State) -> None:
        value = state.get(self.scene.machine.arguments[0])
        if value is not None and value[0] in (STATIC, ELEMENT) and self.scene.is_data(value[1]):
            self.scene.record.write(value[1], function, at)


def _node_at(value: Value) -> Node | None:
    """The node at an address."""
    if value is None:
        return None
    if value[0] == STATIC:
        return int(value[1])
    if value[0] == ELEMENT:
        return (FIELD, value[1], 0)
    if value[0] == AT:
        return tuple(value[1])
    if value[0] == FROM and isinstance(value[1], tuple) and depth(value[1]) < DEPTH:
        return (MEMORY, value[1], 0)
    if value[0] == INSIDE and isinstance(value[1], tuple) and depth(value[1]) < DEPTH:
        return (MEMORY, value[1], value[2])
    return None


def _units(text: str) -> str:
    """One letter for each C argument of a ``PyArg_Parse`` format: ``O`` fills in an object."""
    found = ""
    at = 0
    while at < len(text) and text[at] not in ":;":
        unit, following = text[at], text[at + 1 : at + 2]
        if unit == "O" and following == "!":
            found, at = found + ".O", at + 2
        elif unit == "O" and following == "&":
            found, at = found + "..", at + 2
        elif unit in "OSUY":
            found, at = found + "O", at + 1
        elif unit == "e":
            sized = text[at + 2 : at + 3] == "#"
            found, at = found + (".." + "." * sized), at + 2 + sized
        elif unit in "szy" and following == "#":
            found, at = found + "..", at + 2
        else:
            found += "." if unit.isalpha() else ""
            at += 1
    return found

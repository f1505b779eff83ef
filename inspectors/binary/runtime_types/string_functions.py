"""What a function that has no name does with ``std::string``: compilers put those of the C++ library
into the file. Each is told by what it calls, what it reads first, and what it says when it fails.
"""

import re
from collections.abc import Callable, Mapping

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.instructions import Instruction
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import Value

Judge = Callable[[Code, int, int], bool]
Judges = Mapping[str, Judge]
# The constructor from text, of today's std::string and of the one before C++11 (_ZNSs...).
FROM_TEXT = re.compile(
    r"_?_ZNS(s|t.*12basic_string.*)C[12]EPKc|_?_ZNSt.*12basic_string.*_M_construct"
)
_COPYING = re.compile(
    r"_?(strlen|mem(cpy|move)|_Znwm|_ZdlPvm?|_Unwind_Resume|__stack_chk_fail)"
    r"|_?_ZSt.*__throw_\w+|_?_ZNSt.*_M_create.*|_?_ZNSs4_Rep9_S_create.*"
)
_JOINING = re.compile(
    _COPYING.pattern + r"|_?_ZNSt7__cxx1112basic_string\w*"
    r"(_M_append|_M_replace|_M_mutate|_M_dispose|_M_assign|_M_construct|7reserve|6append)\w*"
)
_COPY = re.compile(r"_?mem(cpy|move)")
_SEVERAL = 2
_APPEND_FAILS = "basic_string::append"
_REPLACE_FAILS = "basic_string::_M_replace"
_LONGEST = 800
_DEEP = 2
_LENGTH = 8
"""Where a ``std::string`` has it."""
_THREE = re.compile(r"_?(mem(cpy|move)|_ZNSt.*)")
"""Functions with three arguments, of those that copy characters; the others have fewer."""
_FOURTH = 3
"""An argument that constructors from one text do not have."""
_APART = 64
"""Bytes that are looked at of a function's part that only leads to an exception."""


def constructs(code: Code, target: Value | None) -> bool:
    """Whether a function can only be ``std::string``'s constructor from text: by its name, or
    because it only measures, allocates and copies, and does not ask what the string holds.
    """
    return _judged(code, target, "construct", _constructs, 0)


def joins(code: Code, target: Value | None, argument: int) -> bool:
    """Whether a function makes a string of its arguments up to the one of that number."""
    return _takes(code, target, argument) and _judged(code, target, "join", _joins, 0)


def appends(code: Code, target: Value | None) -> bool:
    """Whether a function puts characters behind those that a string holds."""
    return _judged(code, target, "append", _appends, 0)


def _judged(
    code: Code,
    target: Value | None,
    what: str,
    judge: Judge,
    depth: int,
) -> bool:
    if isinstance(target, str):
        return what == "construct" and FROM_TEXT.match(target) is not None
    if not isinstance(target, int) or depth > _DEEP:
        return False
    known = code.judged.get((what, target))
    if known is None:
        code.judged[what, target] = False  # while it is looked at: it may call itself
        known = code.judged[what, target] = judge(code, target, depth)
    return known


def _constructs(code: Code, target: int, depth: int) -> bool:
    if _reads_first(code, target) is True or _takes(code, target, _FOURTH):
        return False
    called = _called(code, target)
    copies = sum(1 for name in called if isinstance(name, str) and _COPY.match(name))
    return copies < _SEVERAL and _all(code, called, depth, _COPYING, {"construct": _constructs})


def _joins(code: Code, target: int, depth: int) -> bool:
    if _reads_first(code, target) is True:
        return False
    return _changes(code, target, depth)


def _appends(code: Code, target: int, depth: int) -> bool:
    if _reads_first(code, target) is not True or _takes(code, target, _FOURTH):
        return False
    if not _says(code, target, _APPEND_FAILS):
        # What append calls says nothing itself, but copies; what assign calls says this.
        copies = any(isinstance(name, str) and _COPY.match(name) for name in _called(code, target))
        if not copies or _says(code, target, _REPLACE_FAILS) or not _takes(code, target, 2):
            return False
    return _changes(code, target, depth)


def _changes(code: Code, target: int, depth: int) -> bool:
    """Whether a function only copies and moves characters of strings."""
    judges = {"construct": _constructs, "change": _changes}
    return _all(code, _called(code, target), depth, _JOINING, judges)


def _called(code: Code, target: int) -> list[Value | None]:
    """What a function calls; nothing for one that is too long."""
    function = code.functions.at(target)
    if function.end - target > _LONGEST:
        return []
    steps = code.decode(function)
    tracker = code.another_tracker()
    return [site.target for site in tracker.sites(target, function.end, steps)]


def _all(
    code: Code, called: list[Value | None], depth: int, allowed: re.Pattern[str], judges: Judges
) -> bool:
    """Whether there are calls, all of what is ``allowed`` or judged to be harmless."""
    return bool(called) and all(
        allowed.match(name) is not None
        if isinstance(name, str)
        else any(_judged(code, name, what, judge, depth + 1) for what, judge in judges.items())
        for name in called
    )


def _steps(code: Code, target: int) -> list[Instruction]:
    function = code.functions.at(target)
    if function.end - target > _LONGEST:
        return []
    return code.decode(function) or []


def _reads_first(code: Code, target: int) -> bool | None:
    """Whether a function reads the length of the string that is its first argument before it
    writes it; None where it does neither itself.
    """
    same = {code.machine.arguments[0]}
    for step in _steps(code, target):
        kind, reg, base, index, disp = step[1], step[3], step[4], step[5], step[7]
        if kind in (i.CALL, i.CALL_REG, i.CALL_MEMORY):
            return None
        if base in same and index == i.NONE and disp == _LENGTH:
            if kind in (i.STORE, i.STORE_CONST):
                return False
            if kind in (i.LOAD, i.READ, i.COMPARE_MEMORY):
                return True
        if kind == i.MOVE and base in same and step[2] == 8:
            same.add(reg)
        elif kind in _SETTING:
            same.discard(reg)
    return None


_SETTING = frozenset({
    i.CLOBBER, i.MOVE, i.CONST, i.ADDRESS, i.ADD, i.SUM, i.LEA, i.SHIFT, i.LOAD, i.READ, i.POP,
})  # fmt: skip
_USING = frozenset({i.STORE, i.PUSH, i.COMPARE, i.COMPARE_CONST, i.COMPARE_MEMORY, i.MERGE})


def _takes(code: Code, target: Value | None, argument: int, depth: int = 0) -> bool:
    """Whether a function uses an argument, or leaves its register to the first that it calls."""
    if not isinstance(target, int) or depth > _DEEP:
        three = not isinstance(target, str) or _THREE.match(target)
        return argument < (3 if three else 1)
    register = code.machine.arguments[argument]
    for step in _steps(code, target):
        kind, reg = step[1], step[3]
        if kind in (i.CALL_REG, i.CALL_MEMORY):
            return _takes(code, None, argument)
        if kind == i.CALL:
            return _takes(code, code.stub(step[8]) or step[8], argument, depth + 1)
        if register in (step[4], step[5]) or (reg == register and kind in _USING):
            return True
        if reg == register and kind in _SETTING:
            return False
    return False


def _says(code: Code, target: int, message: str) -> bool:
    """Whether a function, or what it branches to outside, refers to a text."""
    function = code.functions.at(target)
    steps = list(_steps(code, target))
    for step in tuple(steps):
        if step[1] in (i.BRANCH, i.JUMP) and not function.start <= step[8] < function.end:
            steps += code.machine.decode(code.image.read(step[8], _APART), step[8])
    texts = {step[8] for step in steps if step[1] == i.ADDRESS}
    return any(code.image.cstring(at, len(message) + 1) == message for at in texts)

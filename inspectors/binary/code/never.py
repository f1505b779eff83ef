"""Functions that never return: what stands behind a call of one is not reached from there.

Compilers put other blocks behind such a call, with a ``nop`` between where something is to be undone
when it throws. A function of the file never returns if every way through it ends in a call of one that never
returns.
"""

import re
from bisect import bisect_left
from collections.abc import Callable

from isoview.inspectors.binary.code import instructions as i
from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.code.instructions import HERE, NONE, Machine, Shared
from isoview.inspectors.binary.code.values import IMPORT, STATIC, Value
from isoview.inspectors.binary.image import Image

_NAMED = frozenset({
    "abort", "exit", "_exit", "_Exit", "quick_exit", "longjmp", "_longjmp", "siglongjmp",
    "__longjmp_chk", "__assert_fail", "__assert_rtn", "__stack_chk_fail", "__chk_fail",
    "Py_FatalError", "_Py_FatalErrorFunc", "Py_Exit", "_Unwind_Resume",
    "__cxa_throw", "__cxa_rethrow", "__cxa_bad_cast", "__cxa_bad_typeid", "__cxa_pure_virtual",
    "__cxa_throw_bad_array_new_length", "__cxa_call_unexpected", "_ZSt9terminatev",
    "_CxxThrowException", "terminate", "_invoke_watson", "_invalid_parameter_noinfo_noreturn",
    "ExitProcess",
})  # fmt: skip
_THROWERS = re.compile(r"_ZNSt3__1\d+__throw_|_ZSt\d+(__throw|rethrow)_|\?_(X|Throw_)[a-z]")
"""Helpers of libc++, libstdc++ and Microsoft's library that do nothing but throw."""
SIZE_LIMIT = 1024
"""Bytes of a function that are looked at."""
DEPTH_LIMIT = 3
_CALLS = (i.CALL, i.CALL_REG, i.CALL_MEMORY)
LEADS_ON = frozenset({i.OTHER, *_CALLS})
"""What may stand before the code that a call does not come back to: the call, and a ``nop``."""
PADDING = 4
"""Most instructions between."""


class Never:
    """Answers for one image. ``target`` tells what a direct call reaches."""

    def __init__(
        self, image: Image, functions: Functions, machine: Machine, target: Callable[[int], Value]
    ) -> None:
        self.image = image
        self.functions = functions
        self.machine = machine
        self.target = target
        self._known: dict[int, bool] = {}

    def ended(self, code: list[Shared], index: int, at: int) -> bool:
        """Whether what stands at ``at``, with that index, stands behind a call that never returns."""
        for before in range(index - 1, max(index - 1 - PADDING, -1), -1):
            ins = code[before]
            at -= ins[0]
            if ins[1] != i.OTHER:
                return ins[1] in _CALLS and self._reached_never_returns(at, ins, DEPTH_LIMIT)
        return False

    def _reached_never_returns(self, at: int, ins: Shared, depth: int) -> bool:
        kind = ins[1]
        if kind in (i.CALL_MEMORY, i.JUMP_MEMORY):
            if ins[4] not in (NONE, HERE) or ins[5] != NONE:
                return False
            return _named(self.image.imports_at.get(ins[7] + (at if ins[4] == HERE else 0)))
        if kind not in (i.CALL, i.JUMP, i.BRANCH):
            return False
        reached = self.target(at + ins[8])
        if reached is None:
            return False
        if reached[0] == IMPORT:
            return _named(reached[1])
        return reached[0] == STATIC and self._function(reached[1], depth - 1)

    def _function(self, start: int, depth: int) -> bool:
        found = self._known.get(start)
        if found is None:
            if depth <= 0:
                return False
            self._known[start] = False  # so that recursion ends
            found = self._known[start] = self._looks_so(start, depth)
        return found

    def _looks_so(self, start: int, depth: int) -> bool:
        """Whether every way from the start of a function ends in a call that never returns."""
        if not self.functions.starts_at(start):
            return False
        function = self.functions.at(start)
        listing = self.machine.read(self.functions.read(function, SIZE_LIMIT), start)
        addresses, code = list(listing.addresses()), listing.instructions
        waiting, seen, ended = [0], set[int](), False
        while waiting:
            index = waiting.pop()
            while index not in seen:
                if index >= len(code):
                    return False
                seen.add(index)
                at, ins = addresses[index], code[index]
                kind = ins[1]
                index += 1
                if kind < i.CALL:
                    continue
                if kind in (i.JUMP, i.BRANCH) and start <= at + ins[8] < function.end:
                    waiting.append(_place(addresses, at + ins[8]))
                    if kind == i.JUMP:
                        break
                elif self._reached_never_returns(at, ins, depth):
                    ended = True
                    if kind != i.BRANCH:
                        break
                elif kind not in _CALLS:
                    return False
        return ended


def _place(addresses: list[int], address: int) -> int:
    """The number of the first instruction at ``address``; past the last where there is none."""
    found = bisect_left(addresses, address)
    there = found < len(addresses) and addresses[found] == address
    return found if there else len(addresses)


def _named(name: str | None) -> bool:
    return name is not None and (name in _NAMED or _THROWERS.match(name) is not None)

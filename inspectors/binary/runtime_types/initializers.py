"""The functions that make all classes, found by what they say of a class that exists already:
pybind11's ``generic_type::initialize``, nanobind's ``nb_type_new`` and ``enum_create``.

pybind11's is an inline function: a file without a class has none, and so not its messages either.
nanobind's are linked into every file, but called only where there are classes. Compilers put the
code that only leads to an exception into a part of its own, apart from the function; then the
function is the one with a branch into that part.
"""

import re
from struct import Struct

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.code.references import references
from isoview.inspectors.binary.code.static_references import upper_bytes
from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.runtime_types.shared import Code

_PYBIND11 = (b'generic_type: type "', b'generic_type: cannot initialize type "')
# The shortest pieces of the messages that are left where a compiler makes numbers of a text.
_PIECES = (b"generic_type: ", b"is already registered!")
_NANOBIND = (b"nanobind: type '%s' was already registered!",)
_JUMP = b"\xe9"
_NUMBER = Struct("<i").unpack


def initializers(code: Code, *, nanobind: bool) -> frozenset[int] | None:
    """Starts of the functions that make all classes; empty where the file makes no class; None
    where that cannot be told.
    """
    constants = Constants(code.image)
    messages = _NANOBIND if nanobind else _PYBIND11
    texts = [at for at in map(constants.find, messages) if at is not None]
    if not texts:
        absent = all(constants.find(piece) is None for piece in _PIECES)
        return frozenset() if absent and not nanobind else None
    found: set[int] = set()
    looked: set[int] = set()
    for site, _ in references(code.image, texts):
        function = code.functions.containing(site)
        if function is not None and function.start not in looked:
            looked.add(function.start)
            starts = _called(code, function)
            if starts is None:
                return None
            found |= starts
    return frozenset(found) if looked else None


def _called(code: Code, function: Function) -> set[int] | None:
    """The function itself if something calls it; else those with a branch into it, if any. None
    where branches are not looked for.
    """
    if code.image.arch != "x86-64":
        return {function.start} if code.calls.sites_of((function.start,)) else None
    if _has_callers(code, function.start):
        return {function.start}
    parents = (code.functions.containing(site) for site in _branches_into(code, function))
    return {
        parent.start
        for parent in parents
        if parent is not None and code.calls.sites_of((parent.start,))
    }


def _has_callers(code: Code, start: int) -> bool:
    """Whether there are calls of a function, and not only jumps to it."""
    sites = code.calls.sites_of((start,))
    return any(code.image.read(site, 1) != _JUMP for site in sites)


def _branches_into(code: Code, function: Function) -> list[int]:
    """x86-64 jumps, with or without a condition, from elsewhere into a function."""
    found = []
    for region in code.functions.code:
        raw = code.image.read(region.address, region.size)
        first = function.start - region.address
        last = function.end - region.address
        pattern = re.compile(
            rb"(?:\x0f[\x80-\x8f]|\xe9)(?=(.." + upper_bytes(first - len(raw), last) + rb"))",
            re.DOTALL,
        )
        for match in pattern.finditer(raw):
            target = match.end() + 4 + _NUMBER(match[1])[0]
            if first <= target < last and not first <= match.start() < last:
                found.append(region.address + match.start())
    return found

"""Names that a module puts together at run time: ``std::string`` added to text, and to another.

The first word of a string on the stack stands for its characters: the address of a constant text, that
of the string's own room on the stack, or ``("joined", parts)`` where a part is a text, or
``(argument, whether it is a std::string)``. A string that comes out of a stream has what was put into
the stream.
"""

import re
from typing import cast

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import State, Value
from isoview.inspectors.binary.runtime_types.string_functions import (
    FROM_TEXT,
    appends,
    constructs,
    joins,
)
from isoview.inspectors.binary.runtime_types.tracker import RETURN, Site

Part = str | tuple[int, bool]
Parts = tuple[Part, ...]
_TEXT = re.compile(r"[\w:<>,. -]*\Z")
_NAME_LIMIT = 200
_MOST_PARTS = 8
_LONGEST = 800
_ELSEWHERE = 1 << 20
"""Where the caller's string is taken to lie, far from a function's own part of the stack."""
_SHORT = 40
"""Longest name that is looked for on the stack itself."""
_CLASS = r"_?_ZNSt7__cxx1112basic_string\w*?"
_APPEND = re.compile(_CLASS + r"(?:6appendE(?:PKc|RKS)|9_M_appendEPKcm|pLE)")
_KEEPING = re.compile(_CLASS + r"7reserveE")
_CHARACTERS = re.compile(r".*PKcm?\Z")
"""Functions that get characters, not a string."""
_REPLACE = re.compile(_CLASS + r"10_M_replaceEmmPKcm")
_PLUS = re.compile(r"_?_ZStpl|_?_ZSt12__str_concat")
_COPY = re.compile(_CLASS + r"(?:C[12]E(?:OS|RKS)\w*|aSE(?:OS|RKS)\w*|9_M_assignE\w*)\Z")
_FORMAT = re.compile(r"_?_ZN3fmt\w*7vformat")
_FMT_NUMBERS = (1, 2, 3, 4)
_FMT_TEXT, _FMT_TEXTS = 12, (12, 13)
"""Kinds of values, four bits for each, as in fmt's ``detail::type``."""
_STREAM = re.compile(r"_?_ZNSt7__cxx11\d+basic_o?stringstream\w*C[12]Ev\Z")
_INSERT = re.compile(r"_?_ZSt(?:16__ostream_insert|ls)I\w*PK(?:S3_l|c)\Z")
_INSERT_NUMBER = re.compile(r"_?_ZNSo(?:ls|9_M_insertI)(?:E|)[ijlmxy]")
_STREAM_TEXT = re.compile(r"_?_ZNKR?O?St7__cxx1115basic_stringbuf\w*3strEv\Z")
_WHOLE_STREAM_TEXT = re.compile(r"_?_ZNKR?O?St7__cxx11\d+basic_o?stringstream\w*3strEv\Z")
_PARTS_OF_STREAM = (0, 16)
"""Where the output stream stands in an ``ostringstream`` and a ``stringstream``."""


def follow_string(code: Code, site: Site) -> None:
    """Carry on what a string on the stack holds over a call with the string as its object, or as
    its result. What else is called with it changes it in ways that are not known.
    """
    state = site.state
    target = state.registers.get(code.machine.arguments[0])
    if not isinstance(target, tuple) or target[0] != "stack":
        return
    name = site.target if isinstance(site.target, str) else _name(code, site.target)
    if name is not None and (_KEEPING.match(name) or _streams(code, site, target, name)):
        return
    parts = _made(code, site, target, name)
    if parts is not None and len(parts) <= _MOST_PARTS:
        state.store(target[1], 8, ("joined", parts))
        code.tracker.returned[site.address] = target
        return
    held = state.word(target, 0)
    own = held == ("stack", target[1] + 16)
    if own or text_at(code.image, held) or (isinstance(held, tuple) and held[0] == "joined"):
        state.forget(target, 8)


def _made(code: Code, site: Site, target: Value, name: str | None) -> Parts | None:
    """What the string at ``target`` consists of after the call, where that can be told."""
    state = site.state
    values = [state.registers.get(register) for register in code.machine.arguments[1:4]]
    if name is not None and _REPLACE.match(name):
        if values[:2] == [0, 0]:
            return _sum(_parts(code, values[2], state), _parts(code, target, state))
        return None
    if name is not None and _APPEND.match(name):
        return _sum(_parts(code, target, state), _added(code, name, values, state))
    if name is not None and _FORMAT.match(name):
        return _formatted(code, state)
    first = _parts(code, values[0], state)
    if first is None:
        return None  # most calls
    if name is not None and _COPY.match(name):
        return first
    if name is not None and FROM_TEXT.match(name):
        return _up_to(first, values[0], values[1])
    made = _result(code, site)
    if made is not None:
        return made
    if constructs(code, site.target):
        return _up_to(first, values[0], values[1])
    sized = _is_length(values[1])
    second = values[2] if sized else values[1]
    if _is_string(second, state) or _is_string(values[0], state):
        both = _sum(first, _parts(code, second, state))
        known = name is not None and _PLUS.match(name) is not None
        if both is not None and (known or joins(code, site.target, 3 if sized else 2)):
            return both
    if (sized or _is_argument(values[1])) and appends(code, site.target):
        return _sum(_parts(code, target, state), _added(code, "PKcm", values, state))
    return None


def _result(code: Code, site: Site) -> Parts | None:
    """What a function of the file makes of its arguments, followed through its own code."""
    target = site.target
    if not isinstance(target, int):
        return None
    if target not in code.results:
        code.results[target] = None  # while it is looked at: it may call itself
        code.results[target] = _returned(code, target)
    whole: Parts | None = ()
    for part in cast("Parts", code.results[target] or (None,)):
        more: Parts | None = (part,) if isinstance(part, str) else None
        if isinstance(part, tuple) and 0 < part[0] < len(code.machine.arguments):
            value = site.state.registers.get(code.machine.arguments[part[0]])
            more = _parts(code, value, site.state)
        whole = _sum(whole, more)
    return whole


def _returned(code: Code, target: int) -> Parts | None:
    """What the string holds whose address is a function's first argument, when it returns."""
    function = code.functions.at(target)
    if function.end - target > _LONGEST:
        return None
    place = ("stack", _ELSEWHERE)
    found: set[Parts | None] = set()
    decoded = code.decode(function)
    for site in code.another_tracker().sites(target, function.end, decoded, place):
        if site.target == RETURN:
            found.add(_parts(code, place, site.state))
        else:
            follow_string(code, site)
    parts = found.pop() if len(found) == 1 else None
    return parts if parts and any(isinstance(part, tuple) for part in parts) else None


def _added(code: Code, name: str, values: list[Value | None], state: State) -> Parts | None:
    """What is put behind a string: another one, or so many characters."""
    if not _CHARACTERS.match(name):
        return _parts(code, values[0], state)
    if isinstance(values[0], tuple) and values[0][0] == "argument":
        return ((values[0][1], False),)
    if isinstance(values[0], tuple) and values[0][0] == "stack" and isinstance(values[1], int):
        return _short(state, values[0][1], values[1])
    parts = _parts(code, values[0], state)
    if parts is not None and isinstance(values[0], int) and isinstance(values[1], int):
        return (str(parts[0])[: values[1]],)
    return parts


def _formatted(code: Code, state: State) -> Parts | None:
    """What fmt's ``vformat(text, length, kinds, values)`` makes of plain ``{}`` places."""
    text, length, kinds, values = (
        state.registers.get(register) for register in code.machine.arguments[1:5]
    )
    pattern = text_at(code.image, text)
    if pattern is None or not isinstance(length, int) or not isinstance(kinds, int):
        return None
    pieces = pattern[:length].split("{}")
    whole: Parts | None = (pieces[0],)
    for number, piece in enumerate(pieces[1:]):
        value = state.word(values, 16 * number)
        kind = kinds >> 4 * number & 15
        more: Parts | None = None
        if kind in _FMT_TEXTS:
            size = None if kind == _FMT_TEXT else state.word(values, 16 * number + 8)
            more = _added(code, "PKcm", [value, size], state)
        elif kind in _FMT_NUMBERS and isinstance(value, int) and value < 1 << 31:
            more = (str(value),)
        whole = _sum(_sum(whole, more), (piece,))
    named = whole is not None and all(isinstance(p, tuple) or _TEXT.match(p) for p in whole)
    return whole if named else None


def _up_to(parts: Parts, begin: Value | None, end: Value | None) -> Parts:
    """The piece of a constant text that ends where the second argument points."""
    if isinstance(begin, int) and isinstance(end, int) and isinstance(parts[0], str):
        length = end - begin
        if 0 < length < len(parts[0]):
            return (parts[0][:length],)
    return parts


def _streams(code: Code, site: Site, target: tuple[str, int], name: str) -> bool:
    """Whether the call makes a stream, puts something in, or makes a string of what is in it.

    The word where the output stream stands holds ``("stream", parts)`` meanwhile.
    """
    state = site.state
    value = state.registers.get(code.machine.arguments[1])
    if _STREAM.match(name):
        for part in _PARTS_OF_STREAM:
            state.store(target[1] + part, 8, ("stream", ()))
        return True
    held = state.word(target, 0)
    if isinstance(held, tuple) and held[0] == "stream":
        more: Parts | None = None
        if _INSERT.match(name):
            more = _parts(code, value, state)
        elif _INSERT_NUMBER.match(name) and isinstance(value, int) and value < 1 << 31:
            more = (str(value),)
        if more is None or len(held[1]) >= _MOST_PARTS:
            state.forget(target, 8)
        else:
            state.store(target[1], 8, ("stream", held[1] + more))
            code.tracker.returned[site.address] = target
        return True
    return _text_of_stream(state, target, value, name)


def _text_of_stream(state: State, target: tuple[str, int], value: Value | None, name: str) -> bool:
    offsets: tuple[int, ...] = ()
    if _STREAM_TEXT.match(name):
        offsets = (-8,)  # the buffer stands behind the stream
    elif _WHOLE_STREAM_TEXT.match(name):
        offsets = _PARTS_OF_STREAM[::-1]
    for offset in offsets:
        held = state.word(value, offset)
        if isinstance(held, tuple) and held[0] == "stream" and held[1]:
            state.store(target[1], 8, ("joined", held[1]))
            return True
    return False


def text_at(image: Image, value: Value | None) -> str | None:
    """The constant text that ``value`` points to."""
    if not isinstance(value, int) or value <= 0 or image.in_code(value):
        return None
    return image.cstring(value, _NAME_LIMIT)


def text_on_stack(state: State, offset: int, length: int | None = None) -> str | None:
    """A short text whose bytes were stored on the stack as numbers: of ``length``, or up to a zero."""
    memory = state.memory
    raw = bytearray()
    while len(raw) < (_SHORT if length is None else min(length, _SHORT)):
        at = offset + len(raw)
        word = memory.get(at)
        room = next((size for size in range(1, 8) if at + size in memory), 8)
        if isinstance(word, tuple) and word[0] == "bytes":
            room, word = min(room, word[2]), word[1]
        if not isinstance(word, int):
            return None
        raw += (word & (1 << 8 * room) - 1).to_bytes(room, "little")
        if length is None and 0 in raw:
            return bytes(raw[: raw.index(0)]).decode("latin-1")
    if length is None or length > _SHORT or 0 in raw[:length]:
        return None
    return bytes(raw[:length]).decode("latin-1")


def _name(code: Code, target: Value | None) -> str | None:
    return code.functions.names.get(target) if isinstance(target, int) else None


def _sum(first: Parts | None, second: Parts | None) -> Parts | None:
    if first is None or second is None:
        return None
    return tuple(part for part in first + second if part != "")


def _is_length(value: Value | None) -> bool:
    """Whether an argument can be the length of a text before it, and no address."""
    return (isinstance(value, int) and value < _NAME_LIMIT) or _is_field(value, 8)


def _is_argument(value: Value | None) -> bool:
    return isinstance(value, tuple) and value[0] == "argument"


def _is_field(value: Value | None, offset: int) -> bool:
    return isinstance(value, tuple) and value[0] == "field" and value[2] == offset


def _is_string(value: Value | None, state: State) -> bool:
    """Whether an argument is a string object, or its characters."""
    if not isinstance(value, tuple):
        return False
    if value[0] == "stack":
        held = state.word(value, 0)
        return isinstance(held, tuple) and held[0] in ("joined", "stack")
    return value[0] in ("argument", "joined") or _is_field(value, 0)


def _parts(code: Code, value: Value | None, state: State) -> Parts | None:
    """What the text consists of that ``value`` stands for: characters, or a string object."""
    if isinstance(value, int):
        text = text_at(code.image, value)
        return (text,) if text is not None and _TEXT.match(text) else None
    if not isinstance(value, tuple):
        return None
    if value[0] == "joined":
        found: Parts = value[1]
        return found
    if value[0] == "stack":
        held = state.word(value, 0)
        if not isinstance(held, tuple) or held[0] == "bytes":
            return _short(state, value[1], None) or _parts(code, held, state)
        if held[0] != "stack":
            return _parts(code, held, state)
        length = state.word(value, 8)
        return _short(state, held[1], length if isinstance(length, int) else None)
    if value[0] == "argument" and value[1] > 0:
        return ((value[1], True),)  # a std::string, by reference
    if value[0] == "field" and value[2] == 0 and isinstance(value[1], tuple):
        inner = value[1]
        return ((inner[1], True),) if inner[0] == "argument" else None
    return None


def _short(state: State, offset: int, length: int | None) -> Parts | None:
    text = text_on_stack(state, offset, length)
    return (text,) if text is not None and _TEXT.match(text) else None

"""Names that a module puts together at run time: ``std::string`` added to text, and to another.

The first word of a string on the stack stands for its characters: the address of a constant text, or
``("joined", parts)`` where a part is a text, or ``(argument, whether it is a std::string)``. What a
function does with strings shows by its name, or, for one that was compiled into the file, because it
calls nothing but what copies characters.
"""

import re

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import State, Value
from isoview.inspectors.binary.runtime_types.tracker import Site

Part = str | tuple[int, bool]
_TEXT = re.compile(r"[\w:<>,. -]*\Z")
_NAME_LIMIT = 200
_MOST_PARTS = 6
_APPEND = re.compile(r"_?_ZNSt7__cxx1112basic_string\w*(?:6appendE(?:PKc|RKS)|9_M_appendEPKcm|pLE)")
_REPLACE = re.compile(r"_?_ZNSt7__cxx1112basic_string\w*10_M_replaceEmmPKcm")
_PLUS = re.compile(r"_?_ZStpl|_?_ZSt12__str_concat")
_COPYING = re.compile(
    r"_?(strlen|mem(cpy|move)|_Znwm|_ZdlPv|_Unwind_Resume|__stack_chk_fail)"
    r"|_?_ZSt.*__throw_\w+|_?_ZNSt7__cxx1112basic_string\w*"
    r"(_M_create|_M_append|_M_replace|_M_mutate|_M_dispose|_M_assign|_M_construct|7reserve|6append)\w*"
)
_PLUS_SIZE = 800


def text_at(image: Image, value: Value | None) -> str | None:
    """The constant text that ``value`` points to."""
    if not isinstance(value, int) or value <= 0 or image.in_code(value):
        return None
    return image.cstring(value, _NAME_LIMIT)


def joined(code: Code, site: Site) -> Value | None:
    """What the string that a call makes or lengthens consists of, where that can be told."""
    state = site.state
    values = [state.registers.get(register) for register in code.machine.arguments[:4]]
    if values[1] is None or (values[1] != 0 and _parts(code, values[1], state) is None):
        return None  # most calls
    name = site.target if isinstance(site.target, str) else _name(code, site.target)
    parts: tuple[Part, ...] | None = None
    if name is not None and _APPEND.match(name):
        parts = _sum(_parts(code, values[0], state), _parts(code, values[1], state))
    elif name is not None and _REPLACE.match(name):
        if values[1:3] == [0, 0] and len(values) > 3:
            parts = _sum(_parts(code, values[3], state), _parts(code, values[0], state))
    else:
        parts = _sum(_parts(code, values[1], state), _parts(code, values[2], state))
        if parts is not None and not (name and _PLUS.match(name)):
            parts = parts if _only_joins(code, site.target) else None
    return None if parts is None or len(parts) > _MOST_PARTS else ("joined", parts)


def _name(code: Code, target: Value | None) -> str | None:
    return code.functions.names.get(target) if isinstance(target, int) else None


def _sum(
    first: tuple[Part, ...] | None, second: tuple[Part, ...] | None
) -> tuple[Part, ...] | None:
    return None if first is None or second is None else first + second


def _parts(code: Code, value: Value | None, state: State) -> tuple[Part, ...] | None:
    """What the text consists of that ``value`` stands for: characters, or a string object."""
    if isinstance(value, int):
        text = text_at(code.image, value)
        return (text,) if text is not None and _TEXT.match(text) else None
    if not isinstance(value, tuple):
        return None
    if value[0] == "joined":
        found: tuple[Part, ...] = value[1]
        return found
    if value[0] == "stack":
        held = state.word(value, 0)
        return None if isinstance(held, tuple) and held[0] == "stack" else _parts(code, held, state)
    if value[0] == "argument" and value[1] > 0:
        return ((value[1], True),)  # a std::string, by reference
    if value[0] == "field" and value[2] == 0 and isinstance(value[1], tuple):
        inner = value[1]
        return ((inner[1], True),) if inner[0] == "argument" else None
    return None


def _only_joins(code: Code, target: Value | None) -> bool:
    """Whether a function of the file calls nothing but what copies and lengthens strings."""
    if not isinstance(target, int):
        return False
    known = code.joining.get(target)
    if known is None:
        known = code.joining[target] = _looks_so(code, target)
    return known


def _looks_so(code: Code, target: int) -> bool:
    function = code.functions.at(target)
    if function.end - target > _PLUS_SIZE:
        return False
    called = [
        site.target for site in code.tracker.sites(target, function.end, code.decode(function))
    ]
    return bool(called) and all(
        isinstance(name, str) and _COPYING.match(name) is not None for name in called
    )

"""The names in pybind11's and nanobind's records: constants, arguments, C++ strings.

A name that comes in as an argument, by itself or in a ``std::string``, is asked of the callers.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.joined_names import Part, joined, text_at
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import State, Value
from isoview.inspectors.binary.runtime_types.tracker import Site

_NAME_LIMIT = 200
# As a rule an identifier; but some bindings pass on C++ names, or words for people.
_CLASS_NAME = re.compile(r"[A-Za-z_][\w:<>,. -]*\Z")
_PIECE = re.compile(r"[\w:<>,. -]*\Z")  # what is put behind a text to make a name
_LEVELS = 3
"""Levels of callers that are asked for a name."""
_SHORT = 40
"""Longest name that is looked for on the stack itself."""


class Passed(NamedTuple):
    """A name that the function gets as an argument, or in a ``std::string`` that is one; and the
    constant texts that it puts around it.
    """

    argument: int
    string: bool
    before: str = ""
    behind: str = ""

    def around(self, answer: "str | Passed") -> "str | Passed":
        """What the whole name is, or will be, when the argument is ``answer``."""
        if isinstance(answer, str):
            return self.before + answer + self.behind
        before, behind = self.before + answer.before, answer.behind + self.behind
        return answer._replace(before=before, behind=behind)


class Record(NamedTuple):
    """One call with a record. ``name`` is a text, or what argument holds it, or unknown."""

    site: int
    function: Function
    target: Value | None
    kind: str  # class, enum
    name: str | Passed | None
    type_info: str  # mangled
    doc: str | None
    base: str | None  # mangled C++ type of the base class


def name_of(
    image: Image, value: Value | None, state: State, form: re.Pattern[str] = _CLASS_NAME
) -> str | Passed | None:
    """The Python name that ``value`` points to, or where it will come from."""
    if isinstance(value, tuple):
        if value[0] == "joined":
            return joined_name(value[1])
        if value[0] == "argument":
            return Passed(value[1], False)
        if value[0] == "field" and value[2] == 0 and isinstance(value[1], tuple):
            inner = value[1]
            return Passed(inner[1], True) if inner[0] == "argument" else None
        return _text_on_stack(state, value[1], form) if value[0] == "stack" else None
    text = text_at(image, value)
    return text if text is not None and form.match(text) else None


def joined_name(parts: tuple[Part, ...]) -> str | Passed | None:
    """A name that is put together from texts and at most one argument."""
    open_parts = [number for number, part in enumerate(parts) if not isinstance(part, str)]
    if not open_parts:
        text = "".join(str(part) for part in parts)
        return text if _CLASS_NAME.match(text) else None
    at = open_parts[0]
    part = parts[at]
    if len(open_parts) > 1 or isinstance(part, str):
        return None
    before = "".join(str(part) for part in parts[:at])
    behind = "".join(str(part) for part in parts[at + 1 :])
    return Passed(part[0], part[1], before, behind)


def doc_at(image: Image, value: Value | None) -> str | None:
    """The constant C string at ``value``."""
    if not isinstance(value, int) or value <= 0 or image.in_code(value):
        return None
    return image.cstring(value) or None


def _text_on_stack(state: State, offset: int, form: re.Pattern[str]) -> str | None:
    """A short text whose bytes were stored on the stack as numbers (a ``std::string``)."""
    memory = state.memory
    raw = bytearray()
    while len(raw) < _SHORT:
        at = offset + len(raw)
        word = memory.get(at)
        if not isinstance(word, int):
            return None
        room = next((size for size in range(1, 8) if at + size in memory), 8)
        raw += (word & (1 << 8 * room) - 1).to_bytes(room, "little")
        if 0 in raw:
            text = bytes(raw[: raw.index(0)]).decode("latin-1")
            return text if form.match(text) else None
    return None


def follow_string(code: Code, site: Site) -> None:
    """Where a ``std::string`` on the stack is made from a constant text, it points to that text
    (to a copy: its first word is the address of the characters). What else is called with the
    string as its object changes it.
    """
    registers = code.machine.arguments
    target = site.state.registers.get(registers[0])
    if not isinstance(target, tuple) or target[0] != "stack":
        return
    source, held = site.state.registers.get(registers[1]), site.state.word(target, 0)
    if text_at(code.image, source) and _constructs_string(code, site.target, 0):
        site.state.store(target[1], 8, source)
        return
    text = joined(code, site)
    if text is not None:
        site.state.store(target[1], 8, text)
    elif text_at(code.image, held) or (isinstance(held, tuple) and held[0] == "joined"):
        site.state.forget(target, 8)


# The constructor from text, of today's std::string and of the one before C++11 (_ZNSs...).
_STRING = re.compile(
    r"_?_ZNS(s|t.*12basic_string.*)C[12]EPKc|_?_ZNSt.*12basic_string.*_M_construct"
)
_ALLOWED = re.compile(
    r"_?(strlen|mem(cpy|move)|_Znwm|_ZdlPv|_Unwind_Resume|__stack_chk_fail)"
    r"|_?_ZSt.*__throw_\w+|_?_ZNSt.*_M_create.*|_?_ZNSt.*__throw_length_error.*"
    r"|_?_ZNSs4_Rep9_S_create.*"
)
_CONSTRUCTOR_SIZE = 600
_DEEP = 2


def _constructs_string(code: Code, target: Value | None, depth: int) -> bool:
    """Whether a function can only be ``std::string``'s constructor from text: by its name, or, for
    one that was compiled into the file, because it only measures, allocates and copies.
    """
    if isinstance(target, str):
        return _STRING.match(target) is not None
    if not isinstance(target, int) or depth > _DEEP:
        return False
    known = code.judged.get(target)
    if known is None:
        code.judged[target] = False  # while it is looked at: it may call itself
        known = code.judged[target] = _only_copies(code, target, depth)
    return known


def _only_copies(code: Code, target: int, depth: int) -> bool:
    function = code.functions.at(target)
    if function.end - target > _CONSTRUCTOR_SIZE:
        return False
    called = [
        site.target for site in code.tracker.sites(target, function.end, code.decode(function))
    ]
    return bool(called) and all(
        _ALLOWED.match(name) is not None
        if isinstance(name, str)
        else _constructs_string(code, name, depth + 1)
        for name in called
    )


def ask_callers(code: Code, passed: list[Record]) -> tuple[list[Record], list[Record]]:
    """Names from the callers of constructors that take the name as an argument."""
    found: list[Record] = []
    open_questions = passed
    for _ in range(_LEVELS):
        wanted: dict[int, set[Passed]] = {}
        for record in open_questions:
            if isinstance(record.name, Passed):
                wanted.setdefault(record.function.start, set()).add(record.name)
        answers = list(_answers(code, wanted))
        above: list[Record] = []
        for record in open_questions:
            here = {
                (answer, caller)
                for callee, question, caller, answer in answers
                if (callee, question) == (record.function.start, record.name)
            }
            for answer, caller in sorted(here, key=str):
                if isinstance(answer, str):
                    found.append(record._replace(name=answer))
                else:
                    above.append(record._replace(function=caller, name=answer))
        open_questions = above
        if not above:
            break
    named = {record.site for record in found}
    return found, [record for record in passed if record.site not in named]


def _answers(
    code: Code, wanted: dict[int, set[Passed]]
) -> Iterator[tuple[int, Passed, Function, str | Passed]]:
    """(callee, what was asked, caller, what it passes) for the calls of the ``wanted``."""
    done: set[int] = set()
    for address in code.calls.sites_of(wanted):
        function = code.functions.containing(address)
        if function is None or function.start in done:
            continue
        done.add(function.start)
        decoded = code.decode(function, whole=True)
        for site in code.tracker.sites(function.start, function.end, decoded or ()):
            follow_string(code, site)
            callee = site.target
            if not isinstance(callee, int):
                continue
            for question in wanted.get(callee, ()):
                value = site.state.registers.get(code.machine.arguments[question.argument])
                if question.string:
                    value = code.tracker.steps.loaded(value, 8, site.state)
                form = _PIECE if question.before else _CLASS_NAME
                answer = name_of(code.image, value, site.state, form)
                if answer is not None:
                    yield callee, question, function, question.around(answer)

"""The names in pybind11's and nanobind's records: constants, arguments, C++ strings.

A name that comes in as an argument, by itself or in a ``std::string``, is asked of the callers.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from isoview.inspectors.binary.code.functions import Function
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.joined_names import (
    Part,
    follow_string,
    text_at,
    text_on_stack,
)
from isoview.inspectors.binary.runtime_types.shared import Code
from isoview.inspectors.binary.runtime_types.state import State, Value

# As a rule an identifier; but some bindings pass on C++ names, or words for people.
_CLASS_NAME = re.compile(r"[A-Za-z_][\w:<>,. -]*\Z")
_PIECE = re.compile(r"[\w:<>,. -]*\Z")  # what is put behind a text to make a name
_LEVELS = 3
"""Levels of callers that are asked for a name."""


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
        if value[0] != "stack":
            return None
        short = text_on_stack(state, value[1])
        return short if short is not None and form.match(short) else None
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
                    value = _characters(code, value, site.state)
                form = _PIECE if question.before else _CLASS_NAME
                answer = name_of(code.image, value, site.state, form)
                if answer is not None:
                    yield callee, question, function, question.around(answer)


def _characters(code: Code, value: Value | None, state: State) -> Value | None:
    """Where the characters of a string are that is an argument; of one by value, the argument."""
    if text_at(code.image, value):
        return value  # after all no std::string, but a text
    return code.tracker.steps.loaded(value, 8, state)

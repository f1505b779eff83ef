"""What a child said, checked before anybody believes it.

The module under test runs in the child's process and could write anything to the answer pipe:
every field is checked for type and bounded; what is not expected is dropped.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Shape: TypeAlias = Callable[[object, str], Any]

TEXT_LIMIT = 8192
STATUSES = ("ok", "refused", "failed", "not-run")
"""What a child can say of itself; that it crashed or hung only the runner can say."""
INT_BITS = 64


class AnswerError(Exception):
    """The child's answer is not what it should be; the text names the field."""


def text(value: object, where: str) -> str:
    """A text, cut where it is too long; raises :class:`AnswerError`, as all of these do."""
    if not isinstance(value, str):
        raise AnswerError(f"{where} is no text")
    clean = value.encode("utf-8", "backslashreplace").decode("utf-8")  # no lone surrogates
    return clean if len(clean) <= TEXT_LIMIT else clean[:TEXT_LIMIT] + "…"


def integer(value: object, where: str) -> int:
    """A whole number of bounded size."""
    if not isinstance(value, int) or isinstance(value, bool) or value.bit_length() > INT_BITS:
        raise AnswerError(f"{where} is no number of {INT_BITS} bits")
    return value


def number(value: object, where: str) -> float:
    """A number that is finite and bounded."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise AnswerError(f"{where} is no number")
    if not -(2.0**INT_BITS) < value < 2.0**INT_BITS:  # not a number at all, too
        raise AnswerError(f"{where} is out of bounds")
    return value


def boolean(value: object, where: str) -> bool:
    """True or false, and no number that stands for it."""
    if not isinstance(value, bool):
        raise AnswerError(f"{where} is neither true nor false")
    return value


def one_of(*choices: str) -> Shape:
    """One of these words."""

    def shape(value: object, where: str) -> str:
        if not isinstance(value, str) or value not in choices:
            raise AnswerError(f"{where} is none of {', '.join(choices)}")
        return value

    return shape


def maybe(inner: Shape) -> Shape:
    """``inner``, or null."""
    return lambda value, where: None if value is None else inner(value, where)


def many(inner: Shape, limit: int = 5000) -> Shape:
    """A list of ``inner``, not longer than ``limit``."""

    def shape(value: object, where: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > limit:
            raise AnswerError(f"{where} is no list of at most {limit}")
        return [inner(entry, f"{where}[{index}]") for index, entry in enumerate(value)]

    return shape


def record(**fields: Shape) -> Shape:
    """An object with all of these fields; others are dropped."""

    def shape(value: object, where: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise AnswerError(f"{where} is no object")
        missing = [name for name in fields if name not in value]
        if missing:
            raise AnswerError(f"{where} lacks {', '.join(missing)}")
        return {name: inner(value[name], f"{where}.{name}") for name, inner in fields.items()}

    return shape


_SLOTS = many(
    record(
        id=integer,
        name=text,
        value=maybe(integer),
        function=maybe(integer),
        source=one_of("live"),
    )
)
_DEFINITION = record(
    kind=one_of("moduledef", "slot-array"),
    address=integer,
    link_address=maybe(integer),
    token=maybe(integer),
    m_name=maybe(text),
    m_doc=maybe(text),
    m_size=maybe(integer),
    methods=many(record(name=text, flags=integer), 1 << 16),
    slots=_SLOTS,
    has_traverse=boolean,
    has_clear=boolean,
    has_free=boolean,
)
_TYPE = record(
    name=text,
    attribute=maybe(text),
    address=integer,
    link_address=maybe(integer),
    static=boolean,
    flags=integer,
    flag_names=many(text, 64),
    basicsize=integer,
    itemsize=integer,
    module_tied=maybe(boolean),
    belongs_by=one_of("memory", "tied", "named", "code", "unclaimed"),
)
_HEAP_TYPE = record(
    name=text,
    flags=integer,
    module_tied=maybe(boolean),
    traverse_visits_type=maybe(boolean),
)
_TARGET: dict[str, Shape] = {"module": text, "file": maybe(text)}
_SHARED: dict[str, Shape] = {
    "shared_types": many(text),
    "compared_types": integer,
    "shared_objects": many(text),
    "compared_objects": integer,
}
_INTERPRETERS = many(
    record(where=text, status=one_of(*STATUSES), message=maybe(text), recognised=maybe(text)), 10
)
_BOUNDS = record(low=maybe(number), high=maybe(number))
_STATICS = many(record(address=integer, type=text))
_USED = one_of("extension", "python", "failed")
DATA: Mapping[str, Shape] = {
    "info": record(
        module=text,
        file=maybe(text),
        kind=one_of("extension", "builtin", "python", "unknown"),
        load_bias=maybe(integer),
        limits=many(text, 100),
        phase=one_of("single", "multi", "export", "unknown"),
        phase_reason=maybe(text),
        m_size=maybe(integer),
        slots=_SLOTS,
        definition=maybe(_DEFINITION),
        state=record(present=maybe(boolean), size=maybe(integer)),
        types=many(_TYPE),
        foreign_types=many(text),
        static_types=many(text),
        heap_types=many(_HEAP_TYPE),
        untied_types=many(text),
        traverse_reports=maybe(integer),
        traverse_kinds=many(record(type=text, count=integer)),
    ),
    "twice": record(**_TARGET, **_SHARED, same_module=boolean),
    "shared-gil/main-first": record(**_TARGET, **_SHARED, interpreters=_INTERPRETERS),
    "shared-gil/in-turn": record(**_SHARED, interpreters=_INTERPRETERS),
    "own-gil": record(**_SHARED, interpreters=_INTERPRETERS),
    "free-threaded": record(
        **_TARGET, gil_before=boolean, gil_after=boolean, turned_on_by=maybe(text)
    ),
    "lifecycle": record(
        **_TARGET,
        module_freed=maybe(boolean),
        modules_made=integer,
        modules_freed=integer,
        types_made=integer,
        types_freed=integer,
        cycles=integer,
        blocks_per_cycle=_BOUNDS,
        bytes_per_cycle=_BOUNDS,
    ),
    "instances": record(
        **_TARGET,
        made_of=integer,
        instances=many(
            record(
                name=text,
                made=boolean,
                why_not=maybe(text),
                traverse_visits_type=maybe(boolean),
                kept_per_instance=maybe(number),
                own_traverse=maybe(boolean),
            )
        ),
    ),
    "statics": record(
        **_TARGET,
        words=integer,
        objects=integer,
        held=_STATICS,
        overwritten=_STATICS,
        changed=integer,
    ),
    "fallback": record(
        **_TARGET,
        users=many(text, 10),
        main=maybe(_USED),
        sub=maybe(_USED),
        own_gil=maybe(_USED),
        shared_gil=maybe(_USED),
        messages=many(record(where=text, message=text), 10),
    ),
}
"""What each experiment answers with."""

_PYTHON = record(executable=text, version=text, implementation=text, free_threaded=boolean)
_RESULT = record(
    status=one_of(*STATUSES),
    message=maybe(text),
    recognised=maybe(text),
    stage=text,
    data=lambda value, _: value,
)


@dataclass(frozen=True)
class Answer:
    """The protocol lines of one child, as far as they made sense."""

    python: dict[str, Any] | None
    stage: str | None
    result: dict[str, Any] | None
    broken: str | None  # the first thing that made no sense


def parse(said: bytes, experiment: str) -> Answer:
    """Read the lines a child sent; never raises, whatever they are."""
    python: dict[str, Any] | None = None
    stage: str | None = None
    result: dict[str, Any] | None = None
    broken: str | None = None
    answered = False
    for line in said.split(b"\n"):
        if not line:
            continue
        try:
            message = _message(line)
            # The first greeting counts: ours comes before foreign code can run.
            if "python" in message:
                python = python or _PYTHON(message["python"], "python")
            elif "stage" in message:
                stage = text(message["stage"], "stage")[:100]
            elif "result" in message:
                if answered:
                    result, broken = None, "more than one answer"
                else:
                    answered = True
                    result = _result(message["result"], experiment)
            else:
                broken = broken or "a line of an unknown kind"
        except AnswerError as error:
            broken = broken or str(error)
    return Answer(python, stage, result, broken)


def _message(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise AnswerError("a line that is no JSON") from None
    if not isinstance(value, dict):
        raise AnswerError("a line that is no object")
    return value


def _result(value: object, experiment: str) -> dict[str, Any]:
    result: dict[str, Any] = _RESULT(value, "result")
    # An experiment that ended early may have seen something until then.
    if result["status"] == "ok" or result["data"] is not None:
        result["data"] = DATA[experiment](result["data"], experiment)
    return result

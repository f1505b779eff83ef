"""Facts and reports as plain data and back: for JSON, caches, workers and tables.

The form is ``isoview.report/1``: fields are added, never renamed. Encoding copies instance
dictionaries (it runs in every ``check --format json``); decoding checks every value against
the annotation of its field, because the data may come from anyone.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from isoview.inspectors.errors import BadConfig
from isoview.inspectors.facts import Artifact, Facts
from isoview.inspectors.hints import get_type_hints
from isoview.inspectors.record import Record
from isoview.model import Report, TargetError

SCHEMA = "isoview.report/1"


def report_to_data(report: Report) -> dict[str, Any]:
    """One entry of ``artifacts``: the artifact's own fields, the facts, the judgement."""
    fields_: tuple[str, ...] = report.facts.__match_args__  # not what it has worked out beside them
    facts = {name: _plain(getattr(report.facts, name)) for name in fields_}
    data: dict[str, Any] = facts.pop("artifact")
    data.update(facts)
    for name in report.__match_args__:
        if name != "facts":
            data[name] = _plain(getattr(report, name))
    return data


def error_to_data(error: TargetError) -> dict[str, str]:
    """One entry of ``errors``."""
    data: dict[str, str] = _plain(error)
    return data


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        return value if value.isascii() else _without_surrogates(value)
    if isinstance(value, (tuple, list)):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    if isinstance(value, Record):  # not what it has worked out beside its fields
        state = vars(value)
        return {name: _plain(state[name]) for name in value.__match_args__}
    return {name: _plain(entry) for name, entry in vars(value).items()}


def _without_surrogates(text: str) -> str:
    """Bytes of a path that are not UTF-8 reach us as surrogates; no file may get them."""
    return text.encode("utf-8", "backslashreplace").decode()


def report_from_data(data: Mapping[str, Any]) -> Report:
    """The report that :func:`report_to_data` wrote. Raises :class:`BadConfig` on anything else.

    Fields that this version does not know are left out; those added since the data was written
    take their defaults.
    """
    facts = dict(data)
    artifact = _build(Artifact, data, "artifact")
    facts["artifact"] = artifact
    hints = _hints(Report)
    judged = {
        name: _value(hints[name], data[name], name)
        for name in ("verdict", "scorecard", "findings", "not_run", "rules_run", "live")
        if name in data
    }
    judged.setdefault("verdict", None)
    judged.setdefault("scorecard", {})
    return Report(facts=_build(Facts, facts, "facts"), **judged)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _build(kind: type, data: Any, where: str) -> Any:
    """An instance of the dataclass ``kind`` from a mapping of its fields."""
    if isinstance(data, kind):
        return data
    if not isinstance(data, Mapping):
        raise _wrong(where, data)
    values = {}
    hints = _hints(kind)
    for entry in fields(kind):
        if entry.name in data:
            values[entry.name] = _value(hints[entry.name], data[entry.name], entry.name)
        elif entry.default is MISSING and entry.default_factory is MISSING:
            raise BadConfig(
                f"the report has no field {entry.name} in {where}",
                "It was not written by isoview, or by a version that is not compatible.",
            )
    return kind(**values)


def _value(hint: Any, data: Any, where: str) -> Any:
    """``data`` as ``hint`` wants it."""
    origin = get_origin(hint)
    if hint is Any:
        return data
    if origin is Literal:
        if data in get_args(hint):
            return data
    elif origin in (Union, UnionType):
        return _one_of(get_args(hint), data, where)
    elif origin is tuple:
        if isinstance(data, (list, tuple)):
            return tuple(_value(get_args(hint)[0], entry, where) for entry in data)
    elif origin is dict:
        if isinstance(data, Mapping):
            return {
                str(name): _value(get_args(hint)[1], each, where) for name, each in data.items()
            }
    elif is_dataclass(hint) and isinstance(hint, type):
        return _build(hint, data, where)
    elif isinstance(data, hint) and (hint is bool or not isinstance(data, bool)):
        return data
    raise _wrong(where, data)


def _one_of(kinds: tuple[Any, ...], data: Any, where: str) -> Any:
    if data is None and NoneType in kinds:
        return None
    for kind in kinds:
        if kind is NoneType:
            continue
        try:
            return _value(kind, data, where)
        except BadConfig:
            if len(kinds) == 2:  # X | None: what is wrong inside X is the better message
                raise
    raise _wrong(where, data)


def _wrong(where: str, data: Any) -> BadConfig:
    return BadConfig(
        f"the report says {str(data)[:60]!r} for {where}, which cannot be",
        "It was not written by isoview, or by a version that is not compatible.",
    )

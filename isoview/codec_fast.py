"""Decoding what isoview itself has just encoded: the cache's entries and the workers' answers.

Nothing is checked (:mod:`isoview.codec` does that for data that may come from anyone): the
mapping becomes the instance's own dictionary. What does not fit raises, and its reader takes
that as an entry that is damaged.
"""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from isoview.inspectors.facts import Artifact, Facts
from isoview.inspectors.hints import get_type_hints
from isoview.model import Report

Convert = Callable[[Any], Any]
_Fields = tuple[tuple[str, Convert | None], ...]


def report_from_own(data: dict[str, Any]) -> Report:
    """The report of which ``codec.report_to_data`` made ``data``; uses ``data`` up."""
    artifact = _instance(Artifact, _taken(data, Artifact))
    inner = _taken(data, Facts, without="artifact")
    inner["artifact"] = artifact
    facts = _instance(Facts, inner)
    outer = _taken(data, Report, without="facts")
    outer["facts"] = facts
    report: Report = _instance(Report, outer)
    return report


def _taken(data: dict[str, Any], kind: type, without: str = "") -> dict[str, Any]:
    return {
        name: data[name] if convert is None else convert(data[name])
        for name, convert in _plan(kind)
        if name != without
    }


def _instance(kind: type, values: dict[str, Any]) -> Any:
    made: Any = object.__new__(kind)
    made.__dict__.update(values)
    return made


@cache
def _plan(kind: type) -> _Fields:
    """(field, how to convert its value; None where it stays as it is)."""
    hints = get_type_hints(kind)
    return tuple((entry.name, _converter(hints[entry.name])) for entry in fields(kind))


def _converter(hint: Any) -> Convert | None:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        inner = _converter(kinds[0]) if len(kinds) == 1 else None
        return None if inner is None else lambda value: None if value is None else inner(value)
    if origin is tuple:
        element = _converter(get_args(hint)[0])
        if element is None:
            return tuple
        return lambda values: tuple([element(value) for value in values])
    if is_dataclass(hint) and isinstance(hint, type):
        return _builder(hint)
    return None


def _builder(kind: type) -> Convert:
    converted = [(name, convert) for name, convert in _plan(kind) if convert is not None]

    def build(data: dict[str, Any]) -> Any:
        for name, convert in converted:
            data[name] = convert(data[name])
        made: Any = object.__new__(kind)
        made.__dict__.update(data)
        return made

    return build

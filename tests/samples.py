"""Reports with every field filled, made from the annotations: what is added later is covered."""

from dataclasses import fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from isoview.inspectors.facts import Facts
from isoview.inspectors.hints import get_type_hints
from isoview.model import Report

# Fields that are text in the model and have a closed set of values in the schema.
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Artifact", "format"): ("elf", "pe", "mach-o", "unknown"),
    ("Artifact", "endian"): ("little", "big"),
    ("Artifact", "sha256"): ("0123456789abcdef" * 4,),
    ("Facts", "stage"): ("shape", "code"),
    ("Definition", "kind"): ("moduledef", "slot-array"),
    ("Definition", "origin"): ("static", "runtime"),
    ("Slot", "source"): ("data", "code", "live"),
    ("Type", "kind"): ("static", "spec", "template", "built"),
    ("Capsule", "role"): ("published", "imported"),
    ("Finding", "rule"): ("ISO101", "ISO201", "ISO999"),
    ("NotRun", "rule"): ("ISO301",),
}
_NUMBERS = {("Artifact", "bits"): (64, 32)}

VARIANTS = range(12)
"""Enough to meet every value of every closed set, and each optional field with and without."""


@cache
def types_of(kind: type) -> dict[str, Any]:
    """The fields' types; they are evaluated from text each time, so once is enough."""
    return get_type_hints(kind)


class Filler:
    """Makes instances; ``variant`` chooses among the values, ``text`` stands in free text."""

    def __init__(self, variant: int, text: str = "name") -> None:
        self.variant = variant
        self.text = text
        self.number = 0

    def make(self, kind: type) -> Any:
        """An instance of the dataclass ``kind`` with every field filled."""
        hints = types_of(kind)
        return kind(
            **{
                entry.name: self._value(kind.__name__, entry.name, hints[entry.name])
                for entry in fields(kind)
            }
        )

    def _value(self, owner: str, name: str, hint: Any) -> Any:
        self.number += 1
        if (owner, name) == ("Report", "live"):
            return None if self.variant % 2 else {"schema": "isoview.live/1", "runs": []}
        if (owner, name) == ("Report", "scorecard"):
            return {"heap-types": ("met", "open", "not-applicable")[self.variant % 3]}
        origin = get_origin(hint)
        if origin in (Union, UnionType):
            kinds = [kind for kind in get_args(hint) if kind is not NoneType]
            if len(kinds) < len(get_args(hint)) and self.variant % 3 == 2:
                return None
            return self._value(owner, name, kinds[self.variant % len(kinds)])
        choices: tuple[Any, ...] = _WORDS.get((owner, name)) or _NUMBERS.get((owner, name)) or ()
        choices = get_args(hint) if origin is Literal else choices
        if choices:
            return choices[self.variant % len(choices)]
        if origin is tuple:
            element = get_args(hint)[0]
            return tuple(self._value(owner, name, element) for _ in range(2))
        if hint is str:
            return f"{self.text}{self.number}"
        if hint is bool:
            return self.variant % 2 == 0
        if hint is int:
            return self.number
        return self.make(hint)


def full_report(variant: int = 0, text: str = "name") -> Report:
    """A report without a single field at its default."""
    report: Report = Filler(variant, text).make(Report)
    return report


def full_facts(variant: int = 0, text: str = "name") -> Facts:
    """Facts without a single field at its default."""
    return full_report(variant, text).facts

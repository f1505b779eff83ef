"""ISO207."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types

_CLOSED = frozenset({"DISALLOW_INSTANTIATION", "IS_ABSTRACT"})
_MAKES = frozenset({"tp_new", "tp_init"})


class InheritedNew(Rule):
    """A heap type can be instantiated only because it inherits `tp_new`.

    What it finds
        A `PyType_Spec` without base that has data of its own and sets neither `Py_tp_new`
        nor `Py_tp_init`, and is not flagged `Py_TPFLAGS_DISALLOW_INSTANTIATION`.

    Why it matters
        A static type without `tp_new` cannot be called. Turned into a heap type it inherits
        `object.__new__`: Python code can then make instances that no function of yours has
        initialized, and methods meet NULL where they expect a value.

    How to fix
        C: Set `Py_TPFLAGS_DISALLOW_INSTANTIATION` (3.10), or on older versions set `tp_new`
        of the finished type to NULL. If calling the class is wanted, give it a `Py_tp_new`
        that initializes every field.

    Guide
        changing-static-types-to-heap-types
    """

    code = "ISO207"
    name = "inherited-new"
    severity = "note"
    guide = "changing-static-types-to-heap-types"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        header = 2 * facts.artifact.bits // 8
        for entry in spec_types(facts):
            if entry.base != "object" or _CLOSED & set(entry.flag_names):
                continue
            if _MAKES & set(entry.slots_set) or (entry.basicsize or 0) <= header:
                continue
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} inherits object.__new__: calling it makes an instance whose own "
                "fields nobody has set",
                where=place(entry, facts),
                evidence=entry.evidence,
                confidence="medium",
            )

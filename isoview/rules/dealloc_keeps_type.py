"""ISO212."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import deallocating_types, no_specs, place

_RELEASES = ("_Py_Dealloc", "Py_DecRef", "_Py_DecRef", "_Py_MergeZeroLocalRefcount", "Py_CLEAR")


class DeallocKeepsType(Rule):
    """Instances of a heap type never give back their reference to it.

    What it finds
        A heap type directly under `object` with a `tp_dealloc` of its own, in a file in
        which no reference is ever given up: none of the functions that `Py_DECREF` needs is
        imported. The live experiments see the same in other files, by counting.

    Why it matters
        Every instance owns a reference to its heap type. If `tp_dealloc` does not release
        it, neither the class nor its module is ever freed, and each module object that is
        made leaks.

    How to fix
        C: Keep the type before freeing, and release it last:

        PyTypeObject *type = Py_TYPE(self); ... type->tp_free(self); Py_DECREF(type);

    Guide
        defining-tp-dealloc
    """

    code = "ISO212"
    name = "dealloc-keeps-type"
    severity = "error"
    guide = "defining-tp-dealloc"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        types = deallocating_types(facts)
        if types and facts.capi.has_like(*_RELEASES):
            return
        for entry in types:
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} has a tp_dealloc, and nothing in the file releases a reference",
                where=place(entry, facts),
                evidence=entry.evidence,
            )

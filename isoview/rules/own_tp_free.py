"""ISO209."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types


class OwnTpFree(Rule):
    """A heap type sets `Py_tp_free`.

    What it finds
        A `PyType_Spec` with a `Py_tp_free` slot. It is a warning where the type takes part
        in garbage collection and the file has no `PyObject_GC_Del` to put there.

    Why it matters
        What `tp_alloc` of a collected type returns begins before the object, with the
        header of the collector. Only `PyObject_GC_Del` gives that back; it is also the
        default, so the slot can only make things worse.

    How to fix
        C: Leave `Py_tp_free` out, and call `type->tp_free(self)` in `tp_dealloc`. A pool of
        instances belongs in `tp_alloc` and `tp_dealloc`, per module.

    Guide
        not-overriding-tp-free
    """

    code = "ISO209"
    name = "own-tp-free"
    severity = "warning"
    guide = "not-overriding-tp-free"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in spec_types(facts):
            if "tp_free" not in entry.slots_set:
                continue
            other = "HAVE_GC" in entry.flag_names and "PyObject_GC_Del" not in facts.capi.names
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} sets Py_tp_free"
                + (", and not to PyObject_GC_Del, which its instances need" if other else ""),
                where=place(entry, facts),
                evidence=entry.evidence,
                severity="warning" if other else "note",
            )

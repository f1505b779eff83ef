"""ISO204."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.loads_on import minors
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import place, spec_types

_REFUSED_FROM = 11
"""From 3.11 on PyType_Ready itself refuses such a type (Objects/typeobject.c)."""


class GcWithoutTraverse(Rule):
    """A class asks for garbage collection and gives the collector no way in.

    What it finds
        A `PyType_Spec` with `Py_TPFLAGS_HAVE_GC` and without `Py_tp_traverse`, in a file that loads
        on Python 3.10 or older. Later versions refuse to create such a class.

    Why it matters
        A class that sets the flag itself does not inherit a traverse function. The collector calls
        `tp_traverse` of every tracked instance without asking whether there is one: the process
        crashes at the first collection.

    How to fix
        C: Add `{Py_tp_traverse, ...}` to the slots; on Python 3.9 and later the function calls
        `Py_VISIT(Py_TYPE(self))` besides visiting what the instance owns. If instances own
        nothing and the class is immutable, drop the flag instead.

        pybind11: A function given to `py::custom_type_setup` that sets the flag has to set
        `tp_traverse` too.

        nanobind: Add `Py_tp_traverse` to the `nb::type_slots` of the class.

    Guide
        garbage-collection-protocol
    """

    code = "ISO204"
    name = "gc-without-traverse"
    severity = "error"
    guide = "garbage-collection-protocol"

    def check(self, facts: Facts) -> Iterator[Finding]:
        loads_on = minors(facts)
        if not loads_on or loads_on[0] >= _REFUSED_FROM:
            return
        for entry in spec_types(facts):
            if "HAVE_GC" not in entry.flag_names or "tp_traverse" in entry.slots_set:
                continue
            if entry.completed_at_runtime:
                continue
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} has Py_TPFLAGS_HAVE_GC but no Py_tp_traverse, "
                f"and the file loads on 3.{loads_on[0]}",
                where=place(entry, facts),
                evidence=(
                    Evidence("flags", "flags: " + ", ".join(entry.flag_names), entry.address),
                ),
            )

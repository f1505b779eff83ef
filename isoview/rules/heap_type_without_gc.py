"""ISO203."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types


class HeapTypeWithoutGc(Rule):
    """Instances of a mutable heap type are invisible to the garbage collector.

    What it finds
        A `PyType_Spec` without `Py_TPFLAGS_HAVE_GC` for a class that can be changed at run time
        and whose base is proven to be `object`. (From any other base the flag may be inherited.)
        An immutable class whose instances own no references needs no GC and is left alone.

    Why it matters
        Each instance of a heap type owns a reference to its class, and a mutable class can come to
        refer to an instance. Without the GC flag the collector cannot see that cycle: class,
        module and state stay in memory when the module goes away.

    How to fix
        C: Add `Py_TPFLAGS_HAVE_GC` and a `Py_tp_traverse` that calls `Py_VISIT(Py_TYPE(self))`;
        allocate with `tp_alloc` or `PyObject_GC_New`, and in `tp_dealloc` call
        `PyObject_GC_UnTrack` first, free the instance, then `Py_DECREF` the type. Or, if instances
        own no references, make the class immutable (`Py_TPFLAGS_IMMUTABLETYPE`).

        pybind11: Pass `py::custom_type_setup` with a function that sets `Py_TPFLAGS_HAVE_GC`,
        `tp_traverse` and `tp_clear` to `py::class_`.

        nanobind: Pass `nb::type_slots` with `Py_tp_traverse` and `Py_tp_clear` to `nb::class_`.

        PyO3: Implement `__traverse__` (and `__clear__`) in the class's `#[pymethods]`.

    Guide
        garbage-collection-protocol
    """

    code = "ISO203"
    name = "heap-type-without-gc"
    severity = "warning"
    guide = "garbage-collection-protocol"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in spec_types(facts):
            if entry.flags is None or entry.base != "object":
                continue
            if {"HAVE_GC", "IMMUTABLETYPE"} & set(entry.flag_names):
                continue
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} is a mutable heap type without Py_TPFLAGS_HAVE_GC",
                where=place(entry, facts),
                evidence=(
                    Evidence(
                        "flags", "flags: " + (", ".join(entry.flag_names) or "none"), entry.address
                    ),
                    Evidence("base", "the base is object", entry.address),
                    *entry.evidence,
                ),
                confidence="medium",
            )

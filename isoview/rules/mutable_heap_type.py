"""ISO206."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.loads_on import cannot_load_before
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types

_FLAG_FROM = 10  # Py_TPFLAGS_IMMUTABLETYPE is new in 3.10


class MutableHeapType(Rule):
    """Python code can change the class.

    What it finds
        A `PyType_Spec` without `Py_TPFLAGS_IMMUTABLETYPE`, in a file that cannot load before 3.10
        (older versions do not have the flag).

    Why it matters
        A static type cannot be changed from Python; a heap type can, unless it says otherwise.
        After a port from static types, `Class.method = something` suddenly works. Isolation does
        not suffer, because each module object has its own class: this is a note about behaviour
        that may not be meant.

    How to fix
        C: Add `Py_TPFLAGS_IMMUTABLETYPE` to the flags of the spec if the class is meant to be
        immutable. If it is meant to be changed, record that as the decision.

        PyO3: `#[pyclass(immutable_type)]` (PyO3 0.25 or later, for Python 3.10 and later; with
        `abi3` from 3.14 on).

    Guide
        changing-static-types-to-heap-types
    """

    code = "ISO206"
    name = "mutable-heap-type"
    severity = "note"
    guide = "changing-static-types-to-heap-types"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        if not cannot_load_before(facts, _FLAG_FROM):
            return
        for entry in spec_types(facts):
            if entry.flags is None or "IMMUTABLETYPE" in entry.flag_names:
                continue
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} is a heap type without Py_TPFLAGS_IMMUTABLETYPE",
                where=place(entry, facts),
                evidence=(
                    Evidence(
                        "flags", "flags: " + (", ".join(entry.flag_names) or "none"), entry.address
                    ),
                ),
            )

"""ISO208."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types


class TypeWithoutModule(Rule):
    """A heap type does not know the module object it belongs to.

    What it finds
        A `PyType_Spec` that is turned into a class without naming a module: the file creates
        classes with `PyType_FromSpec` or `PyType_FromSpecWithBases` only.

    Why it matters
        `PyType_GetModule` and `PyType_GetModuleState` fail for such a class, so its methods have
        no safe way to their module's state, and reach for C statics instead.

    How to fix
        C: Create the class with `PyType_FromModuleAndSpec(module, &spec, bases)` (Python 3.9; in
        the limited API from 3.10). Where no method of the class needs the module, record that as
        the decision.

        Cython: Cython ties its classes to their module when compiled with module state
        (`-DCYTHON_USE_MODULE_STATE=1`, Cython 3.1 or later).

    Guide
        defining-heap-types
    """

    code = "ISO208"
    name = "type-without-module"
    severity = "note"
    guide = "defining-heap-types"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_specs(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in spec_types(facts):
            if entry.module_tied is False:
                yield self.finding(
                    facts,
                    type_subject(entry.name),
                    f"{entry.name} is not tied to its module: PyType_GetModule fails for it",
                    where=place(entry, facts),
                    evidence=(
                        Evidence("spec", "made without PyType_FromModuleAndSpec", entry.address),
                    ),
                )

"""ISO403."""

from collections.abc import Iterator

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.classes import no_specs, place, spec_types

_OPERATORS = ("nb_", "sq_", "mp_", "am_", "bf_")
_CALLS = frozenset(
    {
        "tp_call",
        "tp_richcompare",
        "tp_iter",
        "tp_iternext",
        "tp_repr",
        "tp_str",
        "tp_hash",
        "tp_descr_get",
        "tp_descr_set",
        "tp_getattro",
        "tp_setattro",
    }
)


class SlotsWithoutModule(Rule):
    """Slot methods have no way to their module.

    What it finds
        A heap type that is made without its module (`PyType_FromSpec`) and has slot
        methods, in a module that keeps state.

    Why it matters
        A slot method gets nothing but its operands. Without the link from class to module
        it cannot reach the module state, so it uses a static, or looks the module up by
        name.

    How to fix
        C: Make the type with `PyType_FromModuleAndSpec` (3.9) and use
        `PyType_GetModuleByDef` (3.11) in slot methods.

    Guide
        module-state-access-from-slot-methods-getters-and-setters
    """

    code = "ISO403"
    name = "slots-without-module"
    severity = "note"
    guide = "module-state-access-from-slot-methods-getters-and-setters"

    def cannot_run(self, facts: Facts) -> str | None:
        if facts.own_definition is None or facts.own_definition.m_size is None:
            return "the size of the module state is not in the file"
        if any(entry.module_tied is not None for entry in spec_types(facts)):
            return None
        return no_specs(facts) or (
            "how the types are made was not read" if any(spec_types(facts)) else None
        )

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or (definition.m_size or 0) <= 0:
            return
        for entry in spec_types(facts):
            slots = [
                slot for slot in entry.slots_set if slot.startswith(_OPERATORS) or slot in _CALLS
            ]
            if entry.module_tied is not False or not slots:
                continue
            yield self.finding(
                facts,
                type_subject(entry.name),
                f"{entry.name} is made without its module: {', '.join(slots[:4])} cannot reach the "
                "module state through it",
                where=place(entry, facts),
                evidence=entry.evidence,
            )

"""What a file declares about itself, read off its definition.

A missing slot is a claim too, but only where the versions the file loads on know the slot.
"""

from isoview.inspectors.facts import Definition, Facts
from isoview.inspectors.hints import Literal
from isoview.inspectors.record import kept
from isoview.loads_on import OWN_GIL_FROM, cannot_load_before, free_threaded

Claim = int | Literal["omitted", "cannot-say", "unknown"]
"""A slot's value, or why there is none."""

INTERPRETERS_SLOT = "Py_mod_multiple_interpreters"
GIL_SLOT = "Py_mod_gil"
NOT_SUPPORTED, SHARED_GIL, PER_INTERPRETER_GIL = 0, 1, 2
GIL_USED, GIL_NOT_USED = 0, 1


def is_multi_phase(facts: Facts) -> bool:
    """The own init function hands a definition to the interpreter (PEP 489 or PEP 793)."""
    init = facts.own_init
    return init is not None and init.phase in {"multi", "export"}


@kept
def interpreters(facts: Facts) -> Claim:
    """The declared support for sub-interpreters of a multi-phase module."""
    claim = _slot(facts.own_definition, INTERPRETERS_SLOT)
    if claim == "omitted" and not cannot_load_before(facts, OWN_GIL_FROM):
        return "cannot-say"  # an interpreter that does not know the slot refuses the file
    return claim


def lacks_interpreters_slot(facts: Facts) -> bool:
    """The definition has no such slot, whether or not the file's oldest version knows it."""
    return is_multi_phase(facts) and _slot(facts.own_definition, INTERPRETERS_SLOT) == "omitted"


def gil(facts: Facts) -> Claim:
    """What a multi-phase module built for the free-threaded ABI declares about the GIL."""
    if not free_threaded(facts):
        return "cannot-say"
    return _slot(facts.own_definition, GIL_SLOT)


def _slot(definition: Definition | None, name: str) -> Claim:
    if definition is None:
        return "unknown"
    for slot in definition.slots:
        if slot.name == name:
            return "unknown" if slot.value is None else slot.value
    return "omitted" if definition.slots_complete else "unknown"


def unread(facts: Facts, claim: Claim) -> str | None:
    """Why the slot that ``claim`` was read from is unknown; None where it is known."""
    init = facts.own_init
    if init is None:
        return "no init function belongs to the file's name"
    if init.phase in {"unknown", "delegated"}:
        return init.reason or "the file does not tell how the module is initialized"
    if claim != "unknown" or not is_multi_phase(facts):
        return None
    reason = facts.completeness.definitions.reason
    if facts.own_definition is None:
        return reason or "the definition is built at run time"
    return reason or "the slots are filled in at run time"

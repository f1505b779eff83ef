"""What a pointer of a structure leads to: which structure stands there, if one is known."""

from typing import NamedTuple

from isoview.evidence import Subjects, structure_kind
from isoview.inspectors.binary.decode import Field, Structure
from isoview.inspectors.facts import Definition, Global, Init, Type

_FIELDS = {
    "m_methods": "PyMethodDef[]",
    "m_slots": "PyModuleDef_Slot[]",
    "slots": "PyType_Slot[]",
    "ob_type": "PyTypeObject",
    "tp_base": "PyTypeObject",
    "tp_methods": "PyMethodDef[]",
    "tp_members": "PyMemberDef[]",
    "tp_getset": "PyGetSetDef[]",
    "tp_as_number": "PyNumberMethods",
    "tp_as_sequence": "PySequenceMethods",
    "tp_as_mapping": "PyMappingMethods",
    "tp_as_async": "PyAsyncMethods",
    "tp_as_buffer": "PyBufferProcs",
    "Py_mod_methods": "PyMethodDef[]",
    "Py_mod_slots": "PyModuleDef_Slot[]",
}
"""The structure that a field points to: a member of a structure, or a slot by its name."""


class Target(NamedTuple):
    """What stands at an address; ``kind`` is None for what has no known structure."""

    address: int
    kind: str | None = None
    size: int = 0


def known(subjects: Subjects, address: int) -> Target:
    """What the facts say about an address."""
    fact = subjects.at(address)
    if isinstance(fact, Type | Definition | Global):
        kind, size = structure_kind(fact)
        return Target(address, kind, size)
    return Target(address)


def follow(structure: Structure, field: Field, subjects: Subjects) -> Target | None:
    """What a field points to; None where it is no pointer into the file."""
    if field.target is None:
        return None
    found = known(subjects, field.target)
    if found.kind not in {None, "words"}:
        return found
    kind = _FIELDS.get(field.name) or _slot_kind(structure, field)
    return found if kind is None else Target(field.target, kind)


def _slot_kind(structure: Structure, field: Field) -> str | None:
    """What the value of a slot leads to: the field before it says which slot it is."""
    prefix, bracket, name = field.name.partition("] ")
    if not bracket or name not in {"value", "pfunc"}:
        return None
    slot = next((each for each in structure.fields if each.name == f"{prefix}] slot"), None)
    if slot is None:
        return None
    called = slot.meaning.partition(": ")[2]
    return _FIELDS.get(called)


def first(
    subjects: Subjects, definitions: tuple[Definition, ...], inits: tuple[Init, ...]
) -> Target | None:
    """Where to begin: the module's own definition, else its init function."""
    own = [definition for definition in definitions if definition.own]
    for address in [entry.address for group in (own, definitions, inits) for entry in group]:
        if address is not None:
            return known(subjects, address)
    return None

"""The module's definition as the interpreter holds it: a PyModuleDef, or PEP 793's slot array."""

from .interpreter import WORD, moduledef

# Include/moduleobject.h; 3.15 headers write 84..87 for 1..4 (PEP 820, Include/slots_generated.h).
SLOTS = {
    1: "Py_mod_create", 2: "Py_mod_exec", 3: "Py_mod_multiple_interpreters", 4: "Py_mod_gil",
    84: "Py_mod_create", 85: "Py_mod_exec", 86: "Py_mod_multiple_interpreters", 87: "Py_mod_gil",
    92: "Py_slot_subslots", 94: "Py_mod_slots", 100: "Py_mod_name", 101: "Py_mod_doc",
    102: "Py_mod_state_size", 103: "Py_mod_methods", 104: "Py_mod_state_traverse",
    105: "Py_mod_state_clear", 106: "Py_mod_state_free", 108: "Py_tp_module", 109: "Py_mod_abi",
    110: "Py_mod_token",
}  # fmt: skip
NUMBERS = frozenset((3, 4, 86, 87, 102))
FUNCTIONS = frozenset((1, 2, 84, 85, 104, 105, 106))
SUBSLOTS, OLD_SLOTS, INVALID = 92, 94, 0xFFFF
PYSLOT_SIZE = 16  # u16 id, u16 flags, u32 zero, 8-byte value; the same on every build
METHOD_LIMIT = 1 << 16  # SWIG's tables are the longest: some 12,000 entries in pymupdf
SLOT_LIMIT = 256
DEPTH_LIMIT = 5  # PEP 820's own bound for nested slot arrays


def read_moduledef(memory, address, loaded):
    """What the PyModuleDef at ``address`` says."""

    def field(name):
        return memory.word(address + moduledef(name))

    return {
        "kind": "moduledef",
        "address": address,
        "link_address": _link(loaded, address),
        "token": None,
        "m_name": memory.text(field("m_name")),
        "m_doc": memory.text(field("m_doc")),
        "m_size": memory.ssize(address + moduledef("m_size")),
        "methods": read_methods(memory, field("m_methods")),
        "slots": read_slots(memory, field("m_slots"), loaded),
        "has_traverse": bool(field("m_traverse")),
        "has_clear": bool(field("m_clear")),
        "has_free": bool(field("m_free")),
    }


def phase_of_moduledef(memory, address):
    """("single" | "multi" | "unknown", reason). Only importing leaves these marks.

    A slot table is for multi-phase only. Single-phase: the import system keeps the init
    function (m_size >= 0) or a copy of the module's dict (m_size -1) in the definition.
    """
    if memory.word(address + moduledef("m_slots")):
        return "multi", "the definition has a slot table"
    if memory.word(address + moduledef("m_copy")):
        return "single", "the import system keeps a copy of the module's dict"
    if memory.word(address + moduledef("m_init")):
        return "single", "the import system keeps the init function"
    if memory.ssize(address + moduledef("m_size")) == -1:
        return "single", "m_size is -1, which multi-phase initialisation refuses"
    return None, "no slot table, and no mark of the import system"


def read_slot_array(memory, address, loaded):
    """PEP 793: the token points at a PySlot array by default; None where it is something else."""
    slots = _pyslots(memory, address, loaded, DEPTH_LIMIT)
    if not slots:
        return None
    definition = {
        "kind": "slot-array",
        "address": address,
        "link_address": _link(loaded, address),
        "token": address,
        "m_name": None,
        "m_doc": None,
        "m_size": None,
        "methods": [],
        "slots": [],
        "has_traverse": False,
        "has_clear": False,
        "has_free": False,
    }
    for identifier, value in slots:
        _apply(definition, memory, identifier, value)
        definition["slots"].append(_slot(identifier, value, loaded))
    return definition


def _apply(definition, memory, identifier, value):
    name = SLOTS.get(identifier)
    if name == "Py_mod_name":
        definition["m_name"] = memory.text(value)
    elif name == "Py_mod_doc":
        definition["m_doc"] = memory.text(value)
    elif name == "Py_mod_methods":
        definition["methods"] = read_methods(memory, value)
    elif name in ("Py_mod_state_traverse", "Py_mod_state_clear", "Py_mod_state_free"):
        definition["has_" + name.rsplit("_", 1)[1]] = bool(value)


def read_methods(memory, address):
    """[{name, flags}] of a PyMethodDef array: name, function, int flags, doc."""
    methods = []
    while address and len(methods) < METHOD_LIMIT:
        name = memory.word(address)
        if not name:
            break
        flags = memory.int32(address + 2 * WORD)
        text = memory.text(name)
        if text is None or flags is None:
            break
        methods.append({"name": text, "flags": flags})
        address += 4 * WORD
    return methods


def read_slots(memory, address, loaded):
    """[{id, name, value, function}] of a PyModuleDef_Slot array, nested arrays unfolded."""
    return [
        _slot(identifier, value, loaded)
        for identifier, value in _old_slots(memory, address, loaded, DEPTH_LIMIT)
    ]


def _old_slots(memory, address, loaded, depth):
    found = []
    while address and len(found) < SLOT_LIMIT:
        identifier = memory.int32(address)
        value = memory.word(address + WORD)
        if not identifier or value is None:
            break
        found.append((identifier, value))
        found.extend(_nested(memory, identifier, value, loaded, depth))
        address += 2 * WORD
    return found


def _pyslots(memory, address, loaded, depth):
    """(id, value) pairs, or an empty list where the memory does not look like a PySlot array."""
    found = []
    while len(found) < SLOT_LIMIT:
        identifier = memory.uint16(address)
        zero = memory.uint32(address + 4)
        value = memory.uint64(address + 8)
        if identifier is None or zero is None or value is None or zero != 0:
            return []
        if identifier == 0:
            return found
        if identifier != INVALID:
            if identifier not in SLOTS:
                return []
            found.append((identifier, value))
            found.extend(_nested(memory, identifier, value, loaded, depth))
        address += PYSLOT_SIZE
    return []


def _nested(memory, identifier, value, loaded, depth):
    if depth <= 0 or not value:
        return []
    if identifier == SUBSLOTS:
        return _pyslots(memory, value, loaded, depth - 1)
    if identifier == OLD_SLOTS:
        return _old_slots(memory, value, loaded, depth - 1)
    return []


def _slot(identifier, value, loaded):
    return {
        "id": identifier,
        "name": SLOTS.get(identifier, "slot %d" % identifier),
        "value": value if identifier in NUMBERS else None,
        "function": _link(loaded, value) if identifier in FUNCTIONS else None,
        "source": "live",
    }


def _link(loaded, address):
    return loaded.link_address(address) if loaded is not None else None

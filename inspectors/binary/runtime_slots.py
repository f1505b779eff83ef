"""Slot tables that the init function fills at run time (pybind11 3, boost-histogram).

In the file such a table is zeros, which must never be read as *no slots*. The stores of constants
and addresses in the init function say what goes into it; where they do not, the table's content is
unknown (``slots_complete`` False).
"""

from dataclasses import replace

from isoview.inspectors.binary import machine_x86_64
from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.init import MULTI, init_code
from isoview.inspectors.binary.names import FUNCTION_SLOTS, INTEGER_SLOTS, MODULE_SLOTS
from isoview.inspectors.binary.scan import read_module_slots
from isoview.inspectors.binary.stack_copies_x86_64 import stack_copies
from isoview.inspectors.facts import Definition, Init, Slot

MOST_SLOTS = 16
"""A table filled by code is looked at this far: CPython knows four slots that may be in it."""


def complete_slots(image: Image, found: FoundDefinition, inits: tuple[Init, ...]) -> Definition:
    """The definition with the slots that the init function returning it stores."""
    fact = found.fact
    init = next((init for init in inits if init.definition == fact.address), None)
    if fact.slots or init is None or init.phase != "multi" or init.address is None:
        return fact
    if image.arch != "x86-64":
        return replace(fact, slots_complete=found.slots_at is not None and fact.slots_complete)
    code = init_code(image, init)
    stored = dict(machine_x86_64.stores(init.address, code))
    if image.format == "pe":
        stored.update(stack_copies(init.address, code))
    table = found.slots_at
    if table is None:
        word = (fact.address or 0) + found.layout.moduledef("m_slots")
        table = stored.get(word)
    if table is None:
        return replace(fact, slots_complete=_only_returns(image, init.address, code))
    in_file = read_module_slots(image, table)
    if in_file:
        return replace(fact, slots=in_file, slots_complete=True)
    slots = _stored_slots(image, table, stored)
    if slots:
        return replace(fact, slots=slots, slots_complete=True)
    end = table + MOST_SLOTS * 2 * image.word_size
    filled = machine_x86_64.touches(init.address, code, table, end)
    return replace(fact, slots_complete=not filled and _only_returns(image, init.address, code))


def _stored_slots(image: Image, table: int, stored: dict[int, int | None]) -> tuple[Slot, ...]:
    size = image.word_size
    slots: list[Slot] = []
    for index in range(MOST_SLOTS):
        entry = table + index * 2 * size
        number = stored.get(entry)
        if not number:
            break
        name = MODULE_SLOTS.get(number)
        value = stored.get(entry + size)
        if name is None:
            return ()
        if number in FUNCTION_SLOTS:
            slots.append(Slot(number, name, None, value, "code"))
        elif number in INTEGER_SLOTS:
            # A value that is never stored stays at the zero the table starts with.
            slots.append(Slot(number, name, value or 0, None, "code"))
        else:
            slots.append(Slot(number, name, source="code", address=value))
    return tuple(slots)


def _only_returns(image: Image, start: int, code: bytes) -> bool:
    """Whether the init function calls nothing but ``PyModuleDef_Init``, so that nobody else can
    have filled a table before it returns.
    """
    for at, opcode in enumerate(code):
        if opcode not in (0xE8, 0xE9) or at + 5 > len(code):
            continue
        target = start + at + 5 + int.from_bytes(code[at + 1 : at + 5], "little", signed=True)
        if image.in_code(target) and machine_x86_64.stub_target(image, target) != MULTI:
            return False
    return True

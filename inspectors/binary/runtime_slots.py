"""Slot tables that the init function fills at run time (pybind11 3, boost-histogram).

In the file such a table is zeros, which must never be read as *no slots*. The stores of constants
and addresses in the init function say what goes into it; where they do not, the table's content is
unknown (``slots_complete`` False).
"""

from bisect import bisect_right
from itertools import islice

from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.init import FUNCTION_LIMIT, MULTI, init_code
from isoview.inspectors.binary.machines import Machine, machine
from isoview.inspectors.binary.names import FUNCTION_SLOTS, INTEGER_SLOTS, MODULE_SLOTS
from isoview.inspectors.binary.scan import read_module_slots
from isoview.inspectors.facts import Definition, Init, Slot
from isoview.inspectors.record import replace

MOST_SLOTS = 16
"""A table filled by code is looked at this far: CPython knows four slots that may be in it."""
MOST_CALLEES = 64
"""Functions called by an init function whose stores are looked at."""


def complete_slots(image: Image, found: FoundDefinition, inits: tuple[Init, ...]) -> Definition:
    """The definition with the slots that the init function returning it stores."""
    fact = found.fact
    init = next((init for init in inits if init.definition == fact.address), None)
    if fact.slots or init is None or init.phase != "multi" or init.address is None:
        return fact
    processor = machine(image)
    if processor is None:
        return replace(fact, slots_complete=found.slots_at is not None and fact.slots_complete)
    code = init_code(image, init)
    stored = dict(processor.stores(image, init.address, code))
    if image.format == "pe" and image.arch == "x86-64":
        from isoview.inspectors.binary.stack_copies_x86_64 import stack_copies

        stored.update(stack_copies(init.address, code))
    table = found.slots_at
    if table is None:
        word = (fact.address or 0) + found.layout.moduledef("m_slots")
        table = stored.get(word)
    if table is None:
        return replace(fact, slots_complete=processor.only_calls(image, init.address, code, MULTI))
    in_file = read_module_slots(image, table)
    if in_file:
        return replace(fact, slots=in_file, slots_complete=True)
    slots = _stored_slots(image, table, stored) or _stored_slots(
        image, table, _stored_by_callees(image, processor, init.address, code)
    )
    if slots:
        return replace(fact, slots=slots, slots_complete=True)
    end = table + MOST_SLOTS * 2 * image.word_size
    filled = processor.touches(image, init.address, code, table, end)
    alone = not filled and processor.only_calls(image, init.address, code, MULTI)
    return replace(fact, slots_complete=alone)


def _stored_by_callees(
    image: Image, processor: Machine, start: int, code: bytes
) -> dict[int, int | None]:
    """Stores of the functions that the init function itself calls: Clang moves the filling of
    the table out of its way, into a part named ``.cold``.
    """
    stored: dict[int, int | None] = {}
    starts = image.function_starts
    for callee in islice(dict.fromkeys(processor.local_calls(image, start, code)), MOST_CALLEES):
        after = bisect_right(starts, callee)
        size = starts[after] - callee if after < len(starts) else FUNCTION_LIMIT
        piece = image.read(callee, min(size, FUNCTION_LIMIT))
        for target, value in processor.stores(image, callee, piece):
            stored.setdefault(target, value)
    return stored


def _stored_slots(image: Image, table: int, stored: dict[int, int | None]) -> tuple[Slot, ...]:
    size = image.word_size
    slots: list[Slot] = []
    for index in range(MOST_SLOTS):
        entry = table + index * 2 * size
        number = stored.get(entry)
        if number is None and entry in stored:
            return ()  # something unknown is stored there
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

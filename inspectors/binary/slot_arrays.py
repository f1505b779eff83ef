"""Slot arrays that ``PyModExport_*`` functions return: PEP 793, and PEP 820's ``PySlot``.

Layouts: ``Include/slots.h`` and ``Include/modsupport.h`` of 3.15. The array is known from the code
of the function, which only returns its address. Where that code is not understood, the array is
the one that names the module; data alone is not searched for arrays, because other tables have
their shape.
"""

from functools import cached_property

from isoview.inspectors.binary.definitions import DOC_KEPT, DOC_LIMIT
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import PYSLOT_SIZE
from isoview.inspectors.binary.machines import machine
from isoview.inspectors.binary.scan import SLOT_DEPTH, TABLE_LIMIT, read_pyslots, shared_methods
from isoview.inspectors.facts import Definition, Init, Method, Slot

SUBSLOTS, NAME, DOC, STATE_SIZE, METHODS, ABI, TOKEN = 92, 100, 101, 102, 103, 109, 110
TRAVERSE, CLEAR, FREE = 104, 105, 106
NAMED_LIMIT = 16
"""Most entries with one name that are looked at: two arrays of one name leave it open which is meant."""
SLOT_FLAGS = 7
"""PySlot_OPTIONAL 1, PySlot_STATIC 2, PySlot_INTPTR 4."""


class SlotArrays:
    """The slot arrays of one file, by the init function that returns them."""

    def __init__(self, image: Image) -> None:
        self._image = image

    def address(self, init: Init) -> int | None:
        """Where the array stands that ``init`` returns; None where the file does not show it."""
        returned = self._returned(init)
        if returned is not None and read_pyslots(self._image, returned):
            return returned
        found = {self._outermost(entry) for entry in self._named.get(init.module, ())[:NAMED_LIMIT]}
        return found.pop() if len(found) == 1 else None

    def _returned(self, init: Init) -> int | None:
        processor = machine(self._image)
        if processor is None or init.address is None:
            return None
        return processor.returned_address(self._image, init.address)

    @cached_property
    def _named(self) -> dict[str, list[int]]:
        """Addresses of the entries that can be a ``Py_mod_name`` slot, by the name."""
        image = self._image
        found: dict[str, list[int]] = {}
        for word, target in image.pointers.items():
            if self._identity(word - 8) == NAME:
                name = image.cstring(target, 512)
                if name:
                    found.setdefault(name, []).append(word - 8)
        return found

    @cached_property
    def _nesting(self) -> dict[int, int]:
        """The entry that an array is nested in, by the array's address."""
        found: dict[int, int] = {}
        for word, target in self._image.pointers.items():
            if self._identity(word - 8) == SUBSLOTS:
                found.setdefault(target, word - 8)
        return found

    def _identity(self, entry: int) -> int | None:
        """The id of the slot at ``entry``; None where no slot can stand there."""
        number, flags = self._image.unsigned(entry, 2), self._image.unsigned(entry + 2, 2)
        if flags is None or flags > SLOT_FLAGS or self._image.unsigned(entry + 4, 4) != 0:
            return None
        return number

    def _outermost(self, entry: int) -> int:
        """The start of the array that holds ``entry``, or of the one that array is nested in."""
        start = self._start(entry)
        for _ in range(SLOT_DEPTH):
            outer = self._nesting.get(start)
            if outer is None:
                break
            start = self._start(outer)
        return start

    def _start(self, entry: int) -> int:
        for _ in range(TABLE_LIMIT):
            before = entry - PYSLOT_SIZE
            if not self._identity(before) or read_pyslots(self._image, before) is None:
                break
            entry = before
        return entry


def read_slot_array(image: Image, address: int) -> Definition | None:
    """What the array at ``address`` defines; None where the bytes are no such array."""
    slots = read_pyslots(image, address)
    if not slots:
        return None
    # A slot that may be repeated (Py_mod_abi) counts once: the first is CPython's own.
    values: dict[int, Slot] = {}
    for slot in slots:
        values.setdefault(slot.id, slot)
    size = _value(values, STATE_SIZE)
    token = _value(values, TOKEN)
    flags, version = _abi(image, _value(values, ABI))
    return Definition(
        kind="slot-array",
        address=address,
        origin="static",
        own=None,
        token=address if token is None else token,
        m_name=_text(image, _value(values, NAME)),
        m_doc=_text(image, _value(values, DOC)),
        m_size=0 if size is None else size,
        methods=_methods(image, _value(values, METHODS)),
        slots=slots,
        has_traverse=TRAVERSE in values,
        has_clear=CLEAR in values,
        has_free=FREE in values,
        abi_flags=flags,
        abi_version=version,
    )


def _value(values: dict[int, Slot], number: int) -> int | None:
    """The number a slot holds, or the address it points to."""
    slot = values.get(number)
    if slot is None:
        return None
    return slot.address if slot.value is None else slot.value


def _text(image: Image, address: int | None) -> str | None:
    return None if address is None else image.cstring(address, DOC_LIMIT, DOC_KEPT)


def _methods(image: Image, address: int | None) -> tuple[Method, ...]:
    return () if address is None else shared_methods(image, address) or ()


def _abi(image: Image, address: int | None) -> tuple[int | None, int | None]:
    """Flags and ABI version of a ``PyABIInfo``: u8 major, u8 minor, u16 flags, u32 build version,
    u32 ABI version.
    """
    if address is None:
        return None, None
    return image.unsigned(address + 2, 2), image.unsigned(address + 8, 4)

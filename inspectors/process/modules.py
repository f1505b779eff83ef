"""Module objects: their definition, state, file, and what kind of module they are."""

import struct
from typing import NamedTuple

from isoview.inspectors.process.facts import Definition, Slot
from isoview.inspectors.process.memory import ADDRESS_END, Unread
from isoview.inspectors.process.objects import ObjectReader, Table, Torn

# Include/moduleobject.h; with 3.15's headers 84..87 stand for 1..4 (PEP 820).
SLOT_NAMES = {
    1: "Py_mod_create", 2: "Py_mod_exec", 3: "Py_mod_multiple_interpreters", 4: "Py_mod_gil",
    84: "Py_mod_create", 85: "Py_mod_exec", 86: "Py_mod_multiple_interpreters", 87: "Py_mod_gil",
    92: "Py_slot_subslots", 94: "Py_mod_slots", 100: "Py_mod_name", 101: "Py_mod_doc",
    102: "Py_mod_state_size", 103: "Py_mod_methods", 104: "Py_mod_state_traverse",
    105: "Py_mod_state_clear", 106: "Py_mod_state_free", 109: "Py_mod_abi", 110: "Py_mod_token",
}  # fmt: skip
NUMBERS = frozenset({3, 4, 86, 87, 102})
SLOT_LIMIT = 64
FILE_KEYS = 16
"""Entries at the front of a module's dict among which ``__file__`` is looked for by its text."""


class ModuleObject(NamedTuple):
    """The fields of one module object."""

    address: int
    type: int
    dict: int  # 0: it is no module object
    definition: int
    state: int
    token: int
    state_size: int | None


class ModuleReader:
    """Reads module objects; knows the key ``__file__`` by its address once it has seen it."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader
        self._subclasses: dict[int, bool] = {}
        self._file_keys: set[int] = set()

    def forget(self) -> None:
        """What is remembered may be something else by now."""
        self._subclasses.clear()
        self._file_keys.clear()

    def is_module_type(self, address: int) -> bool:
        """Whether the type is ``module`` or a subclass of it."""
        core = self._reader.core
        if address == core.module:
            return True
        known = self._subclasses.get(address)
        if known is None:
            try:
                known = self._reader.is_type(address) and core.module in self._reader.mro(address)
            except (Unread, Torn):
                known = False
            self._subclasses[address] = known
        return known

    def read(self, address: int) -> ModuleObject:
        """The object at ``address``, whatever it is. Raises :class:`Unread`."""
        reader = self._reader
        objects, word = reader.objects, reader.memory.word
        kind = reader.type_of(address)
        if not self.is_module_type(kind):
            return ModuleObject(address, kind, 0, 0, 0, 0, None)
        state = word(address + objects.module_state)
        dictionary = word(address + reader.head)
        if objects.module_definition is not None:
            definition = word(address + objects.module_definition)
            return ModuleObject(address, kind, dictionary, definition, state, 0, None)
        assert objects.module_token is not None  # noqa: S101 - 3.15's rows have all three
        assert objects.module_token_is_definition is not None  # noqa: S101
        assert objects.module_state_size is not None  # noqa: S101
        token = word(address + objects.module_token)
        is_definition = reader.memory.read(address + objects.module_token_is_definition, 1)[0]
        size = reader.signed(address + objects.module_state_size)
        definition = token if is_definition else 0
        return ModuleObject(address, kind, dictionary, definition, state, token, size)

    def file(self, table: Table) -> str | None:
        """``__file__`` in a module's dict."""
        reader = self._reader
        entries = dict(table.pairs)
        for key in self._file_keys:
            if key in entries:
                return self._text(entries[key])
        for key, value in table.pairs[:FILE_KEYS]:
            try:
                if reader.text(key) == "__file__":
                    self._file_keys.add(key)
                    return self._text(value)
            except (Unread, Torn):
                continue
        return None

    def _text(self, address: int) -> str | None:
        try:
            return self._reader.text(address)
        except (Unread, Torn):
            return None

    def definition(self, module: ModuleObject, *, imported: bool) -> Definition | None:
        """What the module's PyModuleDef says; None where it has none that can be read.

        ``imported``: the import system made it from a file, so it is marked if single-phase.
        """
        if module.definition:
            try:
                return self._moduledef(module.definition, imported=imported)
            except Unread:
                return Definition(module.definition, "moduledef", None, "unknown", ())
        if module.token:
            return Definition(module.token, "token", module.state_size, "export", ())
        return None

    def _moduledef(self, address: int, *, imported: bool) -> Definition:
        reader = self._reader
        place, word = reader.layout.moduledef, reader.memory.word
        size = reader.signed(address + place("m_size"))
        array = word(address + place("m_slots"))
        # What only the import system leaves there tells single-phase (Python/import.c): the init
        # function where m_size >= 0, a copy of the module's dict where it is -1.
        marked = word(address + place("m_copy")) or word(address + place("m_init")) or size == -1
        unmarked = "multi" if imported else "unknown"  # PyModuleDef_Init without slots is legal
        phase = "multi" if array else "single" if marked else unmarked
        return Definition(address, "moduledef", size, phase, self._slots(array))

    def _slots(self, array: int) -> tuple[Slot, ...]:
        found: list[Slot] = []
        while 0 < array < ADDRESS_END and len(found) < SLOT_LIMIT:
            try:
                number, value = struct.unpack("<i4xQ", self._reader.memory.read(array, 16))
            except Unread:
                break
            if number == 0:
                break
            name = SLOT_NAMES.get(number, f"slot {number}")
            found.append(Slot(number, name, value if number in NUMBERS else None))
            array += 16
        return tuple(found)

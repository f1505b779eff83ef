"""A C structure of the file, field by field: address, raw bytes, what they mean.

This is what a person sees beside a finding, so it reads the structure again from the image and
believes no earlier reading of it. Field order and offsets are those of ``layouts``; numbers get
their names from ``names``. An array ends at its zero entry, or after :data:`ENTRY_LIMIT` entries:
the bytes may be anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from isoview.inspectors.binary import decode_tables, layouts, names
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.layouts import PYSLOT_SIZE, Layout

KINDS = (
    "PyModuleDef", "PyModuleDef_Slot[]", "PyMethodDef[]", "PyTypeObject", "PyType_Spec",
    "PyType_Slot[]", "PySlot[]", "PyMemberDef[]", "PyGetSetDef[]", *decode_tables.FUNCTION_BLOCKS,
    "words",
)  # fmt: skip
ENTRY_LIMIT = 512
TEXT_SHOWN = 120
WORDS_SHOWN = 32

# Include/object.h: Py_TPFLAGS_DEFAULT gives no hint, these two decide what isolation asks about.
_ASKED_FLAGS = ((names.FLAG_HEAP, "HEAPTYPE"), (names.FLAG_GC, "HAVE_GC"))
# Include/moduleobject.h: the values of Py_mod_multiple_interpreters and Py_mod_gil.
_INTERPRETERS = {
    0: "0: not supported in sub-interpreters",
    1: "1: supported, interpreters share the GIL",
    2: "2: supported, each interpreter has its own GIL",
}
_GIL = {0: "0: needs the GIL", 1: "1: runs without the GIL"}
_SLOT_FLAGS = ((1, "OPTIONAL"), (2, "STATIC"), (4, "INTPTR"))  # PEP 820


@dataclass(frozen=True)
class Field:
    """One member: where it stands, its bytes in the file, and what they say.

    ``target`` is the local address that the loader stores there, for a pointer that stays
    inside the file.
    """

    offset: int
    address: int
    size: int
    name: str
    raw: bytes
    meaning: str
    target: int | None = None
    number: int = 0  # the bytes as one unsigned number, in the file's byte order

    @property
    def is_set(self) -> bool:
        """Whether the file says anything here: a byte, or a pointer the loader fills in."""
        return any(self.raw) or self.target is not None or self.meaning.startswith("→")


@dataclass(frozen=True)
class Structure:
    """A decoded structure; ``source`` names the section, ``note`` says where decoding stopped."""

    kind: str
    address: int
    size: int
    fields: tuple[Field, ...]
    source: str
    note: str | None = None


def decode(
    image: Image, address: int, kind: str, layout: Layout | None = None, size: int | None = None
) -> Structure:
    """The structure of ``kind`` at ``address``; ``size`` bounds the kind ``words`` only."""
    if kind not in KINDS:
        raise ValueError(f"no structure of kind {kind!r} is known")
    reader = _Reader(image, layout or Layout(image.word_size, free_threaded=False), address)
    match kind:
        case "PyModuleDef":
            reader.head()
            reader.moduledef()
        case "PyTypeObject":
            reader.head()
            reader.type_object()
        case "PyType_Spec":
            reader.type_spec()
        case "PyMethodDef[]":
            reader.array(reader.method)
        case "PyModuleDef_Slot[]":
            reader.array(reader.module_slot)
        case "PyType_Slot[]":
            reader.array(reader.type_slot)
        case "PySlot[]":
            reader.array(reader.pyslot)
        case "PyMemberDef[]":
            reader.array(partial(decode_tables.member, reader))
        case "PyGetSetDef[]":
            reader.array(partial(decode_tables.getset, reader))
        case _ if kind in decode_tables.FUNCTION_BLOCKS:
            decode_tables.functions(reader, kind)
        case _:
            reader.words(size or image.word_size)
    return reader.structure(kind)


class _Reader:
    """Walks one structure of one image and collects its fields."""

    def __init__(self, image: Image, layout: Layout, address: int) -> None:
        self.image = image
        self.layout = layout
        self.base = address
        self.offset = 0
        self.fields: list[Field] = []
        self.note: str | None = None

    def structure(self, kind: str) -> Structure:
        region = self.image.region_at(self.base)
        return Structure(
            kind=kind,
            address=self.base,
            size=self.offset,
            fields=tuple(self.fields),
            source=region.name if region else "outside every section",
            note=self.note,
        )

    # -- single members -----------------------------------------------------------------------

    def add(self, name: str, size: int, meaning: str, target: int | None = None) -> bool:
        """Record the member at the current offset and step over it; False at the image's end."""
        address = self.base + self.offset
        raw = self.image.read(address, size)
        if len(raw) < size:
            self.note = f"the file ends here: {name} at {address:#x} is outside of it"
            return False
        number = int.from_bytes(raw, "little" if self.image.endian == "little" else "big")
        self.fields.append(Field(self.offset, address, size, name, raw, meaning, target, number))
        self.offset += size
        return True

    @property
    def word_size(self) -> int:
        return self.layout.word

    def at_end(self) -> bool:
        """Whether a table ends here: its next name is missing."""
        return not self.image.word(self.base + self.offset)

    def number(self, name: str, size: int, say: Callable[[int], str] = str) -> bool:
        value = self.image.unsigned(self.base + self.offset, size)
        return self.add(name, size, "" if value is None else say(value))

    def signed(self, name: str, size: int, say: Callable[[int], str] = str) -> bool:
        value = self.image.signed(self.base + self.offset, size)
        return self.add(name, size, "" if value is None else say(value))

    def pointer(self, name: str, *, text: bool = False, empty: str = "NULL") -> bool:
        """A pointer member; ``text`` where it points to a C string."""
        address = self.base + self.offset
        meaning, target = self.points_to(address, text=text, empty=empty)
        return self.add(name, self.layout.word, meaning, target)

    def points_to(self, address: int, *, text: bool, empty: str) -> tuple[str, int | None]:
        """What the pointer stored at ``address`` leads to, in words, and where."""
        imported = self.image.imports_at.get(address)
        if imported is not None:
            return f"→ {imported} (imported)", None
        target = self.image.pointers.get(address)
        if target is None:
            value = self.image.word(address)
            return (empty if not value else f"{value:#x}, no address of this file"), None
        if text:
            found = self.image.cstring(target, TEXT_SHOWN)
            if found is not None:
                return f'→ "{found}"', target
        return f"→ {self.place(target)}", target

    def place(self, address: int) -> str:
        """The name of the symbol that covers ``address``, else its section."""
        symbol = self.image.covering(address)
        if symbol is not None:
            inside = address - symbol.address
            return f"{symbol.name}+{inside:#x}" if inside else symbol.name
        region = self.image.region_at(address)
        return f"{address:#x} in {region.name}" if region else f"{address:#x}"

    # -- whole structures ---------------------------------------------------------------------

    def head(self) -> None:
        """PyObject as the file holds it (``Include/object.h``)."""
        word = self.layout.word
        if self.layout.free_threaded:
            for name, size in (
                ("ob_tid", word), ("ob_flags", 2), ("ob_mutex", 1), ("ob_gc_bits", 1),
                ("ob_ref_local", 4), ("ob_ref_shared", word),
            ):  # fmt: skip
                self.number(name, size)
        else:
            self.number("ob_refcnt", word, hex)
        self.pointer("ob_type", empty="NULL: set when it is readied")

    def moduledef(self) -> None:
        empty = {
            "m_slots": "NULL: no slots",
            "m_methods": "NULL: no functions",
            "m_traverse": "NULL: objects in the state are not traversed",
            "m_clear": "NULL: objects in the state are not cleared",
            "m_free": "NULL: nothing is freed with the module",
            "m_init": "NULL: filled at import",
            "m_copy": "NULL: filled for single-phase modules",
        }
        for name in layouts.MODULEDEF_FIELDS:
            if name == "m_size":
                going_on = self.signed(name, self.layout.word, _module_size)
            elif name == "m_index":
                going_on = self.number(name, self.layout.word, lambda v: str(v or "0: not given"))
            else:
                text = name in {"m_name", "m_doc"}
                going_on = self.pointer(name, text=text, empty=empty.get(name, "NULL"))
            if not going_on:
                return

    def type_object(self) -> None:
        for name in layouts.TYPE_FIELDS:
            if name == "tp_flags":
                going_on = self.number(name, self.layout.word, _flags)
            elif name in layouts.TYPE_INTEGER_FIELDS:
                going_on = self.signed(name, self.layout.word)
            else:
                runtime = name in layouts.TYPE_RUNTIME_FIELDS
                empty = "NULL: filled when the type is readied" if runtime else "NULL"
                going_on = self.pointer(name, text=name in {"tp_name", "tp_doc"}, empty=empty)
            if not going_on:
                return

    def type_spec(self) -> None:
        self.pointer("name", text=True)
        self.signed("basicsize", 4)
        self.signed("itemsize", 4)
        self.number("flags", 4, _flags)
        padding = self.layout.spec_slots - self.offset
        if padding > 0:
            self.add("(padding)", padding, "")
        self.pointer("slots")

    def array(self, entry: Callable[[str], bool]) -> None:
        """Entries until one says that it is the last."""
        for index in range(ENTRY_LIMIT):
            if not entry(f"[{index}] "):
                return
        self.note = f"decoding stops after {ENTRY_LIMIT} entries"

    def method(self, prefix: str) -> bool:
        word = self.layout.word
        if self.at_end():
            self.add(f"{prefix}ml_name", word, "NULL: end of the table")
            return False
        return (
            self.pointer(f"{prefix}ml_name", text=True)
            and self.pointer(f"{prefix}ml_meth")
            and self.signed(f"{prefix}ml_flags", 4, _method_flags)
            and (word == 4 or self.add(f"{prefix}(padding)", 4, ""))
            and self.pointer(f"{prefix}ml_doc", text=True)
        )

    def module_slot(self, prefix: str) -> bool:
        slot = self.slot_id(prefix, 4, names.MODULE_SLOTS)
        return bool(slot) and self.slot_value(f"{prefix}value", slot, names.INTEGER_SLOTS)

    def type_slot(self, prefix: str) -> bool:
        slot = self.slot_id(prefix, 4, names.TYPE_SLOTS)
        return bool(slot) and self.slot_value(f"{prefix}pfunc", slot, frozenset())

    def slot_id(self, prefix: str, size: int, known: dict[int, str]) -> int:
        """The number of a slot (0 at the end of the table), and the padding behind it."""
        slot = self.image.unsigned(self.base + self.offset, size) or 0
        meaning = known.get(slot, "unknown slot") if slot else "0: end of the table"
        padded = self.layout.word == 8 and size == 4
        read = self.add(f"{prefix}slot", size, f"{slot}: {meaning}" if slot else meaning)
        if read and slot and padded:
            self.add(f"{prefix}(padding)", 4, "")
        return slot if read else 0

    def slot_value(self, name: str, slot: int, integers: frozenset[int]) -> bool:
        if slot in integers:
            return self.number(name, self.layout.word, lambda value: _slot_number(slot, value))
        return self.pointer(name, text=slot in {56, 100, 101})

    def pyslot(self, prefix: str) -> bool:
        start = self.offset
        slot = self.slot_id(prefix, 2, names.MODULE_SLOTS | names.TYPE_SLOTS)
        if not slot:
            return False
        self.number(f"{prefix}flags", 2, _slot_flags)
        self.add(f"{prefix}(reserved)", 4, "")
        read = self.slot_value(f"{prefix}value", slot, names.INTEGER_SLOTS)
        rest = start + PYSLOT_SIZE - self.offset
        if read and rest > 0:
            self.add(f"{prefix}(rest of the value)", rest, "")
        return read

    def words(self, size: int) -> None:
        """Plain words of a static, for what has no layout of its own."""
        word = self.layout.word
        count = max(1, -(-size // word))
        for index in range(min(count, WORDS_SHOWN)):
            if not self.pointer(f"word {index}", empty="0"):
                return
        if count > WORDS_SHOWN:
            self.note = f"the first {WORDS_SHOWN} of {count} words"


def _module_size(value: int) -> str:
    if value == -1:
        return "-1: the module keeps its state in C statics"
    return "0: no memory per module object" if value == 0 else f"{value} bytes per module object"


def _flags(value: int) -> str:
    absent = ", ".join(name for bit, name in _ASKED_FLAGS if not value & bit)
    shown = " ".join(names.flag_names(value)) or "none"
    return f"{value:#x}: {shown}" + (f"  (not {absent})" if absent else "")


def _method_flags(value: int) -> str:
    return f"{value:#x}: {' '.join(names.method_flag_names(value))}"


def _slot_number(slot: int, value: int) -> str:
    if slot in {3, 86}:
        return _INTERPRETERS.get(value, f"{value}: unknown value")
    if slot in {4, 87}:
        return _GIL.get(value, f"{value}: unknown value")
    return f"{value} bytes per module object" if slot == 102 else str(value)


def _slot_flags(value: int) -> str:
    return f"{value:#x}: " + (" ".join(name for bit, name in _SLOT_FLAGS if value & bit) or "none")

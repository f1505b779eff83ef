"""Structures decoded from images made by hand: 32 and 64 bits, both byte orders, both heads."""

import struct
from typing import Any

import pytest

from isoview.inspectors.binary.decode import ENTRY_LIMIT, KINDS, Structure, decode
from isoview.inspectors.binary.image import Image, Region, Segment, Symbol
from isoview.inspectors.binary.layouts import TYPE_FIELDS, Layout

BASE = 0x1000
LAYOUTS = [
    pytest.param(8, "little", False, id="64"),
    pytest.param(8, "big", False, id="64-big"),
    pytest.param(4, "little", False, id="32"),
    pytest.param(4, "big", False, id="32-big"),
    pytest.param(8, "little", True, id="64-free-threaded"),
]


class Builder:
    """An image of one writable segment; pointers are laid where the loader would put them."""

    def __init__(self, word: int = 8, endian: str = "little", size: int = 0x4000) -> None:
        self.word = word
        self.order = "<" if endian == "little" else ">"
        self.endian = endian
        self.data = bytearray(size)
        self.pointers: dict[int, int] = {}
        self.imports: dict[int, str] = {}
        self.symbols: list[Symbol] = []

    def put(self, address: int, value: int, size: int) -> None:
        code = {1: "B", 2: "H", 4: "I", 8: "Q"}[size]
        struct.pack_into(self.order + code, self.data, address - BASE, value % (1 << (size * 8)))

    def text(self, address: int, text: bytes) -> int:
        self.data[address - BASE : address - BASE + len(text) + 1] = text + b"\0"
        return address

    def point(self, address: int, target: int) -> None:
        self.pointers[address] = target

    def image(self) -> Image:
        data = memoryview(bytes(self.data))
        size = len(data)
        return Image(
            format="elf", arch="x", bits=self.word * 8, endian=self.endian,
            segments=(Segment("data", BASE, size, data, True, False),),
            regions=(Region(".data", BASE, size, True, False, False),),
            pointers=self.pointers, imports_at=self.imports, imported=frozenset(), exports={}, export_sizes={},
            libraries=(), build_id=None, compilers=(), stripped=False, module_file=True,
            load_symbols=lambda: tuple(self.symbols), load_function_starts=lambda: (),
        )  # fmt: skip


def fields(structure: Structure) -> dict[str, Any]:
    return {field.name: field for field in structure.fields}


@pytest.mark.parametrize(("word", "endian", "threaded"), LAYOUTS)
def test_a_definition(word: int, endian: str, threaded: bool) -> None:
    build = Builder(word, endian)
    layout = Layout(word, threaded)
    build.point(BASE + layout.moduledef("m_name"), build.text(0x2000, b"sample"))
    build.put(BASE + layout.moduledef("m_size"), -1, word)
    build.imports[BASE + layout.moduledef("m_free")] = "free"
    build.symbols.append(Symbol("methods", 0x2100, 64, "object", False))
    build.point(BASE + layout.moduledef("m_methods"), 0x2110)
    found = decode(build.image(), BASE, "PyModuleDef", layout)
    by_name = fields(found)
    assert found.size == layout.moduledef_size
    assert found.source == ".data"
    assert by_name["m_name"].meaning == '→ "sample"'
    assert by_name["m_name"].target == 0x2000
    assert by_name["m_size"].meaning.startswith("-1:")
    assert by_name["m_size"].raw == b"\xff" * word
    assert by_name["m_size"].number == (1 << word * 8) - 1
    assert by_name["m_free"].meaning == "→ free (imported)"
    assert by_name["m_methods"].meaning == "→ methods+0x10"
    assert by_name["m_slots"].meaning == "NULL: no slots"
    for field in found.fields:
        assert field.address == BASE + field.offset
        if field.name.startswith("m_"):
            assert field.offset == layout.moduledef(field.name)
    assert ("ob_tid" in by_name) == threaded


@pytest.mark.parametrize(("word", "endian", "threaded"), LAYOUTS)
def test_a_static_type(word: int, endian: str, threaded: bool) -> None:
    build = Builder(word, endian)
    layout = Layout(word, threaded)
    build.point(BASE + layout.type("tp_name"), build.text(0x2000, b"sample.T"))
    build.put(BASE + layout.type("tp_basicsize"), 40, word)
    build.put(BASE + layout.type("tp_flags"), 1 << 10 | 1 << 14, word)
    found = decode(build.image(), BASE, "PyTypeObject", layout)
    by_name = fields(found)
    assert found.size == layout.type_size
    assert [f.name for f in found.fields if f.offset >= layout.head] == list(TYPE_FIELDS)
    assert by_name["tp_basicsize"].meaning == "40"
    assert by_name["tp_flags"].meaning == "0x4400: BASETYPE HAVE_GC  (not HEAPTYPE)"
    assert by_name["tp_dict"].meaning == "NULL: filled when the type is readied"


@pytest.mark.parametrize(("word", "endian"), [(8, "little"), (8, "big"), (4, "little"), (4, "big")])
def test_module_slots_end_at_zero(word: int, endian: str) -> None:
    build = Builder(word, endian)
    for index, (slot, value) in enumerate(((2, None), (3, 2), (4, 1), (99, 7))):
        at = BASE + index * 2 * word
        build.put(at, slot, 4)
        if value is None:
            build.point(at + word, 0x2000)
        else:
            build.put(at + word, value, word)
    found = decode(build.image(), BASE, "PyModuleDef_Slot[]")
    meanings = [field.meaning for field in found.fields if "(" not in field.name]
    assert meanings == [
        "2: Py_mod_exec", "→ 0x2000 in .data",
        "3: Py_mod_multiple_interpreters", "2: supported, each interpreter has its own GIL",
        "4: Py_mod_gil", "1: runs without the GIL",
        "99: unknown slot", "0x7, no address of this file",
        "0: end of the table",
    ]  # fmt: skip


@pytest.mark.parametrize(("word", "endian"), [(8, "little"), (4, "big")])
def test_slots_of_pep_820_are_sixteen_bytes_everywhere(word: int, endian: str) -> None:
    build = Builder(word, endian)
    for index, (slot, flags, value) in enumerate(((86, 4, 2), (102, 4, 64))):
        at = BASE + index * 16
        build.put(at, slot, 2)
        build.put(at + 2, flags, 2)
        build.put(at + 8, value, word)
    found = decode(build.image(), BASE, "PySlot[]")
    by_name = fields(found)
    assert by_name["[0] slot"].meaning == "86: Py_mod_multiple_interpreters"
    assert by_name["[0] flags"].meaning == "0x4: INTPTR"
    assert by_name["[0] value"].meaning.startswith("2: supported")
    assert by_name["[1] slot"].offset == 16
    assert by_name["[1] value"].meaning == "64 bytes per module object"


@pytest.mark.parametrize("word", [8, 4])
def test_methods_and_a_spec(word: int) -> None:
    build = Builder(word)
    layout = Layout(word, free_threaded=False)
    build.point(BASE, build.text(0x2000, b"fetch"))
    build.point(BASE + word, 0x2200)
    build.put(BASE + 2 * word, 0x282, 4)
    found = decode(build.image(), BASE, "PyMethodDef[]")
    by_name = fields(found)
    assert by_name["[0] ml_name"].meaning == '→ "fetch"'
    assert by_name["[0] ml_flags"].meaning == "0x282: KEYWORDS FASTCALL METHOD"
    assert by_name["[1] ml_name"].offset == layout.method_size
    assert by_name["[1] ml_name"].meaning == "NULL: end of the table"

    build = Builder(word)
    build.point(BASE, build.text(0x2000, b"m.T"))
    build.put(BASE + word, 48, 4)
    build.put(BASE + word + 8, 1 << 14, 4)
    build.point(BASE + layout.spec_slots, 0x2400)
    build.put(0x2400, 52, 4)
    build.point(0x2400 + word, 0x2600)
    found = decode(build.image(), BASE, "PyType_Spec")
    assert found.size == layout.spec_size
    assert fields(found)["slots"].target == 0x2400
    slots = decode(build.image(), 0x2400, "PyType_Slot[]")
    assert fields(slots)["[0] slot"].meaning == "52: tp_dealloc"


def test_an_array_without_an_end_is_bounded() -> None:
    build = Builder(size=0x8000)
    for index in range(ENTRY_LIMIT + 50):
        build.put(BASE + index * 16, 2, 4)
    found = decode(build.image(), BASE, "PyModuleDef_Slot[]")
    assert found.note == f"decoding stops after {ENTRY_LIMIT} entries"
    assert len(found.fields) == ENTRY_LIMIT * 3


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("address", [0, BASE + 0x3FFC, 1 << 63])
def test_nothing_is_read_outside_the_file(kind: str, address: int) -> None:
    found = decode(Builder().image(), address, kind)
    assert sum(field.size for field in found.fields) <= 4
    assert found.size <= 4


def test_a_file_of_ones_is_only_odd() -> None:
    build = Builder()
    build.data[:] = b"\xff" * len(build.data)
    for kind in KINDS:
        assert decode(build.image(), BASE, kind).fields


def test_words_of_a_static() -> None:
    build = Builder()
    build.point(BASE + 8, 0x2000)
    found = decode(build.image(), BASE, "words", size=20)
    assert [field.meaning for field in found.fields] == ["0", "→ 0x2000 in .data", "0"]
    assert decode(build.image(), BASE, "words", size=4000).note == "the first 32 of 500 words"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="PyLongObject"):
        decode(Builder().image(), BASE, "PyLongObject")

"""Symbol tables and images made by hand, for what no compiled file can show."""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.symbol_table import Columns, elf_columns
from isoview.symbols import SymbolList

SECTIONS = ("", ".text", ".data", ".bss")
FUNCTION, OBJECT, NOTYPE, SECTION, TLS = 2, 1, 0, 3, 6
LOCAL, GLOBAL, WEAK = 0, 1, 2


class Entry(NamedTuple):
    """One entry of a table as the file has it."""

    name: bytes
    address: int = 0
    size: int = 0
    kind: int = FUNCTION
    section: int = 1
    scope: int = GLOBAL


def elf_table(
    entries: Sequence[Entry], bits: int = 64, endian: str = "little"
) -> tuple[memoryview, bytes]:
    """The bytes of a table and of its names; the first entry is the empty one of every table."""
    order = "<" if endian == "little" else ">"
    text, raw = bytearray(b"\0"), bytearray(24 if bits == 64 else 16)
    for entry in entries:
        at = len(text)
        text += entry.name + b"\0"
        info = entry.scope << 4 | entry.kind
        if bits == 64:
            raw += struct.pack(
                order + "IBBHQQ", at, info, 0, entry.section, entry.address, entry.size
            )
        else:
            raw += struct.pack(
                order + "IIIBBH", at, entry.address, entry.size, info, 0, entry.section
            )
    return memoryview(bytes(raw)), bytes(text)


def columns(entries: Sequence[Entry], bits: int = 64, endian: str = "little") -> Columns:
    raw, text = elf_table(entries, bits, endian)
    return elf_columns(raw, text, bits, endian, SECTIONS)


def symbol_list(*entries: Entry) -> SymbolList:
    return SymbolList(columns(entries))


def image(regions: Sequence[tuple[Region, bytes]], **more: object) -> Image:
    """An image of sections with their bytes; a region longer than its bytes is filled with zeros."""
    segments = tuple(
        Segment(r.name, r.address, r.size, memoryview(raw), r.writable, r.executable)
        for r, raw in regions
    )
    values: dict[str, object] = {
        "format": "elf", "arch": "x86-64", "bits": 64, "endian": "little", "segments": segments,
        "regions": tuple(region for region, _ in regions), "pointers": {}, "imports_at": {},
        "imported": frozenset(), "exports": {}, "export_sizes": {}, "libraries": (),
        "build_id": None, "compilers": (), "stripped": False, "module_file": True,
        "load_symbols": lambda: (), "load_function_starts": lambda: (),
    }  # fmt: skip
    return Image(**(values | more))  # type: ignore[arg-type]  # each as the class wants it


# -- the file behind the module of app_reports ---------------------------------------------------

TEXTS = {0x3000: b"sample", 0x3010: b"A sample.", 0x3020: b"connect", 0x3028: b"close",
         0x3030: b"sample.Connection"}  # fmt: skip
POINTERS = {
    0x4028: 0x3000,  # m_name
    0x4030: 0x3010,  # m_doc
    0x4040: 0x4800,  # m_methods
    0x4060: 0x1300,  # m_free
    0x4118: 0x3030,  # tp_name of the first type
    0x4800: 0x3020,  # the methods' names and functions
    0x4808: 0x1210,
    0x4820: 0x3028,
    0x4828: 0x1240,
}
SAMPLE = (
    Entry(b"PyInit_sample", 0x1200, 16),
    Entry(b"connect", 0x1210, 48, scope=LOCAL),
    Entry(b"close", 0x1240, 32, scope=LOCAL),
    Entry(b"_ZN6sample9free_poolEPv", 0x1300, 64, scope=LOCAL),
    Entry(b"definition", 0x4000, 104, OBJECT, 2, LOCAL),
    Entry(b"Connection_Type", 0x4100, 0x1A0, OBJECT, 2, LOCAL),
    Entry(b"Cursor_Type", 0x42A0, 0x1A0, OBJECT, 2, LOCAL),
    Entry(b"Column_Type", 0x4440, 0x1A0, OBJECT, 2, LOCAL),
    Entry(b"methods", 0x4800, 96, OBJECT, 2, LOCAL),
    Entry(b"cached_null", 0x5000, 8, OBJECT, 3, LOCAL),
    Entry(b"counter", 0x5008, 4, OBJECT, 3, LOCAL),
    Entry(b"PyModule_Create2", 0, 0, NOTYPE, 0),
    Entry(b"PyGILState_Ensure", 0, 0, NOTYPE, 0),
)


def sample_image(*more: Entry) -> Image:
    """The image of the made-up module: a definition, its methods, types, statics."""
    data = bytearray(0x900)
    data[0:8] = (1).to_bytes(8, "little")
    data[0x38:0x40] = b"\xff" * 8  # m_size -1
    data[0x810:0x814] = (3).to_bytes(4, "little")
    data[0x830:0x834] = (4).to_bytes(4, "little")
    texts = bytearray(0x60)
    for at, text in TEXTS.items():
        texts[at - 0x3000 : at - 0x3000 + len(text)] = text
    return image(
        (
            (Region(".text", 0x1000, 0x400, False, True, False), b"\x90" * 0x400),
            (Region(".rodata", 0x3000, 0x60, False, False, False), bytes(texts)),
            (Region(".data", 0x4000, 0x900, True, False, False), bytes(data)),
            (Region(".bss", 0x5000, 0x20, True, False, True), b""),
        ),
        pointers=POINTERS,
        imports_at={0x4008: "PyModuleDef_Type", 0x4108: "PyType_Type"},
        load_columns=lambda: columns((*SAMPLE, *more)),
    )

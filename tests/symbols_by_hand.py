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

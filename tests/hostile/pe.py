"""Damaged and hostile PE files, each made from one sound module."""

import struct
from collections.abc import Iterator

from hostile.damage import EXTREMES, Bad, anywhere, patched

_DIRECTORIES = (
    "export", "import", "resource", "exception", "security", "basereloc", "debug", "arch",
    "globalptr", "tls", "loadconfig", "boundimport", "iat", "delayimport", "clr",
)  # fmt: skip
_EXPORT_FIELDS = {
    "Name": 12, "Base": 16, "NumberOfFunctions": 20, "NumberOfNames": 24,
    "AddressOfFunctions": 28, "AddressOfNames": 32, "AddressOfNameOrdinals": 36,
}  # fmt: skip
_SECTION_FIELDS = {
    "VirtualSize": 8, "VirtualAddress": 12, "SizeOfRawData": 16, "PointerToRawData": 20,
}  # fmt: skip


class _Pe:
    """Where the tables of the sound file are."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.header = struct.unpack_from("<I", data, 0x3C)[0]
        self.coff, self.optional = self.header + 4, self.header + 24
        wide = struct.unpack_from("<H", data, self.optional)[0] == 0x20B
        self.directories = self.optional + (112 if wide else 96)
        self.count = struct.unpack_from("<H", data, self.coff + 2)[0]
        self.table = self.optional + struct.unpack_from("<H", data, self.coff + 16)[0]

    def directory(self, number: int) -> tuple[int, int | None]:
        """RVA and file offset of a data directory."""
        rva = struct.unpack_from("<I", self.data, self.directories + 8 * number)[0]
        for n in range(self.count):
            room, start, size, raw = struct.unpack_from("<8xIIII", self.data, self.table + 40 * n)
            if rva and start <= rva < start + max(room, size):
                return rva, rva - start + raw
        return rva, None


def bad_pe(data: bytes, seed: int = 1, count: int = 60) -> Iterator[Bad]:
    """All of them, by name."""
    pe = _Pe(data)
    yield from anywhere("pe", "pyd", data, seed, count, pe.header + 24 + 240 + 240)
    yield from _headers(pe)
    for number, name in enumerate(_DIRECTORIES):
        at = pe.directories + 8 * number
        for rva, size in ((0xFFFFFFF0, 0xFFFFFFFF), (0x1000, 0xFFFFFFFF), (1, 1), (pe.header, 64)):
            raw = data[:at] + struct.pack("<II", rva, size) + data[at + 8 :]
            what = f"{name} directory at {rva:#x}, {size:#x} bytes"
            yield f"pe-dir-{name}-{rva:x}-{size:x}.pyd", raw, what
    for number in range(min(pe.count, 3)):
        for field, place in _SECTION_FIELDS.items():
            raw = patched(data, pe.table + 40 * number + place, 4, 0xFFFFFFFF)
            yield f"pe-sec{number}-{field}-max.pyd", raw, f"section {number} {field} max"
    yield from _tables(pe)
    yield "pe-dos-only.pyd", data[:64], "the DOS header only"


def _headers(pe: _Pe) -> Iterator[Bad]:
    data = pe.data
    for value in (0, 2, 0x3C, len(data) - 2, 0x7FFFFFFF, 0xFFFFFFFF):
        yield f"pe-e_lfanew-{value:x}.pyd", patched(data, 0x3C, 4, value), f"e_lfanew = {value:#x}"
    spots = {
        "Machine": (pe.coff, 2), "NumberOfSections": (pe.coff + 2, 2),
        "PointerToSymbolTable": (pe.coff + 8, 4), "NumberOfSymbols": (pe.coff + 12, 4),
        "SizeOfOptionalHeader": (pe.coff + 16, 2), "OptionalMagic": (pe.optional, 2),
        "SectionAlignment": (pe.optional + 32, 4), "FileAlignment": (pe.optional + 36, 4),
        "SizeOfImage": (pe.optional + 56, 4), "SizeOfHeaders": (pe.optional + 60, 4),
        "NumberOfRvaAndSizes": (pe.directories - 4, 4),
    }  # fmt: skip
    for name, (offset, size) in spots.items():
        for value in EXTREMES[size]:
            raw = patched(data, offset, size, value)
            yield f"pe-{name}-{value:x}.pyd", raw, f"{name} = {value:#x}"
    raw = patched(patched(data, pe.coff + 8, 4, 64), pe.coff + 12, 4, 0x0FFFFFFF)
    yield "pe-symbols-huge.pyd", raw, "COFF symbol table of 268 million entries"


def _tables(pe: _Pe) -> Iterator[Bad]:
    data = pe.data
    _, at = pe.directory(0)
    for field, place in _EXPORT_FIELDS.items() if at else ():
        for value in (0, 0x00FFFFFF, 0xFFFFFFFF):
            raw = patched(data, at + place, 4, value)
            yield f"pe-export-{field}-{value:x}.pyd", raw, f"export directory {field} = {value:#x}"
    rva, at = pe.directory(1)
    if at:
        raw = patched(patched(data, at, 4, rva), at + 16, 4, rva)
        yield "pe-import-thunk-self.pyd", raw, "import thunks point at the descriptor table"
        yield "pe-import-name-bad.pyd", patched(data, at + 12, 4, 0xFFFFFFF0), "DLL name far out"
        left = len(data) - at
        raw = data[:at] + (data[at : at + 20] * (left // 20 + 1))[:left]
        yield "pe-import-endless.pyd", raw, "import descriptors to the end of the file"
    _, at = pe.directory(2)
    if at:
        copy = bytearray(data)
        struct.pack_into("<IIHHHH", copy, at, 0, 0, 0, 0, 0, 0xFFFF)
        for place in range(at + 16, min(at + 16 + 8 * 64, len(data) - 8), 8):
            struct.pack_into("<II", copy, place, place, 0x80000000)
        yield "pe-resource-cyclic.pyd", bytes(copy), "resource entries point at themselves"
    _, at = pe.directory(5)
    if at:
        for value in (0, 0xFFFFFFFF):
            raw = patched(data, at + 4, 4, value)
            yield f"pe-reloc-size-{value:x}.pyd", raw, f"base reloc block of {value:#x} bytes"

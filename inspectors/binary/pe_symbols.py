"""The COFF symbol table that MinGW's linkers leave in a PE file (Microsoft's never do).

Entries have 18 bytes and no size: a symbol reaches to the next one, or to its section's end.
Format: Microsoft, "PE Format", section on the COFF symbol table.
"""

import struct
from collections.abc import Iterator

from isoview.inspectors.binary.image import Symbol
from isoview.inspectors.binary.pe import SCN_CODE, SCN_EXECUTE, PeFile
from isoview.inspectors.text import NAME_LIMIT, decode

SYMBOL_LIMIT = 1 << 19
"""Most entries of the table that are read; large modules have some 200,000."""
_ENTRY = struct.Struct("<8sIhHBB")  # name, value, section, type, storage class, auxiliary entries
_FUNCTION = 0x20
_EXTERNAL, _STATIC = 2, 3
# What the linker makes of import libraries; the words they name belong to the import table.
_LINKER_MADE = ("__imp_", "_head_", "__nm_", "__IMPORT_DESCRIPTOR_", "__NULL_IMPORT", "\x7f")


def has_symbols(reader: PeFile) -> bool:
    """Whether a symbol table is left that names what only this file sees (``strip -x`` takes that
    away, and leaves the rest); notes what of it cannot be read.
    """
    offset, count = reader.symbol_table()
    present = max(len(reader.data) - offset, 0) // _ENTRY.size
    if count > min(present, SYMBOL_LIMIT):
        read = min(present, SYMBOL_LIMIT)
        reader.note("symbol table", f"{count} entries claimed, {read} read")
    return any(
        storage == _STATIC and not text.startswith((".", *_LINKER_MADE))
        for text, _, _, _, storage in _entries(reader, offset, count)
    )


def read_symbols(reader: PeFile, exports: dict[str, int]) -> tuple[Symbol, ...]:
    """Every defined symbol; where the file has no table, its exports."""
    offset, count = reader.symbol_table()
    found = _table(reader, offset, count, exports) if count else []
    if not found:
        found = [(name, address, _kind_at(reader, address)) for name, address in exports.items()]
    ends = _ends(reader, found)
    return tuple(
        Symbol(name, address, ends[address] - address, kind, name in exports)
        for name, address, kind in found
    )


def _table(
    reader: PeFile, offset: int, count: int, exports: dict[str, int]
) -> list[tuple[str, int, str]]:
    underscore = reader.arch == "i686"  # C names begin with one there
    found: list[tuple[str, int, str]] = []
    for name, value, number, kind, _ in _entries(reader, offset, count):
        text, section = name, reader.sections[number - 1]
        if not text or text.startswith(".") or not 0 <= value < section.size:
            continue
        address = reader.base + section.rva + value
        if kind & _FUNCTION:
            what = "function"
        elif section.flags & (SCN_CODE | SCN_EXECUTE) or text.startswith(_LINKER_MADE):
            what = "other"
        else:
            what = "object"
        if underscore and text.startswith("_") and text not in exports:
            text = text[1:]
        if section.name == ".tls" and what == "object":
            what = "tls"
        found.append((text, address, what))
    return found


def _entries(reader: PeFile, offset: int, count: int) -> Iterator[tuple[str, int, int, int, int]]:
    """(name, value, number of the section, type, storage class) of what stands in a section."""
    raw = reader.data[offset : offset + min(count, SYMBOL_LIMIT) * _ENTRY.size]
    raw = raw[: len(raw) // _ENTRY.size * _ENTRY.size]
    strings = reader.data[offset + count * _ENTRY.size :]
    skip = 0
    for name, value, number, kind, storage, auxiliary in _ENTRY.iter_unpack(raw):
        if skip:
            skip -= 1
            continue
        skip = auxiliary
        if storage in (_EXTERNAL, _STATIC) and 0 < number <= len(reader.sections):
            yield _name(name, strings), value, number, kind, storage


def _name(raw: bytes, strings: memoryview) -> str:
    if raw[:4] != b"\0\0\0\0":
        return decode(raw.rstrip(b"\0"))
    at = int.from_bytes(raw[4:], "little")
    text = bytes(strings[at : at + NAME_LIMIT])
    return decode(text.partition(b"\0")[0])


def _kind_at(reader: PeFile, address: int) -> str:
    rva = address - reader.base
    for section in reader.sections:
        if section.rva <= rva < section.rva + section.size:
            return "function" if section.flags & SCN_EXECUTE else "object"
    return "other"


def _ends(reader: PeFile, found: list[tuple[str, int, str]]) -> dict[int, int]:
    """Where each symbol's address range ends: at the next symbol or at its section's end."""
    limits = {section.rva + section.size + reader.base for section in reader.sections}
    addresses = {address for _, address, _ in found}
    ends: dict[int, int] = {}
    following = 0
    for address in sorted(addresses | limits, reverse=True):
        if address in addresses:
            ends[address] = max(following, address)
        following = address
    return ends

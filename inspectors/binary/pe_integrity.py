"""What in a PE file contradicts itself: headers, sections, data directories.

As for ELF (``elf_integrity``): nothing here changes what is read, and files of real linkers
(Microsoft's, lld, GNU ld) pass every test. Source: Microsoft, "PE Format"; the fields by their
names there. RVAs are relative to the image base, offsets are of the file, sizes in bytes.
"""

import struct
from collections.abc import Iterator
from itertools import islice, pairwise

from isoview.inspectors.facts import Damage

DIRECTORIES = (
    "export", "import", "resource", "exception", "certificate", "base relocation", "debug",
    "architecture", "global pointer", "TLS", "load config", "bound import", "import address",
    "delay import", "CLR", "reserved",
)  # fmt: skip
_CERTIFICATE, _ARCHITECTURE, _GLOBAL_POINTER, _CLR, _RESERVED = 4, 7, 8, 14, 15
_BOUND_IMPORT = 11
_ENTRY_SIZES = {3: (12, 8), 6: (28,)}  # exception entries (x86-64, ARM), debug directory
_MACHINES = frozenset({0x014C, 0x8664, 0xAA64, 0xA641, 0xA64E, 0x01C0, 0x01C4, 0x0200})
_WIDE_MACHINES = frozenset({0x8664, 0xAA64, 0xA641, 0xA64E, 0x0200})
_SYMBOL = 18  # bytes of an entry of the COFF symbol table
SECTION_LIMIT = 96
NOTES_LIMIT = 40
"""Most notes about one file."""

Section = tuple[int, int, int, int]  # VirtualSize, VirtualAddress, SizeOfRawData, PointerToRawData


class _Headers:
    """The fields of the file and optional header that other fields have to agree with."""

    def __init__(self, data: memoryview, at: int) -> None:
        self.data = data
        (self.machine, self.count, _, self.symbols, self.symbol_count, size, _) = (
            struct.unpack_from("<HHIIIHH", data, at + 4)
        )
        start = at + 24
        self.wide = struct.unpack_from("<H", data, start)[0] == 0x20B
        self.alignment, self.file_alignment = struct.unpack_from("<II", data, start + 32)
        self.image_size, self.headers_size = struct.unpack_from("<II", data, start + 56)
        fixed = 112 if self.wide else 96
        self.directory_count = struct.unpack_from("<I", data, start + fixed - 4)[0]
        self.optional_size = size
        self.room = size >= fixed
        rows = min(self.directory_count, 16, max(size - fixed, 0) // 8)
        rows = min(rows, max(len(data) - start - fixed, 0) // 8)
        self.directories = list(struct.iter_unpack("<II", data[start + fixed :][: 8 * rows]))
        self.table = start + size
        rows = min(self.count, SECTION_LIMIT, max(len(data) - self.table, 0) // 40)
        raw = data[self.table : self.table + 40 * rows]
        self.sections: list[Section] = list(struct.iter_unpack("<8xIIII16x", raw))

    def holds(self, rva: int, size: int) -> bool:
        """Whether one section holds all of it."""
        return any(
            start <= rva and rva + size <= start + max(room, raw)
            for room, start, raw, _ in self.sections
        )


def oddities(data: memoryview) -> tuple[Damage, ...]:
    """What does not fit together in the PE file ``data``; empty for a sound one."""
    at = int.from_bytes(data[0x3C:0x40], "little")
    if at + 24 + 112 > len(data):
        return (Damage("PE header", "the file ends within it"),)
    return tuple(islice(_every(_Headers(data, at)), NOTES_LIMIT))


def _every(head: _Headers) -> Iterator[Damage]:
    yield from _header(head)
    yield from _alignment(head)
    yield from _sections(head)
    yield from _directories(head)
    yield from _exports(head)


def _header(head: _Headers) -> Iterator[Damage]:
    name = "PE header"
    if head.machine not in _MACHINES:
        yield Damage(name, f"no processor has the number {head.machine:#x}")
    elif (head.machine in _WIDE_MACHINES) != head.wide:
        yield Damage(name, "the processor and the kind of header do not fit")
    if not head.room:
        yield Damage(name, f"its optional part is said to have {head.optional_size} bytes")
    if head.directory_count != 16:
        yield Damage(name, f"it counts {head.directory_count} data directories; linkers write 16")
    if not head.count:
        yield Damage(name, "it counts no sections")
    if bool(head.symbols) != bool(head.symbol_count) and head.symbol_count:
        yield Damage("symbol table", f"{head.symbol_count} symbols are claimed, at no place")
    elif head.symbol_count and head.symbols + _SYMBOL * head.symbol_count > len(head.data):
        yield Damage("symbol table", f"{head.symbol_count} symbols run past the end of the file")
    elif head.symbols > len(head.data) or 0 < head.symbols < head.table:
        yield Damage("symbol table", f"it cannot be at offset {head.symbols:#x}")


def _alignment(head: _Headers) -> Iterator[Damage]:
    name = "PE header"
    memory, file = head.alignment, head.file_alignment
    odd = not 0x200 <= file <= 0x10000 and file != memory
    if not file or file & (file - 1) or odd:
        yield Damage(name, f"its file alignment {file:#x} is none that there is")
    elif not memory or memory & (memory - 1) or memory < file:
        yield Damage(name, f"its section alignment {memory:#x} is none that there is")
    elif memory > 0x10000000:
        yield Damage(name, f"its section alignment {memory:#x} does not fit into an image")
    else:
        end = max((start + (room or raw) for room, start, raw, _ in head.sections), default=0)
        if head.sections and -(-end // memory) * memory != head.image_size:
            yield Damage(name, f"an image of {head.image_size:#x} bytes does not fit its sections")
    first = min((raw for _, _, size, raw in head.sections if size and raw), default=len(head.data))
    if not head.table + 40 * head.count <= head.headers_size <= max(first, head.table):
        yield Damage(name, f"its headers are said to have {head.headers_size:#x} bytes")


def _sections(head: _Headers) -> Iterator[Damage]:
    end, before = 0, -1
    if head.count > len(head.sections):
        yield Damage(
            "section table", f"{head.count} sections are claimed, {len(head.sections)} read"
        )
    for index, (room, start, size, raw) in enumerate(head.sections):
        name = f"section {index}"
        if size and raw + size > len(head.data):
            yield Damage(name, f"{size} bytes at offset {raw:#x} run past the end of the file")
        if head.alignment and start % head.alignment:
            yield Damage(name, "its address does not fit the alignment")
        if start < end:
            yield Damage(name, f"it overlaps section {before}")
        if start + room > 1 << 31:
            yield Damage(name, f"its {room} bytes do not fit into an image")
            continue
        end, before = start + max(room, 1), index
    placed = sorted((raw, raw + size) for _, _, size, raw in head.sections if size and raw)
    if any(start < stop for (_, stop), (start, _) in pairwise(placed)):
        yield Damage("section table", "sections share bytes of the file")


def _directories(head: _Headers) -> Iterator[Damage]:
    for index, (rva, size) in enumerate(head.directories):
        name = f"{DIRECTORIES[index]} directory"
        if not rva and not size:
            continue
        if index == _CERTIFICATE:  # the one that is no part of the image: a file offset
            end = max((raw + size for _, _, size, raw in head.sections if raw), default=0)
            if rva < end or rva + size > len(head.data):
                yield Damage(name, f"{size} bytes at offset {rva:#x} are not behind the sections")
        elif index == _BOUND_IMPORT and head.table + 40 * head.count <= rva < head.headers_size:
            continue  # linkers put it behind the section table
        elif index in (_ARCHITECTURE, _GLOBAL_POINTER, _RESERVED):
            if index != _GLOBAL_POINTER or size:
                yield Damage(name, "it has to be empty, and is not")
            elif not head.holds(rva, 1):
                yield Damage(name, f"{rva:#x} is no address of the image")
        elif not rva or not head.holds(rva, size):
            yield Damage(name, f"{size} bytes at {rva:#x} lie in no section")
        elif index in _ENTRY_SIZES and all(size % entry for entry in _ENTRY_SIZES[index]):
            yield Damage(name, f"{size} bytes are no whole number of entries")


def _offset(head: _Headers, rva: int) -> int | None:
    for room, start, size, raw in head.sections:
        if start <= rva < start + min(room or size, size):
            return raw + rva - start
    return None


def _exports(head: _Headers) -> Iterator[Damage]:
    """The export directory: its counts and the tables that they count."""
    rva = head.directories[0][0] if head.directories else 0
    at = _offset(head, rva) if rva else None
    if at is None or at + 40 > len(head.data):
        return
    name = "export directory"
    own, base, functions, names, *tables = struct.unpack_from("<12xIIIIIII", head.data, at)
    if _offset(head, own) is None:
        yield Damage(name, "the name of the file lies in no section")
    if not 0 < base + functions <= 0x10000:
        yield Damage(name, f"{functions} exports from number {base} on cannot be")
    for count, entry, place, what in (
        (functions, 4, tables[0], "addresses"),
        (names, 4, tables[1], "names"),
        (names, 2, tables[2], "numbers"),
    ):
        if count and not head.holds(place, count * entry):
            yield Damage(name, f"{count} {what} at {place:#x} lie in no section")
    if functions and not names:
        yield Damage(name, "no export has a name")

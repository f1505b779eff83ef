"""What in an ELF file contradicts itself: headers, sections, segments.

A file can be read in part although it is damaged; then a reader has to be told so. Nothing here
changes what is read. Every test is one that files of real linkers pass, patched and stripped ones
among them: GNU ld, gold, lld, mold, patchelf, strip.

Sources: the ELF generic ABI, chapters 4 (headers, sections) and 5 (program headers); the fields
by their names there. Offsets and sizes are in bytes, of the file; addresses are link-time ones.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence

from isoview.inspectors.binary.elf import ElfFile, Header, Row, in_order
from isoview.inspectors.binary.elf_dynamic_integrity import dynamic_oddities
from isoview.inspectors.facts import Damage

TABLE_LIMIT = 4096
"""Most program or section headers that are looked at, each."""
ADDRESS_ROOM = 1 << 47
"""The address space of a process: no segment reaches past it."""
NOTES_LIMIT = 40
"""Most notes about one file."""

_PT_LOAD, _PT_DYNAMIC, _PT_NOTE = 1, 2, 4
_SHT_NULL, _SHT_STRTAB, _SHT_NOBITS, _SHT_DYNSYM = 0, 3, 8, 11
_SHF_ALLOC, _SHF_MERGE, _SHF_COMPRESSED, _SHF_TLS = 2, 0x10, 0x800, 0x400
_KINDS = {
    2: "symbol table", 3: "string table", 4: "relocations", 5: "hash table", 6: "dynamic tags",
    7: "notes", 9: "relocations", 11: "dynamic symbols", 0x6FFFFFF6: "GNU hash table",
    0x6FFFFFFE: "needed versions", 0x6FFFFFFF: "symbol versions",
}  # fmt: skip
# sh_entsize of tables: (64-bit, 32-bit).
_ENTRIES = {2: (24, 16), 4: (24, 12), 6: (16, 8), 9: (16, 8), 11: (24, 16), 0x6FFFFFFF: (2, 2)}
# What sh_link of a table names (chapter 4, figure 4-12): a string table or a symbol table.
_LINKED = {
    2: (3,), 4: (0, 2, 11), 5: (11,), 6: (3,), 9: (0, 2, 11), 11: (3,), 0x6FFFFFF6: (11,),
    0x6FFFFFFE: (3,), 0x6FFFFFFF: (11,),
}  # fmt: skip

_PLAIN = frozenset({3, 7})
"""String tables and notes: no entries of one size, no other section. (Those that the linker may
merge have them, as the gABI says of SHF_MERGE: Red Hat's compilers add ``.annobin.notes``, strings of
letters of one byte.)
"""
_MIXED = {0x6FFFFFF6: (0, 4, 8), 0x6FFFFFFE: (0,)}
"""What linkers write as sh_entsize of tables whose entries differ in size."""
_NO_BYTES = frozenset({_SHT_NULL, _SHT_NOBITS})


def _sound(narrow: bool) -> frozenset[tuple[int, int, int]]:
    """sh_type, sh_entsize and the sh_type of what sh_link names, as they stand in sound tables."""
    tables = {kind: (sizes[narrow],) for kind, sizes in _ENTRIES.items()} | _MIXED | {5: (4, 8)}
    plain = {(kind, 0, _SHT_NULL) for kind in _PLAIN}
    return frozenset(plain.union(
        (kind, entry, linked)
        for kind, entries in tables.items() for entry in entries for linked in _LINKED[kind]
    ))  # fmt: skip


_SOUND = {wide: _sound(not wide) for wide in (True, False)}


def oddities(reader: ElfFile) -> tuple[Damage, ...]:
    """What does not fit together in an ELF file; empty for a sound one."""
    found: list[Damage] = []
    for note in _every(reader):
        found.append(note)
        if len(found) == NOTES_LIMIT:
            found.append(Damage("file", "more is wrong than is told here"))
            break
    return tuple(found)


def _every(reader: ElfFile) -> Iterator[Damage]:
    head, wide = reader.head, reader.bits == 64
    yield from _header(reader.data, head, wide)
    segments = _segments(reader)
    yield from _program_headers(reader.data, head, segments, wide)
    alike = head.section_size == reader.shapes.section.size
    rows, of_kind = (reader.section_rows, reader.sections_of) if alike else ([], {})
    yield from _section_headers(reader.data, head, rows, of_kind, wide)
    yield from dynamic_oddities(reader, segments, of_kind)


def _header(data: memoryview, head: Header, wide: bool) -> Iterator[Damage]:
    if head.type not in (2, 3):
        text = f"e_type is {head.type:#x}, neither a shared object nor a program"
        yield Damage("ELF header", text)
    if head.version != 1 or data[6] != 1:
        yield Damage("ELF header", "its version is not 1, the only one there is")
    if head.size != (64 if wide else 52):
        yield Damage("ELF header", f"it says that it has {head.size} bytes")


def _segments(reader: ElfFile) -> list[Row]:
    """Program headers as the ELF header counts them; none where it is wrong about them."""
    head, shape, rows = reader.head, reader.shapes.segment, reader.program_rows
    count = min(head.segment_count, TABLE_LIMIT)
    end = head.segments_at + count * shape.size
    if head.segment_size != shape.size or end > len(reader.data):
        return []
    if len(rows) != count:  # the reader believed the first section header
        rows = list(shape.iter_unpack(reader.data[head.segments_at : end]))
        return rows if reader.bits == 64 else in_order(rows)
    return rows


def _program_headers(
    data: memoryview, head: Header, rows: Sequence[Row], wide: bool
) -> Iterator[Damage]:
    start, size, count = head.segments_at, head.segment_size, head.segment_count
    where = "program headers"
    if not count or not start:
        yield Damage(where, "there are none, so that nothing could load this file")
        return
    kinds = [row[0] for row in rows]
    if size != (56 if wide else 32):
        yield Damage(where, f"one is said to have {size} bytes")
    elif start + size * count > len(data):
        yield Damage(where, f"{count} at offset {start:#x} run past the end of the file")
    elif _PT_LOAD not in kinds:
        yield Damage(where, "none says what to load")
    elif _PT_DYNAMIC not in kinds:
        yield Damage(where, "none tells where the dynamic tags are")
    last = 0
    for index, kind in enumerate(kinds):
        if kind not in (_PT_LOAD, _PT_DYNAMIC, _PT_NOTE):
            continue
        _, _, offset, address, _, filled, room, align = rows[index]
        end = address + room
        if offset + filled > len(data):
            text = f"{filled} bytes at offset {offset:#x} run past the end of the file"
            yield Damage(f"segment {index}", text)
        if filled > room and kind != _PT_NOTE:
            text = f"it has {filled} bytes in the file and room for {room} in memory"
            yield Damage(f"segment {index}", text)
        if end > ADDRESS_ROOM:
            text = f"its {room} bytes do not fit into an address space"
            yield Damage(f"segment {index}", text)
            end = address + min(room, ADDRESS_ROOM)
        if align & (align - 1):
            text = f"its alignment {align:#x} is no power of two"
            yield Damage(f"segment {index}", text)
        if kind != _PT_LOAD:
            continue
        if align > 1 and (address - offset) % align:
            yield Damage(f"segment {index}", "its place in the file does not fit its address")
        if address < last:
            yield Damage(f"segment {index}", "it overlaps the segment before it")
        last = max(last, end)
    loads = [row for row in rows if row[0] == _PT_LOAD]
    if _PT_DYNAMIC in kinds:
        place = kinds.index(_PT_DYNAMIC)
        yield from _dynamic_place(place, rows[place], loads)
    entry = head.entry
    if entry and not any(low <= entry < low + room for _, _, _, low, _, _, room, _ in loads):
        yield Damage("ELF header", f"its entry point {entry:#x} lies in nothing that is loaded")


def _dynamic_place(place: int, row: Row, loads: Sequence[Row]) -> Iterator[Damage]:
    """A loader goes to the dynamic tags by their address, other tools by their place in the file:
    what is loaded there has to be the same.
    """
    _, _, offset, address, _, size, *_ = row
    if not size:
        return  # a file of debug information alone keeps the header, and no tags
    for _, _, start, low, _, filled, _, _ in loads:
        if start <= offset < start + filled and address - offset == low - start:
            return
    yield Damage(f"segment {place}", "the dynamic tags' address is not where they are loaded")


def _section_headers(
    data: memoryview,
    head: Header,
    rows: Sequence[Row],
    of_kind: Mapping[int, Sequence[Row]],
    wide: bool,
) -> Iterator[Damage]:
    start, size, count = head.sections_at, head.section_size, head.section_count
    where = "section headers"
    if not start:
        if count:
            yield Damage(where, f"{count} are claimed, at no place")
        return
    if size != (64 if wide else 40):
        yield Damage(where, f"one is said to have {size} bytes")
        return
    if start + size * max(count, 1) > len(data):
        yield Damage(where, f"{count} at offset {start:#x} run past the end of the file")
    if not rows:
        yield Damage(where, "the header counts none, and neither does the first entry")
        return
    if any(rows[0][:5]) or (count and rows[0][5]):
        yield Damage(where, "the first is not empty, as it has to be")
        return
    if not count and rows[0][5] < 0xFF00:
        yield Damage(where, f"the header counts none, and the first entry {rows[0][5]}")
    names = rows[0][6] if head.names_index == 0xFFFF else head.names_index
    if not 0 < names < len(rows) or rows[names][1] != _SHT_STRTAB:
        yield Damage("section names", f"section {names} should hold them, and is no string table")
        named = None
    else:
        named = rows[names][5]
    if len(of_kind.get(_SHT_DYNSYM, ())) > 1:
        yield Damage(where, "several say that they are the dynamic symbol table")
    if named is not None and len(of_kind[_SHT_NULL]) == 1 and _fit(rows, len(data), named, wide):
        return
    for index, row in enumerate(rows[1:], 1):
        kind = row[1]
        said = _said_of(row, rows, len(data), named, wide)
        if kind != _SHT_NULL and row[2] & _SHF_COMPRESSED and kind != _SHT_NOBITS:
            said += _compressed(data, row, wide)
        if said:
            where = f"section {index}" + (f" ({_KINDS[kind]})" if kind in _KINDS else "")
            yield from (Damage(where, words) for words in said)
    yield from _overlaps(rows)


def _fit(rows: Sequence[Row], end: int, names: int, wide: bool) -> bool:
    """Whether nothing is wrong with any section header, as in nearly every file. Where the answer
    is no, there may be nothing wrong either. ``end`` is the size of the file, ``names`` that of
    the section names; the first header alone is an empty one.
    """
    sound, count, last = _SOUND[wide], len(rows), 0
    for name, kind, flags, _, offset, size, link, _, _, entry in rows:
        if name >= names or link >= count or flags & _SHF_COMPRESSED:
            return False
        if kind in _KINDS and (
            (kind, entry, rows[link][1]) not in sound or (kind in _ENTRIES and size % entry)
        ):
            return False
        if size and kind not in _NO_BYTES:
            if offset < last:  # shared bytes, or another order than that of nearly every linker
                return False
            last = offset + size
        elif offset > end:
            return False
    return last <= end


def _said_of(
    row: Row, rows: Sequence[Row], end: int, text_size: int | None, wide: bool
) -> list[str]:
    """What is wrong with one section header; ``end`` is the size of the file."""
    name, kind, flags, _, offset, size, link, _, _, entry = row
    said: list[str] = []
    if kind == _SHT_NULL:
        return said
    if text_size is not None and name >= text_size:
        said.append("its name lies outside the section names")
    if offset + size > end and kind != _SHT_NOBITS:
        said.append(f"{size} bytes at offset {offset:#x} run past the end of the file")
    expected = _ENTRIES.get(kind)
    if expected is not None and size:
        right = expected[0 if wide else 1]
        if entry != right:
            said.append(f"its entries are said to have {entry} bytes, not {right}")
        elif size % right:
            said.append(f"{size} bytes are no whole number of entries")
    elif kind in _MIXED and entry not in _MIXED[kind]:
        said.append(f"its entries are said to have {entry} bytes each, and differ")
    elif kind in _PLAIN and entry and not (flags & _SHF_MERGE and size % entry == 0):
        said.append(f"it has no entries, which are said to have {entry} bytes each")
    if kind in _PLAIN and link:
        said.append(f"it belongs to section {link}, and should to none")
    elif link >= len(rows) and len(rows) < TABLE_LIMIT:
        said.append(f"it belongs to section {link}, which is not there")
    elif link < len(rows) and kind in _LINKED and size and rows[link][1] not in _LINKED[kind]:
        said.append(f"it belongs to section {link}, which is of another kind")
    return said


def _compressed(data: memoryview, row: Row, wide: bool) -> list[str]:
    """A compressed section's header (chapter 4, Elf64_Chdr): what it says that it unpacks to."""
    order = "<" if data[5] == 1 else ">"
    raw = bytes(data[row[4] : row[4] + (16 if wide else 8)])
    if len(raw) < (16 if wide else 8):
        return []
    size = struct.unpack(order + ("IIQ" if wide else "II"), raw)[-1]
    if size > 2000 * max(row[5], 1):  # deflate packs 1,032 times at most, zstd hardly more
        return [f"it says that its {row[5]} bytes unpack to {size}"]
    return []


def _overlaps(rows: Sequence[Row]) -> Iterator[Damage]:
    """Sections that share bytes of the file: each byte belongs to one (chapter 4)."""
    end, before = 0, 0
    placed = sorted(
        (row[4], row[4] + row[5], index)
        for index, row in enumerate(rows)
        if row[1] not in (_SHT_NULL, _SHT_NOBITS) and row[5]
    )
    for start, stop, index in placed:
        if start < end:
            yield Damage(f"section {index}", f"it shares bytes with section {before}")
            return
        end, before = stop, index

"""ELF files become images: the only file that touches pyelftools.

Headers, segments, sections, dynamic tags and notes are parsed by pyelftools; symbol and relocation
tables, which it reads one Python object at a time, are read in bulk at the offsets it gives. What
it raises on damage becomes a damage note, and the rest of the file is still read.
"""

import io
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from elftools.common.utils import struct_parse
from elftools.elf.elffile import ELFFile
from elftools.elf.notes import iter_notes
from isoview.inspectors.binary import elf_relocations as relocations
from isoview.inspectors.binary.elf_symbols import SymbolTable, hashed_count
from isoview.inspectors.binary.image import Image, Region, Segment, Symbol, integers
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.text import decode

HEADER_LIMIT = 4096
"""Most section headers, program headers or dynamic tags that are read, each."""
NOTE_LIMIT = 1 << 16
"""Most bytes of one note segment that are read."""
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS = 1, 2, 4, 0x400
PF_X, PF_W = 1, 2


class SectionHeader(NamedTuple):
    """One section header; ``address`` is link-time, ``offset`` a file offset, sizes are bytes."""

    name: str
    type: str | int
    flags: int
    address: int
    offset: int
    size: int
    link: int


class _Reader:
    """Reads one file; collects damage instead of stopping."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.damage: list[Damage] = []
        stream: Any = (
            data.obj if hasattr(data.obj, "seek") else io.BytesIO(data.obj)
        )  # mmap or bytes
        try:
            self.elf: Any = ELFFile(stream)
        except Exception as error:
            raise UnsupportedFormat(
                f"the ELF header cannot be read ({_reason(error)})",
                "The file is damaged or cut off: build or download it again.",
            ) from error
        self.bits: int = self.elf.elfclass
        self.endian = "little" if self.elf.little_endian else "big"
        self.headers = self._program_headers()
        self.segments = self._segments()
        self.sections = self._section_headers()
        self.tags = self._dynamic_tags()

    def guarded(self, where: str, read: Callable[[], Any], default: Any) -> Any:
        """What ``read`` returns, or ``default`` and a damage note."""
        try:
            return read()
        except Exception as error:  # noqa: BLE001 - pyelftools lets foreign exceptions out
            self.damage.append(Damage(where, _reason(error)))
            return default

    def _table(self, where: str, offset: int, entry: int, count: int, shape: Any) -> list[Any]:
        if count > HEADER_LIMIT:
            self.damage.append(Damage(where, f"{count} entries claimed, {HEADER_LIMIT} read"))
        found: list[Any] = []
        for index in range(min(count, HEADER_LIMIT)):
            at = offset + index * entry
            row = self.guarded(where, partial(struct_parse, shape, self.elf.stream, at), None)
            if row is None:
                break
            found.append(row)
        return found

    def _program_headers(self) -> list[Any]:
        header = self.elf.header
        count = self.guarded("program headers", self.elf.num_segments, 0)
        return self._table(
            "program headers",
            header["e_phoff"],
            header["e_phentsize"],
            count,
            self.elf.structs.Elf_Phdr,
        )

    def _section_headers(self) -> list[SectionHeader]:
        header = self.elf.header
        if not header["e_shoff"]:
            return []
        count = self.guarded("section headers", self.elf.num_sections, 0)
        rows = self._table(
            "section headers",
            header["e_shoff"],
            header["e_shentsize"],
            count,
            self.elf.structs.Elf_Shdr,
        )
        names = self.guarded("section names", self.elf.get_shstrndx, 0)
        text = self.file_bytes(rows[names]) if 0 < names < len(rows) else b""
        return [
            SectionHeader(
                _name_at(text, row["sh_name"]),
                row["sh_type"],
                row["sh_flags"],
                row["sh_addr"],
                row["sh_offset"],
                row["sh_size"],
                row["sh_link"],
            )
            for row in rows
        ]

    def file_bytes(self, row: Any) -> bytes:
        return bytes(self.data[row["sh_offset"] : row["sh_offset"] + row["sh_size"]])

    def _segments(self) -> tuple[Segment, ...]:
        found = []
        for index, row in enumerate(self.headers):
            if row["p_type"] != "PT_LOAD" or not row["p_memsz"]:
                continue
            claimed = min(row["p_filesz"], row["p_memsz"])
            raw = self.data[row["p_offset"] : row["p_offset"] + claimed]
            if len(raw) < claimed:
                self.damage.append(
                    Damage(
                        f"segment {index}", f"{claimed - len(raw)} of {claimed} bytes are missing"
                    )
                )
            found.append(
                Segment(
                    f"segment {index}",
                    row["p_vaddr"],
                    row["p_memsz"],
                    raw,
                    bool(row["p_flags"] & PF_W),
                    bool(row["p_flags"] & PF_X),
                )
            )
        return tuple(found)

    def _dynamic_tags(self) -> list[tuple[str | int, int]]:
        row = next((row for row in self.headers if row["p_type"] == "PT_DYNAMIC"), None)
        if row is None:
            return []
        shape = self.elf.structs.Elf_Dyn
        count = min(row["p_filesz"] // shape.sizeof(), HEADER_LIMIT)
        found: list[tuple[str | int, int]] = []
        for entry in self._table("dynamic tags", row["p_offset"], shape.sizeof(), count, shape):
            if entry["d_tag"] == "DT_NULL":
                break
            found.append((entry["d_tag"], entry["d_val"]))
        return found

    def tag(self, name: str) -> int | None:
        return next((value for tag, value in self.tags if tag == name), None)

    def at(self, address: int, size: int) -> memoryview:
        """File bytes at a link-time address; fewer than ``size`` where the file ends."""
        for segment in self.segments:
            start = address - segment.address
            if 0 <= start < len(segment.data):
                return segment.data[start : start + max(size, 0)]
        return memoryview(b"")


def _reason(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def _name_at(text: bytes, offset: int) -> str:
    end = text.find(b"\0", offset)
    return decode(text[offset : end if end >= 0 else len(text)])


def read_elf(data: memoryview) -> Image:
    """The image of an ELF file. Raises :class:`UnsupportedFormat` where it has no header to read."""
    reader = _Reader(data)
    machine = reader.elf.header["e_machine"]
    number = int.from_bytes(bytes(data[18:20]), "little" if reader.endian == "little" else "big")
    arch, kinds = relocations.MACHINES.get(number, (str(machine), None))
    if arch == "ppc64" and reader.endian == "little":
        arch = "ppc64le"
    dynamic = _dynamic_symbols(reader)
    pointers, imports_at = _pointer_map(reader, dynamic, kinds)
    if kinds is None and reader.tags:
        reader.damage.append(Damage("relocations", f"processor {arch} is not known here"))
    exports, sizes = dynamic.exports()
    static = next((s for s in reader.sections if s.type == "SHT_SYMTAB" and s.size), None)
    return Image(
        format="elf",
        arch=arch,
        bits=reader.bits,
        endian=reader.endian,
        segments=reader.segments,
        regions=_regions(reader),
        pointers=pointers,
        imports_at=imports_at,
        imported=dynamic.undefined(),
        exports=exports,
        export_sizes=sizes,
        libraries=_libraries(reader),
        build_id=_build_id(reader),
        compilers=_compilers(reader),
        stripped=static is None,
        module_file=reader.elf.header["e_type"] == "ET_DYN",
        load_symbols=lambda: _all_symbols(reader, dynamic, static),
        load_function_starts=lambda: _unwind_starts(reader),
        damage=tuple(reader.damage),
    )


def _dynamic_symbols(reader: _Reader) -> SymbolTable:
    entry = 24 if reader.bits == 64 else 16
    where = reader.tag("DT_SYMTAB")
    names = reader.tag("DT_STRTAB")
    if where is None or names is None:
        return SymbolTable(memoryview(b""), memoryview(b""), bits=reader.bits, endian=reader.endian)
    section = next((s for s in reader.sections if s.type == "SHT_DYNSYM"), None)
    count = hashed_count(
        lambda address, n: integers(reader.at(address, 4 * n), 4, reader.endian),
        sysv=reader.tag("DT_HASH"),
        gnu=reader.tag("DT_GNU_HASH"),
        bits=reader.bits,
    )
    if section is not None and section.address == where:
        count = max(count, section.size // entry)
    elif names > where:  # the string table follows the symbols in every linker's output
        count = max(count, (names - where) // entry)
    return SymbolTable(
        reader.at(where, count * entry),
        reader.at(names, reader.tag("DT_STRSZ") or 0),
        bits=reader.bits,
        endian=reader.endian,
    )


def _pointer_map(
    reader: _Reader, dynamic: SymbolTable, kinds: relocations.Numbers | None
) -> tuple[dict[int, int], dict[int, str]]:
    pointers: dict[int, int] = {}
    imports_at: dict[int, str] = {}
    if kinds is None:
        return pointers, imports_at
    size = reader.bits // 8
    order: Any = reader.endian
    mask = (1 << reader.bits) - 1

    def stored(address: int) -> int:
        return int.from_bytes(reader.at(address, size), order)

    jumps_are_rela = reader.tag("DT_PLTREL") == 7  # DT_RELA
    for table, length, rela in (
        ("DT_RELA", "DT_RELASZ", True),
        ("DT_REL", "DT_RELSZ", False),
        ("DT_JMPREL", "DT_PLTRELSZ", jumps_are_rela),
    ):
        where, claimed = reader.tag(table), reader.tag(length)
        if where is None or not claimed:
            continue
        raw = reader.at(where, claimed)
        if len(raw) < claimed:
            reader.damage.append(
                Damage(table, f"{claimed - len(raw)} of {claimed} bytes are missing")
            )
        found = relocations.read_table(
            raw, bits=reader.bits, endian=order, explicit_addend=rela, kinds=kinds
        )
        pointers.update(found.relative)
        pointers.update((address, stored(address)) for address in found.relative_in_place)
        cache: dict[int, tuple[str, int, int] | None] = {}
        for entry in found.symbolic:
            if entry.symbol not in cache:
                cache[entry.symbol] = dynamic.entry(entry.symbol)
            symbol = cache[entry.symbol]
            if symbol is None:
                continue
            name, value, section = symbol
            if section == 0:
                if name:
                    imports_at[entry.address] = name
                continue
            addend = stored(entry.address) if entry.addend is None else entry.addend
            # A GOT or PLT slot of a REL file holds the lazy-binding address, not an addend.
            in_got = entry.addend is None and value == addend
            pointers[entry.address] = (value if in_got else value + addend) & mask
    relr, claimed = reader.tag("DT_RELR"), reader.tag("DT_RELRSZ")
    if relr is not None and claimed:
        for address in relocations.relr_addresses(
            reader.at(relr, claimed),
            bits=reader.bits,
            endian=order,
            mapped=lambda address: bool(reader.at(address, size)),
        ):
            if address not in pointers:
                pointers[address] = stored(address)
    return pointers, imports_at


def _relro(reader: _Reader) -> tuple[int, int]:
    row = next((row for row in reader.headers if row["p_type"] == "PT_GNU_RELRO"), None)
    return (row["p_vaddr"], row["p_vaddr"] + row["p_memsz"]) if row is not None else (0, 0)


def _regions(reader: _Reader) -> tuple[Region, ...]:
    low, high = _relro(reader)
    sections = [s for s in reader.sections if s.flags & SHF_ALLOC and s.size]
    if sections:
        return tuple(
            Region(
                s.name,
                s.address,
                s.size,
                bool(s.flags & SHF_WRITE) and not low <= s.address < high,
                bool(s.flags & SHF_EXECINSTR),
                s.type == "SHT_NOBITS",
                bool(s.flags & SHF_TLS),
            )
            for s in sections
        )
    found: list[Region] = []
    for segment in reader.segments:
        start, filled = segment.address, segment.address + len(segment.data)
        end = segment.address + segment.size
        if segment.writable and start <= low < high <= end:
            found.append(Region(f"{segment.name} sealed", low, high - low, False, False, False))
            start = high
        if start < filled:
            found.append(
                Region(
                    segment.name, start, filled - start, segment.writable, segment.executable, False
                )
            )
        if max(start, filled) < end:
            at = max(start, filled)
            found.append(Region(f"{segment.name} zero fill", at, end - at, True, False, True))
    return tuple(found)


def _libraries(reader: _Reader) -> tuple[str, ...]:
    where, size = reader.tag("DT_STRTAB"), reader.tag("DT_STRSZ")
    if where is None:
        return ()
    text = bytes(reader.at(where, size or 0))
    return tuple(_name_at(text, value) for tag, value in reader.tags if tag == "DT_NEEDED")


def _notes(elf: Any, offset: int, size: int) -> list[Any]:
    return list(iter_notes(elf, offset, size))


def _build_id(reader: _Reader) -> str | None:
    for row in reader.headers:
        if row["p_type"] != "PT_NOTE":
            continue
        read = partial(_notes, reader.elf, row["p_offset"], min(row["p_filesz"], NOTE_LIMIT))
        notes = reader.guarded("notes", read, [])
        for note in notes:
            if note["n_type"] == "NT_GNU_BUILD_ID" and isinstance(note["n_desc"], str):
                return str(note["n_desc"])
    return None


def _compilers(reader: _Reader) -> tuple[str, ...]:
    section = next((s for s in reader.sections if s.name == ".comment"), None)
    if section is None:
        return ()
    raw = bytes(reader.data[section.offset : section.offset + min(section.size, NOTE_LIMIT)])
    found = [decode(part, 200) for part in raw.split(b"\0") if part]
    return tuple(dict.fromkeys(found))


def _all_symbols(
    reader: _Reader, dynamic: SymbolTable, static: SectionHeader | None
) -> tuple[Symbol, ...]:
    if static is None:
        return dynamic.defined(exported=True)
    names = reader.sections[static.link] if static.link < len(reader.sections) else None
    if names is None:
        return dynamic.defined(exported=True)
    table = SymbolTable(
        reader.data[static.offset : static.offset + static.size],
        reader.data[names.offset : names.offset + names.size],
        bits=reader.bits,
        endian=reader.endian,
    )
    return table.defined(exported=False)


def _unwind_starts(reader: _Reader) -> Sequence[int]:
    """Function starts from ``.eh_frame_hdr`` (LSB: version 1, table of sorted int32 pairs
    relative to the header itself, encoding 0x3b).
    """
    row = next((row for row in reader.headers if row["p_type"] == "PT_GNU_EH_FRAME"), None)
    if row is None:
        return ()
    head = bytes(reader.at(row["p_vaddr"], 12))
    if len(head) < 12 or head[0] != 1 or head[2] != 0x03 or head[3] != 0x3B:
        return ()
    order: Any = reader.endian
    count = int.from_bytes(head[8:12], order)
    table = reader.at(row["p_vaddr"] + 12, 8 * min(count, len(reader.data) // 8))
    base = row["p_vaddr"]
    return tuple(
        base + (start - (1 << 32) if start >> 31 else start)
        for start in integers(table, 4, reader.endian)[0::2]
    )

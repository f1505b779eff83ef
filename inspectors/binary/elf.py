"""What an ELF file says about itself: headers, segments, sections, dynamic tags, build id.

Read with ``struct``, because every file of an environment passes here and a parser that makes an
object for each field takes several milliseconds for what is some forty rows of a table. Debug
information is read by pyelftools, and this is the only file that imports it. What is damaged
becomes a note, and the rest of the file is still read.

Source: the ELF generic ABI, chapters 4 (headers, sections) and 5 (program headers, dynamic tags).
"""

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import repeat

from isoview.inspectors.binary.image import Segment
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import Any, NamedTuple
from isoview.inspectors.record import Record, cached_property
from isoview.inspectors.text import NAME_LIMIT, decode

HEADER_LIMIT = 4096
"""Most section headers, program headers or dynamic tags that are read, each."""
SEGMENT_LIMIT = 64
"""Most loaded segments; linkers write up to ten, and tools that patch files a few more."""
NOTE_LIMIT = 1 << 16
"""Most bytes of one note segment that are read."""
ET_DYN = 3
SHT_SYMTAB, SHT_NOBITS, SHT_DYNSYM = 2, 8, 11
SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR, SHF_TLS = 1, 2, 4, 0x400
PT_LOAD, PT_DYNAMIC, PT_NOTE = 1, 2, 4
PT_GNU_EH_FRAME, PT_GNU_RELRO, PT_ARM_EXIDX = 0x6474E550, 0x6474E552, 0x70000001
PF_X, PF_W = 1, 2
DT_NEEDED, DT_PLTRELSZ, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ = 1, 2, 4, 5, 6, 7, 8
DT_STRSZ, DT_INIT, DT_FINI, DT_REL, DT_RELSZ, DT_PLTREL, DT_JMPREL = 10, 12, 13, 17, 18, 20, 23
DT_RPATH, DT_RUNPATH = 15, 29
DT_RELRSZ, DT_RELR, DT_GNU_HASH = 35, 36, 0x6FFFFEF5
_NT_GNU_BUILD_ID = 3
_NUMBER_ELSEWHERE = 0xFFFF  # PN_XNUM, SHN_XINDEX: the first section header has it


Row = tuple[int, ...]


class Header(NamedTuple):
    """The ELF header from ``e_type`` on."""

    type: int
    machine: int
    version: int
    entry: int
    segments_at: int
    sections_at: int
    flags: int
    size: int
    segment_size: int
    segment_count: int
    section_size: int
    section_count: int
    names_index: int


class ProgramHeader(NamedTuple):
    """One program header; ``address`` is link-time, ``offset`` a file offset, sizes are bytes."""

    type: int
    flags: int
    offset: int
    address: int
    physical: int
    filled: int  # bytes in the file
    size: int  # bytes in memory
    alignment: int


class Dynamic(NamedTuple):
    """The dynamic tags: the value of each, the first where one stands twice."""

    tags: dict[int, int]
    needed: list[int]  # the values of DT_NEEDED
    ended: bool  # by DT_NULL


class SectionHeader:
    """One section header; ``address`` is link-time, ``offset`` a file offset, sizes are bytes."""

    __slots__ = ("address", "flags", "link", "name", "offset", "size", "type")

    def __init__(
        self, name: str, type_: int, flags: int, address: int, offset: int, size: int, link: int
    ) -> None:
        self.name = name
        self.type = type_
        self.flags = flags
        self.address = address
        self.offset = offset
        self.size = size
        self.link = link


class Shapes(Record):
    """The structures of one class and byte order."""

    header: struct.Struct
    segment: struct.Struct
    section: struct.Struct
    tag: struct.Struct


_HEADERS = ("HHIQQQIHHHHHH", "HHIIIIIHHHHHH")  # from e_type on
_SEGMENTS = ("IIQQQQQQ", "IIIIIIII")
_SECTIONS = ("IIQQQQIIQQ", "IIIIIIIIII")
_TAGS = ("QQ", "II")
_SHAPES = {
    (bits, endian): Shapes(
        *(
            struct.Struct(("<" if endian == "little" else ">") + forms[bits == 32])
            for forms in (_HEADERS, _SEGMENTS, _SECTIONS, _TAGS)
        )
    )
    for bits in (64, 32)
    for endian in ("little", "big")
}
_IDENT = 16  # bytes before e_type


class ElfFile:
    """Reads one file; collects damage instead of stopping."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.damage: list[Damage] = []
        self.highest_symbol: int | None = None
        """Of the symbols that relocations are against, where those were read and nothing is missing."""
        ident = bytes(data[:_IDENT])
        if len(ident) < _IDENT or ident[4] not in (1, 2) or ident[5] not in (1, 2):
            raise _no_header("its first bytes name no class or byte order")
        self.bits = 32 * ident[4]
        self.endian = "little" if ident[5] == 1 else "big"
        self.shapes = _SHAPES[self.bits, self.endian]
        if len(data) < _IDENT + self.shapes.header.size:
            raise _no_header(f"the file ends after {len(data)} bytes")
        self.head = Header(*self.shapes.header.unpack_from(data, _IDENT))
        self.type, self.machine, self.flags = self.head.type, self.head.machine, self.head.flags
        self.program_rows = self._program_rows()
        """Program headers, all with the fields in the order of the 64-bit form."""
        self.segments = self._segments()
        self._filled = [(s.address, s.address + len(s.data), s.data) for s in self.segments]
        self.section_rows, self._names_index = self._section_rows()
        self.dynamic = self._dynamic()
        self.tags, self.needed = self.dynamic.tags, self.dynamic.needed

    def _rows(
        self, where: str, offset: int, step: int, count: int, shape: struct.Struct
    ) -> list[tuple[Any, ...]]:
        if count > HEADER_LIMIT:
            self.damage.append(Damage(where, f"{count} entries claimed, {HEADER_LIMIT} read"))
            count = HEADER_LIMIT
        there = len(self.data) - offset - shape.size
        if step and there // step + 1 < count:
            missing = count - max(there // step + 1, 0)
            self.damage.append(Damage(where, f"{missing} of {count} lie past the end of the file"))
            count -= missing
        if step == shape.size:
            return list(shape.iter_unpack(self.data[offset : offset + count * step]))
        if there < 0:
            return []
        return [shape.unpack_from(self.data, offset + index * step) for index in range(count)]

    def _first_section(self) -> Row | None:
        """The first section header, which holds the numbers that the header has no room for."""
        shape, start = self.shapes.section, self.head.sections_at
        if not start or start + shape.size > len(self.data):
            return None
        return shape.unpack_from(self.data, start)

    def _program_rows(self) -> list[Row]:
        head, shape = self.head, self.shapes.segment
        count = head.segment_count
        if count == _NUMBER_ELSEWHERE:
            first = self._first_section()
            count = first[7] if first else 0
        rows = self._rows("program headers", head.segments_at, head.segment_size, count, shape)
        return rows if self.bits == 64 else in_order(rows)

    def _section_rows(self) -> tuple[list[Row], int]:
        """The section headers, and the number of the one with their names."""
        head = self.head
        if not head.sections_at:
            return [], 0
        count, names = head.section_count, head.names_index
        if not count or names == _NUMBER_ELSEWHERE:
            first = self._first_section()
            if first is not None:
                count = count or first[5]
                names = first[6] if names == _NUMBER_ELSEWHERE else names
        shape = self.shapes.section
        rows = self._rows("section headers", head.sections_at, head.section_size, count, shape)
        return rows, names

    @cached_property
    def sections_of(self) -> dict[int, list[Row]]:
        """The section headers by ``sh_type``."""
        found: dict[int, list[Row]] = {}
        for row in self.section_rows:
            if row[1] in found:
                found[row[1]].append(row)
            else:
                found[row[1]] = [row]
        return found

    @cached_property
    def section_names(self) -> Sequence[str]:
        """What the sections are called."""
        rows, names, text = self.section_rows, self._names_index, b""
        starts = tuple([row[0] for row in rows])
        if 0 < names < len(rows):
            text = bytes(self.data[rows[names][4] : rows[names][4] + rows[names][5]])
        if len(text) <= KEPT_TEXT and len(rows) <= _KEPT_NAMES:
            return _kept_names(text, starts)
        return _names(text, starts)

    @cached_property
    def sections(self) -> list[SectionHeader]:
        """The sections, each with its name."""
        rows = zip(self.section_names, self.section_rows, strict=True)
        return [SectionHeader(name, *row[1:7]) for name, row in rows]

    def _segments(self) -> tuple[Segment, ...]:
        # Segments of a real file share no bytes; those that do could make a small file large.
        found: list[Segment] = []
        left = len(self.data)
        for index, row in enumerate(self.program_rows):
            if row[0] != PT_LOAD or not row[6]:
                continue
            _, flags, offset, address, _, filled, size, _ = row
            name = f"segment {index}"
            if len(found) == SEGMENT_LIMIT:
                self.damage.append(
                    Damage("segments", f"more than {SEGMENT_LIMIT}; the rest is left out")
                )
                break
            claimed = min(filled, size)
            raw = self.data[offset : offset + claimed]
            if len(raw) > left:
                self.damage.append(Damage(name, "it repeats bytes of other segments"))
                raw, claimed = raw[:0], 0
            left -= len(raw)
            if len(raw) < claimed:
                missing = f"{claimed - len(raw)} of {claimed} bytes are missing"
                self.damage.append(Damage(name, missing))
            writable, executable = flags & PF_W != 0, flags & PF_X != 0
            fields = name, address, size, raw, writable, executable, offset
            found.append(tuple.__new__(Segment, fields))  # its own way takes four times as long
        return tuple(found)

    def _dynamic(self) -> Dynamic:
        row = self.header(PT_DYNAMIC)
        if row is None:
            return Dynamic({}, [], ended=False)
        shape = self.shapes.tag
        count = min(row.filled // shape.size, HEADER_LIMIT)
        return read_tags(self._rows("dynamic tags", row.offset, shape.size, count, shape))

    def header(self, kind: int) -> ProgramHeader | None:
        """The first program header of a kind."""
        for row in self.program_rows:
            if row[0] == kind:
                return ProgramHeader(*row)
        return None

    def tag(self, number: int) -> int | None:
        """The value of a dynamic tag."""
        return self.tags.get(number)

    def at(self, address: int, size: int) -> memoryview:
        """File bytes at a link-time address; fewer than ``size`` where the file ends."""
        for start, end, data in self._filled:
            if start <= address < end:
                return data[address - start : address - start + max(size, 0)]
        return memoryview(b"")

    @cached_property
    def dwarf(self) -> Any:
        """The debug information, as pyelftools reads it; it raises what it likes on damage."""
        import io

        from elftools.elf.elffile import ELFFile

        whole: Any = self.data.obj
        stream: Any = whole if hasattr(whole, "seek") else io.BytesIO(whole)  # a mapping, or bytes
        return ELFFile(stream).get_dwarf_info(relocate_dwarf_sections=False)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """32-bit program headers with the fields in the order of the 64-bit form."""
    return [(kind, flags, *middle, align) for kind, *middle, flags, align in rows]


def read_tags(rows: Iterable[Row]) -> Dynamic:
    """What the entries of a dynamic section say."""
    tags: dict[int, int] = {}
    needed: list[int] = []
    for tag, value in rows:
        if tag <= DT_NEEDED:
            if tag == 0:  # DT_NULL
                return Dynamic(tags, needed, ended=True)
            needed.append(value)
        tags.setdefault(tag, value)
    return Dynamic(tags, needed, ended=False)


def _no_header(why: str) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"the ELF header cannot be read ({why})",
        "The file is damaged or cut off: build or download it again.",
    )


def reason(error: Exception) -> str:
    """The first line of what an error says, for a note on damage."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def _names(text: bytes, starts: tuple[int, ...]) -> tuple[str, ...]:
    """The names in a string table that begin at some offsets."""
    if text[-1:] == b"\0" and text.isascii() and len(text) < NAME_LIMIT * len(starts):
        plain = text.decode("ascii")
        ends = map(plain.find, repeat("\0"), starts)
        found = [plain[start:end] for start, end in zip(starts, ends, strict=True)]
        return tuple(found if len(plain) <= NAME_LIMIT else [name[:NAME_LIMIT] for name in found])
    return tuple([name_at(text, start) for start in starts])


KEPT_TEXT, _KEPT_NAMES = 1024, 64
"""Largest table of section names that is remembered, in bytes and names: linkers write few."""
_kept_names = lru_cache(32)(_names)


def name_at(text: bytes, offset: int) -> str:
    """The name at a byte offset of a string table, up to its NUL."""
    end = text.find(b"\0", offset)
    return decode(text[offset : end if end >= 0 else len(text)])


def build_id(reader: ElfFile) -> str | None:
    """What the linker wrote to tell this build from others, in hexadecimal digits."""
    numbers = struct.Struct("<III" if reader.endian == "little" else ">III")
    for kind, _, offset, _, _, filled, _, _ in reader.program_rows:
        if kind != PT_NOTE:
            continue
        claimed = min(filled, NOTE_LIMIT)
        raw = bytes(reader.data[offset : offset + claimed])
        if len(raw) < claimed:
            reader.damage.append(Damage("notes", "they run past the end of the file"))
        at = 0
        while at + 12 < len(raw):
            name_size, size, what = numbers.unpack_from(raw, at)
            name_at_, text_at = at + 12, at + 12 + (name_size + 3 & ~3)
            if what == _NT_GNU_BUILD_ID and raw[name_at_ : name_at_ + 4] == b"GNU\0":
                return raw[text_at : text_at + size].hex()
            at = text_at + (size + 3 & ~3)
    return None

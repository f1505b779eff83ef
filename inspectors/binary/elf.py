"""What an ELF file says about itself: headers, segments, sections, dynamic tags, build id.

Read with ``struct``, because every file of an environment passes here and a parser that makes an
object for each field takes several milliseconds for what is some forty rows of a table. Debug
information is read by pyelftools, and this is the only file that imports it. What is damaged
becomes a note, and the rest of the file is still read.

Source: the ELF generic ABI, chapters 4 (headers, sections) and 5 (program headers, dynamic tags).
"""

import struct
from functools import cached_property

from isoview.inspectors.binary.image import Segment
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import Any
from isoview.inspectors.record import Record
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


class ProgramHeader:
    """One program header; ``address`` is link-time, ``offset`` a file offset, sizes are bytes."""

    __slots__ = ("address", "filled", "flags", "offset", "size", "type")

    def __init__(
        self, type_: int, flags: int, offset: int, address: int, filled: int, size: int
    ) -> None:
        self.type = type_
        self.flags = flags
        self.offset = offset
        self.address = address
        self.filled = filled  # bytes in the file
        self.size = size  # bytes in memory


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


class _Shapes(Record):
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
    (bits, endian): _Shapes(
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
        ident = bytes(data[:_IDENT])
        if len(ident) < _IDENT or ident[4] not in (1, 2) or ident[5] not in (1, 2):
            raise _no_header("its first bytes name no class or byte order")
        self.bits = 32 * ident[4]
        self.endian = "little" if ident[5] == 1 else "big"
        self._shapes = _SHAPES[self.bits, self.endian]
        if len(data) < _IDENT + self._shapes.header.size:
            raise _no_header(f"the file ends after {len(data)} bytes")
        (
            self.type, self.machine, _version, _entry, self._segments_at, self._sections_at,
            self.flags, _size, self._segment_size, self._segment_count, self._section_size,
            self._section_count, self._names_index,
        ) = self._shapes.header.unpack_from(data, _IDENT)  # fmt: skip
        self.headers = self._program_headers()
        self.segments = self._segments()
        self.sections = self._section_headers()
        self.tags, self.needed = self._dynamic_tags()

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

    def _first_section(self) -> tuple[int, ...] | None:
        """The first section header, which holds the numbers that the header has no room for."""
        shape = self._shapes.section
        if not self._sections_at or self._sections_at + shape.size > len(self.data):
            return None
        return shape.unpack_from(self.data, self._sections_at)

    def _program_headers(self) -> list[ProgramHeader]:
        count = self._segment_count
        if count == _NUMBER_ELSEWHERE:
            first = self._first_section()
            count = first[7] if first else 0
        rows = self._rows(
            "program headers", self._segments_at, self._segment_size, count, self._shapes.segment
        )
        if self.bits == 64:
            return [
                ProgramHeader(kind, flags, offset, address, filled, size)
                for kind, flags, offset, address, _, filled, size, _ in rows
            ]
        return [
            ProgramHeader(kind, flags, offset, address, filled, size)
            for kind, offset, address, _, filled, size, flags, _ in rows
        ]

    def _section_headers(self) -> list[SectionHeader]:
        if not self._sections_at:
            return []
        count, names = self._section_count, self._names_index
        first = self._first_section()
        if first is not None and not count:
            count = first[5]
        if first is not None and names == _NUMBER_ELSEWHERE:
            names = first[6]
        rows = self._rows(
            "section headers", self._sections_at, self._section_size, count, self._shapes.section
        )
        text = b""
        if 0 < names < len(rows):
            text = bytes(self.data[rows[names][4] : rows[names][4] + rows[names][5]])
        if text[-1:] == b"\0" and text.isascii() and len(text) < NAME_LIMIT * len(rows):
            plain = text.decode("ascii")
            return [
                SectionHeader(
                    plain[name : plain.find("\0", name)][:NAME_LIMIT],
                    kind,
                    flags,
                    address,
                    offset,
                    size,
                    link,
                )
                for name, kind, flags, address, offset, size, link, _, _, _ in rows
            ]
        return [
            SectionHeader(name_at(text, name), kind, flags, address, offset, size, link)
            for name, kind, flags, address, offset, size, link, _, _, _ in rows
        ]

    def _segments(self) -> tuple[Segment, ...]:
        # Segments of a real file share no bytes; those that do could make a small file large.
        found: list[Segment] = []
        left = len(self.data)
        for index, row in enumerate(self.headers):
            if row.type != PT_LOAD or not row.size:
                continue
            if len(found) == SEGMENT_LIMIT:
                self.damage.append(
                    Damage("segments", f"more than {SEGMENT_LIMIT}; the rest is left out")
                )
                break
            claimed = min(row.filled, row.size)
            raw = self.data[row.offset : row.offset + claimed]
            if len(raw) > left:
                text = "it repeats bytes of other segments"
                self.damage.append(Damage(f"segment {index}", text))
                raw, claimed = raw[:0], 0
            left -= len(raw)
            if len(raw) < claimed:
                self.damage.append(
                    Damage(
                        f"segment {index}", f"{claimed - len(raw)} of {claimed} bytes are missing"
                    )
                )
            writable, executable = bool(row.flags & PF_W), bool(row.flags & PF_X)
            found.append(
                Segment(
                    f"segment {index}", row.address, row.size, raw, writable, executable, row.offset
                )
            )
        return tuple(found)

    def _dynamic_tags(self) -> tuple[dict[int, int], list[int]]:
        """The value of each tag, the first where one stands twice; and those of DT_NEEDED."""
        tags: dict[int, int] = {}
        needed: list[int] = []
        row = self.header(PT_DYNAMIC)
        if row is None:
            return tags, needed
        shape = self._shapes.tag
        count = min(row.filled // shape.size, HEADER_LIMIT)
        for tag, value in self._rows("dynamic tags", row.offset, shape.size, count, shape):
            if tag == 0:  # DT_NULL
                break
            if tag == DT_NEEDED:
                needed.append(value)
            tags.setdefault(tag, value)
        return tags, needed

    def header(self, kind: int) -> ProgramHeader | None:
        """The first program header of a kind."""
        for row in self.headers:
            if row.type == kind:
                return row
        return None

    def tag(self, number: int) -> int | None:
        """The value of a dynamic tag."""
        return self.tags.get(number)

    def at(self, address: int, size: int) -> memoryview:
        """File bytes at a link-time address; fewer than ``size`` where the file ends."""
        for segment in self.segments:
            start = address - segment.address
            if 0 <= start < len(segment.data):
                return segment.data[start : start + max(size, 0)]
        return memoryview(b"")

    @cached_property
    def dwarf(self) -> Any:
        """The debug information, as pyelftools reads it; it raises what it likes on damage."""
        import io

        from elftools.elf.elffile import ELFFile

        whole: Any = self.data.obj
        stream: Any = whole if hasattr(whole, "seek") else io.BytesIO(whole)  # a mapping, or bytes
        return ELFFile(stream).get_dwarf_info(relocate_dwarf_sections=False)


def _no_header(why: str) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"the ELF header cannot be read ({why})",
        "The file is damaged or cut off: build or download it again.",
    )


def reason(error: Exception) -> str:
    """The first line of what an error says, for a note on damage."""
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def name_at(text: bytes, offset: int) -> str:
    """The name at a byte offset of a string table, up to its NUL."""
    end = text.find(b"\0", offset)
    return decode(text[offset : end if end >= 0 else len(text)])


def build_id(reader: ElfFile) -> str | None:
    """What the linker wrote to tell this build from others, in hexadecimal digits."""
    order: Any = reader.endian
    for row in reader.headers:
        if row.type != PT_NOTE:
            continue
        raw = bytes(reader.data[row.offset : row.offset + min(row.filled, NOTE_LIMIT)])
        if len(raw) < min(row.filled, NOTE_LIMIT):
            reader.damage.append(Damage("notes", "they run past the end of the file"))
        at = 0
        while at + 12 < len(raw):
            name_size, size, kind = (
                int.from_bytes(raw[at + step : at + step + 4], order) for step in (0, 4, 8)
            )
            name_at_, text_at = at + 12, at + 12 + (name_size + 3 & ~3)
            if kind == _NT_GNU_BUILD_ID and raw[name_at_ : name_at_ + 4] == b"GNU\0":
                return raw[text_at : text_at + size].hex()
            at = text_at + (size + 3 & ~3)
    return None

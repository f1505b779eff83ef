"""PE files: headers, section table and data directories.

Read with ``struct``: a library that makes an object for each field takes as long to load as a whole
module takes to be read. The tables that the directories lead to are read in bulk (``pe_tables``).
What is damaged becomes a note, and the rest of the file is still read.

Format: Microsoft, "PE Format" (the PE and COFF specification).
"""

import struct

from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import Any
from isoview.inspectors.record import Record
from isoview.inspectors.text import NAME_LIMIT, decode

SECTION_LIMIT = 96
"""The Windows loader refuses files with more sections."""
DIRECTORY_LIMIT = 16
"""Data directories have numbers below this."""
DEBUG_LIMIT = 32
"""Most debug directory entries that are read; linkers write up to five."""
RICH_LIMIT = 1024
"""A Rich header stands between the DOS stub and the PE header: within this many bytes, if ever."""

EXPORTS, IMPORTS, EXCEPTIONS, BASE_RELOCATIONS, DEBUG, DELAY_IMPORTS = 0, 1, 3, 5, 6, 13
"""Numbers of the data directories that are read."""

SCN_CODE, SCN_EXECUTE, SCN_WRITE = 0x20, 0x20000000, 0x80000000
FILE_DLL = 0x2000

MACHINES = {
    0x8664: "x86-64",
    0x014C: "i686",
    0xAA64: "aarch64",
    0xA641: "aarch64",  # ARM64EC
    0xA64E: "aarch64",  # ARM64X
    0x01C0: "armv7",
    0x01C4: "armv7",  # Thumb-2, the Windows one
}


class Section(Record):
    """One section as the loader maps it: ``rva`` is relative to the image base, ``size`` counts
    its bytes in memory, of which only ``data`` stands in the file, at ``offset``; the rest is zero.
    """

    name: str
    rva: int
    size: int
    data: memoryview
    flags: int
    offset: int


_FILE_HEADER = struct.Struct("<HHIIIHH")
_SECTION = struct.Struct("<8sIIII12xI")
_DEBUG = struct.Struct("<12xIIII")  # type, size, RVA, file offset
_CODEVIEW = struct.Struct("<IHH2B6sI")  # GUID, age
_CODEVIEW_TYPE = 2
_SECTOR = 0x200
"""Where a section's bytes begin is rounded down to this, unless the file's alignment is less."""


class PeFile:
    """Reads one file's headers; collects damage instead of stopping.

    Raises :class:`UnsupportedFormat` where there is no PE header that can be read.
    """

    def __init__(self, data: memoryview) -> None:
        self.data = data
        # What texts are searched in: the file's bytes, or the mapping that they are in.
        self._whole: Any = data.obj if len(data) == len(data.obj) else bytes(data)  # type: ignore[arg-type]
        self.damage: list[Damage] = []
        at = _header_at(data)
        (
            machine, self._section_count, _, self._symbols_at, self._symbol_count, size, flags,
        ) = _FILE_HEADER.unpack_from(data, at + 4)  # fmt: skip
        self._optional = at + 24
        self._sections_at = self._optional + size
        magic, self._major, self._minor = struct.unpack_from("<HBB", data, self._optional)
        self.bits = 64 if magic == 0x20B else 32
        start = self._number(16)
        self.base = self._number(24, 8) if self.bits == 64 else self._number(28)
        self._alignment = self._number(36)
        self.entry = self.base + start if start else None
        self.arch = MACHINES.get(machine, f"machine {machine:#x}")
        self.is_dll = bool(flags & FILE_DLL)
        self._directories = self._read_directories()
        self.sections = self._sections()

    def _number(self, offset: int, size: int = 4) -> int:
        """A field of the optional header."""
        at = self._optional + offset
        return int.from_bytes(self.data[at : at + size], "little")

    def _read_directories(self) -> list[tuple[int, int]]:
        """RVA and claimed size of each data directory."""
        fixed = 112 if self.bits == 64 else 96
        count = min(self._number(fixed - 4), DIRECTORY_LIMIT)
        raw = self.data[self._optional + fixed :][: 8 * count]
        return list(struct.iter_unpack("<II", raw[: len(raw) // 8 * 8]))

    @property
    def word(self) -> int:
        """Bytes in a pointer."""
        return self.bits // 8

    def directory(self, number: int) -> tuple[int, int]:
        """RVA and claimed size of a data directory; zeros where the file has none."""
        if number >= len(self._directories):
            return 0, 0
        return self._directories[number]

    def at(self, rva: int, size: int) -> memoryview:
        """File bytes at an RVA; fewer than ``size`` where the section's bytes end."""
        for section in self.sections:
            start = rva - section.rva
            if 0 <= start < len(section.data):
                return section.data[start : start + max(size, 0)]
        return memoryview(b"")

    def text_at(self, rva: int) -> str | None:
        """The NUL-terminated name at an RVA; None where none ends within the limit."""
        for section in self.sections:
            inside = rva - section.rva
            room = len(section.data) - inside
            if inside >= 0 < room:
                start = section.offset + inside
                end = self._whole.find(b"\0", start, start + min(room, NAME_LIMIT + 1))
                return decode(self._whole[start:end]) if end >= 0 else None
        return None

    def note(self, where: str, text: str) -> None:
        """Keep a note of something damaged."""
        self.damage.append(Damage(where, text))

    def _sections(self) -> tuple[Section, ...]:
        claimed = self._section_count
        if claimed > SECTION_LIMIT:
            self.note("section table", f"{claimed} sections, {SECTION_LIMIT} read")
        raw = self.data[self._sections_at :][: _SECTION.size * min(claimed, SECTION_LIMIT)]
        rows = list(_SECTION.iter_unpack(raw[: len(raw) // _SECTION.size * _SECTION.size]))
        if len(rows) < min(claimed, SECTION_LIMIT):
            self.note("section table", f"{claimed} sections claimed, {len(rows)} read")
        # Sections of a real file share no bytes; those that do could make a small file large.
        budget = len(self.data)
        found: list[Section] = []
        for name_, room, rva, filled, start, flags in rows:
            name = decode(name_.rstrip(b"\0"))
            size = room or filled
            wanted = min(size, filled)
            begin = start if self._alignment < _SECTOR else start // _SECTOR * _SECTOR
            part = self.data[begin : begin + min(wanted, budget)]
            budget -= len(part)
            if len(part) < wanted:
                self.note(f"section {name}", f"{wanted - len(part)} of {wanted} bytes are missing")
            found.append(Section(name, rva, size, part, flags, begin))
        return tuple(found)

    def symbol_table(self) -> tuple[int, int]:
        """File offset and claimed number of entries of the COFF symbol table; zeros where there is
        none.
        """
        if not self._symbols_at or not self._symbol_count:
            return 0, 0
        return self._symbols_at, self._symbol_count

    def build_id(self) -> str | None:
        """GUID and age of the CodeView record, written as symbol servers write them."""
        rva, size = self.directory(DEBUG)
        if not rva or not size:
            return None
        raw = self.at(rva, min(size, DEBUG_LIMIT * _DEBUG.size))
        if len(raw) < min(size, _DEBUG.size):
            self.note("debug directory", "it lies outside the file")
        for kind, length, _, offset in _DEBUG.iter_unpack(
            raw[: len(raw) // _DEBUG.size * _DEBUG.size]
        ):
            record = bytes(self.data[offset : offset + min(length, 4 + _CODEVIEW.size)])
            if kind != _CODEVIEW_TYPE or record[:4] != b"RSDS":
                continue
            if len(record) < 4 + _CODEVIEW.size:
                self.note("debug directory", "the CodeView record is cut off")
                return None
            first, second, third, fourth, fifth, rest, age = _CODEVIEW.unpack_from(record, 4)
            guid = f"{first:08X}{second:04X}{third:04X}{fourth:02X}{fifth:02X}{rest.hex().upper()}"
            return f"{guid}{age:X}"
        return None

    def linker(self) -> str | None:
        """What linked the file, as far as its headers tell.

        Only Microsoft's linker writes a Rich header; GNU ld puts its own version (2.x) where
        Microsoft's puts 14.x, and so do others that write 14.0 and are not named here.
        """
        version = f"{self._major}.{self._minor:02d}"
        if self._has_rich_header():
            return f"MSVC linker {version}"
        return f"GNU ld {version}" if self._major == 2 else None

    def _has_rich_header(self) -> bool:
        """Words from offset 0x80 on, the last but one the text ``Rich``."""
        if self._optional > RICH_LIMIT:
            return False
        at = bytes(self.data[0x80 : self._optional]).find(b"Rich")
        return at >= 0 and at % 4 == 0


_DAMAGED = "The file is damaged or cut off: build or download it again."


def _header_at(data: memoryview) -> int:
    """Where the PE header stands."""
    offset = int.from_bytes(data[0x3C:0x40], "little")
    if len(data) < 0x40 or not offset or offset + 4 > len(data):
        raise UnsupportedFormat(
            "a DOS program, or the start of a Windows file: it has no PE header",
            "Give a .pyd file built for CPython; if this is one, it is damaged or cut off.",
        )
    if bytes(data[offset : offset + 2]) != b"PE":
        raise UnsupportedFormat(
            "a DOS or 16-bit program: it has no PE header",
            "Give a .pyd file built for CPython.",
        )
    if bytes(data[offset : offset + 4]) != b"PE\0\0":
        raise UnsupportedFormat("the PE header cannot be read (its signature is not PE)", _DAMAGED)
    if offset + 24 + 96 > len(data):
        raise UnsupportedFormat("the PE header cannot be read (the file ends within it)", _DAMAGED)
    magic = int.from_bytes(data[offset + 24 : offset + 26], "little")
    if magic not in (0x10B, 0x20B):
        raise UnsupportedFormat(
            f"the PE optional header is of an unknown kind ({magic:#x})", _DAMAGED
        )
    return offset

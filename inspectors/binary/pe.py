"""PE files: headers, section table and data directories. The only file that touches pefile.

pefile reads the headers (``fast_load``: never the whole file, which costs seconds), the Rich header
and the debug directory. Its readers of imports, exports and relocations make one Python object for
each entry (13 ms for numpy's core, 117 ms for QtWidgets) and stop after some 4,000 imports without
an error, so those tables are read in bulk at the places its headers give (``pe_tables``). What it
raises on damage becomes a damage note, and the rest of the file is still read.

Format: Microsoft, "PE Format" (the PE and COFF specification).
"""

import mmap
from typing import Any, NamedTuple

from pefile import PE, PEFormatError

from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.text import NAME_LIMIT, decode

SECTION_LIMIT = 96
"""The Windows loader refuses files with more sections."""
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


class Section(NamedTuple):
    """One section as the loader maps it: ``rva`` is relative to the image base, ``size`` counts
    its bytes in memory, of which only ``data`` stands in the file; the rest is zero.
    """

    name: str
    rva: int
    size: int
    data: memoryview
    flags: int


class PeFile:
    """Reads one file's headers; collects damage instead of stopping.

    Raises :class:`UnsupportedFormat` where there is no PE header that can be read.
    """

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.damage: list[Damage] = []
        self.pe: Any = _headers(data)
        optional = self.pe.OPTIONAL_HEADER
        self.bits = 64 if optional.Magic == 0x20B else 32
        self.base: int = optional.ImageBase
        start: int = optional.AddressOfEntryPoint
        self.entry = self.base + start if start else None
        machine: int = self.pe.FILE_HEADER.Machine
        self.arch = MACHINES.get(machine, f"machine {machine:#x}")
        self.is_dll = bool(self.pe.FILE_HEADER.Characteristics & FILE_DLL)
        self.sections = self._sections()

    @property
    def word(self) -> int:
        """Bytes in a pointer."""
        return self.bits // 8

    def directory(self, number: int) -> tuple[int, int]:
        """RVA and claimed size of a data directory; zeros where the file has none."""
        entries = self.pe.OPTIONAL_HEADER.DATA_DIRECTORY
        if number >= len(entries):
            return 0, 0
        return entries[number].VirtualAddress, entries[number].Size

    def at(self, rva: int, size: int) -> memoryview:
        """File bytes at an RVA; fewer than ``size`` where the section's bytes end."""
        for section in self.sections:
            start = rva - section.rva
            if 0 <= start < len(section.data):
                return section.data[start : start + max(size, 0)]
        return memoryview(b"")

    def text_at(self, rva: int) -> str | None:
        """The NUL-terminated name at an RVA; None where none ends within the limit."""
        raw = bytes(self.at(rva, 128))
        end = raw.find(b"\0")
        if end < 0:
            raw = bytes(self.at(rva, NAME_LIMIT + 1))
            end = raw.find(b"\0")
        return decode(raw[:end]) if end >= 0 else None

    def note(self, where: str, text: str) -> None:
        self.damage.append(Damage(where, text))

    def _sections(self) -> tuple[Section, ...]:
        claimed = self.pe.FILE_HEADER.NumberOfSections
        rows = self.pe.sections
        if len(rows) < claimed:
            self.note("section table", f"{claimed} sections claimed, {len(rows)} read")
        if len(rows) > SECTION_LIMIT:
            self.note("section table", f"{len(rows)} sections, {SECTION_LIMIT} read")
        # Sections of a real file share no bytes; those that do could make a small file large.
        budget = len(self.data)
        found: list[Section] = []
        for row in rows[:SECTION_LIMIT]:
            name = decode(row.Name.rstrip(b"\0"))
            size = row.Misc_VirtualSize or row.SizeOfRawData
            wanted = min(size, row.SizeOfRawData)
            start = row.get_PointerToRawData_adj()
            raw = self.data[start : start + min(wanted, budget)]
            budget -= len(raw)
            if len(raw) < wanted:
                self.note(f"section {name}", f"{wanted - len(raw)} of {wanted} bytes are missing")
            found.append(Section(name, row.VirtualAddress, size, raw, row.Characteristics))
        return tuple(found)

    def symbol_table(self) -> tuple[int, int]:
        """File offset and claimed number of entries of the COFF symbol table; zeros where there is
        none.
        """
        header = self.pe.FILE_HEADER
        if not header.PointerToSymbolTable or not header.NumberOfSymbols:
            return 0, 0
        return header.PointerToSymbolTable, header.NumberOfSymbols

    def build_id(self) -> str | None:
        """GUID and age of the CodeView record, written as symbol servers write them."""
        rva, size = self.directory(DEBUG)
        if not rva or not size:
            return None
        try:
            rows = self.pe.parse_debug_directory(rva, min(size, DEBUG_LIMIT * 28)) or ()
        except Exception as error:  # noqa: BLE001 - pefile lets foreign exceptions out
            self.note("debug directory", reason(error))
            return None
        for row in rows:
            signature = getattr(row.entry, "Signature_String", None)
            if isinstance(signature, str):
                return signature
        return None

    def linker(self) -> str | None:
        """What linked the file, as far as its headers tell.

        Only Microsoft's linker writes a Rich header; GNU ld puts its own version (2.x) where
        Microsoft's puts 14.x, and so do others that write 14.0 and are not named here.
        """
        optional = self.pe.OPTIONAL_HEADER
        version = f"{optional.MajorLinkerVersion}.{optional.MinorLinkerVersion:02d}"
        if self._has_rich_header():
            return f"MSVC linker {version}"
        return f"GNU ld {version}" if optional.MajorLinkerVersion == 2 else None

    def _has_rich_header(self) -> bool:
        if self.pe.OPTIONAL_HEADER.get_file_offset() > RICH_LIMIT:
            return False
        try:
            return self.pe.parse_rich_header() is not None
        except Exception as error:  # noqa: BLE001 - pefile lets foreign exceptions out
            self.note("Rich header", reason(error))
            return False


_DAMAGED = "The file is damaged or cut off: build or download it again."


def _headers(data: memoryview) -> Any:
    offset = int.from_bytes(data[0x3C:0x40], "little")
    if len(data) < 0x40 or not offset or offset + 4 > len(data):
        raise UnsupportedFormat(
            "a DOS program, or the start of a Windows file: it has no PE header",
            "Give a .pyd file built for CPython; if this is one, it is damaged or cut off.",
        )
    whole = isinstance(data.obj, (bytes, mmap.mmap)) and len(data.obj) == len(data)
    try:
        pe: Any = PE(data=data.obj if whole else bytes(data), fast_load=True)
    except PEFormatError as error:
        if bytes(data[offset : offset + 2]) != b"PE":
            raise UnsupportedFormat(
                "a DOS or 16-bit program: it has no PE header",
                "Give a .pyd file built for CPython.",
            ) from error
        raise UnsupportedFormat(
            f"the PE header cannot be read ({reason(error)})", _DAMAGED
        ) from error
    except Exception as error:
        raise UnsupportedFormat(
            f"the PE header cannot be read ({reason(error)})", _DAMAGED
        ) from error
    if pe.OPTIONAL_HEADER.Magic not in (0x10B, 0x20B):
        raise UnsupportedFormat(
            f"the PE optional header is of an unknown kind ({pe.OPTIONAL_HEADER.Magic:#x})",
            _DAMAGED,
        )
    return pe


def reason(error: Exception) -> str:
    text = str(error).strip("'\"\n ").splitlines()
    return text[0][:200] if text else type(error).__name__

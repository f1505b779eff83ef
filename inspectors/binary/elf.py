"""ELF files become images: the only file that touches pyelftools.

Headers, segments, sections, dynamic tags and notes are parsed by pyelftools; symbol and relocation
tables, which it reads one Python object at a time, are read in bulk at the offsets it gives. What
it raises on damage becomes a damage note, and the rest of the file is still read.
"""

import io
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from elftools.common.utils import struct_parse
from elftools.elf.elffile import ELFFile
from elftools.elf.notes import iter_notes

from isoview.inspectors.binary.image import Segment
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


class ElfFile:
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
                f"the ELF header cannot be read ({reason(error)})",
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
            self.damage.append(Damage(where, reason(error)))
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
                name_at(text, row["sh_name"]),
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


def reason(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:200] if text else type(error).__name__


def name_at(text: bytes, offset: int) -> str:
    end = text.find(b"\0", offset)
    return decode(text[offset : end if end >= 0 else len(text)])


def _notes(elf: Any, offset: int, size: int) -> list[Any]:
    return list(iter_notes(elf, offset, size))


def build_id(reader: ElfFile) -> str | None:
    for row in reader.headers:
        if row["p_type"] != "PT_NOTE":
            continue
        read = partial(_notes, reader.elf, row["p_offset"], min(row["p_filesz"], NOTE_LIMIT))
        notes = reader.guarded("notes", read, [])
        for note in notes:
            if note["n_type"] == "NT_GNU_BUILD_ID" and isinstance(note["n_desc"], str):
                return str(note["n_desc"])
    return None

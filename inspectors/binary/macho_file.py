"""The load commands, segments and sections of one thin Mach-O file.

Source: Apple's ``<mach-o/loader.h>``. Only 64-bit little-endian files are read: CPython 3.8 and
later runs on arm64 and x86-64 Macs alone.
"""

import struct
from typing import NamedTuple

from isoview.inspectors.binary.image import Segment
from isoview.inspectors.binary.macho_integrity import oddities
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import Damage
from isoview.inspectors.text import decode

COMMAND_LIMIT = 4096
"""Most load commands and most sections that are read, each; real files have some twenty."""

MAGIC = b"\xcf\xfa\xed\xfe"
HINT = "isoview reads 64-bit Mach-O files for arm64 and x86-64."
_NOT_MAPPED = ("__LINKEDIT", "__PAGEZERO")
_SEALED = ("__DATA_CONST", "__AUTH_CONST")
_READ_ONLY_AFTER_FIXUPS = 0x10  # SG_READ_ONLY


class MachSection(NamedTuple):
    """One section; ``address`` is link-time, ``size`` bytes, ``flags`` type and attributes."""

    segment: str
    name: str
    address: int
    size: int
    flags: int


class MachFile:
    """The load commands of one thin file; collects damage instead of stopping."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.damage: list[Damage] = []
        magic = bytes(data[:4])
        if magic != MAGIC:
            raise UnsupportedFormat(_not_read(magic), HINT)
        if len(data) < 32:
            raise UnsupportedFormat("a Mach-O file cut off in its header", HINT)
        self.kind, count, size = struct.unpack_from("<III", data, 12)
        self.commands = self._commands(count, size)
        self.sections: list[MachSection] = []
        self.sealed: set[str] = set()
        self._unmapped = len(data)
        # By number, as fixups name them; None for one that is not mapped or not read.
        self.numbered = [self._segment(raw) for command, raw in self.commands if command == 0x19]
        self.segments = tuple(segment for segment in self.numbered if segment is not None)
        if not self.segments:
            self.damage.append(Damage("load commands", "no segment is named"))
        self.damage += oddities(data, self.kind, size, self.commands)

    def _commands(self, count: int, size: int) -> list[tuple[int, memoryview]]:
        end = min(32 + size, len(self.data))
        if 32 + size > len(self.data):
            self.damage.append(
                Damage("load commands", f"{32 + size - end} of {size} bytes are missing")
            )
        found: list[tuple[int, memoryview]] = []
        at = 32
        for _ in range(min(count, COMMAND_LIMIT)):
            if at + 8 > end:
                break
            command, length = struct.unpack_from("<II", self.data, at)
            if length < 8 or at + length > end:
                text = f"command {len(found)} claims {length} bytes, {end - at} are left"
                self.damage.append(Damage("load commands", text))
                return found
            found.append((command, self.data[at : at + length]))
            at += length
        if len(found) < count:
            self.damage.append(
                Damage("load commands", f"{count} are claimed, {len(found)} were read")
            )
        return found

    def first(self, *commands: int) -> memoryview | None:
        """The first load command of one of these kinds."""
        return next((raw for command, raw in self.commands if command in commands), None)

    def part(self, offset: int, size: int, where: str) -> memoryview:
        """``size`` bytes at a file offset; what is missing is noted."""
        raw = self.data[offset : offset + size]
        if len(raw) < size:
            self.damage.append(Damage(where, f"{size - len(raw)} of {size} bytes are missing"))
        return raw

    def linked(self, *commands: int) -> memoryview:
        """The bytes that a ``linkedit_data_command`` names; empty without one."""
        raw = self.first(*commands)
        if raw is None or len(raw) < 16:
            return memoryview(b"")
        offset, size = struct.unpack_from("<II", raw, 8)
        return self.part(offset, size, f"load command {commands[0] & 0xFF:#x}")

    def _segment(self, raw: memoryview) -> Segment | None:
        if len(raw) < 72:
            self.damage.append(Damage("load commands", "a segment command is too short"))
            return None
        name, address, size, offset, held, _, protection, count, flags = struct.unpack_from(
            "<16sQQQQIIII", raw, 8
        )
        name = label(name)
        if name in _NOT_MAPPED or not size:
            return None
        address, size = _in_address_space(address, size)
        self._sections(raw[72:], count)
        if flags & _READ_ONLY_AFTER_FIXUPS or name in _SEALED:
            self.sealed.add(name)
        # A dSYM repeats the segments of its binary with nothing of them in the file.
        data = self.part(offset, min(held, size), f"segment {name}")
        if len(data) > self._unmapped:  # so that all segments together are no more than the file
            self.damage.append(Damage(f"segment {name}", "it repeats bytes of other segments"))
            data = data[:0]
        self._unmapped -= len(data)
        return Segment(name, address, size, data, bool(protection & 2), bool(protection & 4))

    def _sections(self, raw: memoryview, count: int) -> None:
        fits = min(count, len(raw) // 80, COMMAND_LIMIT - len(self.sections))
        if fits < count:
            self.damage.append(Damage("sections", f"{count} are claimed, {fits} were read"))
        for fields in struct.iter_unpack("<16s16sQQIIIIIIII", raw[: fits * 80]):
            name, segment, address, size, flags = *fields[:4], fields[8]
            address, size = _in_address_space(address, size)
            self.sections.append(MachSection(label(segment), label(name), address, size, flags))

    @property
    def base(self) -> int:
        """Address of the Mach-O header: offsets in tries and chains count from here."""
        text = next((s for s in self.segments if s.name == "__TEXT"), None)
        text = text or next(iter(self.segments), None)
        return text.address if text else 0


def _not_read(magic: bytes) -> str:
    if magic == b"\xce\xfa\xed\xfe":
        return "a 32-bit Mach-O file"
    if magic in (b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf"):
        return "a big-endian (PowerPC) Mach-O file"
    return "not a Mach-O file"


def label(raw: bytes) -> str:
    """A name of fixed room, up to its first NUL."""
    return decode(raw.partition(b"\0")[0])


def _in_address_space(address: int, size: int) -> tuple[int, int]:
    """Addresses above 2**63 mean damage: what would run past that is cut."""
    limit = 1 << 63
    return min(address, limit), max(0, min(size, limit - address))

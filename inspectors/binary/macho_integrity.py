"""What in a Mach-O file contradicts itself: header, load commands, the tables they speak of.

As for ELF (``elf_integrity``): nothing here changes what is read, and files of real linkers pass
every test. Source: Apple's ``mach-o/loader.h`` and ``mach-o/fat.h``; the fields by their names
there. Offsets are of the slice, sizes in bytes.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import islice

from isoview.inspectors.facts import Damage

NOTES_LIMIT = 40
"""Most notes about one slice."""
_CPU_TYPES = frozenset({0x01000007, 0x0100000C, 0x0200000C, 7, 12, 18, 0x01000012})
_OBJECT, _KINDS = 1, range(1, 13)  # MH_OBJECT to MH_FILESET
_SEGMENT, _SYMTAB, _DYSYMTAB = 0x19, 0x02, 0x0B
_PLACED = {  # struct linkedit_data_command
    0x1D: "code signature", 0x1E: "split info", 0x26: "function starts", 0x29: "data in code",
    0x2B: "code signing rules", 0x2E: "linker optimisations", 0x80000033: "export trie",
    0x80000034: "chained fixups",
}  # fmt: skip
_DYLD_INFO = (0x22, 0x80000022)

Command = tuple[int, memoryview]


def oddities(
    data: memoryview, kind: int, claimed: int, commands: Sequence[Command]
) -> tuple[Damage, ...]:
    """What does not fit together in one slice; empty for a sound one.

    ``kind`` is its file type, ``claimed`` the bytes of load commands that its header counts,
    ``commands`` those that could be read.
    """
    return tuple(islice(_every(data, kind, claimed, commands), NOTES_LIMIT))


def _every(
    data: memoryview, kind: int, claimed: int, commands: Sequence[Command]
) -> Iterator[Damage]:
    cpu = struct.unpack_from("<I", data, 4)[0]
    if cpu not in _CPU_TYPES:
        yield Damage("Mach-O header", f"no processor has the number {cpu:#x}")
    if kind not in _KINDS:
        yield Damage("Mach-O header", f"there is no file type {kind:#x}")
    elif kind == _OBJECT and any(_name(raw) == b"__LINKEDIT" for raw in _all(commands, _SEGMENT)):
        yield Damage("Mach-O header", "it says that it is not linked yet, and is")
    length = sum(len(raw) for _, raw in commands)
    if length != claimed:
        yield Damage("load commands", f"{claimed} bytes are claimed, those read have {length}")
    yield from _segments(data, commands)
    yield from _symbols(data, commands)
    for command, raw in commands:
        places: tuple[tuple[int, int, str], ...] = ()
        if command in _PLACED and len(raw) >= 16:
            places = ((*struct.unpack_from("<II", raw, 8), _PLACED[command]),)
        elif command in _DYLD_INFO and len(raw) >= 48:
            fields = struct.unpack_from("<10I", raw, 8)
            names = ("rebases", "binds", "weak binds", "lazy binds", "exports")
            places = tuple(zip(fields[::2], fields[1::2], names, strict=True))
        for offset, size, name in places:
            if size and (offset + size > len(data) or offset < 32 + claimed):
                yield Damage(name, f"{size} bytes at offset {offset:#x} cannot be there")


def _all(commands: Sequence[Command], *numbers: int) -> list[memoryview]:
    return [raw for command, raw in commands if command in numbers]


def _name(segment: memoryview) -> bytes:
    return bytes(segment[8:24]).rstrip(b"\0")


def _segments(data: memoryview, commands: Sequence[Command]) -> Iterator[Damage]:
    for raw in _all(commands, _SEGMENT):
        if len(raw) < 72:
            continue
        room, offset, held = struct.unpack_from("<32xQQQ", raw)
        # What is mapped is read, and noted there; the rest is looked at here alone.
        if _name(raw) == b"__LINKEDIT" and offset + held > len(data):
            yield Damage("__LINKEDIT", f"{held} bytes at offset {offset:#x} run past the end")
        if held > room:
            text = f"it has {held} bytes in the file and room for {room} in memory"
            yield Damage(f"segment {_name(raw).decode('ascii', 'replace')}", text)


def _symbols(data: memoryview, commands: Sequence[Command]) -> Iterator[Damage]:
    tables = _all(commands, _SYMTAB)
    if not tables:
        return
    if len(tables) > 1 or len(tables[0]) < 24:
        yield Damage("symbol table", "its load command is too short, or not the only one")
        return
    symbols, count, texts, size = struct.unpack_from("<IIII", tables[0], 8)
    if count and (symbols < 32 or symbols + 16 * count > len(data)):
        yield Damage("symbol table", f"{count} symbols at offset {symbols:#x} cannot be there")
    if count and not size:
        yield Damage("symbol table", "its symbols have no names")
    if size and (texts < 32 or texts + size > len(data)):
        yield Damage("symbol names", f"{size} bytes at offset {texts:#x} cannot be there")
    for raw in _all(commands, _DYSYMTAB):
        if len(raw) < 32:
            continue
        groups = struct.unpack_from("<6I", raw, 8)
        last = max(first + number for first, number in zip(groups[::2], groups[1::2], strict=True))
        if last > count:
            yield Damage("symbol table", f"{count} symbols are counted, {last} are grouped")

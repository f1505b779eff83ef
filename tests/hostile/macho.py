"""Damaged and hostile Mach-O files, each made from one sound thin module."""

import struct
from collections.abc import Iterator

from hostile.damage import EXTREMES, Bad, anywhere, patched

_ARM64, _X86_64 = 0x0100000C, 0x01000007


def bad_macho(data: bytes, seed: int = 1, count: int = 30) -> Iterator[Bad]:
    """All of them, by name."""
    yield from anywhere("macho", "so", data, seed, count, 2048)
    fields = {"cputype": 4, "filetype": 12, "ncmds": 16, "sizeofcmds": 20, "cmdsize": 36}
    for name, offset in fields.items():
        for value in EXTREMES[4]:
            raw = patched(data, offset, 4, value)
            yield f"macho-{name}-{value:x}.so", raw, f"{name} = {value:#x}"
    place = 32
    for _ in range(struct.unpack_from("<I", data, 16)[0]):
        command, size = struct.unpack_from("<II", data, place)
        if command == 2:
            yield from _symbol_table(data, place)
        place += size
    yield from _universal(data)


def _symbol_table(data: bytes, place: int) -> Iterator[Bad]:
    for name, offset in (("symoff", 8), ("nsyms", 12), ("stroff", 16), ("strsize", 20)):
        for value in (0, 0x7FFFFFFF, 0xFFFFFFFF):
            raw = patched(data, place + offset, 4, value)
            yield f"macho-{name}-{value:x}.so", raw, f"LC_SYMTAB {name} = {value:#x}"


def _universal(data: bytes) -> Iterator[Bad]:
    aligned = data + bytes(-len(data) % 4096)
    entries = struct.pack(">IIIII", _ARM64, 0, 4096, len(data), 12)
    entries += struct.pack(">IIIII", _X86_64, 3, 4096 + len(aligned), len(data), 12)
    body = bytes(4096 - 8 - len(entries)) + aligned + data
    good = struct.pack(">II", 0xCAFEBABE, 2) + entries + body
    yield "macho-fat-wrong-name.so", good, "a fat file whose slices are not what it says"
    raw = struct.pack(">II", 0xCAFEBABE, 0x7FFFFFFF) + entries + body
    yield "macho-fat-narch-max.so", raw, "nfat_arch 2**31-1"
    raw = struct.pack(">IIIIIII", 0xCAFEBABE, 1, _ARM64, 0, 0, 28, 0)
    yield "macho-fat-self.so", raw, "a fat slice that is the fat file itself"
    raw = struct.pack(">II", 0xCAFEBABE, 2) + struct.pack(">5I", _ARM64, 0, 48, len(data), 0) * 2
    yield "macho-fat-overlap.so", raw + data, "two slices over the same bytes"
    raw = struct.pack(">IHH", 0xCAFEBABE, 0, 61) + bytes(200)
    yield "macho-java-class.so", raw, "a Java class file (same magic)"

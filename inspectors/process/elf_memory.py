"""ELF images as they lie in another process's memory: what the loader itself needs is there.

Source: the ELF generic ABI; ``DT_GNU_HASH`` as glibc and LLVM lay it out. Headers come from
memory and not from a file because the file may be deleted, replaced, or out of our reach.
Symbols that the loader does not need (``.symtab``) and section names are in the file only.
"""

import struct
from typing import NamedTuple

from isoview.inspectors.process.memory import Memory, Unread

EHDR_SIZE, PHDR_SIZE, SYM_SIZE = 64, 56, 24
HEADER_LIMIT = 64
TAG_LIMIT = 512
CHAIN_LIMIT = 4096
PT_LOAD, PT_DYNAMIC, PT_GNU_RELRO = 1, 2, 0x6474E552
DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_GNU_HASH = 4, 5, 6, 10, 0x6FFFFEF5
PF_W = 2
ET_EXEC, ET_DYN = 2, 3
MACHINES = {
    3: "i686", 40: "arm", 62: "x86-64", 183: "aarch64", 243: "riscv64", 21: "ppc64", 22: "s390x",
    258: "loongarch64", 8: "mips",
}  # fmt: skip


class Header(NamedTuple):
    """What the first bytes say: enough to refuse a program that we cannot read."""

    bits: int
    little: bool
    machine: int

    @property
    def arch(self) -> str:
        """The processor, as facts name it."""
        return MACHINES.get(self.machine, f"machine {self.machine}")


class Segment(NamedTuple):
    """A loaded segment at its run-time address."""

    start: int
    size: int  # in memory
    filled: int  # bytes that came from the file
    writable: bool


class Loaded(NamedTuple):
    """An image in memory; run-time address = link-time address + ``bias``."""

    base: int
    bias: int
    segments: tuple[Segment, ...]
    sealed: tuple[int, int]  # made read-only after relocation, run-time addresses
    tags: dict[int, int]

    @property
    def end(self) -> int:
        """Run-time address behind the last segment."""
        return max((s.start + s.size for s in self.segments), default=self.base)


def read_header(raw: bytes) -> Header | None:
    """The header in the first bytes of a file or image; None where they are no ELF file's."""
    if len(raw) < 20 or raw[:4] != b"\x7fELF" or raw[4] not in (1, 2) or raw[5] not in (1, 2):
        return None
    little = raw[5] == 1
    return Header(32 * raw[4], little, int.from_bytes(raw[18:20], "little" if little else "big"))


def read_loaded(memory: Memory, base: int) -> Loaded | None:
    """The 64-bit little-endian image whose header lies at ``base``; None where it makes no sense."""
    try:
        raw = memory.read(base, EHDR_SIZE)
        header = read_header(raw)
        if header is None or header.bits != 64 or not header.little:
            return None
        (kind,) = struct.unpack_from("<H", raw, 16)
        (table,) = struct.unpack_from("<Q", raw, 32)
        size, count = struct.unpack_from("<HH", raw, 54)
        if kind not in {ET_EXEC, ET_DYN} or size != PHDR_SIZE or not 0 < count <= HEADER_LIMIT:
            return None
        rows = struct.iter_unpack("<IIQQQQQQ", memory.read(base + table, count * PHDR_SIZE))
        return _loaded(memory, base, kind, list(rows))
    except Unread:
        return None


def _loaded(memory: Memory, base: int, kind: int, rows: list[tuple[int, ...]]) -> Loaded | None:
    first = next((row for row in rows if row[0] == PT_LOAD and row[2] == 0), None)
    if first is None:
        return None
    bias = base - first[3] if kind == ET_DYN else 0
    segments = tuple(
        Segment(bias + row[3], row[6], min(row[5], row[6]), bool(row[1] & PF_W))
        for row in rows
        if row[0] == PT_LOAD and 0 < row[6] < 1 << 40
    )
    relro = next((row for row in rows if row[0] == PT_GNU_RELRO), None)
    sealed = (bias + relro[3], bias + relro[3] + relro[6]) if relro else (0, 0)
    dynamic = next((row for row in rows if row[0] == PT_DYNAMIC), None)
    tags = _tags(memory, bias + dynamic[3], dynamic[6]) if dynamic else {}
    return Loaded(base, bias, segments, sealed, tags)


def _tags(memory: Memory, address: int, size: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for tag, value in struct.iter_unpack(
        "<QQ", memory.read(address, min(size // 16, TAG_LIMIT) * 16)
    ):
        if tag == 0:
            break
        found.setdefault(tag, value)
    return found


def exported(memory: Memory, loaded: Loaded, name: bytes) -> int | None:
    """Run-time address of an exported symbol, by the hash table that the loader uses."""
    try:
        if DT_GNU_HASH in loaded.tags:
            index = _gnu_index(memory, loaded, name)
        elif DT_HASH in loaded.tags:
            index = _sysv_index(memory, loaded, name)
        else:
            return None
        if index is None:
            return None
        symbol = _address(loaded, DT_SYMTAB) + index * SYM_SIZE
        _name, _info, _other, section, value = struct.unpack("<IBBHQ", memory.read(symbol, 16))
    except Unread:
        return None
    return loaded.bias + value if section else None


def _address(loaded: Loaded, tag: int) -> int:
    """A table's address: glibc rewrites these entries to run-time addresses, musl does not."""
    value = loaded.tags.get(tag, 0)
    return value if value >= loaded.base else value + loaded.bias


def _is_named(memory: Memory, loaded: Loaded, index: int, name: bytes) -> bool:
    symbol = _address(loaded, DT_SYMTAB) + index * SYM_SIZE
    (offset,) = struct.unpack("<I", memory.read(symbol, 4))
    wanted = name + b"\0"
    return memory.read(_address(loaded, DT_STRTAB) + offset, len(wanted)) == wanted


def _gnu_index(memory: Memory, loaded: Loaded, name: bytes) -> int | None:
    table = _address(loaded, DT_GNU_HASH)
    buckets, first, bloom, _shift = struct.unpack("<IIII", memory.read(table, 16))
    if not 0 < buckets < 1 << 24 or bloom >= 1 << 24:
        return None
    value = 5381
    for byte in name:
        value = (value * 33 + byte) & 0xFFFFFFFF
    starts = table + 16 + 8 * bloom
    chains = starts + 4 * buckets
    (index,) = struct.unpack("<I", memory.read(starts + 4 * (value % buckets), 4))
    if index < first:
        return None
    for step in range(CHAIN_LIMIT):
        (hashed,) = struct.unpack("<I", memory.read(chains + 4 * (index + step - first), 4))
        if (hashed | 1) == (value | 1) and _is_named(memory, loaded, index + step, name):
            return int(index + step)
        if hashed & 1:
            return None
    return None


def _sysv_index(memory: Memory, loaded: Loaded, name: bytes) -> int | None:
    table = _address(loaded, DT_HASH)
    buckets, chains = struct.unpack("<II", memory.read(table, 8))
    if not 0 < buckets < 1 << 24:
        return None
    value = 0
    for byte in name:
        value = (value << 4) + byte
        value = (value ^ (value & 0xF0000000) >> 24) & 0x0FFFFFFF
    (index,) = struct.unpack("<I", memory.read(table + 8 + 4 * (value % buckets), 4))
    for _ in range(CHAIN_LIMIT):
        if not index or index >= chains:
            return None
        if _is_named(memory, loaded, index, name):
            return int(index)
        (index,) = struct.unpack("<I", memory.read(table + 8 + 4 * (buckets + index), 4))
    return None

"""Damaged and hostile ELF files, each made from one sound little-endian 64-bit module."""

import struct
from collections.abc import Iterator

from hostile.damage import EXTREMES, Bad, anywhere, patched

_HEADER = {
    "e_type": (16, 2), "e_machine": (18, 2), "e_phoff": (32, 8), "e_shoff": (40, 8),
    "e_phentsize": (54, 2), "e_phnum": (56, 2), "e_shentsize": (58, 2), "e_shnum": (60, 2),
    "e_shstrndx": (62, 2), "ei_class": (4, 1), "ei_data": (5, 1),
}  # fmt: skip
_KINDS = {
    11: "dynsym", 3: "strtab", 6: "dynamic", 4: "rela", 0x6FFFFFF6: "gnuhash",
    0x6FFFFFFE: "verneed", 0x6FFFFFFF: "versym", 7: "note", 5: "hash", 2: "symtab",
}  # fmt: skip
_SECTION_FIELDS = (
    ("sh_entsize", 56, 8, (0, 1, 1 << 63)),
    ("sh_size", 32, 8, (1 << 32, (1 << 64) - 1)),
    ("sh_link", 40, 4, (None, 0xFFFFFFFF)),  # None: the section itself
    ("sh_offset", 24, 8, ((1 << 64) - 8,)),
    ("sh_name", 0, 4, (0xFFFFFFFF,)),
)
_TAGS = {
    1: "NEEDED", 2: "PLTRELSZ", 5: "STRTAB", 6: "SYMTAB", 7: "RELA", 8: "RELASZ", 9: "RELAENT",
    10: "STRSZ", 12: "INIT", 25: "INIT_ARRAY", 0x6FFFFEF5: "GNU_HASH", 0x6FFFFFFE: "VERNEED",
    0x6FFFFFFF: "VERNEEDNUM",
}  # fmt: skip
_SECTION = struct.Struct("<IIQQQQIIQQ")
_ESCAPES = b"PyInit_\x1b]0;owned\x07\xff\xfe\n\r"


class _Elf:
    """Where the tables of the sound file are."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.phoff, self.shoff = struct.unpack_from("<QQ", data, 32)
        self.phentsize, self.phnum, self.shentsize, self.shnum = struct.unpack_from("<4H", data, 54)
        self.sections = [_SECTION.unpack_from(data, self.section(n)) for n in range(self.shnum)]

    def section(self, number: int) -> int:
        return self.shoff + number * self.shentsize

    def every_section(self, form: str, at: int, *values: int, ring: bool = False) -> bytes:
        copy = bytearray(self.data)
        for number in range(1, self.shnum):
            new = ((number + 1) % self.shnum,) if ring else values
            struct.pack_into(form, copy, self.section(number) + at, *new)
        return bytes(copy)


def bad_elf(data: bytes, seed: int = 1, count: int = 60) -> Iterator[Bad]:
    """All of them, by name."""
    elf = _Elf(data)
    yield from anywhere("elf", "so", data, seed, count, 0x400)
    yield from _headers(elf)
    yield from _sections(elf)
    yield from _segments(elf)
    for section in elf.sections:
        yield from _content(data, section)
    yield from _large(elf)
    yield "elf-header-only.so", data[:64], "64 bytes"


def _headers(elf: _Elf) -> Iterator[Bad]:
    data = elf.data
    for field, (offset, size) in _HEADER.items():
        for value in EXTREMES[size]:
            name = f"elf-{field}-{value:x}.so"
            yield name, patched(data, offset, size, value), f"{field} = {value:#x}"
    yield "elf-shoff-unaligned.so", patched(data, 40, 8, elf.shoff + 3), "section table off by 3"
    for value in (0x10000, 0x7FFFFFFF, 0xFFFFFFFFFFFFFFFF):
        raw = patched(patched(data, 60, 2, 0), elf.shoff + 32, 8, value)
        yield f"elf-extended-shnum-{value:x}.so", raw, f"e_shnum 0, section 0 counts {value:#x}"
    raw = patched(patched(data, 56, 2, 0xFFFF), elf.shoff + 44, 4, 0xFFFFFFFF)
    yield "elf-extended-phnum.so", raw, "PN_XNUM, and section 0 counts 0xffffffff segments"
    raw = patched(patched(patched(data, 40, 8, 0), 60, 2, 0), 62, 2, 0)
    yield "elf-no-sections.so", raw, "no section table (sound: as sstrip leaves it)"


def _sections(elf: _Elf) -> Iterator[Bad]:
    seen = set()
    for number, section in enumerate(elf.sections):
        kind = _KINDS.get(section[1])
        if kind is None or kind in seen:
            continue
        seen.add(kind)
        for field, offset, size, values in _SECTION_FIELDS:
            for given in values:
                value = number if given is None else given
                raw = patched(elf.data, elf.section(number) + offset, size, value)
                what = f"section {number} ({kind}) {field} = {value:#x}"
                yield f"elf-{kind}-{field}-{value:x}.so", raw, what
    raw = elf.every_section("<QQ", 24, 0, len(elf.data))
    yield "elf-overlap-all.so", raw, "every section covers the whole file"
    raw = elf.every_section("<I", 4, 11)
    yield "elf-all-dynsym.so", raw, "every section says it is a dynsym"
    raw = elf.every_section("<I", 40, ring=True)
    yield "elf-sh_link-ring.so", raw, "sh_link is a ring over all sections"


def _segments(elf: _Elf) -> Iterator[Bad]:
    for number in range(min(elf.phnum, 12)):
        at = elf.phoff + number * elf.phentsize
        kind, _, offset, address, _, size, _, _ = struct.unpack_from("<IIQQQQQQ", elf.data, at)
        if kind == 2:
            yield from _tags(elf.data, offset, size, address)
        if kind in (1, 2, 4):
            for field, place in (
                ("p_offset", 8),
                ("p_filesz", 32),
                ("p_memsz", 40),
                ("p_align", 48),
            ):
                raw = patched(elf.data, at + place, 8, (1 << 64) - 1)
                what = f"segment {number} (type {kind}) {field} max"
                yield f"elf-ph{number}-{field}-max.so", raw, what


def _tags(data: bytes, offset: int, size: int, address: int) -> Iterator[Bad]:
    endless, seen = bytearray(data), set()
    for at in range(offset, offset + size, 16):
        tag = struct.unpack_from("<Q", data, at)[0]
        if tag == 0:
            struct.pack_into("<Q", endless, at, 1)
        if tag not in _TAGS or tag in seen:
            continue
        seen.add(tag)
        for value in (0, address, (1 << 64) - 1, 1 << 40):
            name = f"elf-DT_{_TAGS[tag]}-{value:x}.so"
            yield name, patched(data, at + 8, 8, value), f"DT_{_TAGS[tag]} = {value:#x}"
    yield "elf-dynamic-unterminated.so", bytes(endless), "no DT_NULL"


def _content(data: bytes, section: tuple[int, ...]) -> Iterator[Bad]:
    _, kind, flags, address, offset, size, *_ = section
    if kind == 0x6FFFFFFE and size >= 16:
        yield "elf-verneed-self-loop.so", patched(data, offset + 12, 4, 0xFFFFFFFF), "vn_next = -1"
        raw = patched(patched(data, offset + 8, 4, 16), offset + 28, 4, 0)
        yield "elf-verneed-aux-zero.so", raw, "vna_next = 0"
        yield "elf-verneed-cnt-max.so", patched(data, offset + 2, 2, 0xFFFF), "vn_cnt = 0xffff"
    if kind == 0x6FFFFFF6 and size >= 16:
        yield from _hash(data, offset, size)
    if kind == 11 and size >= 48:
        for name, form, place, value in (
            ("st_name-ffffffff", "<I", 0, 0xFFFFFFFF),
            ("st_name-7fffffff", "<I", 0, 0x7FFFFFFF),
            ("st_size-huge", "<Q", 16, 1 << 63),
            ("st_shndx-bad", "<H", 6, 0xFFFE),
        ):
            copy = bytearray(data)
            for at in range(offset + 24, offset + size, 24):
                struct.pack_into(form, copy, at + place, value)
            yield f"elf-{name}.so", bytes(copy), f"every dynsym {name}"
    if kind == 4 and size >= 48:
        copy = bytearray(data)
        for at in range(offset, offset + size, 24):
            struct.pack_into("<QQQ", copy, at, address, (0xFFFFFFFF << 32) | 8, address)
        name = f"elf-rela-cyclic-{offset:x}.so"
        yield name, bytes(copy), "every reloc patches the reloc table, symbol 0xffffffff"
    if kind == 3 and flags & 2:
        raw = data[:offset] + b"A" * size + data[offset + size :]
        yield "elf-strtab-no-nul.so", raw, "dynstr has no NUL"
        text = (_ESCAPES * (size // 20 + 1))[: size - 1] + b"\0"
        raw = data[:offset] + text + data[offset + size :]
        yield "elf-strtab-escapes.so", raw, "dynstr full of escape sequences and invalid UTF-8"


def _hash(data: bytes, offset: int, size: int) -> Iterator[Bad]:
    for place, label in ((0, "nbuckets"), (4, "symoffset"), (8, "bloom"), (12, "shift")):
        for value in (0, 0xFFFFFFFF):
            name = f"elf-gnuhash-{label}-{value:x}.so"
            yield name, patched(data, offset + place, 4, value), f"gnu hash {label} = {value:#x}"
    copy = bytearray(data)
    chains = offset + 16 + 8 * struct.unpack_from("<I", data, offset + 8)[0]
    for at in range(chains, offset + size - 3, 4):
        copy[at] &= 0xFE
    raw = patched(patched(bytes(copy), 40, 8, 0), 60, 2, 0)
    yield "elf-gnuhash-endless.so", raw, "no hash chain ends; no section table"


def _large(elf: _Elf) -> Iterator[Bad]:
    data = elf.data
    copy, at = bytearray(data), elf.section(elf.shnum - 1)
    body = struct.pack("<IIQQ", 1, 0, 1 << 40, 1) + b"x\x9c" + bytes(64)
    struct.pack_into("<IQQQQ", copy, at + 4, 1, 0x800, 0, len(data), len(body))
    yield "elf-chdr-1tib.so", bytes(copy) + body, "SHF_COMPRESSED, unpacks to 1 TiB"
    for flags, what in ((4, "constants"), (6, "data"), (5, "code")):
        head = data[elf.phoff : elf.phoff + elf.phnum * elf.phentsize]
        more = b"".join(
            struct.pack("<IIQQQQQQ", 1, flags, 0, (n + 1) << 32, 0, len(data), len(data), 0x1000)
            for n in range(4000)
        )
        raw = patched(patched(data, 32, 8, len(data)), 56, 2, elf.phnum + 4000)
        raw = patched(patched(raw, 40, 8, 0), 60, 2, 0) + head + more
        yield f"elf-4000-segments-{flags}.so", raw, f"4,000 segments of {what}: the file again"
    rows = bytes(64) + _SECTION.pack(0, 11, 2, 0, 0, len(data), 1, 0, 8, 24) * 60000
    raw = patched(patched(patched(data, 40, 8, len(data)), 60, 2, 60001), 62, 2, 0) + rows
    yield "elf-60000-dynsyms.so", raw, "60,000 dynsym sections, each over the whole file"

"""What in the dynamic part of an ELF file contradicts itself: tags, names, symbols, versions.

Sources: the ELF generic ABI, chapter 5 (dynamic section); the Linux Standard Base for DT_GNU_HASH
and DT_VERNEED. Addresses are link-time ones.
"""

import struct
import sys
from collections.abc import Iterator, Mapping, Sequence

from isoview.inspectors.binary.elf import Dynamic, ElfFile, Row, read_tags
from isoview.inspectors.facts import Damage
from isoview.inspectors.hints import Literal

TAGS_LIMIT = 4096
"""Most dynamic tags that are looked at."""
VERSIONS_LIMIT = 4096
"""Most entries of the needed versions that are looked at."""

_PLTRELSZ, _HASH, _STRTAB, _SYMTAB, _RELA, _RELASZ = 2, 4, 5, 6, 7, 8
_RELAENT, _STRSZ, _SYMENT, _INIT, _FINI, _SONAME, _RPATH = 9, 10, 11, 12, 13, 14, 15
_REL, _RELSZ, _RELENT, _JMPREL, _INIT_ARRAY, _FINI_ARRAY, _RUNPATH = 17, 18, 19, 23, 25, 26, 29
_PLTREL = 20
_GNU_HASH, _VERSYM, _VERNEED, _VERNEEDNUM = 0x6FFFFEF5, 0x6FFFFFF0, 0x6FFFFFFE, 0x6FFFFFFF
_NAMES = {
    4: "DT_HASH", 5: "DT_STRTAB", 6: "DT_SYMTAB", 7: "DT_RELA", 12: "DT_INIT", 13: "DT_FINI",
    17: "DT_REL", 23: "DT_JMPREL", 25: "DT_INIT_ARRAY", 26: "DT_FINI_ARRAY",
    _GNU_HASH: "DT_GNU_HASH", _VERSYM: "DT_VERSYM", _VERNEED: "DT_VERNEED",
}  # fmt: skip
# The section of each table, where section headers are kept: sh_type.
_SECTIONS = {_STRTAB: 3, _SYMTAB: 11, _GNU_HASH: 0x6FFFFFF6, _HASH: 5,
             _VERSYM: 0x6FFFFFFF, _VERNEED: 0x6FFFFFFE, _RELA: 4, _REL: 9}  # fmt: skip
_NAME_ROOM = 128
"""Bytes in which nearly every name of a symbol ends."""
_LOWEST_BITS = bytes(byte & 1 for byte in range(256))
_NEEDED_VERSIONS = {order: (struct.Struct(order + "HHIII"), struct.Struct(order + "IHHII"))
                    for order in "<>"}  # fmt: skip
"""Elf64_Verneed and Elf64_Vernaux, which 32-bit files have as well."""

Sections = Mapping[int, Sequence[Row]]


class _Part:
    """The dynamic part of one file: its tags, and the loaded bytes they speak of."""

    def __init__(self, reader: ElfFile, segments: Sequence[Row], dynamic: Dynamic) -> None:
        self.data = reader.data
        self.order = "<" if reader.endian == "little" else ">"
        self.wide = reader.bits == 64
        self.machine = reader.machine
        # PowerPC's first 64-bit ABI: the address of a function is that of its descriptor.
        self.descriptors = self.wide and self.machine == 21 and reader.flags & 3 != 2
        # Of what is loaded: first and last address with bytes in the file, last address, distance
        # to the place in the file, what is allowed.
        self.loads = [
            (start, start + filled, start + room, offset - start, flags)
            for kind, flags, offset, start, _, filled, room, _ in segments
            if kind == 1
        ]
        self.tags, self.needed, self.ended = dynamic

    def at(self, address: int, size: int) -> memoryview:
        """File bytes at an address: fewer than ``size`` where a segment or the file ends."""
        for start, last, _, distance, _ in self.loads:
            if start <= address < last:
                return self.data[address + distance : min(address + size, last) + distance]
        return self.data[:0]

    def mapped(self, address: int, flags: int = 0) -> bool:
        for start, _, last, _, allowed in self.loads:  # a generator costs more than the loop
            if start <= address < last and allowed & flags == flags:
                return True
        return False


def dynamic_oddities(
    reader: ElfFile, segments: Sequence[Row], sections: Sections
) -> Iterator[Damage]:
    """What does not fit together in the dynamic part; nothing where there is none.

    ``segments`` are header rows, ordered as the reader's; ``sections`` those of each sh_type.
    """
    row = next((row for row in segments if row[0] == 2), None)
    if row is None:
        return
    dynamic = reader.dynamic
    if segments is not reader.program_rows:
        dynamic = _dynamic(reader, row)
    part = _Part(reader, segments, dynamic)
    if not part.ended:
        yield Damage("dynamic tags", "the list has no end")
    if 6 in sections and sections[6][0][4] != row[2]:
        yield Damage("dynamic tags", "segment and section tell of different places")
    yield from _tables(part, sections)
    tables = _relocation_tables(part)
    yield from _sizes(part, tables)
    names = part.at(part.tags.get(_STRTAB, 0), part.tags.get(_STRSZ, 0))
    yield from _texts(part, names)
    symbols = _symbol_count(part, sections)
    yield from _hash(part, symbols)
    yield from _symbols(part, symbols, len(names))
    if symbols is not None:
        known = reader.highest_symbol  # but a table at no place is not read
        if known is None or known >= symbols or any(tag not in part.tags for tag, *_ in tables):
            yield from _relocations(part, tables, symbols)
    yield from _versions(part, len(names))


def _dynamic(reader: ElfFile, row: Row) -> Dynamic:
    """The dynamic tags that a program header tells of."""
    shape = reader.shapes.tag
    count = min(row[5] // shape.size, TAGS_LIMIT)
    raw = reader.data[row[2] : row[2] + count * shape.size]
    return read_tags(shape.iter_unpack(raw[: len(raw) // shape.size * shape.size]))


def _tables(part: _Part, sections: Sections) -> Iterator[Damage]:
    for tag in (_STRTAB, _SYMTAB):
        if tag not in part.tags:
            yield Damage("dynamic tags", f"{_NAMES[tag]} is missing")
    for tag, name in _NAMES.items():
        value = part.tags.get(tag)
        if value is None:
            continue
        if tag in (_INIT, _FINI):
            if not part.mapped(value, 0 if part.descriptors else 1) or not value:
                yield Damage(name, f"{value:#x} is no address of code")
            continue
        if not part.mapped(value) and not (tag in (_RELA, _REL, _JMPREL) and not value):
            yield Damage(name, f"{value:#x} is no address of this file")
            continue
        loaded = [
            row[3] for row in sections.get(_SECTIONS.get(tag, -1), ()) if row[2] & 2 and row[5]
        ]
        if loaded and value not in loaded:
            yield Damage(name, f"it says {value:#x}, and the section stands elsewhere")
    start = part.tags.get(_INIT_ARRAY)
    if start is None:
        return
    if start % (8 if part.wide else 4):
        yield Damage("DT_INIT_ARRAY", f"{start:#x} cannot hold pointers")
    arrays = [row for row in sections.get(14, ()) if row[5]]
    if len(arrays) == 1 and arrays[0][3] != start:
        yield Damage("DT_INIT_ARRAY", "tag and section tell of different places")


_Table = tuple[int, int, memoryview, int]
"""A relocation table: its tag, how many bytes it claims, those that are there, bytes of an entry."""


def _relocation_tables(part: _Part) -> list[_Table]:
    tags = part.tags
    rela, rel = (24, 16) if part.wide else (12, 8)
    jumps = rela if tags.get(_PLTREL) == _RELA else rel
    found: list[_Table] = []
    kinds = (_RELA, _RELASZ, rela), (_REL, _RELSZ, rel), (_JMPREL, _PLTRELSZ, jumps)
    for tag, size, entry in kinds:
        claimed = tags.get(size, 0)
        if claimed or tag in tags:
            found.append((tag, claimed, part.at(tags.get(tag, 0), claimed), entry))
    return found


def _sizes(part: _Part, tables: Sequence[_Table]) -> Iterator[Damage]:
    tags = part.tags
    for tag, name, right in (
        (_RELAENT, "DT_RELAENT", 24 if part.wide else 12),
        (_RELENT, "DT_RELENT", 16 if part.wide else 8),
        (_SYMENT, "DT_SYMENT", 24 if part.wide else 16),
    ):
        if tags.get(tag, right) != right:
            yield Damage(name, f"entries are said to have {tags[tag]} bytes, not {right}")
    for tag, claimed, raw, entry in tables:
        if tag not in tags:
            continue
        if not tags[tag]:
            if claimed:
                yield Damage(_NAMES[tag], f"{claimed} bytes are said to be at no place")
        elif not claimed:
            yield Damage(_NAMES[tag], "the table is there, and said to be empty")
        elif claimed % entry and tag != _JMPREL:
            yield Damage(_NAMES[tag], f"{claimed} bytes are no whole number of entries")
        elif len(raw) < claimed:
            yield Damage(_NAMES[tag], f"{claimed} bytes run past their segment")


def _texts(part: _Part, names: memoryview) -> Iterator[Damage]:
    claimed = part.tags.get(_STRSZ, 0)
    if _STRTAB not in part.tags:
        return
    if not claimed or len(names) < claimed:
        yield Damage("names", f"{claimed - len(names)} of {claimed} bytes are missing")
        if not claimed:
            yield Damage("DT_STRSZ", "the names are said to be empty")
        return
    if names[0] or names[-1]:
        yield Damage("names", "they do not begin and end with a zero byte")
    texts = [*part.needed, *(part.tags[t] for t in (_SONAME, _RPATH, _RUNPATH) if t in part.tags)]
    for offset in texts:
        if offset >= claimed:
            yield Damage("dynamic tags", f"a name at {offset:#x} lies outside the names")
    if any(offset < claimed and not names[offset] for offset in part.needed):
        yield Damage("dynamic tags", "a needed library has no name")


def _symbol_count(part: _Part, sections: Sections) -> int | None:
    """How many dynamic symbols the section header tells of, if it can be believed."""
    where = part.tags.get(_SYMTAB)
    for row in sections.get(11, ()):
        if row[3] == where and row[9] and row[5] <= len(part.data):
            return row[5] // row[9]
    return None


def _hash(part: _Part, symbols: int | None) -> Iterator[Damage]:
    where = part.tags.get(_GNU_HASH)
    raw = part.at(where, 16) if where is not None else part.data[:0]
    if len(raw) < 16 or where is None:
        return
    buckets, first, bloom, shift = struct.unpack(part.order + "IIII", raw)
    word = 8 if part.wide else 4
    name = "GNU hash table"
    if not buckets or not bloom or bloom & (bloom - 1) or shift >= 8 * word:
        yield Damage(name, "its head makes no sense")
        return
    start = where + 16 + bloom * word
    table = part.at(start, 4 * buckets)
    if len(table) < 4 * buckets:
        yield Damage(name, f"{buckets} buckets run past their segment")
        return
    heads = _column(table, part.order, "I", 0, 4)
    filled = list(filter(None, heads))
    last = max(filled, default=0)
    if filled and min(filled) != first:
        yield Damage(name, "its first bucket does not begin with the first symbol that has a hash")
    if symbols is not None and (first > symbols or last >= symbols):
        yield Damage(name, f"it tells of symbol {max(first, last)}, and there are {symbols}")
        return
    if last < first:
        return
    bound = _last_possible(part, symbols)
    chain = bytes(part.at(start + 4 * buckets + 4 * (last - first), 4 * (bound - last)))
    if not any(chain[0 if part.order == "<" else 3 :: 4].translate(_LOWEST_BITS)):
        yield Damage(name, "its last chain has no end")
    elif not _is_found(part, heads, first, (where + 16, bloom, shift)):
        yield Damage(name, "it would not find the first symbol that has a hash")


def _last_possible(part: _Part, symbols: int | None) -> int:
    """No symbol has a higher number: linkers put the names behind the symbols."""
    if symbols is not None:
        return symbols
    start, names = part.tags.get(_SYMTAB, 0), part.tags.get(_STRTAB, 0)
    size = 24 if part.wide else 16
    return (names - start) // size if names > start else len(part.data) // size


def _is_found(
    part: _Part, heads: Sequence[int], index: int, filtering: tuple[int, int, int]
) -> bool:
    """Whether a loader would find symbol ``index``, the head of its bucket, by its name."""
    where, words, shift = filtering
    bits = 64 if part.wide else 32
    size = 24 if part.wide else 16
    entry = bytes(part.at(part.tags.get(_SYMTAB, 0) + index * size, 4))
    if len(entry) < 4:
        return False
    at = part.tags.get(_STRTAB, 0) + struct.unpack(part.order + "I", entry)[0]
    text = bytes(part.at(at, _NAME_ROOM)).partition(b"\0")[0]
    if len(text) == _NAME_ROOM:
        text = bytes(part.at(at, 4096)).partition(b"\0")[0]
    if len(text) == 4096:
        return True  # too long to try
    value = 5381
    for byte in text:
        value = (value * 33 + byte) & 0xFFFFFFFF
    word = bytes(part.at(where + value // bits % words * (bits // 8), bits // 8))
    if len(word) < bits // 8 or heads[value % len(heads)] != index:
        return False
    mask = int.from_bytes(word, "little" if part.order == "<" else "big")
    return bool(mask >> value % bits & mask >> (value >> shift) % bits & 1)


def _symbols(part: _Part, count: int | None, names: int) -> Iterator[Damage]:
    where = part.tags.get(_SYMTAB)
    entry = 24 if part.wide else 16
    if where is None or not count or not names:
        return
    raw = bytes(part.at(where, count * entry))
    if len(raw) < count * entry:
        yield Damage("dynamic symbols", f"{count} of them run past their segment")
        return
    if any(raw[:entry]):
        yield Damage("dynamic symbols", "the first is not empty, as it has to be")
    if max(_column(raw, part.order, "I", 0, entry)) >= names:
        yield Damage("dynamic symbols", "one has a name outside the names")
    # The highest bytes of each size.
    highest = b"".join([raw[at::entry] for at in ((16, 17, 18), (21, 22, 23))[part.order == "<"]])
    if part.wide and highest.count(0) != len(highest):
        size = max(_column(raw, part.order, "Q", 16, entry))
        yield Damage("dynamic symbols", f"one is said to have {size} bytes")
    # Reserved numbers are SHN_ABS, SHN_COMMON, SHN_XINDEX, and what processors define below
    # 0xff20 and systems below 0xff40; no linker makes any other.
    place = 6 if part.wide else 14
    odd = 0
    if 0xFF in raw[place + (part.order == "<") :: entry]:
        places = set(_column(raw, part.order, "H", place, entry))
        odd = max((at for at in places if 0xFF40 <= at < 0xFFF1 or 0xFFF2 < at < 0xFFFF), default=0)
    if odd:
        yield Damage("dynamic symbols", f"one belongs to section {odd:#x}, which cannot be")


def _relocations(part: _Part, tables: Sequence[_Table], symbols: int) -> Iterator[Damage]:
    """Relocations against symbols that are not there. The number is the upper part of r_info."""
    if part.machine == 8:  # MIPS packs r_info in a way of its own
        return
    for _, _, raw, entry in tables:
        usable = raw[: len(raw) // entry * entry]
        if not usable:
            continue
        if part.wide:
            # Those against no symbol come first, and are nearly all: their zeros are passed over.
            highest = _highest(usable, part.order, 12 if part.order == "<" else 8, entry)
        else:
            highest = max(_column(usable, part.order, "I", 4, entry)) >> 8
        if highest >= symbols:
            text = f"one is against symbol {highest}, and there are {symbols}"
            yield Damage("relocations", text)


def _highest(raw: memoryview, order: str, offset: int, entry: int) -> int:
    """The highest 32-bit number in one field of every entry of a table that begins with zeros."""
    column = raw.cast("I")[offset // 4 :: entry // 4].tobytes()
    rest = column.lstrip(b"\0")
    return max(_column(column[-len(rest) // 4 * 4 :], order, "I", 0, 4)) if rest else 0


def _column(
    raw: bytes | memoryview, order: str, kind: Literal["H", "I", "Q"], offset: int, entry: int
) -> Sequence[int]:
    """One field of every entry of a table, without an object for each entry."""
    size = struct.calcsize(kind)
    if (order == "<") == (sys.byteorder == "little"):
        return memoryview(raw).cast(kind)[offset // size :: entry // size].tolist()
    return struct.unpack(
        order + f"{offset}x{kind}{entry - offset - size}x" * (len(raw) // entry), raw
    )


def _versions(part: _Part, names: int) -> Iterator[Damage]:
    where, count = part.tags.get(_VERNEED), part.tags.get(_VERNEEDNUM, 0)
    if where is None or not part.mapped(where):
        return
    name = "needed versions"
    need, entry = _NEEDED_VERSIONS[part.order]
    if not count:
        yield Damage(name, "they are there, and none is counted")
        return
    budget = VERSIONS_LIMIT
    for index in range(min(count, VERSIONS_LIMIT)):
        raw = part.at(where, 16)
        if len(raw) < 16:
            yield Damage(name, f"{count} are counted, and {index} are there")
            return
        version, entries, file, inner, following = need.unpack(raw)
        if version != 1 or file >= names:
            yield Damage(name, f"entry {index} makes no sense")
            return
        at = where + inner
        for number in range(entries):
            budget -= 1
            raw = part.at(at, 16)
            if budget < 0 or len(raw) < 16:
                yield Damage(name, f"the versions of entry {index} have no end")
                return
            *_, text, step = entry.unpack(raw)
            if text >= names or bool(step) != (number + 1 < entries):
                yield Damage(name, f"the versions of entry {index} make no sense")
                return
            at += step
        if bool(following) != (index + 1 < count):
            yield Damage(name, f"{count} are counted, and {index + 1} are linked")
            return
        where += following

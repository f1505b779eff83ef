"""Tables of a PE file read in bulk: imports, exports, base relocations.

Every count is bounded before the loop that uses it: the file claims, the limits decide.
Format: Microsoft, "PE Format", sections on .edata, .idata and .reloc.
"""

import struct

from isoview.inspectors.binary.pe import (
    BASE_RELOCATIONS,
    DELAY_IMPORTS,
    EXPORTS,
    IMPORTS,
    SCN_EXECUTE,
    PeFile,
    Section,
)
from isoview.inspectors.binary.words import integers
from isoview.inspectors.record import Record

LIBRARY_LIMIT = 1024
"""Most libraries that are read; real modules import from a few dozen."""
NAME_COUNT_LIMIT = 1 << 16
"""Most imports, and most exports, that are read: export ordinals have 16 bits, and the largest
modules (Qt's) import some 6,000 names."""

_DESCRIPTOR = struct.Struct("<IIIII")  # lookup table, time stamp, forwarder chain, name, IAT
_DELAY_DESCRIPTOR = struct.Struct("<IIIIIIII")  # attributes, name, handle, IAT, lookup table, ...
_EXPORT_DIRECTORY = struct.Struct("<IIHHIIIIIII")
_BLOCK = struct.Struct("<II")  # page RVA, block size with this header
_HIGHLOW, _DIR64 = 3, 10


class Imports(Record):
    """Imported names by the link-time address of their IAT word, and the libraries named."""

    at: dict[int, str]
    libraries: tuple[str, ...]


class _Library(Record):
    name: str
    lookup: int  # RVA of the table that tells the names
    addresses: int  # RVA of the IAT


def read_imports(reader: PeFile) -> Imports:
    """Every import and delay-loaded import of the file."""
    found: dict[int, str] = {}
    names: list[str] = []
    left = NAME_COUNT_LIMIT
    for library in (*_libraries(reader), *_delayed_libraries(reader)):
        names.append(library.name)
        left -= _read_thunks(reader, library, found, left)
        if left <= 0:
            reader.note("import table", f"only {NAME_COUNT_LIMIT} imports were read")
            break
    return Imports(found, tuple(dict.fromkeys(names)))


def _libraries(reader: PeFile) -> list[_Library]:
    found: list[_Library] = []
    rva, _ = reader.directory(IMPORTS)
    if not rva:
        return found
    raw = reader.at(rva, _DESCRIPTOR.size * (LIBRARY_LIMIT + 1))
    for lookup, _, _, name_at, addresses in _rows(raw, _DESCRIPTOR):
        if not name_at or not addresses:
            return found  # where the loader stops too
        if len(found) == LIBRARY_LIMIT:
            reader.note("import table", f"only {LIBRARY_LIMIT} libraries were read")
            return found
        name = reader.text_at(name_at)
        if name is None:
            reader.note("import table", f"the name of library {len(found)} cannot be read")
        found.append(_Library(name or "", lookup or addresses, addresses))
    reader.note("import table", "the table has no end")
    return found


def _delayed_libraries(reader: PeFile) -> list[_Library]:
    found: list[_Library] = []
    rva, _ = reader.directory(DELAY_IMPORTS)
    if not rva:
        return found
    raw = reader.at(rva, _DELAY_DESCRIPTOR.size * LIBRARY_LIMIT)
    for attributes, name_at, _, addresses, lookup, *_ in _rows(raw, _DELAY_DESCRIPTOR):
        if not name_at or not addresses:
            return found
        # Without bit 0 (before Visual C++ 7) the fields hold addresses, not RVAs.
        shift = 0 if attributes & 1 else reader.base
        name = reader.text_at(name_at - shift)
        found.append(_Library(name or "", lookup - shift, addresses - shift))
    reader.note("delay import table", "the table has no end")
    return found


def _rows(raw: memoryview, shape: struct.Struct) -> list[tuple[int, ...]]:
    return list(shape.iter_unpack(raw[: len(raw) // shape.size * shape.size]))


def _read_thunks(reader: PeFile, library: _Library, found: dict[int, str], limit: int) -> int:
    """Reads one library's imports into ``found``; returns how many there were, at most ``limit``."""
    word = reader.word
    by_ordinal = 1 << (reader.bits - 1)
    table = integers(reader.at(library.lookup, word * limit), word, "little")
    address = reader.base + library.addresses
    count = unnamed = 0
    for count, thunk in enumerate(table):
        if not thunk:
            break
        if thunk & by_ordinal:
            name: str | None = f"ordinal {thunk & 0xFFFF}@{library.name}"
        else:
            name = reader.text_at((thunk & 0x7FFFFFFF) + 2)  # a 16-bit hint stands before it
        if name:
            found[address + count * word] = name
        else:
            unnamed += 1
    else:
        count = len(table)
        reader.note("import table", f"the imports from {library.name} have no end")
    if unnamed:
        reader.note("import table", f"{unnamed} names imported from {library.name} cannot be read")
    return count


def read_exports(reader: PeFile) -> dict[str, int]:
    """Link-time addresses of the named exports; those forwarded to another library are left out."""
    found: dict[str, int] = {}
    rva, size = reader.directory(EXPORTS)
    if not rva:
        return found
    raw = reader.at(rva, _EXPORT_DIRECTORY.size)
    if len(raw) < _EXPORT_DIRECTORY.size:
        reader.note("export table", "the directory lies outside the file")
        return found
    *_, functions, named, functions_at, names_at, ordinals_at = _EXPORT_DIRECTORY.unpack(raw)
    count = min(named, NAME_COUNT_LIMIT)
    addresses = integers(reader.at(functions_at, 4 * min(functions, 1 << 16)), 4, "little")
    names = integers(reader.at(names_at, 4 * count), 4, "little")
    ordinals = reader.at(ordinals_at, 2 * count)
    ordinals = ordinals[: len(ordinals) // 2 * 2].cast("H") if len(ordinals) > 1 else ordinals[:0]
    if min(len(names), len(ordinals)) < named:
        read = min(len(names), len(ordinals))
        reader.note("export table", f"{named} names claimed, {read} read")
    unreadable = 0
    for name_at, ordinal in zip(names, ordinals, strict=False):
        name = reader.text_at(name_at)
        if not name or ordinal >= len(addresses):
            unreadable += 1
            continue
        target = addresses[ordinal]
        if target and not rva <= target < rva + size:  # inside the directory: a forwarder's text
            found[name] = reader.base + target
    if unreadable:
        reader.note("export table", f"{unreadable} exports cannot be read")
    return found


def read_base_relocations(reader: PeFile) -> dict[int, int]:
    """What the words that the loader rebases hold: link-time address to link-time address.

    On i686 most of them are operands of instructions, which no structure can begin in: they are
    left out where constants have a section of their own.
    """
    operands = reader.bits == 32 and any(section.name == ".rdata" for section in reader.sections)
    pointers: dict[int, int] = {}
    rva, size = reader.directory(BASE_RELOCATIONS)
    if not rva:
        return pointers
    raw = bytes(reader.at(rva, min(size, len(reader.data))))
    if len(raw) < size:
        reader.note("base relocations", f"{size - len(raw)} of {size} bytes are missing")
    # A loader rebases a word once; a table with more entries than words repeats itself.
    budget = sum(len(section.data) for section in reader.sections) // reader.word
    words: _Words | None = None
    at = 0
    while at + _BLOCK.size <= len(raw):
        page, length = _BLOCK.unpack_from(raw, at)
        if length < _BLOCK.size or length > len(raw) - at:
            if page or length:
                reader.note("base relocations", f"a block claims to have {length} bytes")
            break
        budget -= (length - _BLOCK.size) // 2
        if budget < 0:
            reader.note("base relocations", "the table has more entries than the file has words")
            break
        section = _section_at(reader, page)
        if section is not None and not (operands and section.flags & SCN_EXECUTE):
            if words is None or words.section is not section:
                words = _Words(reader, section)
            words.read(page, raw[at + _BLOCK.size : at + length], pointers)
        at += length
    return pointers


def _section_at(reader: PeFile, page: int) -> Section | None:
    """The section a page belongs to; sections start at page boundaries, the last may end inside."""
    for section in reader.sections:
        if section.rva <= page < section.rva + len(section.data):
            return section
    return None


class _Words:
    """The words of one section, of which blocks of relocations say which ones are pointers."""

    def __init__(self, reader: PeFile, section: Section) -> None:
        self.section = section
        self._base, self._data = reader.base, section.data
        self._size = reader.word
        self._words = integers(section.data, self._size, "little")
        # An entry is its kind, in four bits, and an offset.
        kind = _DIR64 if self._size == 8 else _HIGHLOW
        self._first = kind << 12
        self._uppers = bytes(range(kind << 4, (kind << 4) + 16))

    def read(self, page: int, octets: bytes, pointers: dict[int, int]) -> None:
        """Read one block's entries into ``pointers``."""
        if len(octets) % 2:
            octets = octets[:-1]
        if octets[-2:] == b"\0\0":  # padding, to a whole number of words
            octets = octets[:-2]
        entries = memoryview(octets).cast("H").tolist()
        low, size, words = page - self.section.rva, self._size, self._words
        # Nearly all blocks hold nothing but whole words of the wanted kind: told from their bytes.
        if (
            not low % size
            and low + 0xFFF < len(self._data)
            and not octets[::2].translate(None, _MULTIPLES[size])
            and not octets[1::2].translate(None, self._uppers)
        ):
            step, behind = size.bit_length() - 1, self._base + page - self._first
            at = low // size - (self._first >> step)
            for entry in entries:
                pointers[behind + entry] = words[at + (entry >> step)]
            return
        start, last = self._base + page, len(self._data) - size
        for entry in entries:
            offset = entry - self._first
            at = low + offset
            if not 0 <= offset < 0x1000 or at > last:  # padding, or half a word of code; or beyond
                continue
            if at % size:
                value = int.from_bytes(self._data[at : at + size], "little")
            else:
                value = words[at // size]
            pointers[start + offset] = value


_MULTIPLES = {size: bytes(range(0, 256, size)) for size in (4, 8)}

"""Every symbol of a file as columns: no Python object for each of 600,000 until one is looked at.

ELF tables are cut into columns with strided copies; a name stays an offset into the string table.
Other formats, whose tables are smaller or come as objects already, are turned into the same columns.
Nothing here reads relocations: a list of names needs none.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, compress
from operator import not_
from typing import TYPE_CHECKING, NamedTuple

from isoview.inspectors.binary.image import Image, Region
from isoview.inspectors.binary.words import integers
from isoview.inspectors.text import NAME_LIMIT, decode

if TYPE_CHECKING:
    from isoview.inspectors.binary.elf import ElfFile

KINDS = ("", "function", "object", "tls", "other", "import")
"""What a symbol is, by the code in :attr:`Columns.kinds`; 0 marks entries that name nothing."""
FUNCTION, OBJECT, TLS, OTHER, IMPORT = range(1, 6)
SCOPES = ("local", "exported", "weak", "wanted")
"""Who sees a symbol: this file only, others too, others unless they have their own; or it is of
another file.
"""
LOCAL, EXPORTED, WEAK, WANTED = range(4)
SYMBOL_LIMIT = 4_000_000
"""No table is read further than this."""

# ELF: STT_NOTYPE, OBJECT, FUNC, (SECTION, FILE: not shown), COMMON, TLS, and 10 GNU_IFUNC.
_ELF_KINDS = bytes(
    {0: OTHER, 1: OBJECT, 2: FUNCTION, 5: OBJECT, 6: TLS, 10: FUNCTION}.get(info & 15, 0)
    for info in range(256)
)
_ELF_SCOPES = bytes(
    {1: EXPORTED, 2: WEAK, 10: EXPORTED}.get(info >> 4, LOCAL) for info in range(256)
)
_IMAGE_KINDS = {"function": FUNCTION, "object": OBJECT, "tls": TLS}
_ABSOLUTE = 0xFFF1  # SHN_ABS
# Marks of the Arm and RISC-V ABIs (AAELF64 and others): code or data begins here. Thousands of
# them name nothing.
_MAPPING = frozenset({b"$x", b"$d", b"$a", b"$t"})
_RESERVED = {_ABSOLUTE: "absolute", 0xFFF2: "common"}  # SHN_COMMON


class SymbolRow(NamedTuple):
    """One symbol as it is shown."""

    name: str
    address: int
    size: int
    kind: str
    scope: str
    section: str


class Columns:
    """The symbols of one file. An index is a place in its table; ``rows`` are those with a name."""

    def __init__(
        self,
        text: bytes,
        starts: "array[int]",
        addresses: "array[int]",
        sizes: "array[int]",
        kinds: bytes,
        scopes: bytes,
        sections: Sequence[int],
        section_names: Mapping[int, str],
    ) -> None:
        self.text = text
        self.starts = starts
        self.addresses = addresses
        self.sizes = sizes
        self.kinds = kinds
        self.scopes = scopes
        self.sections = sections  # numbers; section_names has what they are called
        self.section_names = section_names
        self.rows = array("I", compress(range(len(kinds)), kinds))

    def __len__(self) -> int:
        return len(self.rows)

    def raw_name(self, index: int) -> bytes:
        """The bytes of a name, whole."""
        start = self.starts[index]
        end = self.text.find(b"\0", start)
        return self.text[start:end] if end >= 0 else self.text[start:]

    def name(self, index: int) -> str:
        """The name of a symbol as text, cut at a bound."""
        return decode(self.raw_name(index), NAME_LIMIT)

    def section(self, index: int) -> str:
        """The section that a symbol stands in; empty for none."""
        return self.section_names.get(self.sections[index], "")

    def row(self, index: int) -> SymbolRow:
        """Everything about one symbol."""
        kind = self.kinds[index]
        return SymbolRow(
            self.name(index),
            self.addresses[index],
            self.sizes[index],
            KINDS[kind],
            SCOPES[WANTED if kind == IMPORT else self.scopes[index]],
            "" if kind == IMPORT else self.section(index),
        )

    def named(self, name: str) -> SymbolRow | None:
        """The first symbol of this name that the file itself has."""
        wanted = name.encode("utf-8", "backslashreplace")
        at = self.text.find(wanted + b"\0")
        while at >= 0:
            for index in places_of(self.starts, at):
                if self.kinds[index] not in (0, TLS, IMPORT):
                    return self.row(index)
            at = self.text.find(wanted + b"\0", at + 1)
        return None

    def folded_names(self) -> list[str]:
        """All names in table order in lower case, to search in: made once, not per key.

        One character for each byte: finding text in ``str`` takes a fifth of what it takes in
        ``bytes``, and nothing is decoded twice.
        """
        text = self.text.lower().decode("latin-1")
        find, most = text.find, NAME_LIMIT
        entries = zip(self.kinds, self.starts, strict=True)
        ends = (find("\0", start, start + most) if kind else start for kind, start in entries)
        return [
            text[start : end if end >= 0 else start + most]
            for start, end in zip(self.starts, ends, strict=True)
        ]


def read_columns(data: memoryview, image: Callable[[], Image], *, dynamic: bool = False) -> Columns:
    """The symbols of the file in ``data``; ``image`` is asked for formats other than ELF.

    Of an ELF file the full table, where it was not stripped off; ``dynamic`` asks for the dynamic
    one in any case. Raises :class:`UnsupportedFormat`.
    """
    if bytes(data[:4]) == b"\x7fELF":
        return _elf(data, dynamic=dynamic)
    return columns_of(image())


def _elf(data: memoryview, *, dynamic: bool) -> Columns:
    from isoview.inspectors.binary.elf import ElfFile

    return elf_symbols(ElfFile(data), dynamic=dynamic)


def elf_symbols(reader: "ElfFile", *, dynamic: bool = False) -> Columns:
    """The full symbol table of an ELF file where it has one, else the dynamic one."""
    from isoview.inspectors.binary.elf import SHT_SYMTAB
    from isoview.inspectors.binary.elf_image import dynamic_tables

    data, sections = reader.data, reader.sections
    static = next((s for s in sections if s.type == SHT_SYMTAB and s.size), None)
    if static is not None and not dynamic and static.link < len(sections):
        names = sections[static.link]
        raw = data[static.offset : static.offset + static.size]
        text = data[names.offset : names.offset + names.size]
    else:
        raw, text = dynamic_tables(reader)
    return elf_columns(
        raw, bytes(text), reader.bits, reader.endian, [section.name for section in sections]
    )


def elf_columns(
    raw: memoryview, text: bytes, bits: int, endian: str, sections: Sequence[str]
) -> Columns:
    """The columns of one ELF symbol table (``Elf64_Sym``: name, info, other, section, value,
    size; ``Elf32_Sym``: name, value, size, info, other, section).
    """
    entry = 24 if bits == 64 else 16
    raw = raw[: min(len(raw) // entry, SYMBOL_LIMIT) * entry]
    shorts = _shorts(raw, endian)
    words = integers(raw, 4, endian)
    if bits == 64:
        info, numbers = bytes(raw[4::24]), _column(shorts[3::12], "H")
        starts = _column(words[0::6], "I")
        wide = integers(raw, 8, endian)
        addresses, sizes = _column(wide[1::3], "Q"), _column(wide[2::3], "Q")
    else:
        info, numbers = bytes(raw[12::16]), _column(shorts[7::8], "H")
        starts = _column(words[0::4], "I")
        addresses, sizes = _column(words[1::4], "I"), _column(words[2::4], "I")
    kinds = bytearray(info.translate(_ELF_KINDS))
    for index in compress(range(len(kinds)), map(not_, numbers)):  # SHN_UNDEF
        kinds[index] = IMPORT
    for index in compress(range(len(kinds)), map(not_, starts)):  # nameless
        kinds[index] = 0
    if starts and max(starts) >= len(text):  # a damaged table
        for index, start in enumerate(starts):
            if start >= len(text):
                kinds[index] = 0
    text = text if text.endswith(b"\0") else text + b"\0"
    for index in compress(range(len(kinds)), map(OTHER.__eq__, kinds)):
        if text[starts[index] : starts[index] + 2] in _MAPPING:
            kinds[index] = 0

    called = {number: name for number, name in enumerate(sections) if number}
    return Columns(
        text,
        starts,
        addresses,
        sizes,
        bytes(kinds),
        info.translate(_ELF_SCOPES),
        numbers,
        called | _RESERVED,
    )


def places_of(values: "array[int]", wanted: int) -> Iterator[int]:
    """Where in a column a value stands."""
    at = -1
    while True:
        try:
            at = values.index(wanted, at + 1)
        except (ValueError, OverflowError):
            return
        yield at


def _shorts(raw: memoryview, endian: str) -> Sequence[int]:
    import sys

    if endian == sys.byteorder:
        return raw.cast("H")
    swapped = array("H", raw.tobytes())
    swapped.byteswap()
    return swapped


def _column(part: Sequence[int], code: str) -> "array[int]":
    """A strided part of a table as a column of its own."""
    if isinstance(part, memoryview):
        column = array(code)
        column.frombytes(part.tobytes())
        return column
    return array(code, part)


def columns_of(image: Image) -> Columns:
    """The same for a file whose symbols come one by one."""
    found: list[tuple[str, int, int, int, int]] = [
        (s.name, s.address, s.size, _IMAGE_KINDS.get(s.kind, OTHER), EXPORTED if s.exported else LOCAL)
        for s in image.symbols
        if s.name
    ]  # fmt: skip
    found += [(name, 0, 0, IMPORT, WANTED) for name in sorted(image.imported)]
    # The surrogates of undecodable bytes cannot occur: names were decoded with escapes.
    names = [name.replace("\0", "").encode() for name, *_ in found]
    ends = accumulate((len(name) + 1 for name in names), initial=0)
    starts = array("Q", list(ends)[:-1])
    section_at, called = _numbered(image.regions)
    return Columns(
        b"\0".join(names) + b"\0",
        starts,
        array("Q", (entry[1] for entry in found)),
        array("Q", (entry[2] for entry in found)),
        bytes(entry[3] for entry in found),
        bytes(entry[4] for entry in found),
        array("I", (section_at(entry[1]) for entry in found)),
        called,
    )


def _numbered(regions: Iterable[Region]) -> tuple[Callable[[int], int], dict[int, str]]:
    """A function that gives the number of the section at an address, and the sections' names."""
    ordered = sorted(regions, key=lambda region: region.address)
    starts = [region.address for region in ordered]

    def section_at(address: int) -> int:
        at = bisect_right(starts, address)
        inside = at and address < ordered[at - 1].address + ordered[at - 1].size
        return at if inside else 0

    return section_at, {at + 1: region.name for at, region in enumerate(ordered)}


class Index:
    """Which symbol covers an address."""

    NEAR = 8
    """Symbols looked at before an address: aliases share one."""

    def __init__(self, columns: Columns) -> None:
        placed = bytes(kind in (FUNCTION, OBJECT, OTHER) for kind in range(len(KINDS)))
        kept = columns.kinds.translate(placed.ljust(256, b"\0"))
        absolute = _ABSOLUTE if _ABSOLUTE in columns.section_names else -1
        numbers = columns.sections
        rows = (row for row in compress(range(len(kept)), kept) if numbers[row] != absolute)
        self._columns = columns
        self._rows = sorted(rows, key=columns.addresses.__getitem__)
        self._addresses = array("Q", map(columns.addresses.__getitem__, self._rows))

    def covering(self, address: int) -> int | None:
        """The symbol whose bytes hold ``address`` (one without a size only at its start)."""
        after = bisect_right(self._addresses, address)
        without_size = None
        for place in range(after - 1, max(after - 1 - self.NEAR, -1), -1):
            row = self._rows[place]
            start = self._columns.addresses[row]
            if address < start + self._columns.sizes[row]:
                return row
            if start == address:
                without_size = row  # a mark that linkers set, like __bss_start
        return without_size

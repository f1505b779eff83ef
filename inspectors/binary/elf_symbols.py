"""ELF symbol tables, read in bulk.

Source: the ELF generic ABI, chapter "Symbol Table"; ``DT_GNU_HASH`` as glibc and LLVM lay it out.
"""

import struct
from collections.abc import Callable, Iterator, Sequence

from isoview.inspectors.binary.image import Symbol
from isoview.inspectors.text import NAME_LIMIT, decode

SYMBOL_LIMIT = 4_000_000
"""No table is read further than this: a symbol costs about 100 bytes once it is a fact."""

_KINDS = {1: "object", 2: "function", 5: "object", 6: "tls", 10: "function"}  # STT_*


class SymbolTable:
    """One symbol table with its names: entries by index, nothing converted before it is asked."""

    def __init__(self, raw: memoryview, names: memoryview, *, bits: int, endian: str) -> None:
        order = "<" if endian == "little" else ">"
        self._format = struct.Struct(order + ("IBBHQQ" if bits == 64 else "IIIBBH"))
        self._wide = bits == 64
        self._raw = raw[: min(len(raw) // self._format.size, SYMBOL_LIMIT) * self._format.size]
        self._names = bytes(names)
        # Nearly every table is ASCII: decoded at once, a name is a slice of it.
        self._text = self._names.decode("ascii") if self._names.isascii() else None

    def __len__(self) -> int:
        return len(self._raw) // self._format.size

    def name(self, offset: int) -> str:
        """The name at ``offset`` of the string table; empty outside it."""
        if self._text is not None:
            stop = self._text.find("\0", offset)
            if stop - offset <= NAME_LIMIT:
                return self._text[offset:stop] if stop >= 0 else ""
        end = self._names.find(b"\0", offset)
        if offset >= len(self._names) or end < 0:
            return ""
        return decode(self._names[offset:end], NAME_LIMIT)

    def entry(self, index: int) -> tuple[str, int, int] | None:
        """(name, value, section index) of one symbol; None outside the table."""
        if not 0 <= index < len(self):
            return None
        fields = self._format.unpack_from(self._raw, index * self._format.size)
        name, _info, section, value, _size = self._fields(fields)
        return self.name(name), value, section

    def _fields(self, fields: tuple[int, ...]) -> tuple[int, int, int, int, int]:
        if self._wide:
            name, info, _other, section, value, size = fields
        else:
            name, value, size, info, _other, section = fields
        return name, info, section, value, size

    def rows(self) -> Iterator[tuple[int, int, int, int, int]]:
        """(name offset, info, section index, value, size) of every entry."""
        if self._wide:
            for name, info, _other, section, value, size in self._format.iter_unpack(self._raw):
                yield name, info, section, value, size
        else:
            for name, value, size, info, _other, section in self._format.iter_unpack(self._raw):
                yield name, info, section, value, size

    def undefined(self) -> frozenset[str]:
        """Names the file wants from elsewhere."""
        return frozenset(
            self.name(name) for name, _, section, _, _ in self.rows() if section == 0 and name
        )

    def exports(self) -> tuple[dict[str, int], dict[int, int]]:
        """Addresses of what the table offers, and sizes of those that are init functions."""
        offered: dict[str, int] = {}
        sizes: dict[int, int] = {}
        for name, info, section, value, size in self.rows():
            if section == 0 or info >> 4 not in (1, 2, 10) or not name:  # GLOBAL, WEAK, UNIQUE
                continue
            text = self.name(name)
            offered[text] = value
            if text.startswith("Py"):
                sizes[value] = size
        return offered, sizes

    def defined(self, *, exported: bool) -> tuple[Symbol, ...]:
        """Every defined object, function and thread-local symbol."""
        return tuple(
            Symbol(self.name(name), value, size, _KINDS[info & 15], exported)
            for name, info, section, value, size in self.rows()
            if section not in (0, 0xFFF1) and info & 15 in _KINDS  # SHN_UNDEF, SHN_ABS
        )


def hashed_count(
    read_words: Callable[[int, int], Sequence[int]], *, sysv: int | None, gnu: int | None, bits: int
) -> int:
    """Number of dynamic symbols, from ``DT_HASH`` or ``DT_GNU_HASH`` (link-time addresses).

    The dynamic section does not hold it, and section headers may be gone. ``read_words`` gives
    up to N 32-bit words from an address.
    """
    if sysv is not None:
        head = read_words(sysv, 2)
        if len(head) == 2:
            return head[1]
    if gnu is None:
        return 0
    head = read_words(gnu, 4)
    if len(head) < 4:
        return 0
    bucket_count, first, bloom_size, _shift = head
    bloom_bytes = bloom_size * (bits // 8)
    buckets = read_words(gnu + 16 + bloom_bytes, min(bucket_count, SYMBOL_LIMIT))
    last = max(buckets, default=0)
    if last < first:
        return first
    chains = gnu + 16 + bloom_bytes + 4 * bucket_count
    for step, word in enumerate(read_words(chains + 4 * (last - first), 65536)):
        if word & 1:
            return last + step + 1
    return last + 1

"""ELF symbol tables, read in bulk.

Source: the ELF generic ABI, chapter "Symbol Table"; ``DT_GNU_HASH`` as glibc and LLVM lay it out.
"""

import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import compress, count, repeat
from operator import or_

from isoview.inspectors.binary.deferred import Deferred
from isoview.inspectors.binary.image import Symbol
from isoview.inspectors.binary.words import integers
from isoview.inspectors.hints import Any
from isoview.inspectors.record import cached_property
from isoview.inspectors.text import NAME_LIMIT, decode

SYMBOL_LIMIT = 4_000_000
"""No table is read further than this: a symbol costs about 100 bytes once it is a fact."""

_KINDS = {1: "object", 2: "function", 5: "object", 6: "tls", 10: "function"}  # STT_*


_EXPORTED = bytes(info >> 4 in (1, 2, 10) for info in range(256))  # GLOBAL, WEAK, UNIQUE
"""By ``st_info``: what other files may refer to."""
_OBJECTS = bytes(info & 15 in (1, 5) for info in range(256))
"""By ``st_info``: named data."""
_THREAD_LOCAL = bytes(info & 15 == 6 for info in range(256))
_FUNCTIONS = frozenset(binding << 4 | kind for binding in range(16) for kind in (2, 10))
_LOCALS = frozenset({1, 2})
"""``st_info`` of local objects and functions (STB_LOCAL is 0)."""
_UNDEFINED, _ABSOLUTE = 0, 0xFFF1  # SHN_UNDEF, SHN_ABS
_ZERO = bytes([1, *bytes(255)])
"""A byte's value: whether it is 0."""

Column = Sequence[int]
Row = tuple[int, int, int, int, int, int]
"""Name offset, info, other, section index, value and size of a symbol."""


class SymbolTable:
    """One symbol table with its names: nothing is converted before it is asked for."""

    def __init__(self, raw: memoryview, names: memoryview, *, bits: int, endian: str) -> None:
        order = "<" if endian == "little" else ">"
        self._format = struct.Struct(order + ("IBBHQQ" if bits == 64 else "IIIBBH"))
        self._wide = bits == 64
        self._raw = raw[: min(len(raw) // self._format.size, SYMBOL_LIMIT) * self._format.size]
        self._names = names
        self._endian = endian

    @cached_property
    def _text(self) -> "_Text":
        return _Text(bytes(self._names))

    def __len__(self) -> int:
        return len(self._raw) // self._format.size

    # One field of all symbols is a stretch of the table with a step: no object for each symbol.

    @cached_property
    def _starts(self) -> Column:
        """Where in the string table each name begins."""
        return integers(self._raw, 4, self._endian)[0 :: 6 if self._wide else 4]

    @cached_property
    def _numbers(self) -> Column:
        """The number of each symbol's section."""
        return (
            _halves(self._raw, self._endian)[3::12]
            if self._wide
            else (_halves(self._raw, self._endian)[7::8])
        )

    @cached_property
    def values(self) -> Column:
        """The value of each symbol."""
        if self._wide:
            return integers(self._raw, 8, self._endian)[1::3]
        return integers(self._raw, 4, self._endian)[1::4]

    @cached_property
    def _sizes(self) -> Column:
        if self._wide:
            return integers(self._raw, 8, self._endian)[2::3]
        return integers(self._raw, 4, self._endian)[2::4]

    @cached_property
    def _infos(self) -> bytes:
        """The kind and binding of each symbol."""
        raw = bytes(self._raw)  # slices with a step are cheap of bytes alone
        return raw[4::24] if self._wide else raw[12::16]

    def _of_kind(self, wanted: bytes) -> Iterator[int]:
        """Indexes of the symbols for whose ``st_info`` the table ``wanted`` has a one."""
        return compress(count(), self._infos.translate(wanted))

    def rows(self) -> Iterable[Row]:
        """Every entry."""
        rows: Iterable[Any] = self._format.iter_unpack(self._raw)
        return rows if self._wide else map(_in_order, rows)

    @cached_property
    def undefined(self) -> list[str | None]:
        """Names the file wants from elsewhere, at the index of their symbol; None for the others."""
        starts, wanted = self._starts, self._unnumbered
        names = self._text.every(list(compress(starts, wanted)))
        # In nearly every table they come first, one after the other.
        if not any(wanted[len(names) :]):
            return [*names, *repeat(None, len(wanted) - len(names))]
        following = iter(names)
        return [next(following) if is_wanted else None for is_wanted in wanted]

    @cached_property
    def _unnumbered(self) -> bytes:
        """For each symbol whether its section has the number 0."""
        raw, step, at = bytes(self._raw), *((24, 6) if self._wide else (16, 14))
        low, high = raw[at::step], raw[at + 1 :: step]
        if high.count(0) != len(high):
            low = bytes(map(or_, low, high))
        return low.translate(_ZERO)

    def exports(self) -> Mapping[str, int]:
        """Addresses of what the table offers, by name. The names are read when one is asked for:
        libraries in C++ have thousands, and the init functions are known without.
        """
        return Deferred(lambda: self._offered(self._offers()))

    def python_exports(self) -> tuple[dict[str, int], dict[int, int]]:
        """Of :meth:`exports` those whose names begin with ``Py`` or ``_Py``, and by address the sizes
        of the former: the init functions are among them, and thousands of names are left alone.
        """
        starts, begins = self._starts, self._text.begins
        if not self.names_hold(b"Py"):
            return {}, {}
        found = [index for index in self._offers() if begins((b"Py", b"_Py"), starts[index])]
        values, sizes = self.values, self._sizes
        return self._offered(found), {
            values[index]: sizes[index] for index in found if begins(b"Py", starts[index])
        }

    def names_hold(self, part: bytes) -> bool:
        """Whether ``part`` stands in any name."""
        return self._text.holds(part)

    def _offers(self) -> list[int]:
        starts, infos = self._starts, self._infos
        numbered = compress(count(), self._unnumbered.translate(_ZERO))
        return [index for index in numbered if _EXPORTED[infos[index]] and starts[index]]

    def _offered(self, found: list[int]) -> dict[str, int]:
        starts, values = self._starts, self.values
        names = self._text.every([starts[index] for index in found])
        return dict(zip(names, [values[index] for index in found], strict=True))

    def defined(self, *, exported: bool) -> tuple[Symbol, ...]:
        """Every defined object, function and thread-local symbol."""
        found = [
            (name, value, size, _KINDS[info & 15])
            for name, info, _, section, value, size in self.rows()
            if info & 15 in _KINDS and section not in (_UNDEFINED, _ABSOLUTE)
        ]
        names = self._text.every([name for name, _, _, _ in found])
        return tuple(
            Symbol(name, value, size, kind, exported)
            for name, (_, value, size, kind) in zip(names, found, strict=True)
        )

    def thread_local(self) -> list[tuple[str, int]]:
        """(name, size) of the thread-local symbols that are defined here."""
        starts, numbers, sizes = self._starts, self._numbers, self._sizes
        found = [index for index in self._of_kind(_THREAD_LOCAL) if numbers[index]]
        names = self._text.every([starts[index] for index in found])
        return [(name, sizes[index]) for name, index in zip(names, found, strict=True) if name]

    def functions(self) -> list[tuple[int, str]]:
        """(address, name) of the named functions, in the table's order."""
        found = [
            (value, name)
            for name, info, _, section, value, _ in self.rows()
            if info in _FUNCTIONS and name and section not in (_UNDEFINED, _ABSOLUTE)
        ]
        names = self._text.every([name for _, name in found])
        return [(value, name) for (value, _), name in zip(found, names, strict=True)]

    def has_locals(self) -> bool:
        """Whether it names an object or a function that only this file sees. Every full table does
        (crtbegin.o's flag at least); ``strip -x`` and ``ld -x`` leave none but the linker's own
        marks, which have no size.
        """
        return any(
            info in _LOCALS and size and section not in (_UNDEFINED, _ABSOLUTE)
            for _, info, _, section, _, size in self.rows()
        )

    def objects(self, within: Sequence[tuple[int, int]]) -> list[tuple[int, str, int]]:
        """(address, name, size) of the named objects in some ranges (start, end), by address; of
        several at one address the first.
        """
        if not within:
            return []
        low, high = min(start for start, _ in within), max(end for _, end in within)
        starts, numbers, values, sizes = self._starts, self._numbers, self.values, self._sizes
        indexes = list(self._of_kind(_OBJECTS))
        found = {  # of several the first in the table, which comes last here
            value: index
            for index in reversed(indexes)
            if low <= (value := values[index]) < high
            and numbers[index] not in (_UNDEFINED, _ABSOLUTE)
            and starts[index]
        }
        ordered = sorted(found)
        addresses = [at for low, high in _joined(within) for at in _between(ordered, low, high)]
        names = self._text.every([starts[found[address]] for address in addresses])
        return [
            (address, name, sizes[found[address]])
            for address, name in zip(addresses, names, strict=True)
            if name
        ]


def _joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same ranges (start, end) in order, with those that overlap as one."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found


def _between(ordered: list[int], low: int, high: int) -> list[int]:
    """Of sorted numbers those in [low, high)."""
    first = bisect_left(ordered, low)
    return ordered[first : bisect_left(ordered, high, first)]


def _halves(raw: memoryview, endian: str) -> "memoryview[int] | array[int]":
    """``raw`` as unsigned integers of two bytes in the file's byte order."""
    if endian == sys.byteorder:
        return raw.cast("H")
    swapped = array("H", bytes(raw))
    swapped.byteswap()
    return swapped


def _in_order(fields: tuple[int, ...]) -> Row:
    """The fields of a 32-bit symbol in the order of a 64-bit one."""
    name, value, size, info, other, section = fields
    return name, info, other, section, value, size


_REPEATS = 16
"""How often each byte of a string table may be part of a name: entries may share bytes of it, and
add up to more than any memory has room for. (Linkers let a name be the end of another, and the
readers here ask three times.)
"""


class _Text:
    """A string table."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._left = _REPEATS * len(raw) + NAME_LIMIT
        # Nearly every table is ASCII and ends as it must: decoded at once, a name is a slice of it.
        self._plain = raw.decode("ascii") if raw.isascii() and _has_only_short(raw) else None

    def holds(self, part: bytes) -> bool:
        """Whether any name has ``part`` in it."""
        return part in self._raw

    @property
    def begins(self) -> Callable[[bytes | tuple[bytes, ...], int], bool]:
        """Whether the name at an offset begins with something."""
        return self._raw.startswith

    def every(self, offsets: Sequence[int]) -> list[str]:
        """The names at ``offsets``."""
        if self._plain is not None:
            text, index = self._plain, self._plain.index
            try:
                ends = list(map(index, repeat("\0"), offsets))
            except ValueError:  # one stands outside
                return [self.at(offset) for offset in offsets]
            size = sum(ends) - sum(offsets)
            if size <= self._left:
                self._left -= size
                return [text[start:end] for start, end in zip(offsets, ends, strict=True)]
        return [self.at(offset) for offset in offsets]

    def at(self, offset: int) -> str:
        """The name at ``offset``; empty outside the table, or where there is no room for more."""
        last = offset + NAME_LIMIT + 1  # of one that is cut
        end = self._raw.find(b"\0", offset, last)
        if self._left <= 0 or (end < 0 and last > len(self._raw)):
            return ""
        name = decode(self._raw[offset : end if end >= 0 else last], NAME_LIMIT)
        self._left -= len(name)
        return name


def _has_only_short(names: bytes) -> bool:
    """Whether each of these names ends, and within the limit."""
    end, last = -1, len(names) - 1
    while end < last:
        behind = end + 1
        end = names.rfind(b"\0", behind, behind + NAME_LIMIT + 1)
        if end < 0:
            return False
    return True


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

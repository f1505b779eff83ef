"""Mach-O names: the symbol table, the export trie and the starts of functions, read in bulk.

Sources: Apple's ``<mach-o/nlist.h>`` and ``<mach-o/loader.h>``. Names lose the one underscore
that the C compiler puts before them on macOS, so that they read as on every other system.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import pairwise

from isoview.inspectors.binary.image import Region, Symbol
from isoview.inspectors.text import NAME_LIMIT, decode

SYMBOL_LIMIT = 4_000_000
"""No table is read further than this: a symbol costs about 100 bytes once it is a fact."""
_STAB, _PRIVATE, _TYPE, _EXTERNAL = 0xE0, 0x10, 0x0E, 0x01  # n_type
_UNDERSCORE = 0x5F
_UNDEFINED, _ABSOLUTE, _IN_SECTION = 0x00, 0x02, 0x0E


def uleb(raw: bytes, at: int) -> tuple[int, int]:
    """The ULEB128 number at ``at`` and the place after it; IndexError past the end."""
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")


class Names:
    """A pool of NUL-terminated names. Entries may share bytes of it: what all of them together
    may take in memory is bounded.
    """

    LIMIT = 256 << 20

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._seen: dict[int, str] = {}
        self._left = self.LIMIT

    def at(self, offset: int) -> str:
        """The name at ``offset``; empty where there is none, or no room for more."""
        known = self._seen.get(offset)
        if known is not None:
            return known
        end = self._raw.find(b"\0", offset, offset + NAME_LIMIT + 2)
        if self._left <= 0:
            return ""
        if end >= 0:  # as :func:`plain` does, at half its cost: large files have 100,000 names
            start = offset + 1 if self._raw[offset] == _UNDERSCORE else offset
            name = self._raw[start:end].decode("utf-8", "backslashreplace")
        else:
            name = plain(self._raw[offset : offset + NAME_LIMIT + 2])
        self._left -= len(name)
        self._seen[offset] = name
        return name


def plain(raw: bytes) -> str:
    """A symbol's name without the underscore that C names get on macOS."""
    return decode(raw[1:] if raw[:1] == b"_" else raw)


# By n_type: 1 an external name that the file wants or offers, 2 a local one of the file, 0 the
# rest (debugging entries, absolute and private ones).
_CLASSES = bytes(
    0 if n & _STAB else 1 if n & _EXTERNAL else 2 if n & _TYPE == _IN_SECTION else 0
    for n in range(256)
)


class SymbolTable:
    """One symbol table (``nlist_64``): nothing is converted before it is asked for."""

    def __init__(self, raw: memoryview, names: memoryview) -> None:
        self._raw = raw[: min(len(raw) // 16, SYMBOL_LIMIT) * 16]
        self._names = Names(bytes(names))
        self._classes = bytes(self._raw[4::16]).translate(_CLASSES)
        self.has_locals = 2 in self._classes

    def _external(self) -> Iterator[tuple[str, int, int]]:
        """(name, n_type, value) of the external entries."""
        form = struct.Struct("<IBxxxQ")
        at = self._classes.find(1)
        while at >= 0:
            name, kind, value = form.unpack_from(self._raw, at * 16)
            yield self._names.at(name), kind, value
            at = self._classes.find(1, at + 1)

    def undefined(self) -> frozenset[str]:
        """Names the file wants from elsewhere."""
        return frozenset(
            name for name, kind, _ in self._external() if kind & _TYPE == _UNDEFINED and name
        )

    def exports(self) -> dict[str, int]:
        """Addresses of what the table offers."""
        return {
            name: value
            for name, kind, value in self._external()
            if kind & _TYPE in (_ABSOLUTE, _IN_SECTION) and not kind & _PRIVATE and name
        }

    def addresses(self) -> set[int]:
        """Addresses of everything the table defines."""
        return {
            value
            for (_, kind, section, _, value) in struct.iter_unpack("<IBBHQ", self._raw)
            if not kind & _STAB and kind & _TYPE == _IN_SECTION and section
        }

    def defined(self, sections: Sequence[Region | None]) -> tuple[Symbol, ...]:
        """Every symbol in one of ``sections`` (the file's, in order; symbols count from 1).

        The format has no sizes. In a full table each symbol reaches to the next or to its
        section's end, padding included; where local symbols are gone, sizes stay 0.
        """
        kinds = [_kind(section) for section in sections]
        found: list[tuple[int, int, str, bool]] = []
        for name, kind, section, _, value in struct.iter_unpack("<IBBHQ", self._raw):
            if kind & _STAB or kind & _TYPE != _IN_SECTION or not 0 < section <= len(kinds):
                continue
            what = kinds[section - 1]
            if what is not None:
                exported = kind & (_EXTERNAL | _PRIVATE) == _EXTERNAL
                found.append((name, value, what, exported))
        ends = {section.address + section.size for section in sections if section is not None}
        edges = sorted(ends | {value for _, value, _, _ in found}) if self.has_locals else []
        after = dict(pairwise(edges))
        names = self._names
        return tuple(
            Symbol(names.at(name), value, after.get(value, value) - value, what, exported)
            for name, value, what, exported in found
        )


def _kind(section: Region | None) -> str | None:
    if section is None:
        return None
    if section.thread_local:
        return "tls"
    return "function" if section.executable else "object"


def export_trie(raw: bytes, base: int) -> tuple[dict[str, int], str | None]:
    """Addresses of the exported names (EXPORT_SYMBOL_FLAGS_*), and what is damaged.

    A node is visited once, so that a cycle ends; names are bounded in length and together, and
    nodes that share bytes have no more children among them than the bytes are room for.
    """
    found: dict[str, int] = {}
    visited: set[int] = set()
    pending: list[tuple[int, bytes]] = [(0, b"")] if raw else []
    left = Names.LIMIT
    room = len(raw) // 2  # a child takes the end of a name and a number, a byte each at least
    damaged: str | None = None
    while pending:
        node, prefix = pending.pop()
        left -= len(prefix)
        if node in visited or len(prefix) > NAME_LIMIT or left < 0:
            damaged = "a node is reached twice" if node in visited else "names without an end"
            continue
        visited.add(node)
        try:
            size, at = uleb(raw, node)
            if size:
                address = _terminal(raw, at, base)
                if address is not None:
                    found[plain(prefix)] = address
            children = _children(raw, at + size, prefix)
            room -= len(children)
            if room < 0:
                return found, "its nodes share bytes"
            pending += children
        except (IndexError, ValueError):
            damaged = "cut off in a node"
    return found, damaged


def _terminal(raw: bytes, at: int, base: int) -> int | None:
    flags, at = uleb(raw, at)
    if flags & 0x08:  # REEXPORT: stands in another library
        return None
    offset, _ = uleb(raw, at)
    return offset if flags & 0x03 == 0x02 else base + offset  # KIND_ABSOLUTE


def _children(raw: bytes, at: int, prefix: bytes) -> list[tuple[int, bytes]]:
    count = raw[at]
    at += 1
    found: list[tuple[int, bytes]] = []
    for _ in range(count):
        end = raw.index(b"\0", at)
        node, after = uleb(raw, end + 1)
        found.append((node, prefix + raw[at:end]))
        at = after
    return found


def function_starts(raw: memoryview, base: int) -> tuple[int, ...]:
    """Sorted addresses from LC_FUNCTION_STARTS: differences in ULEB128, ended by a zero."""
    found: list[int] = []
    address, value, shift = base, 0, 0
    for byte in bytes(raw):
        if byte >= 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
            if shift > 63:
                break
            continue
        if not byte and not shift:
            break
        address += value | byte << shift
        found.append(address)
        value = shift = 0
    return tuple(found)

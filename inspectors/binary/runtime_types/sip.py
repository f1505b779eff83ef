"""SIP's table of types: every class, namespace and enum that a module wraps.

Generated code holds one ``sipExportedModuleDef`` in writable data: a pool of texts, and a table of
pointers to type structures whose names are offsets into the pool (``sip.h`` of ABI 12, PyQt5, and
ABI 13, PyQt6; the latter lost three fields). The sip module makes the classes from it at import,
those within others when they are first asked for.
"""

import re
from typing import NamedTuple

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.scan import is_zero
from isoview.inspectors.facts import Method

_MODULE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\Z")
_NAME = re.compile(r"[A-Za-z_]\w*\Z")
_KINDS = ("class", "namespace", "mapped", "enum")
"""The two lowest bits of ``td_flags``; in ABI 12 a third one says that an enum is scoped."""
_SCOPED_ENUM = 4
_OWN = 255
"""Module number of the module itself, where a scope is named."""
_MOST_TYPES = 1 << 13
_MOST_MINOR = 100
_DEPTH = 8
_NAMELESS = 0xFFFFFFFF
_METHOD_LIMIT = 4096
_TYPES_READ, _METHODS_READ = 1 << 14, 1 << 16
"""Most entries of tables, and most methods, that are read in one file: definitions may claim one
another's. (PyQt6's largest have some 450 types and 8,400 methods.)
"""


class SipType(NamedTuple):
    """One entry of the table that becomes a Python object of its own."""

    address: int
    kind: str
    name: str  # with the module's and those of the classes around it
    native: str
    methods: tuple[Method, ...]


class SipModule(NamedTuple):
    """One exported module definition."""

    address: int
    name: str
    abi: str  # "13.8"
    types: tuple[SipType, ...]
    external: int  # entries that other modules' types are put into


def sip_modules(image: Image) -> list[SipModule]:
    """The module definitions of a file made by SIP: as a rule one."""
    found = []
    size = image.word_size
    left = _Left()
    for address, target in image.pointers.items():
        base = address - 2 * size - 8  # address would be em_strings
        if is_zero(image, base) and is_zero(image, base + size + 8) and image.is_writable(base):
            module = _module(image, base, target, left)
            if module is not None:
                found.append(module)
    return found


class _Left:
    """What may still be read of one file."""

    def __init__(self) -> None:
        self.entries, self.methods = _TYPES_READ, _METHODS_READ


def _module(image: Image, base: int, strings: int, left: _Left) -> SipModule | None:
    size = image.word_size
    minor, offset = image.unsigned(base + size, 4), image.unsigned(base + size + 4, 4)
    if minor is None or offset is None or minor > _MOST_MINOR or image.is_writable(strings):
        return None
    name = image.cstring(strings + offset)
    if name is None or not _MODULE.match(name):
        return None
    for abi in (13, 12):
        counted = base + (5 if abi == 12 else 4) * size + 8
        count = image.unsigned(counted, 4)
        table = image.pointers.get(counted + size)
        if not count or count > _MOST_TYPES or table is None or not image.is_writable(table):
            continue
        left.entries -= count
        if left.entries < 0:
            return None
        entries = [image.pointers.get(table + number * size) for number in range(count)]
        types = [entry for entry in entries if entry is not None]
        if types and all(_shaped(image, entry, abi) for entry in types):
            reader = _Reader(image, strings, name, abi, entries, left)
            read = [reader.read(entry) for entry in types]
            return SipModule(
                base,
                name,
                f"{abi}.{minor}",
                tuple(entry for entry in read if entry is not None),
                count - len(types),
            )
    return None


def _flags_at(image: Image, entry: int, abi: int) -> int:
    """Address of ``td_flags``; behind it the C++ name, the class once made, and plugin data."""
    return entry + (3 if abi == 12 else 1) * image.word_size


def _shaped(image: Image, entry: int, abi: int) -> bool:
    flags = _flags_at(image, entry, abi)
    return (
        image.is_writable(entry)
        and is_zero(image, flags - image.word_size)
        and is_zero(image, flags + 8)
    )


class _Reader:
    """Reads the type structures of one module."""

    def __init__(
        self,
        image: Image,
        strings: int,
        module: str,
        abi: int,
        entries: list[int | None],
        left: _Left,
    ) -> None:
        self.image = image
        self.strings = strings
        self.module = module
        self.abi = abi
        self.entries = entries
        self.left = left

    def read(self, entry: int) -> SipType | None:
        """One type; None for what has no Python object: extensions of a namespace, and C++ types
        that are converted to others.
        """
        name = self._name(entry)
        if name is None:
            return None
        kind = self._kind(entry)
        methods = () if kind == "enum" else self._methods(entry)
        where = f"{self.module}.{name}"
        return SipType(entry, kind, where, self._native(entry) or name, methods)

    def _container(self, entry: int) -> int:
        """Address of what is behind the part that all types have."""
        return _flags_at(self.image, entry, self.abi) + 8 + 2 * self.image.word_size

    def _text(self, offset: int) -> str | None:
        return self.image.cstring(self.strings + offset) if offset != _NAMELESS else None

    def _name(self, entry: int, depth: int = 0) -> str | None:
        """The name with those of the scopes around it."""
        image = self.image
        enum = self._kind(entry) == "enum"
        place = self._container(entry)
        if enum and self.abi != 12:
            place += 4  # the Python base class comes first
        offset, scope = image.unsigned(place, 4), image.unsigned(place + 4, 4)
        name = self._text(offset) if offset is not None else None
        if name is None or scope is None or not _NAME.match(name):
            return None
        outer = self._scope(scope, enum)
        if outer is None or depth > _DEPTH:
            return name
        # A namespace of another module has no Python name in this one, only its C++ name.
        around = self._name(outer, depth + 1) or self._native(outer).replace("::", ".")
        return f"{around}.{name}" if around else name

    def _kind(self, entry: int) -> str:
        flags = self.image.unsigned(_flags_at(self.image, entry, self.abi), 4) or 0
        scoped = self.abi == 12 and flags & 7 == _SCOPED_ENUM
        return "enum" if scoped else _KINDS[flags & 3]

    def _native(self, entry: int) -> str:
        offset = self.image.unsigned(_flags_at(self.image, entry, self.abi) + 4, 4)
        return (self._text(offset) if offset is not None else None) or ""

    def _scope(self, scope: int, enum: bool) -> int | None:
        """The type structure around another: for an enum its number, for others that and the
        number of the module, and a bit that says that there is none.
        """
        number = scope if enum else scope & 0xFFFF
        if not enum and (scope >> 24 & 1 or scope >> 16 & 0xFF != _OWN):
            return None
        return self.entries[number] if number < len(self.entries) else None

    def _methods(self, entry: int) -> tuple[Method, ...]:
        """The methods that are added to the class when they are first asked for."""
        place = self._container(entry) + 8
        count = self.image.unsigned(place, 4)
        table = self.image.pointers.get(place + self.image.word_size)
        if not count or count > _METHOD_LIMIT or table is None:
            return ()
        self.left.methods -= count
        if self.left.methods < 0:
            return ()
        found: list[Method] = []
        for number in range(count):
            name = self.image.pointers.get(table + number * 4 * self.image.word_size)
            text = self.image.cstring(name) if name is not None else None
            flags = self.image.unsigned(table + (number * 4 + 2) * self.image.word_size, 4)
            if text is None or flags is None:
                return tuple(found)
            found.append(Method(text, flags))
        return tuple(found)

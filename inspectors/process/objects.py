"""Objects in another process: strings, dicts, types; every length bounded, every type proven.

A word that looks like a type proves nothing: static data holds ``&PyType_Type`` in many places.
An object is taken for a type only where its metatype descends from ``type`` and its ``tp_mro`` is a
tuple that begins with the object itself and ends with ``object``.
"""

import struct
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.process.memory import ADDRESS_END, Memory, Unread
from isoview.inspectors.process.structures import DICT, GENERAL, SPLIT, Objects
from isoview.inspectors.text import decode

TEXT_LIMIT = 2048
"""Longest string that is read whole; longer ones are cut."""
ENTRY_LIMIT = 1 << 20
"""Most entries of one dict; sys.modules has thousands at most."""
NAME_LIMIT = 512
HOME_LIMIT = 5000
"""Entries of a class's dict among which ``__module__`` is looked for."""
MRO_LIMIT = 2000
HEAPTYPE, READY, TYPE_SUBCLASS = 1 << 9, 1 << 12, 1 << 31


class Torn(Exception):
    """Something that does not hold together: being changed, freed, or never what it seemed."""


class Table(NamedTuple):
    """The entries of a dict at one moment, and what proves later that they still stand."""

    pairs: tuple[tuple[int, int], ...]  # key and value addresses
    ranges: tuple[tuple[int, int], ...]
    raws: tuple[bytes, ...]


class TypeFact(NamedTuple):
    """A live class."""

    address: int
    name: str  # tp_name, with the module in front where it says none itself
    flags: int
    basicsize: int
    module: int  # ht_module; 0 for none
    home: str  # what its __module__ says; empty where it says nothing

    @property
    def static(self) -> bool:
        """Whether it is a C static, and so one for all interpreters."""
        return not self.flags & HEAPTYPE


class Core(NamedTuple):
    """Addresses of the core types that everything else is recognised by."""

    type: int
    object: int
    dict: int
    str: int
    tuple: int
    module: int


class ObjectReader:
    """Reads objects of one interpreter build; remembers the types and strings it has seen."""

    def __init__(self, memory: Memory, objects: Objects, *, free_threaded: bool) -> None:
        self.memory = memory
        self.objects = objects
        self.head = objects.head
        self.layout = Layout(8, free_threaded)
        self.core = Core(0, 0, 0, 0, 0, 0)
        self.types: dict[int, TypeFact] = {}
        self.metatypes: dict[int, bool] = {}
        self.not_types: set[int] = set()
        self._texts: dict[int, str] = {}

    def forget(self) -> None:
        """What is remembered may be another object by now."""
        self.types.clear()
        self.metatypes.clear()
        self.not_types.clear()
        self._texts.clear()

    # -- plain objects --------------------------------------------------------------------------

    def type_of(self, address: int) -> int:
        """Address of an object's type. Raises :class:`Unread`."""
        return self.memory.word(address + self.head - 8)

    def text(self, address: int) -> str:
        """The string at ``address``, cut where it is very long. Raises :class:`Torn`."""
        known = self._texts.get(address)
        if known is not None:
            return known
        if self.core.str and self.type_of(address) != self.core.str:
            raise Torn("not a string")
        text = self.text_unchecked(address, TEXT_LIMIT)
        self._texts[address] = text
        return text

    def text_unchecked(self, address: int, limit: int) -> str:
        """Source: ``PyASCIIObject``, ``PyCompactUnicodeObject`` (PEP 393)."""
        objects = self.objects
        length, _hash, state = struct.unpack("<qqI", self.memory.read(address + self.head, 20))
        kind = state >> objects.kind_shift & 7
        compact, is_ascii = state >> objects.kind_shift + 3 & 1, state >> objects.kind_shift + 4 & 1
        if not compact or kind not in {1, 2, 4} or not 0 <= length < 1 << 40:
            raise Torn("not a compact string")
        size = min(length, limit)
        start = address + (objects.ascii if is_ascii else objects.compact)
        raw = self.memory.read(start, size * kind)
        codec = ("latin-1", "utf-16-le", "utf-32-le")[kind // 2]
        cut = "…" if length > size else ""
        # A lone surrogate, or a character that the kind cannot hold, is shown escaped.
        text = raw.decode(codec, "surrogatepass" if kind == 2 else "backslashreplace")
        return decode(text.encode("utf-8", "backslashreplace"), limit * 8) + cut

    def size_field(self, address: int) -> int:
        """ob_size of a variable-size object, or the first word of any other."""
        return self.signed(address + self.head)

    def signed(self, address: int) -> int:
        """The Py_ssize_t at ``address``. Raises :class:`Unread`."""
        value = self.memory.word(address)
        return value - (1 << 64) if value >> 63 else value

    # -- dicts ----------------------------------------------------------------------------------

    def table(self, address: int) -> Table:
        """The entries of the dict at ``address``. Raises :class:`Torn` or :class:`Unread`."""
        memory = self.memory
        head = memory.read(address + self.head, 32)
        used, _tag, keys, values = struct.unpack("<qQQQ", head)
        shape = memory.read(keys, DICT.indices)
        kind, entries = (
            shape[DICT.kind],
            int.from_bytes(shape[DICT.entries :], "little", signed=True),
        )
        log2_size, log2_bytes = shape[DICT.log2_size], shape[DICT.log2_index_bytes]
        width = 24 if kind == GENERAL else 16
        if (
            kind > SPLIT
            or log2_size > 40
            or log2_bytes > 43
            or (values and kind != SPLIT)
            or not 0 <= used <= entries <= min(ENTRY_LIMIT, 1 << log2_size)
        ):
            raise Torn("not a dict, or one that is being changed")
        start = keys + DICT.indices + (1 << log2_bytes)
        raw = memory.read(start, entries * width)
        words = memoryview(raw).cast("Q")
        ranges = ((address + self.head, 32), (keys + DICT.entries, 8), (start, len(raw)))
        raws: tuple[bytes, ...] = (head, shape[DICT.entries :], raw)
        if values:
            at = values + self.objects.values
            held = memory.read(at, entries * 8)
            ranges += ((at, len(held)),)  # type: ignore[assignment]  # one more pair
            raws += (held,)
            pairs = zip(words[0::2], memoryview(held).cast("Q"), strict=True)
        elif kind == GENERAL:
            pairs = zip(words[1::3], words[2::3], strict=True)
        else:
            pairs = zip(words[0::2], words[1::2], strict=True)
        return Table(tuple(pair for pair in pairs if pair[0] and pair[1]), ranges, raws)

    # -- types ----------------------------------------------------------------------------------

    def is_type(self, address: int) -> bool:
        """Whether the object at ``address`` is a class, by its metatype alone."""
        return self.is_metatype(self.type_of(address))

    def is_metatype(self, address: int) -> bool:
        """Whether instances of the type at ``address`` are classes."""
        known = self.metatypes.get(address)
        if known is None:
            known = self.metatypes[address] = self._is_metatype(address)
        return known

    def _is_metatype(self, address: int) -> bool:
        if address == self.core.type:
            return True
        if address in self.not_types or not 0 < address < ADDRESS_END:
            return False
        try:
            if not self.memory.word(address + self.layout.type("tp_flags")) & TYPE_SUBCLASS:
                return False
            return self.core.type in self.mro(address)
        except (Unread, Torn):
            return False

    def mro(self, address: int) -> Sequence[int]:
        """The type's bases in order, itself first. Raises :class:`Torn`: then it is no type."""
        place = self.memory.word(address + self.layout.type("tp_mro"))
        if self.type_of(place) != self.core.tuple:
            raise Torn("no type: tp_mro is no tuple")
        count = self.size_field(place)
        if not 0 < count <= MRO_LIMIT:
            raise Torn("no type: tp_mro has no size")
        raw = self.memory.read(place + self.objects.tuple_items, count * 8)
        items = struct.unpack(f"<{count}Q", raw)
        if items[0] != address or items[-1] != self.core.object:
            raise Torn("no type: tp_mro does not begin with it")
        return items

    def live_type(self, address: int) -> TypeFact:
        """The class at ``address``, proven. Raises :class:`Torn` or :class:`Unread`."""
        known = self.types.get(address)
        if known is not None:
            return known
        if not self.is_type(address):
            raise Torn("not a type")
        self.mro(address)
        place = self.layout.type
        word = self.memory.word
        flags = word(address + place("tp_flags"))
        size = word(address + place("tp_basicsize"))
        if not flags & READY or flags >> 40 or not self.head <= size < 1 << 32:
            raise Torn("not a ready type")
        name = decode(self.memory.cstring(word(address + place("tp_name")), NAME_LIMIT))
        module, home = 0, ""
        if flags & HEAPTYPE:
            module = word(address + self.objects.ht_module)
            home = self._home(address)
        if "." not in name and home and home != "builtins":
            name = f"{home}.{name}"
        fact = TypeFact(address, name, flags, size, module, home)
        self.types[address] = fact
        return fact

    def _home(self, address: int) -> str:
        """``__module__`` in the class's own dict; the class body puts it there first."""
        try:
            table = self.table(self.memory.word(address + self.layout.type("tp_dict")))
            for key, value in table.pairs[:HOME_LIMIT]:
                if self.text(key) == "__module__":
                    return self.text(value)
        except (Unread, Torn):
            pass
        return ""

    @cached_property
    def type_head(self) -> int:
        """Offset of ``ob_type`` in an object, in bytes."""
        return self.head - 8

    # -- finding the core -----------------------------------------------------------------------

    def anchor(self, modules: int) -> None:
        """Find the core types from ``sys.modules``, checking their names. Raises :class:`Torn`."""
        dict_type = self.type_of(modules)
        type_type = self.type_of(dict_type)
        place = self.layout.type
        word = self.memory.word
        base = word(dict_type + place("tp_base"))
        tuple_type = self.type_of(word(dict_type + place("tp_mro")))
        pairs = self.table(modules).pairs
        if not pairs:
            raise Torn("sys.modules is empty")
        str_type = self.type_of(pairs[0][0])
        expected = {
            b"type": type_type, b"dict": dict_type, b"object": base, b"tuple": tuple_type,
            b"str": str_type,
        }  # fmt: skip
        for name, address in expected.items():
            if self.memory.cstring(word(address + place("tp_name")), 32) != name:
                raise Torn(f"{name.decode()} is not where it should be")
        if self.type_of(type_type) != type_type:
            raise Torn("type is not its own type")
        self.core = Core(type_type, base, dict_type, str_type, tuple_type, 0)
        self.core = self.core._replace(module=self._module_type(pairs))

    def _module_type(self, pairs: Sequence[tuple[int, int]]) -> int:
        for key, value in pairs:
            try:
                if self.text(key) != "sys":
                    continue
                found = self.type_of(value)
                name = self.memory.word(found + self.layout.type("tp_name"))
                if self.memory.cstring(name, 32) == b"module":
                    return found
            except (Unread, Torn):
                continue
        raise Torn("sys.modules has no module sys")

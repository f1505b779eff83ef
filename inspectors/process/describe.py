"""A live object in a few words, without calling anything: its type, its size, a little of it."""

import struct

from isoview.inspectors.process.memory import Unread
from isoview.inspectors.process.objects import ObjectReader, Torn
from isoview.inspectors.process.structures import DICT
from isoview.inspectors.text import decode

TEXT_SHOWN = 60
_SIZED = {"list": "item", "tuple": "item", "set": "item", "frozenset": "item", "bytearray": "byte"}


class Describer:
    """Describes objects of one process."""

    def __init__(self, reader: ObjectReader) -> None:
        self._reader = reader

    def describe(self, address: int, kind: str) -> str:
        """What is known of the object of type ``kind``; just the type where nothing more is."""
        try:
            said = self._said(address, kind)
        except (Unread, Torn, struct.error):
            said = ""
        return said or kind

    def _said(self, address: int, kind: str) -> str:
        reader = self._reader
        head, word = reader.head, reader.memory.word
        if kind == "str":
            return self._string(address)
        if kind == "bytes":
            return _counted("bytes", self._length(reader.size_field(address)), "byte")
        if kind == "dict":
            return _counted("dict", self._length(reader.signed(address + head + DICT.used)), "item")
        if kind in {"set", "frozenset"}:
            return _counted(kind, self._length(reader.signed(address + head + 8)), "item")
        if kind in _SIZED:
            return _counted(kind, self._length(reader.size_field(address)), _SIZED[kind])
        if kind == "int":
            return self._integer(address)
        if kind == "float":
            return f"float {struct.unpack('<d', reader.memory.read(address + head, 8))[0]!r}"
        if kind in {"builtin_function_or_method", "method_descriptor", "wrapper_descriptor"}:
            return self._builtin(address, kind)
        if kind in {"function", "cython_function_or_method"}:
            return self._function(address, kind)
        if kind == "PyCapsule":
            name = word(address + head + 8)
            return f"capsule {self._cstring(name)}" if name else "capsule without a name"
        return ""

    def type_or_module(self, address: int, *, module: bool) -> str:
        """A class's or a module's name."""
        reader = self._reader
        try:
            if not module:
                return f"class {reader.live_type(address).name}"
            table = reader.table(reader.memory.word(address + reader.head))
            for key, value in table.pairs[:16]:
                if reader.text(key) == "__name__":
                    return f"module {reader.text(value)[:TEXT_SHOWN]}"
        except (Unread, Torn):
            pass
        return "module" if module else "class"

    @staticmethod
    def _length(value: int) -> int:
        if not 0 <= value < 1 << 48:
            raise Torn("no length")
        return value

    def _string(self, address: int) -> str:
        length = self._length(self._reader.size_field(address))
        text = self._reader.text_unchecked(address, TEXT_SHOWN)
        more = f" ({length} characters)" if length > TEXT_SHOWN else ""
        return f"str {text!r}{more}"

    def _integer(self, address: int) -> str:
        """Source: ``PyLongObject``: digits of 30 bits; the sign is the size's, or two tag bits."""
        reader = self._reader
        tag = reader.signed(address + reader.head)
        if reader.objects.long_tagged:
            digits, sign = tag >> 3, (1, 0, -1, 0)[tag & 3]
        else:
            digits, sign = abs(tag), (tag > 0) - (tag < 0)
        digits = self._length(digits)
        if digits > 2:
            return f"int of about {digits * 30} bits"
        raw = reader.memory.read(address + reader.head + 8, 8)
        low, high = struct.unpack("<II", raw)
        return f"int {sign * (low + (high << 30 if digits == 2 else 0))}"

    def _cstring(self, address: int) -> str:
        return decode(self._reader.memory.cstring(address, 512))[: 2 * TEXT_SHOWN]

    def _builtin(self, address: int, kind: str) -> str:
        reader = self._reader
        if kind != "builtin_function_or_method":
            name = reader.memory.word(address + reader.head + 8)  # PyDescr_COMMON.d_name
            return f"{kind} {reader.text(name)[:TEXT_SHOWN]}"
        method = reader.memory.word(address + reader.head)
        return f"built-in function {self._cstring(reader.memory.word(method))}"

    def _function(self, address: int, kind: str) -> str:
        if kind != "function":
            return kind
        reader = self._reader
        name = reader.memory.word(address + reader.head + 16)
        return f"function {reader.text(name)[:TEXT_SHOWN]}"


def _counted(kind: str, number: int, unit: str) -> str:
    return f"{kind} of {number} {unit}{'' if number == 1 else 's'}"

"""The tables that hang on a type: members, getters and setters, and the blocks of functions.

Sources: ``Include/descrobject.h`` (PyGetSetDef, PyMemberDef), ``Include/cpython/object.h`` (the
blocks). They are the same in 3.8 to 3.15, but that PyAsyncMethods got its fourth member in 3.10.
"""

from collections.abc import Callable
from typing import Protocol

FUNCTION_BLOCKS = {
    "PyNumberMethods": (
        "nb_add", "nb_subtract", "nb_multiply", "nb_remainder", "nb_divmod", "nb_power",
        "nb_negative", "nb_positive", "nb_absolute", "nb_bool", "nb_invert", "nb_lshift",
        "nb_rshift", "nb_and", "nb_xor", "nb_or", "nb_int", "nb_reserved", "nb_float",
        "nb_inplace_add", "nb_inplace_subtract", "nb_inplace_multiply", "nb_inplace_remainder",
        "nb_inplace_power", "nb_inplace_lshift", "nb_inplace_rshift", "nb_inplace_and",
        "nb_inplace_xor", "nb_inplace_or", "nb_floor_divide", "nb_true_divide",
        "nb_inplace_floor_divide", "nb_inplace_true_divide", "nb_index", "nb_matrix_multiply",
        "nb_inplace_matrix_multiply",
    ),
    "PySequenceMethods": (
        "sq_length", "sq_concat", "sq_repeat", "sq_item", "was_sq_slice", "sq_ass_item",
        "was_sq_ass_slice", "sq_contains", "sq_inplace_concat", "sq_inplace_repeat",
    ),
    "PyMappingMethods": ("mp_length", "mp_subscript", "mp_ass_subscript"),
    "PyAsyncMethods": ("am_await", "am_aiter", "am_anext"),
    "PyBufferProcs": ("bf_getbuffer", "bf_releasebuffer"),
}  # fmt: skip

# Include/descrobject.h (3.12; structmember.h before): Py_T_SHORT, ...
_MEMBER_TYPES = {
    0: "short", 1: "int", 2: "long", 3: "float", 4: "double", 5: "char *", 6: "object or None",
    7: "char", 8: "signed char", 9: "unsigned char", 10: "unsigned short", 11: "unsigned int",
    12: "unsigned long", 13: "char array", 14: "bool", 16: "object", 17: "long long",
    18: "unsigned long long", 19: "Py_ssize_t", 20: "None",
}  # fmt: skip
_MEMBER_FLAGS = ((1, "READONLY"), (2, "AUDIT_READ"), (8, "RELATIVE_OFFSET"))


class Reader(Protocol):
    """What of the decoder these tables need; see ``decode``."""

    @property
    def word_size(self) -> int:
        """Bytes in a pointer."""
        ...

    def at_end(self) -> bool:
        """Whether a table ends here: its next name is missing."""
        ...

    def add(self, name: str, size: int, meaning: str, target: int | None = None) -> bool:
        """Record a member of ``size`` bytes and step over it; False at the image's end."""
        ...

    def pointer(self, name: str, *, text: bool = False, empty: str = "NULL") -> bool:
        """Record a pointer, and where it leads."""
        ...

    def signed(self, name: str, size: int, say: Callable[[int], str] = str) -> bool:
        """Record a signed number, and what it says."""
        ...


def member(reader: Reader, prefix: str) -> bool:
    """One PyMemberDef: name, int type, Py_ssize_t offset, int flags, doc. False at the end."""
    word = reader.word_size
    if reader.at_end():
        reader.add(f"{prefix}name", word, "NULL: end of the table")
        return False
    return (
        reader.pointer(f"{prefix}name", text=True)
        and reader.signed(f"{prefix}type", 4, _member_type)
        and (word == 4 or reader.add(f"{prefix}(padding)", 4, ""))
        and reader.signed(f"{prefix}offset", word)
        and reader.signed(f"{prefix}flags", 4, _member_flags)
        and (word == 4 or reader.add(f"{prefix}(padding)", 4, ""))
        and reader.pointer(f"{prefix}doc", text=True)
    )


def getset(reader: Reader, prefix: str) -> bool:
    """One PyGetSetDef: name, getter, setter, doc, closure. False at the end."""
    if reader.at_end():
        reader.add(f"{prefix}name", reader.word_size, "NULL: end of the table")
        return False
    return (
        reader.pointer(f"{prefix}name", text=True)
        and reader.pointer(f"{prefix}get")
        and reader.pointer(f"{prefix}set", empty="NULL: cannot be set")
        and reader.pointer(f"{prefix}doc", text=True)
        and reader.pointer(f"{prefix}closure")
    )


def functions(reader: Reader, kind: str) -> None:
    """A block of functions."""
    for name in FUNCTION_BLOCKS[kind]:
        if not reader.pointer(name):
            return


def _member_type(value: int) -> str:
    return f"{value}: {_MEMBER_TYPES.get(value, 'unknown type')}"


def _member_flags(value: int) -> str:
    set_ones = " ".join(name for bit, name in _MEMBER_FLAGS if value & bit)
    return f"{value:#x}: {set_ones or 'none'}"

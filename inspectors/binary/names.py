"""Numbers of the C API that appear in files, and the names they have.

Sources: ``Include/typeslots.h``, ``Include/moduleobject.h``, ``Include/object.h`` of 3.8 to 3.13,
``Include/slots_generated.h`` of 3.15 (PEP 820 renumbered 1..4 of both tables to 84..91).
"""

from functools import lru_cache

MODULE_SLOTS = {
    1: "Py_mod_create",
    2: "Py_mod_exec",
    3: "Py_mod_multiple_interpreters",
    4: "Py_mod_gil",
    84: "Py_mod_create",
    85: "Py_mod_exec",
    86: "Py_mod_multiple_interpreters",
    87: "Py_mod_gil",
    92: "Py_slot_subslots",
    94: "Py_mod_slots",
    100: "Py_mod_name",
    101: "Py_mod_doc",
    102: "Py_mod_state_size",
    103: "Py_mod_methods",
    104: "Py_mod_state_traverse",
    105: "Py_mod_state_clear",
    106: "Py_mod_state_free",
    108: "Py_tp_module",
    109: "Py_mod_abi",
    110: "Py_mod_token",
}
FUNCTION_SLOTS = frozenset({1, 2, 84, 85, 104, 105, 106})
"""Module slots whose value is a function."""
INTEGER_SLOTS = frozenset({3, 4, 86, 87, 102})
"""Module slots whose value is a number, not an address."""

TYPE_SLOTS = {
    1: "bf_getbuffer", 2: "bf_releasebuffer", 3: "mp_ass_subscript", 4: "mp_length",
    5: "mp_subscript", 6: "nb_absolute", 7: "nb_add", 8: "nb_and", 9: "nb_bool", 10: "nb_divmod",
    11: "nb_float", 12: "nb_floor_divide", 13: "nb_index", 14: "nb_inplace_add",
    15: "nb_inplace_and", 16: "nb_inplace_floor_divide", 17: "nb_inplace_lshift",
    18: "nb_inplace_multiply", 19: "nb_inplace_or", 20: "nb_inplace_power",
    21: "nb_inplace_remainder", 22: "nb_inplace_rshift", 23: "nb_inplace_subtract",
    24: "nb_inplace_true_divide", 25: "nb_inplace_xor", 26: "nb_int", 27: "nb_invert",
    28: "nb_lshift", 29: "nb_multiply", 30: "nb_negative", 31: "nb_or", 32: "nb_positive",
    33: "nb_power", 34: "nb_remainder", 35: "nb_rshift", 36: "nb_subtract", 37: "nb_true_divide",
    38: "nb_xor", 39: "sq_ass_item", 40: "sq_concat", 41: "sq_contains", 42: "sq_inplace_concat",
    43: "sq_inplace_repeat", 44: "sq_item", 45: "sq_length", 46: "sq_repeat", 47: "tp_alloc",
    48: "tp_base", 49: "tp_bases", 50: "tp_call", 51: "tp_clear", 52: "tp_dealloc", 53: "tp_del",
    54: "tp_descr_get", 55: "tp_descr_set", 56: "tp_doc", 57: "tp_getattr", 58: "tp_getattro",
    59: "tp_hash", 60: "tp_init", 61: "tp_is_gc", 62: "tp_iter", 63: "tp_iternext",
    64: "tp_methods", 65: "tp_new", 66: "tp_repr", 67: "tp_richcompare", 68: "tp_setattr",
    69: "tp_setattro", 70: "tp_str", 71: "tp_traverse", 72: "tp_members", 73: "tp_getset",
    74: "tp_free", 75: "nb_matrix_multiply", 76: "nb_inplace_matrix_multiply", 77: "am_await",
    78: "am_aiter", 79: "am_anext", 80: "tp_finalize", 81: "am_send", 82: "tp_vectorcall",
    83: "tp_token", 88: "bf_getbuffer", 89: "bf_releasebuffer", 90: "mp_ass_subscript",
    91: "mp_length", 92: "Py_slot_subslots", 93: "tp_slots", 95: "tp_name", 96: "tp_basicsize",
    97: "tp_extra_basicsize", 98: "tp_itemsize", 99: "tp_flags", 107: "tp_metaclass",
    108: "tp_module",
}  # fmt: skip

DATA_TYPE_SLOTS = frozenset({48, 49, 56, 64, 72, 73, 83, 92, 93, 95, 96, 97, 98, 99, 107, 108})
"""Type slots whose value is no function: bases, texts, tables, numbers."""

TYPE_FLAGS = {
    0: "HAVE_FINALIZE", 1: "STATIC_BUILTIN", 2: "INLINE_VALUES", 3: "MANAGED_WEAKREF",
    4: "MANAGED_DICT", 5: "SEQUENCE", 6: "MAPPING", 7: "DISALLOW_INSTANTIATION",
    8: "IMMUTABLETYPE", 9: "HEAPTYPE", 10: "BASETYPE", 11: "HAVE_VECTORCALL", 12: "READY",
    13: "READYING", 14: "HAVE_GC", 17: "METHOD_DESCRIPTOR", 18: "HAVE_VERSION_TAG",
    19: "VALID_VERSION_TAG", 20: "IS_ABSTRACT", 22: "MATCH_SELF", 23: "ITEMS_AT_END",
    24: "LONG_SUBCLASS", 25: "LIST_SUBCLASS", 26: "TUPLE_SUBCLASS", 27: "BYTES_SUBCLASS",
    28: "UNICODE_SUBCLASS", 29: "DICT_SUBCLASS", 30: "BASE_EXC_SUBCLASS", 31: "TYPE_SUBCLASS",
}  # fmt: skip

FLAG_DISALLOW_INSTANTIATION = 1 << 7
FLAG_IMMUTABLE = 1 << 8
FLAG_HEAP = 1 << 9
FLAG_BASETYPE = 1 << 10
FLAG_GC = 1 << 14

METHOD_FLAGS = {
    0x1: "VARARGS", 0x2: "KEYWORDS", 0x4: "NOARGS", 0x8: "O", 0x10: "CLASS", 0x20: "STATIC",
    0x40: "COEXIST", 0x80: "FASTCALL", 0x200: "METHOD",
}  # fmt: skip


@lru_cache(maxsize=1024)
def flag_names(flags: int) -> tuple[str, ...]:
    """Names of the ``Py_TPFLAGS_*`` bits that are set; unnamed bits as ``bit N``."""
    return tuple(
        [TYPE_FLAGS.get(bit, f"bit {bit}") for bit in range(flags.bit_length()) if flags >> bit & 1]
    )


def method_flag_names(flags: int) -> tuple[str, ...]:
    """Names of the ``METH_*`` bits that are set."""
    return tuple(name for bit, name in METHOD_FLAGS.items() if flags & bit)

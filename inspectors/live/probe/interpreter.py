"""The C API of the interpreter we run in, through ctypes, and the layout of its objects."""

import struct
import sys

WORD = struct.calcsize("P")
HEAD = object.__basicsize__
"""sizeof(PyObject): 2 words, 32 bytes on free-threaded builds, longer with Py_TRACE_REFS."""
OB_TYPE = HEAD - WORD
TP_NAME = HEAD + WORD
TP_BASICSIZE = HEAD + 2 * WORD
TP_FLAGS = HEAD + 19 * WORD
TYPE_READY = 1 << 12
HEAP_TYPE = 1 << 9
TP_TRAVERSE = 71

SLOT_FUNCTIONS = tuple(number for number in range(1, 82) if number not in (48, 49, 56))
"""Type slots whose pointer shows whose code a heap type is made of (Include/typeslots.h): all of
1..81 but base, bases and doc. A number that this interpreter lacks is refused, no more."""


def moduledef(field):
    """Offset of a PyModuleDef field: the object head, then one word each (stable ABI)."""
    fields = (
        "m_init", "m_index", "m_copy", "m_name", "m_doc", "m_size",
        "m_methods", "m_slots", "m_traverse", "m_clear", "m_free",
    )  # fmt: skip
    return HEAD + fields.index(field) * WORD


def is_free_threaded():
    """Whether this build has no GIL by default (PEP 703)."""
    if "t" in getattr(sys, "abiflags", ""):
        return True
    if sys.version_info < (3, 13):
        return False
    import sysconfig

    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


class CApi:
    """The few functions we call. All take objects that we hold, and none runs foreign code."""

    def __init__(self):
        import ctypes

        self._ctypes = ctypes
        api = ctypes.pythonapi
        self._get_def = self._function(api, "PyModule_GetDef", ctypes.c_void_p)
        self._get_state = self._function(api, "PyModule_GetState", ctypes.c_void_p)
        # PyType_GetModule gives a BORROWED reference: as py_object, ctypes would release a
        # reference that is not ours, and the module would be freed under its users.
        self._get_module = self._function(api, "PyType_GetModule", ctypes.c_void_p)
        self._get_slot = self._function(
            api, "PyType_GetSlot", ctypes.c_void_p, ctypes.py_object, ctypes.c_int
        )
        pointer = ctypes.c_void_p
        self._get_token = self._function(
            api, "PyModule_GetToken", ctypes.c_int, ctypes.py_object, pointer
        )
        self._get_state_size = self._function(
            api, "PyModule_GetStateSize", ctypes.c_int, ctypes.py_object, pointer
        )

    def _function(self, api, name, result, *arguments):
        """A prototype of our own: attributes set on ``pythonapi.X`` would be seen by everyone."""
        ctypes = self._ctypes
        try:
            return ctypes.PYFUNCTYPE(result, *(arguments or (ctypes.py_object,)))((name, api))
        except AttributeError:
            return None  # newer than this interpreter

    def definition(self, module):
        """Address of the module's PyModuleDef, or None."""
        return self._get_def(module) or None

    def state(self, module):
        """Address of the module's state; not to be followed. Not null with m_size 0, too."""
        return self._get_state(module) or None

    def token(self, module):
        """The module token (3.15 and later): the definition, the slot array, or what it chose."""
        if self._get_token is None:
            return None
        value = self._ctypes.c_void_p()
        if self._get_token(module, self._ctypes.addressof(value)) < 0:
            return None
        return value.value

    def state_size(self, module):
        """Bytes of the module's state (3.15 and later), or None."""
        if self._get_state_size is None:
            return None
        value = self._ctypes.c_ssize_t()
        if self._get_state_size(module, self._ctypes.addressof(value)) < 0:
            return None
        return value.value

    def module_of(self, cls):
        """Address of the module the heap type is tied to, or None (3.9 and later)."""
        if self._get_module is None:
            return None
        try:
            return self._get_module(cls) or None
        except TypeError:
            return None

    def slot(self, cls, number):
        """The function or table in a *heap* type's slot; static types only from 3.10 on."""
        try:
            return self._get_slot(cls, number) or None
        except SystemError:
            return None

"""Where the fields of CPython's objects stand: one row for each minor version and build.

Sources: ``Include/internal/pycore_interp.h``, ``pycore_runtime.h``, ``pycore_dict.h``,
``pycore_moduleobject.h``, ``Include/cpython/*.h`` of each version, compiled with
``Py_BUILD_CORE``; ``tests/process/test_structures.py`` compiles them again wherever an
interpreter has its headers. From 3.13 on the first part comes from the interpreter's own
``_Py_DebugOffsets`` (``debug_offsets``); it has no module objects, no dict keys and no type
bases, so the rest is here for every version. All numbers are bytes; words are 8 bytes.
"""

from typing import NamedTuple


class Runtime(NamedTuple):
    """Offsets in ``_PyRuntimeState``, ``PyInterpreterState`` and ``PyThreadState``."""

    interpreters_head: int
    next: int
    id: int
    threads_head: int
    modules: int
    gil: int | None  # interp.ceval.gil: the GIL that the interpreter uses
    own_gil: int | None  # interp._gil: the GIL that it may own
    thread_next: int
    thread_id: int
    native_thread_id: int


class Objects(NamedTuple):
    """Offsets in objects; what every version has in one place is derived from ``head``."""

    head: int  # sizeof(PyObject); ob_type is its last word
    ascii: int  # sizeof(PyASCIIObject): where an ASCII string's characters begin
    compact: int  # sizeof(PyCompactUnicodeObject): where another string's begin
    kind_shift: int  # of state.kind; compact and ascii are the two bits above it
    tuple_items: int
    long_tagged: bool  # lv_tag (3.12) or ob_size
    values: int  # PyDictValues.values
    module_definition: int | None
    module_state: int
    module_token: int | None
    module_token_is_definition: int | None
    module_state_size: int | None
    ht_qualname: int
    ht_module: int
    type_size: int
    heap_type_size: int

    @property
    def type(self) -> int:
        """Offset of ``ob_type``, in bytes."""
        return self.head - 8


# Interpreters without _Py_DebugOffsets.
RUNTIMES = {
    (3, 11): Runtime(40, 0, 48, 16, 888, None, None, 8, 152, 160),
    (3, 12): Runtime(40, 0, 8, 72, 944, 384, 1040, 8, 136, 144),
}

OBJECTS = {
    # minor, free-threaded: head, ascii, compact, kind, tuple, tagged, values,
    #                       module: definition, state, token, is_def, state_size; type: ...
    (11, False): Objects(16, 48, 72, 2, 24, False, 0, 24, 32, None, None, None, 864, 880, 408, 904),
    (12, False): Objects(16, 40, 56, 2, 24, True, 0, 24, 32, None, None, None, 872, 888, 416, 920),
    (13, False): Objects(16, 40, 56, 2, 24, True, 8, 24, 32, None, None, None, 872, 888, 416, 928),
    (14, False): Objects(16, 40, 56, 2, 32, True, 8, 24, 32, None, None, None, 872, 888, 416, 936),
    (15, False): Objects(16, 40, 56, 2, 32, True, 8, None, 24, 88, 48, 56, 880, 896, 424, 944),
    (13, True): Objects(32, 56, 72, 2, 40, True, 8, 40, 48, None, None, None, 888, 904, 432, 944),
    (14, True): Objects(32, 56, 72, 8, 48, True, 8, 40, 48, None, None, None, 888, 904, 432, 960),
    (15, True): Objects(32, 56, 72, 8, 48, True, 8, None, 40, 104, 64, 72, 896, 912, 440, 968),
}  # fmt: skip
"""Versions that can be read. What is not here is refused by its name."""

OLDEST, NEWEST = 11, 15


class Dict(NamedTuple):
    """PyDictObject after the head, and PyDictKeysObject: the same from 3.11 to 3.15."""

    used: int = 0
    keys: int = 16
    values: int = 24
    log2_size: int = 8
    log2_index_bytes: int = 9
    kind: int = 10
    entries: int = 24
    indices: int = 32


DICT = Dict()
GENERAL, UNICODE, SPLIT = 0, 1, 2  # DictKeysKind

"""The C API as the code stage sees it: which result and which argument is an object.

The table is ``object_api.txt``, made from CPython's headers by ``.ci/object_api.py``.
"""

import os
from functools import cache

from isoview.inspectors.record import Record

CONSTANTS = frozenset({
    "_Py_NoneStruct", "_Py_TrueStruct", "_Py_FalseStruct", "_Py_NotImplementedStruct",
    "_Py_EllipsisObject",
})  # fmt: skip
"""Imported data whose address is itself an object, besides ``..._Type``."""

LOCK_FUNCTIONS = frozenset({
    "PyMutex_Lock", "PyMutex_Unlock", "pthread_mutex_lock", "pthread_mutex_unlock",
    "pthread_mutex_init", "pthread_once", "pthread_rwlock_rdlock", "pthread_rwlock_wrlock",
    "PyThread_acquire_lock", "PyThread_tss_create", "PyThread_tss_get", "PyThread_tss_set",
    "PyThread_tss_is_created", "AcquireSRWLockExclusive", "AcquireSRWLockShared",
    "EnterCriticalSection", "InitializeCriticalSection", "InitOnceExecuteOnce", "call_once",
    "mtx_lock", "os_unfair_lock_lock", "_ZSt11__once_call",
})  # fmt: skip
"""The static whose address is their first argument is a lock, a once flag or a thread-local key."""

FILLERS = frozenset({
    "memset", "memcpy", "memmove", "strcpy", "strncpy", "strcat", "strncat", "sprintf", "snprintf",
    "vsnprintf", "strlcpy", "bzero", "fread", "__memcpy_chk", "__memset_chk", "__sprintf_chk",
    "__snprintf_chk", "__strcpy_chk", "__strncpy_chk", "__strcat_chk", "__memmove_chk",
})  # fmt: skip
"""Library functions that write through their first argument."""


class Prototype(Record):
    """One function: letters as ``.ci/object_api.py`` describes them, and argument names."""

    result: str
    arguments: str
    names: dict[int, str]

    def spoken(self, position: int) -> str:
        """How to speak of an argument: by its name, else by its number from 1."""
        name = self.names.get(position)
        return name or f"argument {position + 1}"


@cache
def _lines() -> dict[str, str]:
    home = os.path.join(os.path.dirname(__file__), "object_api.txt")  # noqa: PTH118, PTH120
    with open(home, encoding="utf-8") as file:
        text = file.read()
    return {line.partition(" ")[0]: line for line in text.splitlines()}


@cache
def prototype(name: str) -> Prototype | None:
    """The prototype of an imported function; None where no object is in it."""
    line = _lines().get(name)
    if line is None:
        return None
    _, result, arguments, *named = line.split(" ")
    pairs = (entry.partition("=") for entry in named)
    return Prototype(result, arguments, {int(at): text for at, _, text in pairs})


def is_object_address(name: str) -> bool:
    """Whether the address of the imported variable ``name`` is itself an object's."""
    return name in CONSTANTS or (name.startswith(("Py", "_Py")) and name.endswith("_Type"))


def holds_object(name: str) -> bool:
    """Whether the imported variable ``name`` is a pointer to an object."""
    return name.startswith("PyExc_")

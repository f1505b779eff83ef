"""ISO501."""

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache

from isoview.core_build import is_core_build
from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.loads_on import minors
from isoview.model import Finding
from isoview.rules.base import Rule

# Names that public macros and inline functions of the headers expand to (using the public spelling
# leaves them in the file), and those that the reference manual documents. Read off the headers of
# 3.8 to 3.13.
_BY_PUBLIC_NAME = r"""_Py(?:
        \w+_SizeT                                   # PyArg_Parse..., Py_BuildValue with '#'
      | (?:Bytes|Tuple)_Resize | Object_GetDictPtr  # documented, underscore and all
      | InterpreterState_[GS]etEvalFrameFunc | _c_(?:sum|diff|neg|prod|quot|pow)
      | Object_(?:GC_)?New(?:Var)? | Object_GC_Resize
      | Unicode_(?:Is|To)[A-Z]\w* | Unicode_Ready
      | Weakref_(?:Ref|Proxy|CallableProxy)Type
      | Monitoring_Fire\w+
      | Trash_\w+                                   # Py_TRASHCAN_BEGIN
      | ByteArray_empty_string | Err_BadInternalCall | AsyncGenASend_Type
      | _(?:Dealloc | IncRef | DecRef | SetRefcnt | FatalErrorFunc | RefTotal | NegativeRefcount
          | (?:None|True|False|NotImplemented)Struct | EllipsisObject | SwappedOp
          | CheckRecursiveCall | CheckRecursionLimit
          | ascii_whitespace | ctype_\w+ | tracemalloc_config
          | MergeZeroLocalRefcount | DecRefShared(?:Debug)?  # Py_DECREF of the free-threaded build
          | INCREF_IncRefTotal | DECREF_DecRefTotal)         # Py_INCREF of debug builds
    )"""
# The same, but only up to the version named: later headers have no such macro.
_UNTIL = {
    "_PyObject_MakeTpCall": 10,
    "_Py_CheckFunctionResult": 10,
    "_PyObject_NextNotImplemented": 9,
    "_Py_NewReference": 9,
    "_PyTraceMalloc_NewReference": 8,
    "_PyThreadState_UncheckedGet": 12,  # Py_TRASHCAN_BEGIN of 3.12
}
_RUNTIME = "_PyRuntime"  # ISO504 speaks about it


class PrivateApi(Rule):
    """The file uses what CPython keeps to itself.

    What it finds
        An imported name that begins with `_Py`, other than the few that the reference manual
        documents and those that the public macros of the headers expand to. CPython's own modules
        may use them and are not counted.

    Why it matters
        Private functions change or vanish between releases without notice, and many of them work
        on interpreter-wide data with no promise about sub-interpreters or free threading.

    How to fix
        C: Replace it by the public function that does the same; the "What's New" page of the
        release that removed or hid the name usually says which. `pythoncapi-compat` has public
        spellings for older versions.

        Cython: Cython uses some private functions for speed. Rebuild with the current Cython 3
        release, which uses fewer, or compile for the limited API (`Py_LIMITED_API`), which uses
        none.

        pybind11: Rebuild with the current release, which follows CPython's changes.

        SWIG: Rebuild with the current release, which follows CPython's changes.

        mypyc: mypyc's runtime uses private functions; rebuild with the current release.

    Guide
        pep-384-stable-abi
    """

    code = "ISO501"
    name = "private-api"
    severity = "note"
    guide = "pep-384-stable-abi"

    def check(self, facts: Facts) -> Iterator[Finding]:
        private = facts.capi.like("_Py")
        if not private or is_core_build(facts):
            return
        loads_on = minors(facts)
        for name in private:
            if name == _RUNTIME or _has_public_name(name):
                continue
            if not loads_on or loads_on[0] > _UNTIL.get(name, 0):
                yield self.finding(
                    facts,
                    api_subject(name),
                    f"{name} is private to CPython",
                    evidence=(Evidence("import", f"imports {name}"),),
                )


@lru_cache(maxsize=1 << 10)
def _has_public_name(name: str) -> bool:
    """Whether a name is one of these; the modules of an environment import the same."""
    return _by_public_name()(name) is not None


@cache
def _by_public_name() -> Callable[[str], re.Match[str] | None]:
    """The question whether a name is one of these; compiled when needed, as that takes 1 ms."""
    return re.compile(_BY_PUBLIC_NAME, re.VERBOSE).fullmatch

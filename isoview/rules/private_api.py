"""ISO501."""

from collections.abc import Iterator
from functools import lru_cache

from isoview.core_build import is_core_build
from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.inspectors.record import kept
from isoview.loads_on import minors
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import imported

# Names that public macros and inline functions of the headers expand to (using the public spelling
# leaves them in the file), and those that the reference manual documents. Read off the headers of
# 3.8 to 3.13. Sets, not a pattern, which would take longer to compile than most files to judge.
_BY_PUBLIC_NAME = frozenset({
    "_PyBytes_Resize", "_PyTuple_Resize", "_PyObject_GetDictPtr",  # documented, underscore and all
    "_PyInterpreterState_GetEvalFrameFunc", "_PyInterpreterState_SetEvalFrameFunc",
    "_Py_c_sum", "_Py_c_diff", "_Py_c_neg", "_Py_c_prod", "_Py_c_quot", "_Py_c_pow",
    "_PyObject_New", "_PyObject_NewVar", "_PyObject_GC_New", "_PyObject_GC_NewVar",
    "_PyObject_GC_Resize", "_PyUnicode_Ready",
    "_PyWeakref_RefType", "_PyWeakref_ProxyType", "_PyWeakref_CallableProxyType",
    "_PyByteArray_empty_string", "_PyErr_BadInternalCall", "_PyAsyncGenASend_Type",
    "_Py_Dealloc", "_Py_IncRef", "_Py_DecRef", "_Py_SetRefcnt", "_Py_FatalErrorFunc",
    "_Py_RefTotal", "_Py_NegativeRefcount", "_Py_NoneStruct", "_Py_TrueStruct", "_Py_FalseStruct",
    "_Py_NotImplementedStruct", "_Py_EllipsisObject", "_Py_SwappedOp", "_Py_CheckRecursiveCall",
    "_Py_CheckRecursionLimit", "_Py_ascii_whitespace", "_Py_tracemalloc_config",
    "_Py_MergeZeroLocalRefcount", "_Py_DecRefShared", "_Py_DecRefSharedDebug",  # free threading
    "_Py_INCREF_IncRefTotal", "_Py_DECREF_DecRefTotal",  # Py_INCREF of debug builds
})  # fmt: skip
_FAMILIES = (
    "_PyUnicode_Is", "_PyUnicode_To", "_PyMonitoring_Fire", "_Py_ctype_",
    "_PyTrash_",  # Py_TRASHCAN_BEGIN
)  # fmt: skip
_OF_SIZES = "_SizeT"  # PyArg_Parse..., Py_BuildValue with '#'
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

    sums = True

    def sum_of(self, facts: Facts) -> Finding | None:
        names = _private(facts)
        if not names:
            return None
        return self.finding(facts, "names", "private names", count=len(names))

    def check(self, facts: Facts) -> Iterator[Finding]:
        for name in _private(facts):
            yield self.finding(
                facts,
                api_subject(name),
                f"{name} is private to CPython",
                evidence=imported(name),
            )


@kept
def _private(facts: Facts) -> list[str]:
    """The private names that a file imports, and that no public one stands behind."""
    names = facts.capi.like("_Py")
    if not names or is_core_build(facts):
        return []
    loads_on = minors(facts)
    return [
        name
        for name in names
        if name != _RUNTIME
        and not _has_public_name(name)
        and (not loads_on or loads_on[0] > _UNTIL.get(name, 0))
    ]


@lru_cache(maxsize=1 << 10)
def _has_public_name(name: str) -> bool:
    """Whether a name is one of these."""
    if name in _BY_PUBLIC_NAME:
        return True
    if not name.replace("_", "").isalnum():
        return False
    if name.endswith(_OF_SIZES):
        return len(name) > len("_Py") + len(_OF_SIZES)
    family = next((start for start in _FAMILIES if name.startswith(start)), None)
    if family is None or name == family:
        return False
    return not family.startswith("_PyUnicode") or "A" <= name[len(family)] <= "Z"

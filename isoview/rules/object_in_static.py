"""ISO301."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts, Global
from isoview.model import Finding, Where
from isoview.rules.base import Rule

_STORED = "stored"
"""Kind of evidence for an object that the code was seen storing."""


_LOCAL_STATIC = "_ZZ"  # Itanium C++ ABI: an entity local to a function
_FREE_LISTS = ("freelist", "free_list")


OWN_CAPSULE = "own-capsule"
FROM_CAPSULES = frozenset({"capsule", OWN_CAPSULE})
"""Kinds of evidence for what came out of a capsule; the second where the same function makes one."""


class ObjectInStatic(Rule):
    """A C static holds a Python object.

    What it finds
        A writable C static (a global, a function's static, an element of either) for which the file
        shows that it holds a reference to a Python object. Static types, module definitions and
        the interpreter's own constants are not counted here.

    Why it matters
        The static is shared by all module objects and all interpreters, the object belongs to one.
        The next interpreter overwrites it or uses an object that is not its own; after its owner
        is finalized the pointer dangles. With one GIL per interpreter the reference count is
        changed by several threads at once.

    How to fix
        C: Put the object into the module's state struct (`m_size`), visit it in `m_traverse`, clear
        it in `m_clear`, and reach it with `PyModule_GetState`, `PyType_GetModuleState` or
        `PyType_GetModuleByDef`. An interned string or a constant that is cheap to make can also be
        made where it is used.

        Cython: Constants and globals that Cython creates move into module state with
        `-DCYTHON_USE_MODULE_STATE=1` (Cython 3.1 or later). `cdef object` globals and other cdef
        globals of your own stay C statics either way: make them attributes of the module or of an
        instance.

        pybind11: Do not keep a `py::object` in a static. Make it an attribute of the module, or use
        `py::gil_safe_call_once_and_store`, which keeps one for each interpreter from pybind11
        3.0.2 on (Python 3.12 and later).

        nanobind: Do not keep an `nb::object` in a static; make it an attribute of the module.

        PyO3: `PyOnceLock`, `GILOnceCell` and `intern!` live once per process. Keep what belongs to
        an interpreter in an attribute of the module or of a class, or make it anew.

        SWIG: SWIG keeps its type table and helper classes in statics; no option changes that. For
        statics in your own `%{ %}` blocks follow the paragraph for C.

        mypyc: mypyc keeps modules, classes and constants in statics; no option changes that.
        Record the decision with its reason.

    Guide
        enter-per-module-state
    """

    code = "ISO301"
    name = "object-in-static"
    severity = "error"
    guide = "enter-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_globals(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in object_statics(facts):
            if object_sort(entry) is not None:  # ISO306, ISO310 and ISO311 speak about it
                continue
            yield self.finding(
                facts,
                symbol_subject(entry.symbol, "object"),
                f"{label(entry)} {'is' if _is_instance(entry) else 'holds'} a Python object for the "
                "whole process",
                where=place(entry),
                evidence=entry.evidence,
                confidence="high" if is_stored(entry) or _is_instance(entry) else "medium",
            )


def _is_instance(entry: Global) -> bool:
    """An object laid out in the file's data."""
    return any(item.kind == "instance" for item in entry.evidence)


def object_statics(facts: Facts) -> Iterator[Global]:
    """Statics that hold Python objects, as far as the file tells."""
    return (
        entry for entry in facts.objects if not _is_slot_table(entry) and not _is_core_only(entry)
    )


def _is_slot_table(entry: Global) -> bool:
    """A slot table into which code puts a base class: what goes there is read once, and copied."""
    return any(item.kind == "declared" and "PyType_Slot" in item.text for item in entry.evidence)


def _is_core_only(entry: Global) -> bool:
    """Only the interpreter's own static objects (``None``, types, exceptions) are stored there:
    all interpreters share these.
    """
    kinds = {item.kind for item in entry.evidence}
    return "core" in kinds and not kinds & {_STORED, "flow", "name", "count"}


def object_sort(entry: Global) -> str | None:
    """What kind of cache an object static is, where a rule of its own knows the fix."""
    symbol = entry.symbol or ""
    if symbol.startswith(_LOCAL_STATIC):
        return "local"
    if any(word in symbol.lower() for word in _FREE_LISTS):
        return "free list"
    stored = [evidence.text for evidence in entry.evidence if evidence.kind == _STORED]
    if stored and all("result of PyUnicode_Intern" in text for text in stored):
        return "interned"
    return None


def keeps_capsule(entry: Global) -> bool:
    """The code was seen storing there what a capsule points to."""
    return entry.kind != "object" and any(item.kind in FROM_CAPSULES for item in entry.evidence)


def label(entry: Global) -> str:
    """What a message calls a static."""
    return entry.symbol or f"an unnamed static in {entry.section}"


def is_stored(entry: Global) -> bool:
    """The code was seen storing an object there."""
    return any(evidence.kind == _STORED for evidence in entry.evidence)


def no_symbols(facts: Facts) -> str | None:
    """Why statics cannot be judged by their names."""
    if facts.has_named_statics:
        return None
    if facts.artifact.stripped:
        return "no symbol table: statics have no names"
    return no_globals(facts)


def no_globals(facts: Facts) -> str | None:
    """Why statics cannot be looked at."""
    item = facts.completeness.globals
    if item.level == "none" and not facts.static_rows:
        return item.reason or "no symbol table: statics have no names"
    return None


def place(entry: Global) -> Where:
    """Where a static lies."""
    source = entry.source
    if source is None:
        return Where(entry.symbol, entry.address, entry.section)
    return Where(entry.symbol, entry.address, entry.section, source.file, source.line)

"""Which of a file's types the type rules speak about, and where they lie."""

from isoview.core_build import is_core_build
from isoview.inspectors.facts import Facts, Type
from isoview.inspectors.record import kept
from isoview.model import Where

_CYTHON_HELPERS = "_cython_"
"""Cython's helper classes live in a module of this prefix and are shared between modules by design."""
_HELPERS = (_CYTHON_HELPERS, "pybind11_builtins.", "nanobind.")
"""Heap types that are a generator's own: nobody can act on them in the module."""
_VIEW_SLICE = "._memoryviewslice"
_VIEWS = (".memoryview", ".array", ".Enum")
_MANAGED_BY_RUNTIME = "_PyStaticType_InitForExtension"
"""With this a core build hands its static types to the runtime, which keeps their state per
interpreter (3.13 and later)."""


@kept
def static_types(facts: Facts) -> tuple[Type, ...]:
    """Static types that every interpreter shares. Templates (mypyc) only serve to make heap types."""
    if _MANAGED_BY_RUNTIME in facts.capi.names and is_core_build(facts):
        return ()
    return tuple(
        [
            entry
            for entry in facts.types
            if entry.kind == "static" and not entry.name.startswith(_CYTHON_HELPERS)
        ]
    )


@kept
def spec_types(facts: Facts) -> tuple[Type, ...]:
    """Heap types whose PyType_Spec is in the file, without the generators' helpers."""
    if not facts.specs:
        return ()
    views = _cython_views(facts)
    return tuple(
        [entry for entry in facts.specs if not is_helper(entry.name) and entry.name not in views]
    )


def _cython_views(facts: Facts) -> frozenset[str]:
    """The classes that Cython adds to a module with memory views. Their names are ordinary ones, so
    the one that nobody would give a class of his own has to stand among them.
    """
    slices = [entry.name for entry in facts.types if entry.name.endswith(_VIEW_SLICE)]
    return frozenset(
        name.removesuffix(_VIEW_SLICE) + view for name in slices for view in (*_VIEWS, _VIEW_SLICE)
    )


def is_helper(name: str) -> bool:
    """A heap type that a generator makes for itself (``mod.__pyx_defaults``, ``_cython_3_1.x``)."""
    return name.startswith(_HELPERS) or ".__pyx_" in name


def no_specs(facts: Facts) -> str | None:
    """Why heap types cannot be judged: none is described in the file, and that is not all."""
    types = facts.completeness.types
    if types.level == "full" or facts.specs:
        return None
    return types.reason or "classes may be built at run time"


def place(entry: Type, facts: Facts) -> Where:
    """Where a type lies: the static there gives it its symbol and its source line."""
    data = facts.statics_of_types.get(entry.address) if entry.address is not None else None
    if data is None:
        return Where(None, entry.address)
    symbol, section, source = data
    if source is None:
        return Where(symbol, entry.address, section)
    return Where(symbol, entry.address, section, source.file, source.line)


def deallocating_types(facts: Facts) -> list[Type]:
    """Heap types directly under ``object`` that are torn down by a function of their own."""
    return [
        entry
        for entry in spec_types(facts)
        if entry.base == "object" and "tp_dealloc" in entry.slots_set
    ]

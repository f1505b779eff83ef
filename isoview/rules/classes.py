"""Which of a file's types the type rules speak about, and where they lie."""

from collections.abc import Iterator

from isoview.core_build import is_core_build
from isoview.inspectors.facts import Facts, Global, Type
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


def static_types(facts: Facts) -> Iterator[Type]:
    """Static types that every interpreter shares. Templates (mypyc) only serve to make heap types."""
    if _MANAGED_BY_RUNTIME in facts.capi.imports and is_core_build(facts):
        return
    for entry in facts.types:
        if entry.kind == "static" and not entry.name.startswith(_CYTHON_HELPERS):
            yield entry


def spec_types(facts: Facts) -> Iterator[Type]:
    """Heap types whose PyType_Spec is in the file, without the generators' helpers."""
    views = _cython_views(facts)
    for entry in facts.types:
        if entry.kind == "spec" and not is_helper(entry.name) and entry.name not in views:
            yield entry


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
    if types.level == "full" or any(entry.kind == "spec" for entry in facts.types):
        return None
    return types.reason or "classes may be built at run time"


def named_places(facts: Facts) -> dict[int, Global]:
    """The file's named data by address: it gives a type its symbol and its source line."""
    return facts.statics_by_address


def place(entry: Type, named: dict[int, Global]) -> Where:
    """Where a type lies; ``named`` comes from :func:`named_places`."""
    data = named.get(entry.address) if entry.address is not None else None
    if data is None:
        return Where(address=entry.address)
    return Where(
        symbol=data.symbol,
        address=entry.address,
        section=data.section,
        file=data.source.file if data.source else None,
        line=data.source.line if data.source else None,
    )


def deallocating_types(facts: Facts) -> Iterator[Type]:
    """Heap types directly under ``object`` that are torn down by a function of their own."""
    for entry in spec_types(facts):
        if entry.base == "object" and "tp_dealloc" in entry.slots_set:
            yield entry

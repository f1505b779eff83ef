"""What the names of statics tell where generators name them: labels, and cells code cannot show."""

import re

from isoview.inspectors.facts import Facts, Global

# Patterns are texts: re compiles them when a file has names that they are for.
_MODULE_STATE = r"__pyx_mstate_global(_static)?\Z|__pyx_mstate\Z"
# PyO3's process-wide cells, in Rust's old and new mangling: interned strings, lazily made classes
# and exceptions, imported objects. They are filled inside closures that are called through
# pointers, so the code shows few of them.
_CELL = (
    r"INTERNED|TYPE_OBJECT|PYO3_DEF|4TYPE(E|$|17h)|import_exception|OnceCell|LazyType"
    r"|4pyo3(5types|10exceptions)(\d+[a-z0-9_]+)*\d+[A-Z][A-Z0-9_]+(E|$|17h)"
)
# "types" and "exceptions" are names that anybody gives a module. In another's only a static counts
# that is called a class, and has room for a pointer and the flag of a once cell.
_KEPT_CLASS = r"(5types|10exceptions)\d+[A-Z0-9_]+_(TYPE|CLS|CLASS|EXC|EXCEPTION|ERROR)(E|$|17h)"
_CELL_SIZE = 16
_NO_CELL = r"vtable|_ZTV|anon\.|GUARD|SLOTS"

# Structures whose layout is known and which other modules, or a copy of a whole structure, fill:
# Cython copies a wrapper's description (name_strobj is an object); cffi's back end keeps what it
# needs to call an extern "Python" function.
_KNOWN = (
    ("__pyx_wrapperbase_", "a copy of a slot wrapper's description: its last word is the name as an object"),
    ("_cffi_externpy__", 'extern "Python" of cffi: _cffi_backend keeps the Python function in it'),
)  # fmt: skip


def object_by_name(symbol: str) -> str | None:
    """What a static with a well-known name is, if objects are kept in it."""
    return next((text for start, text in _KNOWN if symbol.startswith(start)), None)


_VTABLE = r"__pyx_vtable_|__pyx_vtabptr_|\w+_(trait_)?(vtable|offset_table)(\.\d+)?\Z|\w+_trait_vtable_setup\Z"


def is_vtable(symbol: str) -> bool:
    """Whether a static is a class's table of functions, as Cython and mypyc make them."""
    named = "_vtab" in symbol or "_offset_table" in symbol
    return named and re.match(_VTABLE, symbol) is not None


def is_module_state(symbol: str | None) -> bool:
    """Whether a static is the struct in which Cython keeps a module's state."""
    return (
        symbol is not None
        and symbol.startswith("__pyx_mstate")
        and re.match(_MODULE_STATE, symbol) is not None
    )


_DESCRIPTION = "PYO3_DEF"
_MAKER = "PyO3 modules"
"""Begins the refusal in PyO3's function that makes modules itself, from 0.28 on only submodules."""
_METHOD_DEF = 4  # words of a PyMethodDef


def is_cell(entry: Global, facts: Facts) -> bool:
    """Whether a Rust static is one of PyO3's cells that hold an object, by its name."""
    symbol = entry.symbol or ""
    if re.search(_NO_CELL, symbol):
        return False
    if not re.search(_CELL, symbol):
        return entry.size >= _CELL_SIZE and re.search(_KEPT_CLASS, symbol) is not None
    return _DESCRIPTION not in symbol or _has_module(entry, facts)


def _has_module(entry: Global, facts: Facts) -> bool:
    """Whether PyO3's description of a function or a module keeps an object.

    A function's is a ``PyMethodDef`` and no more (``impl_::pyfunction::PyFunctionDef``). In a
    module's the definition stands beside a cell for the module object
    (``impl_::pymodule::ModuleDef``), which stays empty where the interpreter makes the module.
    """
    if entry.size <= _METHOD_DEF * facts.artifact.bits // 8:
        return False
    init = facts.own_init
    if init is None or init.phase not in {"multi", "export"}:
        return True
    if not any(_MAKER in guard.text for guard in facts.guards):
        return False  # nothing in the file makes submodules: each is another file's name for it
    return not any(
        definition.own is True
        and definition.address is not None
        and entry.address <= definition.address < entry.address + entry.size
        for definition in facts.definitions
    )

"""What the names of statics tell where generators name them: labels, and cells code cannot show."""

import re

_MODULE_STATE = re.compile(r"__pyx_mstate_global(_static)?\Z|__pyx_mstate\Z")
# PyO3's process-wide cells, in Rust's old and new mangling: interned strings, lazily made classes
# and exceptions, imported objects. They are filled inside closures that are called through
# pointers, so the code shows few of them.
_CELL = re.compile(
    r"INTERNED|TYPE_OBJECT|PYO3_DEF|4TYPE(E|$|17h)|DATETIME|import_exception|OnceCell|LazyType"
    r"|types\d+[A-Z0-9_]+(E|$|17h)|exceptions"
)
_NO_CELL = re.compile(r"vtable|_ZTV|anon\.|GUARD|SLOTS")

# Structures whose layout is known and which other modules, or a copy of a whole structure, fill:
# Cython copies a wrapper's description (name_strobj is an object); cffi's back end keeps what it
# needs to call an extern "Python" function.
_KNOWN = (
    (re.compile(r"__pyx_wrapperbase_"), "a copy of a slot wrapper's description: its last word is the name as an object"),
    (re.compile(r"_cffi_externpy__"), 'extern "Python" of cffi: _cffi_backend keeps the Python function in it'),
)  # fmt: skip


def object_by_name(symbol: str) -> str | None:
    """What a static with a well-known name is, if objects are kept in it."""
    return next((text for pattern, text in _KNOWN if pattern.match(symbol)), None)


_VTABLE = re.compile(
    r"__pyx_vtable_|__pyx_vtabptr_|\w+_(trait_)?(vtable|offset_table)(\.\d+)?\Z|\w+_trait_vtable_setup\Z"
)


def is_vtable(symbol: str) -> bool:
    """Whether a static is a class's table of functions, as Cython and mypyc make them."""
    return _VTABLE.match(symbol) is not None


def is_module_state(symbol: str | None) -> bool:
    """Whether a static is the struct in which Cython keeps a module's state."""
    return symbol is not None and _MODULE_STATE.match(symbol) is not None


def cell_by_name(symbol: str) -> bool:
    """Whether a Rust static is one of PyO3's cells that hold an object."""
    return _CELL.search(symbol) is not None and _NO_CELL.search(symbol) is None

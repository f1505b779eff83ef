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


def is_module_state(symbol: str | None) -> bool:
    """Whether a static is the struct in which Cython keeps a module's state."""
    return symbol is not None and _MODULE_STATE.match(symbol) is not None


def cell_by_name(symbol: str) -> bool:
    """Whether a Rust static is one of PyO3's cells that hold an object."""
    return _CELL.search(symbol) is not None and _NO_CELL.search(symbol) is None

"""The types of a module: in its dict, tied to it, or lying in its file's memory.

A class's own attributes are asked through the descriptors of ``type``, never through the class:
a metaclass of the module's could run code there.
"""

import sys

from .interpreter import HEAP_TYPE, SLOT_FUNCTIONS, TP_NAME
from .objects import claimed_elsewhere, home_of

FLAGS = {
    0: "HAVE_FINALIZE", 1: "STATIC_BUILTIN", 2: "INLINE_VALUES", 3: "MANAGED_WEAKREF",
    4: "MANAGED_DICT", 5: "SEQUENCE", 6: "MAPPING", 7: "DISALLOW_INSTANTIATION",
    8: "IMMUTABLETYPE", 9: "HEAPTYPE", 10: "BASETYPE", 11: "HAVE_VECTORCALL", 12: "READY",
    13: "READYING", 14: "HAVE_GC", 17: "METHOD_DESCRIPTOR", 18: "HAVE_VERSION_TAG",
    19: "VALID_VERSION_TAG", 20: "IS_ABSTRACT", 22: "MATCH_SELF", 23: "ITEMS_AT_END",
    24: "LONG_SUBCLASS", 25: "LIST_SUBCLASS", 26: "TUPLE_SUBCLASS", 27: "BYTES_SUBCLASS",
    28: "UNICODE_SUBCLASS", 29: "DICT_SUBCLASS", 30: "BASE_EXC_SUBCLASS", 31: "TYPE_SUBCLASS",
}  # fmt: skip
TYPE_LIMIT = 5000
WALK_LIMIT = 500000

_FLAGS = type.__dict__["__flags__"].__get__
_BASICSIZE = type.__dict__["__basicsize__"].__get__
_ITEMSIZE = type.__dict__["__itemsize__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_SUBCLASSES = type.__dict__["__subclasses__"]


def flag_names(flags):
    """Names of the ``Py_TPFLAGS_*`` bits that are set."""
    return [FLAGS.get(bit, "bit %d" % bit) for bit in range(flags.bit_length()) if flags >> bit & 1]


def is_type(value):
    """Whether ``value`` is a class, whatever it claims as its ``__class__``."""
    return issubclass(type(value), type)


def types_of(module, name, namespace, loaded, api, memory):
    """(own, foreign): descriptions of the module's own types, names of those it re-exports."""
    attributes = {}
    for key, value in list(namespace.items()):
        if is_type(value) and isinstance(key, str):
            attributes.setdefault(id(value), (value, key))
    own, foreign = [], []
    seen = set()
    for cls, attribute in attributes.values():
        seen.add(id(cls))
        reason = _belonging(cls, module, name, loaded, api, True)
        if reason is None:
            foreign.append(_full_name(cls, memory))
        else:
            own.append(_describe(cls, attribute, reason, loaded, api, memory))
    for cls in every_type():
        if id(cls) not in seen:
            reason = _belonging(cls, module, name, loaded, api, False)
            if reason is not None:
                own.append(_describe(cls, None, reason, loaded, api, memory))
    own.sort(key=lambda entry: (not entry["static"], entry["name"]))
    return own[:TYPE_LIMIT], sorted(foreign)[:TYPE_LIMIT]


def every_type():
    """Every ready type that its base still knows: what `object.__subclasses__()` leads to."""
    pending = [object]
    seen = set()
    while pending and len(seen) < WALK_LIMIT:
        cls = pending.pop()
        if id(cls) in seen:
            continue
        seen.add(id(cls))
        yield cls
        try:
            # `type` is a class like others here; its own method wants an instance: itself.
            pending.extend(_SUBCLASSES(cls))
        except TypeError:
            continue


def _belonging(cls, module, name, loaded, api, in_dict):
    """How we know that the class is this module's, or None: it is somebody else's."""
    flags = _FLAGS(cls)
    if not flags & HEAP_TYPE:
        if loaded is None:
            return "named" if in_dict and home_of(cls) == name else None
        return "memory" if loaded.holds(id(cls)) else None
    if api is not None and api.module_of(cls) == id(module):
        return "tied"
    if home_of(cls) == name:
        return "named"
    if not in_dict:
        return None
    if runs_own_code(cls, loaded, api):
        return "code"
    return None if claimed_elsewhere(cls, module) else "unclaimed"


def runs_own_code(cls, loaded, api):
    """Whether the file's own functions stand in slots of the heap type, not inherited ones."""
    if api is None or loaded is None:
        return False
    bases = type.__dict__["__mro__"].__get__(cls)[1:]
    for number in SLOT_FUNCTIONS:
        place = api.slot(cls, number)
        if loaded.holds(place) and all(api.slot(base, number) != place for base in bases):
            return True
    return False


def _full_name(cls, memory):
    """tp_name where it is dotted (as a spec or a static type was written), else module and name."""
    written = memory.text(memory.word(id(cls) + TP_NAME)) if memory is not None else None
    if written and ("." in written or not _FLAGS(cls) & HEAP_TYPE):
        return written
    qualified = _QUALNAME(cls)
    home = home_of(cls)
    return "%s.%s" % (home, qualified) if home and home != "builtins" else str(qualified)


def _describe(cls, attribute, reason, loaded, api, memory):
    flags = _FLAGS(cls)
    static = not flags & HEAP_TYPE
    tied = None
    if api is not None and not static and sys.version_info >= (3, 9):
        tied = api.module_of(cls) is not None
    return {
        "name": _full_name(cls, memory),
        "attribute": attribute,
        "address": id(cls),
        "link_address": loaded.link_address(id(cls)) if static and loaded is not None else None,
        "static": static,
        "flags": flags,
        "flag_names": flag_names(flags),
        "basicsize": _BASICSIZE(cls),
        "itemsize": _ITEMSIZE(cls),
        "module_tied": False if static else tied,
        "belongs_by": reason,
    }

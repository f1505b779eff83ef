"""The objects that are a module's own, and which of them two module objects share.

Needs no extension module: this runs in sub-interpreters too, where ctypes may be refused.
"""

import sys
import types

HEAP_TYPE = 1 << 9
_MANAGED = 1 << 1 if sys.version_info >= (3, 12) else 0
# _Py_TPFLAGS_STATIC_BUILTIN (cpython/object.h): what such a static type holds is kept for each
# interpreter. contextvars.Context is one, which `_contextvars` only offers.
_FLAGS = type.__dict__["__flags__"].__get__
_NAMESPACE = type.__dict__["__dict__"].__get__
_MODULE_DICT = types.ModuleType.__dict__["__dict__"].__get__
_NAME = type.__dict__["__name__"].__get__
_EXCEPTION = 1 << 30
_SOURCE_LIMIT = 4_000_000
OBJECT_LIMIT = 5000
_CONTAINERS = (dict, list, set, bytearray)
_OF_ANY_CLASS = ("__dict__", "__weakref__")
_C_MEMBERS = (
    types.MethodDescriptorType, types.WrapperDescriptorType, types.GetSetDescriptorType,
    types.MemberDescriptorType, types.ClassMethodDescriptorType, types.BuiltinFunctionType,
)  # fmt: skip


def namespace_of(module):
    """A module's dict, without asking a class of the module's own."""
    if issubclass(type(module), types.ModuleType):
        return _MODULE_DICT(module)
    found = getattr(module, "__dict__", None)
    return found if isinstance(found, dict) else {}


def own_objects(module, name):
    """{attribute: (address, kind)} of what the module made: types, functions, other objects.

    Left out: what it imported from others, numbers, text and the like (one object for a whole
    process by CPython's own doing), and the attributes that the import system sets.
    """
    found = {}
    for key, value in list(namespace_of(module).items()):
        if not isinstance(key, str) or (key.startswith("__") and key.endswith("__")):
            continue
        kind = _kind(value, module, name)
        if kind is not None and len(found) < OBJECT_LIMIT:
            found[key] = (id(value), kind)
    return found


def _kind(value, module, name):
    """``type``, ``function`` or ``object``; None: not the module's own."""
    cls = type(value)
    if issubclass(cls, type):
        return "type" if owns_type(value, module, name) else None
    if cls is types.BuiltinFunctionType:
        return "function" if value.__self__ is module or _is_named(value, name) else None
    if cls is types.FunctionType:
        return "function" if _is_named(value, name) else None
    if cls in _CONTAINERS:
        return "object"
    return "object" if home_of(cls) == name or _is_held(cls, module) else None


def _is_named(function, name):
    return function.__module__ == name


def _is_held(cls, module):
    """Whether the class stands in the module's dict and is its own to the eye of the interpreter."""
    return any(value is cls for value in namespace_of(module).values()) and not claimed_elsewhere(
        cls, module
    )


def owns_type(cls, module, name):
    """Whether the class in the module's dict is its own: by its name, or claimed by nobody else.

    Many heap types name ``builtins`` as their home and are not to be found there: PyO3 writes it
    where a class says nothing. The static types of that home are the interpreter's.
    """
    if _FLAGS(cls) & _MANAGED and not _FLAGS(cls) & HEAP_TYPE:
        return False
    home = home_of(cls)
    if home == name:
        return True
    if home == "builtins" and not _FLAGS(cls) & HEAP_TYPE:
        return False
    return not claimed_elsewhere(cls, module)


def home_of(cls):
    """The class's ``__module__``, without asking its metaclass."""
    # A static type that nobody readied (the capsule's, up to 3.11) has no dict yet.
    value = (_NAMESPACE(cls) or {}).get("__module__")
    if isinstance(value, str):
        return value
    if _FLAGS(cls) & HEAP_TYPE:
        return ""
    # For static types the getter takes it from tp_name.
    value = type.__dict__["__module__"].__get__(cls)
    return value if isinstance(value, str) else ""


def claimed_elsewhere(cls, module):
    """Whether the module that the class names as its home is loaded, has it, and can have made it.

    A module written in Python cannot have made a class with members written in C: ``decimal`` only
    passes on what ``_decimal`` made in its name. Nor has it made an exception that no ``class``
    statement in its source is about.
    """
    home = sys.modules.get(home_of(cls))
    if home is None or home is module:
        return False
    if not issubclass(type(home), types.ModuleType):
        return False  # a stand-in whose attributes are somebody's code
    namespace = _MODULE_DICT(home)
    if not any(value is cls for value in list(namespace.values())):
        return False
    if not _is_source(namespace):
        return True
    return not (
        _has_c_members(cls) or (_FLAGS(cls) & _EXCEPTION and not _is_stated(cls, namespace))
    )


def _is_source(namespace):
    file = namespace.get("__file__")
    return isinstance(file, str) and file.endswith((".py", ".pyc"))


def _is_stated(cls, namespace):
    """Whether a ``class`` statement in the module's source is about this name; yes if in doubt."""
    statement = ("class %s" % _NAME(cls)).encode("utf-8", "replace")
    try:
        with open(namespace["__file__"], "rb") as source:
            text = source.read(_SOURCE_LIMIT)
    except (OSError, ValueError):
        return True
    return statement in text or len(text) == _SOURCE_LIMIT or b"\0" in text


def _has_c_members(cls):
    """Whether its members were written in C: a ``class`` statement leaves functions or slots."""
    namespace = _NAMESPACE(cls) or {}
    if "__slots__" in namespace:
        return False
    kinds = {type(value) for key, value in list(namespace.items()) if key not in _OF_ANY_CLASS}
    return types.FunctionType not in kinds and not kinds.isdisjoint(_C_MEMBERS)


def compare(first, second):
    """What two module objects have in common, by attribute; a pair of results of own_objects."""
    result = {
        "shared_types": [], "compared_types": 0, "shared_objects": [], "compared_objects": 0,
    }  # fmt: skip
    for key in sorted(set(first) & set(second)):
        kind = "types" if first[key][1] == "type" else "objects"
        result["compared_" + kind] += 1
        if first[key][0] == second[key][0]:
            result["shared_" + kind].append(key)
    return result

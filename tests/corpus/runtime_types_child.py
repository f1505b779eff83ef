"""Run in the target interpreter: import one extension and tell the classes its file made.

    python runtime_types_child.py DOTTED_NAME PATH

A class is the file's where one of its own slot functions, its static memory or its metaclass lies
in the file's mapping. Prints one JSON object.
"""

import ctypes
import importlib
import importlib.machinery
import importlib.util
import json
import os
import sys

WORD = ctypes.sizeof(ctypes.c_void_p)
HEAD = object.__basicsize__
SUBCLASSES = type.__dict__["__subclasses__"]
SLOTS = [number for number in range(1, 82) if number not in (48, 49, 56)]
GET_SLOT = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_int)(
    ("PyType_GetSlot", ctypes.pythonapi)
)


def every_class():
    pending, seen = [object], set()
    while pending:
        cls = pending.pop()
        if id(cls) in seen:
            continue
        seen.add(id(cls))
        yield cls
        try:
            pending.extend(SUBCLASSES(cls))
        except TypeError:
            continue


def mappings(path):
    """Address ranges of the file's own mappings."""
    found = []
    real = os.path.realpath(path)
    with open("/proc/self/maps") as stream:
        for line in stream:
            parts = line.split(None, 5)
            if len(parts) == 6 and parts[5].rstrip("\n") == real:
                low, high = parts[0].split("-")
                found.append((int(low, 16), int(high, 16)))
    return (min(low for low, _ in found), max(high for _, high in found)) if found else (0, 0)


def text_at(address):
    return ctypes.string_at(address).decode("utf-8", "backslashreplace") if address else ""


def word(cls, index):
    return ctypes.c_size_t.from_address(id(cls) + HEAD + index * WORD).value


def own_slots(cls, low, high):
    """Numbers of slots whose function lies in the file and is not the base's."""
    found = []
    for number in SLOTS:
        try:
            place = GET_SLOT(cls, number)
        except SystemError:
            continue
        if place and low <= place < high:
            base = cls.__base__
            inherited = None
            if base is not None and base is not object and word(base, 19) & 1 << 9:
                inherited = GET_SLOT(base, number)
            if place != inherited:
                found.append(number)
    return found


def made_by_library(cls):
    """Whether a generator's run-time library made the class: its metaclass or a base says so."""
    made = type(cls).__name__.startswith(("pybind11_", "nb_type", "wrappertype", "ObjectType"))
    boost = type(cls).__module__ == "Boost.Python"
    return made or boost or any(base.__module__ == "Boost.Python" for base in cls.__mro__[1:])


def describe(cls, slots):
    namespace = type.__dict__["__dict__"].__get__(cls)
    methods, getters, others = [], [], []
    for key, value in list(namespace.items()):
        kind = type(value).__name__
        if kind in ("method_descriptor", "classmethod_descriptor", "staticmethod"):
            methods.append(key)
        elif kind == "getset_descriptor":
            getters.append(key)
        else:
            others.append(key)
    doc = namespace.get("__doc__")
    return {
        "name": text_at(word(cls, 1)),
        "module": str(namespace.get("__module__", "")),
        "qualname": cls.__qualname__,
        "base": cls.__base__.__name__ if cls.__base__ else "",
        "metaclass": type(cls).__name__,
        "flags": word(cls, 19),
        "basicsize": cls.__basicsize__,
        "dict": cls.__dictoffset__ != 0,
        "weakref": cls.__weakrefoffset__ != 0,
        "slots": slots,
        "methods": methods,
        "getters": getters,
        "others": others,
        "doc": doc if isinstance(doc, str) else None,
    }


def load(name, path):
    """By its name; where its package does not import, the file alone."""
    try:
        module = importlib.import_module(name)
        if os.path.realpath(getattr(module, "__file__", "") or "") == os.path.realpath(path):
            return module, ""
        trouble = "another file was imported"
    except BaseException as error:  # noqa: BLE001 - any failure has the same answer
        trouble = f"{type(error).__name__}: {error}"
    loader = importlib.machinery.ExtensionFileLoader(name, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module, trouble


def submodules(module):
    """Modules in the module's dict that no file made, and theirs."""
    found, pending, seen = [], [module], set()
    while pending:
        current = pending.pop()
        for value in list(vars(current).values()):
            if type(value) is type(sys) and id(value) not in seen:
                seen.add(id(value))
                if getattr(value, "__file__", None) is None and value.__name__ not in (
                    "builtins",
                    "sys",
                ):
                    found.append(value.__name__)
                    pending.append(value)
    return found


def classes_in(module):
    """Addresses of the classes in the module's dict, in those of its submodules, and in theirs."""
    found, pending = set(), [module]
    while pending:
        current = pending.pop()
        values = (
            type.__dict__["__dict__"].__get__(current)
            if isinstance(current, type)
            else vars(current)
        )
        for value in list(values.values()):
            inner = type(value) is type(sys) and getattr(value, "__file__", None) is None
            if (inner or isinstance(value, type)) and id(value) not in found:
                found.add(id(value))
                pending.append(value)
    return found


def touch(owner, depth=0):
    """Ask for every attribute: SIP and Shiboken make classes when they are first asked for."""
    for key in dir(owner):
        try:
            value = getattr(owner, key)
        except Exception:  # noqa: BLE001 - what cannot be had is not there
            continue
        home = getattr(owner, "__module__", getattr(owner, "__name__", ""))
        own = isinstance(value, type) and value.__module__ == home
        if own and depth < 4 and not key.startswith("__"):
            touch(value, depth + 1)


def main():
    name, path = sys.argv[1:3]
    kept = list(every_class())  # so that no new class gets the address of one that went
    before = {id(cls) for cls in kept}
    module, trouble = load(name, path)
    touch(module)
    low, high = mappings(path)
    classes = []
    held = classes_in(module)
    for cls in every_class():
        if id(cls) in before and not low <= id(cls) < high:
            continue
        static = not word(cls, 19) & 1 << 9
        slots = [] if static else own_slots(cls, low, high)
        if static and low <= id(cls) < high:
            classes.append(dict(describe(cls, []), static=True))
        elif not static and (slots or made_by_library(cls)):
            classes.append(dict(describe(cls, slots), static=False, held=id(cls) in held))
    functions = [
        k for k, v in vars(module).items() if type(v).__name__ == "builtin_function_or_method"
    ]
    fortran = [  # f2py's functions; common blocks are objects of the same type
        k
        for k, v in vars(module).items()
        if type(v).__name__ == "fortran" and hasattr(v, "_cpointer")
    ]
    exceptions = [
        v.__module__ + "." + v.__qualname__
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, BaseException)
    ]
    answer = {
        "classes": classes, "functions": functions, "exceptions": exceptions,
        "submodules": submodules(module), "trouble": trouble, "fortran": fortran,
    }  # fmt: skip
    print(json.dumps(answer))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

"""One look at a loaded module, as the interpreter sees it. Plain data comes back."""

import gc
import sys
import types

from . import classes
from .definition import phase_of_moduledef, read_moduledef, read_slot_array
from .interpreter import CApi
from .mapping import locate
from .memory import Memory

NEWEST = (3, 15)


class UnsupportedError(Exception):
    """The interpreter's structures are not CPython's."""


def inspect(module, stage=None):
    """What the interpreter knows about ``module``, as JSON-able data. Nothing foreign is called.

    ``stage`` is told the name of each step before it is taken (addresses are followed here).
    """
    if sys.implementation.name != "cpython":
        raise UnsupportedError(
            "this is %s: only CPython's structures can be read" % sys.implementation.name
        )
    tell = stage or (lambda _name: None)
    name = _text_attribute(module, "__name__") or ""
    file = file_of(module)
    limits = []
    if sys.version_info[:2] > NEWEST:
        limits.append(
            "this interpreter is newer than the ones isoview was tried with (up to %d.%d)" % NEWEST
        )
    loaded = locate(file)
    if file and loaded is None:
        limits.append("where the file lies in memory is not known here: no link addresses")
    try:
        api = CApi()
    except ImportError as error:
        api = None
        limits.append("no definition and no state: ctypes cannot be imported (%s)" % error)
    with Memory() as memory:
        reader = memory if api is not None or memory.guarded else None
        answer = {
            "module": name,
            "file": file,
            "kind": kind_of(module),
            "load_bias": None if loaded is None else loaded.bias,
            "limits": limits,
        }
        tell("definition")
        answer.update(_definition(module, file, api, memory, loaded, limits))
        tell("types")
        own, foreign = classes.types_of(module, name, _namespace(module), loaded, api, reader)
        answer["types"] = own
        answer["foreign_types"] = foreign
        answer["static_types"] = [entry["name"] for entry in own if entry["static"]]
        answer["heap_types"] = [
            {
                "name": entry["name"],
                "flags": entry["flags"],
                "module_tied": entry["module_tied"],
                "traverse_visits_type": None,
            }
            for entry in own
            if not entry["static"]
        ]
        # m_traverse runs here, called by the interpreter exactly as a garbage collection does.
        tell("traverse")
        answer["traverse_reports"] = _reported(module)
    return answer


def _definition(module, file, api, memory, loaded, limits):
    answer = {
        "phase": "unknown",
        "phase_reason": None,
        "m_size": None,
        "slots": [],
        "definition": None,
        "state": {"present": None, "size": None},
    }
    if not _is_module(module):
        answer["phase_reason"] = (
            "what was imported is no module object (%s)" % type(module).__name__
        )
        return answer
    if api is None:
        answer["phase_reason"] = "no ctypes"
        return answer
    address = api.definition(module)
    if address is not None:
        answer["definition"] = read_moduledef(memory, address, loaded)
        answer["phase"], answer["phase_reason"] = phase_of_moduledef(memory, address)
        if answer["phase"] is None:
            # PyModuleDef_Init without slots is legal; PyModule_Create by another module looks alike.
            answer["phase"] = "multi" if kind_of(module) != "unknown" else "unknown"
    else:
        token = api.token(module)
        if token is not None:
            answer["phase"] = "export"
            answer["phase_reason"] = "a module token and no definition (PEP 793)"
            answer["definition"] = read_slot_array(memory, token, loaded)
            if answer["definition"] is None:
                limits.append("the module chose its own token: its slot array cannot be found")
        elif file is not None and kind_of(module) == "extension":
            answer["phase_reason"] = "the interpreter keeps no definition for it"
        else:
            answer["phase_reason"] = "no extension module: nothing defines it in C"
    _sizes(answer, module, api)
    return answer


def _sizes(answer, module, api):
    definition = answer["definition"]
    size = api.state_size(module)
    if definition is not None:
        if definition["kind"] == "slot-array":
            definition["m_size"] = size
        answer["m_size"] = definition["m_size"]
        answer["slots"] = definition["slots"]
    if size is None:
        size = answer["m_size"]
    # The pointer is set for modules with m_size 0, too: only the size tells.
    present = api.state(module) is not None and bool(size) and size > 0
    answer["state"] = {"present": present, "size": max(size, 0) if size is not None else None}


def _reported(module):
    """How many objects m_traverse reports, beside the module's own dict; None: not asked."""
    if not _is_module(module):
        return None
    return sum(1 for value in gc.get_referents(module) if value is not _namespace(module))


def _is_module(value):
    return issubclass(type(value), types.ModuleType)


def _namespace(module):
    if _is_module(module):
        return types.ModuleType.__dict__["__dict__"].__get__(module)
    found = getattr(module, "__dict__", None)
    return found if isinstance(found, dict) else {}


def _text_attribute(module, key):
    value = _namespace(module).get(key)
    return str(value) if isinstance(value, str) else None


def kind_of(module):
    """``extension``, ``builtin``, ``python``, or ``unknown``: by who loaded it."""
    from importlib import machinery

    spec = _namespace(module).get("__spec__")
    loader = getattr(spec, "loader", None)
    if loader is machinery.BuiltinImporter:
        return "builtin"
    if isinstance(loader, machinery.ExtensionFileLoader):
        return "extension"
    if loader is None:
        return "unknown"
    file = file_of(module)
    if file and file.endswith(tuple(machinery.EXTENSION_SUFFIXES)):
        return "extension"  # another tool's loader
    return "python"


def file_of(module):
    """The file the module was loaded from: what its spec says, before what it says itself."""
    spec = _namespace(module).get("__spec__")
    if getattr(spec, "has_location", False) and isinstance(spec.origin, str):
        return str(spec.origin)
    return _text_attribute(module, "__file__")

"""One look at a loaded module, as the interpreter sees it. Plain data comes back."""

import gc
import sys
import types

from . import classes
from .definition import phase_of_moduledef, read_moduledef, read_slot_array
from .instances import visits_type
from .interpreter import CApi, is_free_threaded
from .mapping import locate
from .memory import Memory
from .objects import namespace_of
from .origin import file_of, kind_of

__all__ = ["UnsupportedError", "file_of", "inspect", "is_free_threaded", "kind_of"]

NEWEST = (3, 15)
KINDS_SHOWN = 20


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
        own, foreign = classes.types_of(module, name, namespace_of(module), loaded, api, reader)
        answer["types"] = own
        answer["foreign_types"] = foreign
        answer["static_types"] = [entry["name"] for entry in own if entry["static"]]
        # m_traverse runs here, called by the interpreter exactly as a garbage collection does.
        tell("traverse")
        reported = _reported(module)
        answer["traverse_reports"] = None if reported is None else len(reported)
        answer["traverse_kinds"] = _counted(reported or ())
        tell("instances that exist")
        visits = _visits(own)
        answer["heap_types"] = [
            {
                "name": entry["name"],
                "flags": entry["flags"],
                "module_tied": entry["module_tied"],
                "traverse_visits_type": visits.get(entry["address"]),
            }
            for entry in own
            if not entry["static"]
        ]
        answer["untied_types"] = [
            entry["name"] for entry in own if not entry["static"] and entry["module_tied"] is False
        ]
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
    """The objects m_traverse reports, beside the module's own dict; None: not asked."""
    if not _is_module(module):
        return None
    return [value for value in gc.get_referents(module) if value is not namespace_of(module)]


def _counted(values):
    """[{type, count}] of objects, the most frequent first."""
    counts = {}
    for value in values:
        name = type.__dict__["__qualname__"].__get__(type(value))
        counts[name] = counts.get(name, 0) + 1
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"type": name, "count": count} for name, count in ranked[:KINDS_SHOWN]]


def _visits(own):
    """{type's address: whether traverse visits it}, from instances that are there already.

    None is made: an instance comes from foreign code. Where none exists nothing is known.
    """
    wanted = {entry["address"] for entry in own if not entry["static"]}
    found = {}
    if wanted:
        for value in gc.get_objects():
            address = id(type(value))
            if address in wanted and address not in found:
                found[address] = visits_type(value)
    return found


def _is_module(value):
    return issubclass(type(value), types.ModuleType)


def _text_attribute(module, key):
    value = namespace_of(module).get(key)
    return str(value) if isinstance(value, str) else None

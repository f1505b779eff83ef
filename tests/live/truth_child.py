"""Runs under the interpreter in question: imports modules and says what is true about them.

stdin: ``{"probe": folder, "modules": [{"name", "static": [link addresses]}]}``. stdout: a line
``{"begin": name}`` before each module and one with what was found after it. Standard library
only, 3.8's grammar.
"""

import json
import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location


def load_probe(folder):
    spec = spec_from_file_location(
        "_isoview_probe",
        folder + "/__init__.py",
        submodule_search_locations=[folder],
    )
    sys.modules["_isoview_probe"] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules["_isoview_probe"])
    return sys.modules["_isoview_probe"]


def candidates(addresses, info):
    """Which link addresses hold a type that PyType_Ready has seen: [[address, ready], ...]."""
    interpreter = import_module("_isoview_probe.interpreter")
    memory_class = import_module("_isoview_probe.memory").Memory
    answers = []
    with memory_class() as memory:
        for address in addresses:
            place = address + info["load_bias"]
            flags = memory.word(place + interpreter.TP_FLAGS)
            metatype = memory.word(place + interpreter.OB_TYPE)
            ready = bool(flags is not None and flags & interpreter.TYPE_READY and metatype)
            answers.append([address, ready])
    return answers


def made_of_code(info):
    """Names of the module's heap types whose slots run this file's own functions."""
    classes = import_module("_isoview_probe.classes")
    interpreter = import_module("_isoview_probe.interpreter")
    loaded = import_module("_isoview_probe.mapping").locate(info["file"])
    if loaded is None:
        return []
    api = interpreter.CApi()
    wanted = {entry["address"]: entry["name"] for entry in info["types"] if not entry["static"]}
    return sorted(
        wanted[id(cls)]
        for cls in classes.every_type()
        if id(cls) in wanted and classes.runs_own_code(cls, loaded, api)
    )


def main():
    request = json.load(sys.stdin)
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # modules may print
    inspect = load_probe(request["probe"]).inspect
    for wanted in request["modules"]:
        out.write(json.dumps({"begin": wanted["name"]}) + "\n")
        out.flush()
        try:
            info = inspect(import_module(wanted["name"]))
        except BaseException as error:  # noqa: BLE001  # whatever a module raises
            answer = {"name": wanted["name"], "error": f"{type(error).__name__}: {error}"}
        else:
            answer = {
                "name": wanted["name"],
                "info": info,
                "ready": candidates(wanted["static"], info) if info["load_bias"] else [],
                "code_types": made_of_code(info),
            }
        out.write(json.dumps(answer) + "\n")
        out.flush()


if __name__ == "__main__":
    main()

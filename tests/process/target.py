"""The program that is looked into: says what it knows of itself, then does as it is told.

Run by any interpreter from 3.11 on: ``target.py SCENARIO [MODULE...]``. Lines on stdin are asked,
each is answered by one line of JSON on stdout; it ends when stdin does.
"""

import ctypes
import json
import os
import sys
import threading

TRUTH = """
import sys
def truth():
    module_type = type(sys)
    namespace = module_type.__dict__["__dict__"].__get__
    flags = type.__dict__["__flags__"].__get__
    found = {}
    for name, module in list(sys.modules.items()):
        entry = {"address": id(module), "is_module": issubclass(type(module), module_type)}
        if entry["is_module"]:
            file = namespace(module).get("__file__")
            entry["file"] = file if isinstance(file, str) else None
            entry["types"] = {
                str(id(value)): [flags(value), value.__name__]
                for value in list(namespace(module).values())
                if issubclass(type(value), type)
            }
        found[name] = entry
    return found
"""
exec(TRUTH)


def pointers(found):
    """Definition and state of each module, as the C API gives them."""
    api = ctypes.pythonapi
    for function in (api.PyModule_GetDef, api.PyModule_GetState):
        function.restype, function.argtypes = ctypes.c_void_p, [ctypes.py_object]
    for name, entry in found.items():
        if entry["is_module"]:
            for key, function in (
                ("definition", api.PyModule_GetDef),
                ("state", api.PyModule_GetState),
            ):
                entry[key] = function(sys.modules[name])
                api.PyErr_Clear()
    return found


def read_words(addresses):
    """What stands at each address, and the type of the object that it points to."""
    answer = []
    for address, target in addresses:
        value = ctypes.c_void_p.from_address(address).value
        kind = type(ctypes.cast(target, ctypes.py_object).value) if value == target else None
        answer.append([value, kind.__name__ if kind else None])
    return answer


class Interpreters:
    """The low-level module for sub-interpreters under its several names."""

    def __init__(self):
        try:
            import _interpreters as module
        except ImportError:
            import _xxsubinterpreters as module
        self._module = module
        self.ids = []

    def create(self, own_gil):
        module = self._module
        if sys.version_info >= (3, 13):
            identifier = module.create("isolated" if own_gil else "legacy")
        elif sys.version_info >= (3, 12):
            identifier = module.create(isolated=own_gil)
        else:
            identifier = module.create()
        self.ids.append(identifier)
        return identifier

    def run(self, identifier, code):
        module = self._module
        problem = (module.exec if hasattr(module, "exec") else module.run_string)(identifier, code)
        assert problem is None, problem


def three(modules, folder):
    """Two more interpreters with the same modules; their truth goes to files."""
    interpreters = Interpreters()
    truths = {}
    for number, own_gil in ((1, True), (2, False)):
        identifier = interpreters.create(own_gil)
        path = f"{folder}/truth-{number}.json"
        tries = "".join(f"try:\n import {name}\nexcept ImportError: pass\n" for name in modules)
        interpreters.run(
            identifier,
            f"{tries}{TRUTH}\nimport json\nfound = truth()\n"
            f"with open({path!r}, 'w') as stream: json.dump(found, stream)\ndel stream\n",
        )
        with open(path) as stream:
            truths[number] = json.load(stream)
    return interpreters, truths


class Busy:
    """Rewrites sys.modules as fast as it can, and counts how often."""

    def __init__(self):
        self.count = 0
        self.running = True
        self.thread = threading.Thread(target=self._spin, daemon=True)
        self.thread.start()

    def _spin(self):
        kind = type(sys)
        number = 0
        while self.running:
            number += 1
            name = f"passing.{number % 500}"
            sys.modules[name] = kind(name)
            sys.modules.pop(f"passing.{(number * 7) % 500}", None)
            self.count += 1


def say(answer):
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main():
    # Where Yama keeps processes apart, let everybody of this user look (prctl(2), PR_SET_PTRACER).
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
    scenario, folder, *modules = sys.argv[1:]
    for name in modules:
        __import__(name)
    keep = [None]
    truths = {}
    busy = None
    if scenario == "three":
        keep[0], truths = three(modules, folder)
    elif scenario == "busy":
        busy = Busy()
    elif scenario == "agent":
        from isoview.inspectors.live import agent

        say(agent.listen())
    if scenario == "spin":
        say("ready")
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
        while True:
            keep[0] = None
    say("ready")
    for line in sys.stdin:
        request = json.loads(line)
        answer = None
        if request == "truth":
            answer = pointers(truth())  # noqa: F821
        elif request == "stable":
            answer = {
                name: id(module)
                for name, module in list(sys.modules.items())
                if not name.startswith("passing.")
            }
        elif request == "others":
            answer = truths
        elif request == "count":
            answer = busy.count
        elif request[0] == "words":
            answer = read_words(request[1])
        elif request[0] == "import":
            __import__(request[1])
        elif request[0] == "exec":
            os.execv(request[1][0], request[1])
        say(answer)


main()

"""The experiments once more, written apart from the probe and sharing no code with it.

    PYTHON tests/live/independent.py EXPERIMENT MODULE

prints one line of JSON: what happened, in the few words that both sides can be compared by. It is
started by the interpreter under test; standard library only. How the process ended is for the
caller to see. Deliberately naive: addresses are ``id()``, memory is read by ``ctypes.string_at``,
each experiment is a page that can be read at a glance. Extension modules are imported only where
they are needed: sub-interpreters import this file, too, and refuse some of them.
"""

import gc
import importlib.util
import json
import os
import sys

REFUSALS = (
    "does not support loading in subinterpreters",
    "Interpreter change detected",
    "PyO3 modules do not yet support subinterpreters",
    "cannot load module more than once per process",
    "can only be loaded once per process",
)


def status_of(error):
    texts = []
    while error is not None and len(texts) < 9:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
    return "refused" if any(word in text for word in REFUSALS for text in texts) else "failed"


def attempt(action):
    try:
        return "ok", action()
    except BaseException as error:
        if isinstance(error, ImportError):
            return status_of(error), None
        return "failed", None


def again(name):
    first = sys.modules.pop(name)
    try:
        return importlib.import_module(name)
    finally:
        sys.modules[name] = first
        package, _, last = name.rpartition(".")
        if package:
            setattr(sys.modules[package], last, first)


def classes(module, name):
    return {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and not key.startswith("__") and mine(value, name)
    }


def is_there(name):
    """Without importing anything: a package may import the extension, which changes everything."""
    first, _, rest = name.partition(".")
    spec = importlib.util.find_spec(first)
    if spec is None or not rest:
        return spec is not None
    for folder in spec.submodule_search_locations or ():
        place, _, last = os.path.join(folder, *rest.split(".")).rpartition(os.sep)
        if os.path.isdir(place) and any(
            entry.startswith(last + ".") and entry.endswith(".so") for entry in os.listdir(place)
        ):
            return True
    return False


def touch(module):
    """Use what the module holds as little as can be: ask each object for its name and its text."""
    for value in list(vars(module).values()):
        attempt(lambda value=value: (getattr(value, "__name__", None), repr(value)))


def mine(cls, name):
    """By its name, or by the lack of anybody else who has it."""
    home = cls.__module__
    if home in (name, name.lstrip("_"), name.rpartition(".")[0]):
        return True
    return home != "builtins" and getattr(sys.modules.get(home), cls.__name__, None) is not cls


def info(name):
    import ctypes

    module = importlib.import_module(name)
    api = ctypes.pythonapi
    api.PyModule_GetDef.restype = ctypes.c_void_p
    api.PyModule_GetDef.argtypes = [ctypes.py_object]
    address = api.PyModule_GetDef(module)
    if not address:
        return {"phase": "export"}
    head = object.__basicsize__ + 3 * 8  # PyObject, m_init, m_index, m_copy
    size = ctypes.c_ssize_t.from_address(address + head + 16).value
    slots = ctypes.c_void_p.from_address(address + head + 32).value
    return {"phase": "multi" if slots else "single", "m_size": size}


def twice(name):
    first = importlib.import_module(name)
    status, second = attempt(lambda: again(name))
    if status != "ok":
        return {"status": status}
    one, two = classes(first, name), classes(second, name)
    both = [key for key in one if key in two]
    return {
        "status": "ok",
        "same_module": first is second,
        "shares": any(one[key] is two[key] for key in both),
    }


def free_threaded(name):
    if not hasattr(sys, "_is_gil_enabled") or sys._is_gil_enabled():
        return {"status": "not-run"}
    importlib.import_module(name)
    return {"status": "ok", "gil_after": sys._is_gil_enabled()}


def lifecycle(name):
    import weakref

    first = importlib.import_module(name)
    status, second = attempt(lambda: again(name))
    if status != "ok":
        return {"status": status}
    if second is first:
        return {"status": "not-run"}
    del second
    gone = [0]

    def one():
        module = again(name)
        weakref.finalize(module, lambda: gone.__setitem__(0, gone[0] + 1))
        del module
        gc.collect()

    for _ in range(20):
        one()
    before = sys.getallocatedblocks()
    for _ in range(20):
        one()
    return {
        "status": "ok",
        "freed": gone[0] >= 39,
        "blocks": (sys.getallocatedblocks() - before) / 20,
    }


def instances(name):
    if "t" in sys.abiflags:
        return {"status": "not-run"}
    module = importlib.import_module(name)
    keep = []
    for key, cls in sorted(classes(module, name).items()):
        if not cls.__flags__ & 512 or attempt(cls)[0] != "ok" or type(cls()) is not cls:
            continue
        gc.collect()
        before = sys.getrefcount(cls)
        for _ in range(200):
            attempt(cls)
        gc.collect()
        if sys.getrefcount(cls) - before >= 180:
            keep.append(key)
    return {"status": "ok", "keep": keep}


def statics(name):
    import ctypes

    module = importlib.import_module(name)
    path = module.__spec__.origin
    if not os.path.isfile(path):
        return {"status": "not-run"}
    ranges = writable(os.path.realpath(path))

    def words():
        found = {}
        for start, stop in ranges:
            raw = ctypes.string_at(start, stop - start)
            values = memoryview(raw).cast("Q")
            found.update((start + 8 * index, value) for index, value in enumerate(values) if value)
        return found

    gc.collect()
    known = {id(value) for value in gc.get_objects()} | {id(cls) for cls in everything()}
    types_here = [id(cls) for cls in everything() if any(a <= id(cls) < b for a, b in ranges)]
    before = {
        at: value
        for at, value in words().items()
        if value in known and not any(start <= at < start + 440 for start in types_here)
    }
    status, _second = attempt(lambda: again(name))
    if status != "ok":
        return {"status": status}
    after = words()
    return {"status": "ok", "overwritten": any(after.get(at) != before[at] for at in before)}


def writable(path):
    """[(start, end)] in memory of the writable segments, less what is sealed, as readelf has them."""
    import subprocess

    with open("/proc/self/maps") as stream:
        base = next(int(line.split("-")[0], 16) for line in stream if line.rstrip().endswith(path))
    told = subprocess.run(["readelf", "-lW", path], capture_output=True, text=True).stdout
    segments, sealed = [], []
    for line in told.splitlines():
        parts = line.split()
        if parts[:1] == ["LOAD"] and "W" in "".join(parts[6:-1]):
            segments.append((int(parts[2], 16), int(parts[2], 16) + int(parts[5], 16)))
        if parts[:1] == ["GNU_RELRO"]:
            sealed.append(int(parts[2], 16) + int(parts[5], 16))
    found = []
    for start, end in segments:
        unsealed = max([start, *(at for at in sealed if start < at <= end)])
        found.append((base + (unsealed + 7) // 8 * 8, base + end // 8 * 8))
    return found


def everything():
    seen, waiting = set(), [object]
    while waiting:
        cls = waiting.pop()
        if cls not in seen:
            seen.add(cls)
            waiting.extend(type.__subclasses__(cls))
    return seen


EXPERIMENTS = {
    "info": info,
    "twice": twice,
    "free-threaded": free_threaded,
    "lifecycle": lifecycle,
    "instances": instances,
    "statics": statics,
}

if __name__ == "__main__":
    if not is_there(sys.argv[2]):
        said = {"status": "not-run"}
    elif sys.argv[1] not in EXPERIMENTS:
        import independent_subs

        said = independent_subs.EXPERIMENTS[sys.argv[1]](sys.argv[2])
    else:
        said = EXPERIMENTS[sys.argv[1]](sys.argv[2])
    os.write(1, ("\n@@" + json.dumps(said) + "\n").encode())

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
USERS = {
    "google._upb._message": "google.protobuf.internal.api_implementation",
    "markupsafe._speedups": "markupsafe",
    "simplejson._speedups": "simplejson.encoder",
    "msgpack._cmsgpack": "msgpack",
    "frozenlist._frozenlist": "frozenlist",
    "_decimal": "decimal",
    "_json": "json.decoder",
    "_asyncio": "asyncio.events",
    "_elementtree": "xml.etree.ElementTree",
    "_queue": "queue",
}
"""Modules that import the extension and can do without: known by reading them."""


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


SUB = """
import sys
sys.path[:] = %r
causes = []
sys.unraisablehook = lambda entry: causes.append(str(entry.exc_value))
kind, texts, module = None, [], None
try:  # first of all: what else is imported may change what happens
    module = __import__(%r, fromlist=["any"])
except BaseException as error:  # let go of, as programs do: keeping it keeps other things alive
    kind = type(error)
    while error is not None and len(texts) < 9:
        texts.append(str(error))
        error = error.__cause__ or error.__context__
sys.path.append(%r)
import independent, json
said = {"status": "ok"}
if kind is not None:
    refused = issubclass(kind, ImportError) and any(
        word in text for word in independent.REFUSALS for text in texts
    )
    said["status"] = "refused" if refused else "failed"
if said["status"] == "failed" and any(w in c for c in causes for w in independent.REFUSALS):
    said["status"] = "refused"
if module is not None:
    found = independent.classes(module, %r)
    independent.touch(module)
    said["ids"] = {key: id(value) for key, value in found.items()}
with open(%r, "w") as stream:
    stream.write(json.dumps(said))
"""


def interpreters():
    try:
        import _interpreters as module
    except ImportError:
        import _xxsubinterpreters as module
    return module


def make(own_gil):
    module = interpreters()
    if sys.version_info >= (3, 13):
        return module.create("isolated" if own_gil else "legacy")
    return module.create(isolated=own_gil)


def run_in(number, name):
    path = "/tmp/independent.%d.%d" % (os.getpid(), int(number))
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        interpreters().run_string(number, SUB % (sys.path, name, here, name, path))
    except Exception:
        return {"status": "failed"}
    try:
        with open(path) as stream:
            return json.load(stream)
    except (OSError, ValueError):
        return {"status": "failed"}
    finally:
        if os.path.exists(path):
            os.unlink(path)


def shared_gil_main_first(name):
    causes = []
    sys.unraisablehook = lambda entry: causes.append(str(entry.exc_value))
    module = importlib.import_module(name)
    mine_now = {key: id(value) for key, value in classes(module, name).items()}
    number = make(False)
    said = run_in(number, name)
    interpreters().destroy(number)
    return worse(said, causes, mine_now)


def worse(said, causes, mine_now):
    status = said["status"]
    if status == "failed" and any(word in text for word in REFUSALS for text in causes):
        status = "refused"
    if status != "ok":
        return {"status": status}
    ids = said["ids"]
    return {"status": "ok", "shares": any(ids.get(key) == mine_now[key] for key in mine_now)}


def shared_gil_in_turn(name):
    causes = []
    sys.unraisablehook = lambda entry: causes.append(str(entry.exc_value))
    found = []
    for _ in range(2):
        number = make(False)
        found.append(run_in(number, name)["status"])
        interpreters().destroy(number)
    bad = next((status for status in found if status != "ok"), "ok")
    if bad == "failed" and any(word in text for word in REFUSALS for text in causes):
        bad = "refused"
    return {"status": bad}


def own_gil(name):
    import threading

    if sys.version_info < (3, 12):
        return {"status": "not-run"}
    numbers = [make(True), make(True)]
    said = [None, None]
    barrier, leave = threading.Barrier(2), threading.Barrier(2)

    def work(index):
        barrier.wait()
        said[index] = run_in(numbers[index], name)
        leave.wait()
        interpreters().destroy(numbers[index])

    threads = [threading.Thread(target=work, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bad = next((entry["status"] for entry in said if entry["status"] != "ok"), "ok")
    if bad != "ok":
        return {"status": bad}
    one, two = said[0]["ids"], said[1]["ids"]
    return {"status": "ok", "shares": any(one[key] == two.get(key) for key in one)}


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


def fallback(name):
    if name not in USERS:
        return {"status": "not-run"}
    importlib.import_module(USERS[name])
    if name not in sys.modules:
        return {"status": "not-run"}
    found = {}
    for own in (True, False):
        if own and sys.version_info < (3, 12):
            continue
        number = make(own)
        path = "/tmp/independent.%d.f" % os.getpid()
        script = (
            "import sys, importlib\nsys.path[:] = %r\n"
            "try:\n importlib.import_module(%r)\n said = 'extension' if %r in sys.modules else 'python'\n"
            "except BaseException: said = 'failed'\nopen(%r, 'w').write(said)"
        )
        try:
            interpreters().run_string(number, script % (sys.path, USERS[name], name, path))
        except Exception:
            pass
        with open(path) as stream:
            found[own] = stream.read()
        interpreters().destroy(number)
    worst = next((word for word in ("python", "failed") if word in found.values()), "extension")
    return {"status": "ok", "sub": worst}


EXPERIMENTS = {
    "info": info,
    "twice": twice,
    "shared-gil/main-first": shared_gil_main_first,
    "shared-gil/in-turn": shared_gil_in_turn,
    "own-gil": own_gil,
    "free-threaded": free_threaded,
    "lifecycle": lifecycle,
    "instances": instances,
    "statics": statics,
    "fallback": fallback,
}

if __name__ == "__main__":
    if not is_there(sys.argv[2]):
        said = {"status": "not-run"}
    else:
        said = EXPERIMENTS[sys.argv[1]](sys.argv[2])
    os.write(1, ("\n@@" + json.dumps(said) + "\n").encode())

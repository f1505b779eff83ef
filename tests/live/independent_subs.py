"""What ``independent.py`` does with sub-interpreters."""

import importlib
import json
import os
import sys

from independent import REFUSALS, classes

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
    "shared-gil/main-first": shared_gil_main_first,
    "shared-gil/in-turn": shared_gil_in_turn,
    "own-gil": own_gil,
    "fallback": fallback,
}

"""Each number of the tables against CPython: its headers where they are, its objects everywhere."""

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from compiled import compiler
from live.interpreters import Interpreter
from process.targets import LINUX, everyone

from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.process.debug_offsets import PLACES
from isoview.inspectors.process.structures import DICT, OBJECTS, RUNTIMES, Objects

pytestmark = LINUX
SOURCE = Path(__file__).parent / "offsets.c"


@cache
def headers(executable: str) -> Path | None:
    """The folder of the interpreter's headers, where it has the internal ones, too."""
    code = "import sysconfig; print(sysconfig.get_path('include'))"
    done = subprocess.run([executable, "-c", code], capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    return folder if (folder / "internal" / "pycore_runtime.h").exists() else None


def compiled(folder: Path, out: Path, *, free_threaded: bool) -> dict[str, int]:
    """What the headers say, compiled and run."""
    # Debian keeps pyconfig.h for each architecture beside the version's folder.
    flags = ["-DPy_GIL_DISABLED=1"] if free_threaded else []
    includes = [f"-I{path}" for path in (folder, folder / "internal", folder.parent)]
    program = str(out / "offsets")
    command = compiler() or pytest.skip("no C compiler here (set CC, or install cc, gcc or clang)")
    subprocess.run(
        [*command, "-std=c11", "-D_GNU_SOURCE", "-w", *flags, *includes, "-o", program, str(SOURCE)],
        check=True, capture_output=True,
    )  # fmt: skip
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split("\n")
    return {name: int(value) for name, value in (line.split() for line in lines if line)}


def expected(minor: int, *, free_threaded: bool) -> dict[str, int]:
    """The same from our tables."""
    objects = OBJECTS[minor, free_threaded]
    head = objects.head
    layout = Layout(8, free_threaded)
    found = {
        "head": head, "type": objects.type, "ascii": objects.ascii, "compact": objects.compact,
        "str_length": head, "str_state": head + 16, "kind_shift": objects.kind_shift,
        "compact_shift": objects.kind_shift + 3, "ascii_shift": objects.kind_shift + 4,
        "tuple_items": objects.tuple_items, "list_size": head, "set_used": head + 8,
        "float_value": head, "long_digit": head + 8, "function_name": head + 16,
        "builtin_method": head, "dict_used": head + DICT.used, "dict_keys": head + DICT.keys,
        "dict_values": head + DICT.values, "keys_log2_size": DICT.log2_size,
        "keys_log2_index_bytes": DICT.log2_index_bytes, "keys_kind": DICT.kind,
        "keys_entries": DICT.entries, "keys_indices": DICT.indices, "values": objects.values,
        "module_dict": head, "module_state": objects.module_state,
        "tp_mro": layout.type("tp_mro"), "tp_flags": layout.type("tp_flags"),
        "ht_qualname": objects.ht_qualname, "ht_module": objects.ht_module,
        "type_size": objects.type_size, "heap_type_size": objects.heap_type_size,
    }  # fmt: skip
    if objects.long_tagged:
        found["long_tag"] = head
    optional = {
        "module_definition": objects.module_definition,
        "module_token": objects.module_token,
        "module_token_is_definition": objects.module_token_is_definition,
        "module_state_size": objects.module_state_size,
    }
    found |= {name: value for name, value in optional.items() if value is not None}
    if (3, minor) in RUNTIMES:
        runtime = RUNTIMES[3, minor]._asdict()
        found |= {name: value for name, value in runtime.items() if value is not None}
    if minor in PLACES:
        found |= debug_places(minor)
    return found


def debug_places(minor: int) -> dict[str, int]:
    places = PLACES[minor]
    found = {
        "debug_total": places.total, "debug_interpreters_head": 40, "debug_id": 56,
        "debug_next": 64, "debug_threads_head": 72, "debug_modules": 88 if minor == 13 else 96,
        "debug_gil": places.gil, "debug_own_gil": places.gil + 8, "debug_thread": places.thread,
        "debug_thread_next": places.thread + 16, "debug_thread_id": places.thread_id,
        "debug_native_thread_id": places.thread_id + 8, "debug_objects": places.objects,
        "debug_types": places.objects + 16, "debug_dict": places.dict,
        "debug_unicode": places.unicode, "debug_unicode_state": places.unicode + 8,
        "debug_unicode_length": places.unicode + 16, "debug_unicode_size": places.unicode + 24,
    }  # fmt: skip
    if places.debugger is not None:
        found |= {"debug_debugger": places.debugger, "debug_enabled": places.debugger + 16}
    return found


RUNTIME_NAMES = {
    "interpreters_head", "next", "id", "threads_head", "modules", "gil", "own_gil", "thread_next",
    "thread_id", "native_thread_id",
}  # fmt: skip


@everyone()
def test_tables_agree_with_the_headers(interpreter: Interpreter, tmp_path: Path) -> None:
    minor = interpreter.version[1]
    folder = headers(interpreter.executable)
    if folder is None:
        pytest.skip(f"CPython {interpreter.label} has no internal headers here")
    # Headers of a free-threaded build say so themselves; others can be compiled as if they were.
    builds = [True] if interpreter.free_threaded else [False, True] if minor >= 13 else [False]
    for free_threaded in builds:
        said = compiled(folder, tmp_path, free_threaded=free_threaded)
        if minor in PLACES:
            # From 3.13 on the interpreter says these itself; nothing of ours can be wrong there.
            said = {name: value for name, value in said.items() if name not in RUNTIME_NAMES}
        assert expected(minor, free_threaded=free_threaded) == said


INSIDE = """
import ctypes, json, sys, types, _json
word = ctypes.sizeof(ctypes.c_void_p)
def words(thing, size):
    return list((ctypes.c_size_t * (size // word)).from_address(id(thing)))
def place(thing, size, value):
    return words(thing, size).index(value) * word
api = ctypes.pythonapi
for function in (api.PyModule_GetDef, api.PyModule_GetState):
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.py_object]
class Own: pass
Own.__qualname__ = "Other.Own"
item = Own()
module_size = types.ModuleType.__basicsize__
spec = next(v for v in vars(_json).values() if isinstance(v, type) and v.__flags__ & 512)
module_word = ctypes.pythonapi.PyType_GetModule
module_word.restype, module_word.argtypes = ctypes.c_void_p, [ctypes.py_object]
import array
print(json.dumps({
    "head": object.__basicsize__,
    "type": place(item, object.__basicsize__, id(Own)),
    "ascii": sys.getsizeof("") - 1,
    "compact": sys.getsizeof("\\xe9" * len(sys.argv) * 3) - 4,
    "tuple_items": place((item,), tuple.__basicsize__ + word, id(item)),
    "module_dict": place(sys, module_size, id(vars(sys))),
    "module_state": place(_json, module_size, api.PyModule_GetState(_json)),
    "definition": words(_json, module_size).index(api.PyModule_GetDef(_json)) * word,
    "ht_qualname": place(Own, type.__basicsize__, id(Own.__qualname__)),
    "ht_module": place(array.array, type.__basicsize__, module_word(array.array)),
    "heap_type_size": type.__basicsize__,
}))
"""


def objects_inside(objects: Objects) -> dict[str, int]:
    definition = objects.module_definition
    return {
        "head": objects.head, "type": objects.type, "ascii": objects.ascii,
        "compact": objects.compact, "tuple_items": objects.tuple_items,
        "module_dict": objects.head, "module_state": objects.module_state,
        "definition": definition if definition is not None else objects.module_token or 0,
        "ht_qualname": objects.ht_qualname, "ht_module": objects.ht_module,
        "heap_type_size": objects.heap_type_size,
    }  # fmt: skip


@everyone()
def test_tables_agree_with_the_interpreter_itself(interpreter: Interpreter) -> None:
    done = subprocess.run(
        [interpreter.executable, "-c", INSIDE], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    key = (interpreter.version[1], interpreter.free_threaded)
    assert objects_inside(OBJECTS[key]) == json.loads(done.stdout)

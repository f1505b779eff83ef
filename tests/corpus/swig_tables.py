"""SWIG's type tables in files against those that an interpreter holds after import.

    python tests/corpus/swig_tables.py --python PYTHON [--path FOLDER ...] MODULE...

All modules are imported into one process of PYTHON: SWIG links their tables in a ring, and puts a
type that an earlier module has in the place of its own. So each module's own list is read
(``type_initial`` of ``swig_module_info``, the fourth word), and compared with what isoview reads from
the file that holds it: the same names, as often. Importing runs the modules' code.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter

from isoview.inspectors.binary.inspect import load
from isoview.inspectors.binary.runtime_types.swig import swig_types

# Words of swig_module_info: types, size, next, type_initial; of swig_type_info: name, str.
_CHILD = """
import ctypes, importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
api = ctypes.pythonapi
api.PyCapsule_GetPointer.restype = ctypes.c_void_p
api.PyCapsule_GetPointer.argtypes = [ctypes.py_object, ctypes.c_char_p]
api.PyCapsule_GetName.restype = ctypes.c_char_p
api.PyCapsule_GetName.argtypes = [ctypes.py_object]
WORD = ctypes.sizeof(ctypes.c_void_p)
def word(address):
    return ctypes.c_void_p.from_address(address).value or 0
def text(address):
    return ctypes.string_at(address).decode() if address else ""
mapped = [line.split(None, 5) for line in open("/proc/self/maps")]
def file_of(address):
    for fields in mapped:
        low, high = (int(end, 16) for end in fields[0].split("-"))
        if low <= address < high:
            return fields[5].strip()
found = {}
registries = [sys.modules[name] for name in sys.modules if name.startswith("swig_runtime_data")]
for kept in [kept for registry in registries for kept in vars(registry).values()]:
    if type(kept).__name__ != "PyCapsule":
        continue
    first = module = api.PyCapsule_GetPointer(kept, api.PyCapsule_GetName(kept))
    while True:
        size, following, own = (word(module + place * WORD) for place in (1, 2, 3))
        types = [word(own + place * WORD) for place in range(size)]
        found[file_of(own)] = [
            text(word(each + WORD)).rpartition("|")[2].strip() or text(word(each)) for each in types
        ]
        module = following
        if module in (0, first):
            break
print(json.dumps(found))
"""


def main() -> None:
    """Compare every table, and say which are equal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("modules", nargs="+", metavar="MODULE")
    parser.add_argument("--python", required=True)
    parser.add_argument("--path", action="append", default=[], metavar="FOLDER")
    arguments = parser.parse_args()
    child = subprocess.run(
        [arguments.python, "-c", _CHILD, *arguments.modules],
        stdout=subprocess.PIPE, text=True, check=True, timeout=600,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(arguments.path)},
    )  # fmt: skip
    tables: dict[str, list[str]] = json.loads(child.stdout.splitlines()[-1])
    different = 0
    for path, live in sorted(tables.items()):
        with load(path) as loaded:
            read = Counter(swig_types(loaded.image).values())
        missed, invented = Counter(live) - read, read - Counter(live)
        different += bool(missed or invented)
        said = "equal" if read == Counter(live) else f"missed {missed}, invented {invented}"
        print(f"{os.path.basename(path)}: {len(live)} types, {said}")  # noqa: PTH119
    sys.exit(1 if different or not tables else 0)


if __name__ == "__main__":
    main()

"""Cost must grow as the work does: a module with N static types, heap types, statics and methods.

The source is generated and compiled here; what is measured is the reading alone, in one process,
so that the start of an interpreter does not hide how it grows.
"""

import subprocess
import sys
import sysconfig
import time
from itertools import pairwise
from pathlib import Path

from benchmarks.things import WORK, Things

SIZES = (10, 100, 1_000, 10_000)
MOST = 2.0
"""Ten times as much may cost at most this many times what ten times the smaller costs."""


def source(number: int) -> str:
    """A module with ``number`` static types, specs, statics and methods, and as many definitions."""
    parts = ["#include <Python.h>", "static PyObject *f(PyObject *s, PyObject *a) { return a; }"]
    parts += [
        f"static PyTypeObject type_{n} = {{PyVarObject_HEAD_INIT(NULL, 0)\n"
        f'  .tp_name = "grown.Type{n}", .tp_basicsize = 16, .tp_flags = Py_TPFLAGS_DEFAULT,\n'
        f"  .tp_repr = (reprfunc)f}};\n"
        f"static PyType_Slot slots_{n}[] = {{{{Py_tp_repr, f}}, {{0, NULL}}}};\n"
        f'static PyType_Spec spec_{n} = {{"grown.Heap{n}", 16, 0, Py_TPFLAGS_DEFAULT, slots_{n}}};\n'
        f"static struct PyModuleDef def_{n} = {{PyModuleDef_HEAD_INIT,\n"
        f'  .m_name = "grown{n}", .m_size = 0}};\n'
        f"static PyObject *object_{n};\nstatic long counter_{n};"
        for n in range(number)
    ]
    parts.append("static PyMethodDef methods[] = {")
    parts += [f'  {{"method{n}", f, METH_O, NULL}},' for n in range(number)]
    parts.append("  {NULL, NULL, 0, NULL}};")
    parts.append("void *used(int n) { switch (n) {")
    parts += [
        f"  case {n}: counter_{n}++; object_{n} = (PyObject *)&type_{n}; (void)object_{n};"
        f" return n & 1 ? (void *)&spec_{n} : (void *)&def_{n};"
        for n in range(number)
    ]
    parts.append("  } return NULL; }")
    parts.append(
        'static struct PyModuleDef grown = {PyModuleDef_HEAD_INIT, .m_name = "grown",\n'
        "  .m_size = -1, .m_methods = methods};\n"
        "PyMODINIT_FUNC PyInit_grown(void) { return PyModule_Create(&grown); }"
    )
    return "\n".join(parts)


def built(things: Things, number: int) -> Path | None:
    """The compiled module."""
    if things.compiler is None:
        return None
    target = WORK / f"grown-{number}" / "grown.cpython-313-x86_64-linux-gnu.so"
    if not target.exists():
        target.parent.mkdir(exist_ok=True)
        code = target.with_name("grown.c")
        code.write_text(source(number))
        include = sysconfig.get_paths()["include"]
        flags = ("-shared", "-fPIC", "-O0", "-w", f"-I{include}")
        subprocess.run([things.compiler, *flags, str(code), "-o", target], check=True)
    return target


def seconds(path: Path, *, quick: bool, turns: int = 3) -> float:
    """CPU seconds to read one module and to judge it: the least of some turns."""
    from isoview.inspectors.binary.inspect import code, load, shape
    from isoview.judge import judge

    best = float("inf")
    for _ in range(turns):
        before = time.process_time()
        loaded = load(str(path))
        facts = shape(loaded)
        judge(facts if quick else code(loaded, facts))
        best = min(best, time.process_time() - before)
    return best


def measure(things: Things) -> list[dict[str, float]]:
    """For each size the seconds of a quick and of a full reading; empty without a compiler."""
    found = []
    for number in SIZES:
        path = built(things, number)
        if path is None:
            return []
        found.append({
            "structures": number,
            "quick": seconds(path, quick=True),
            "full": seconds(path, quick=False),
        })  # fmt: skip
        print(f"  growth {number}: {found[-1]}", file=sys.stderr)
    return found


def worst(found: list[dict[str, float]]) -> float:
    """The largest growth of cost beyond that of the work, from a hundred structures on."""
    return max(
        (
            (after[kind] / before[kind]) / (after["structures"] / before["structures"])
            for before, after in pairwise(found[1:])
            for kind in ("quick", "full")
        ),
        default=0.0,
    )

"""Imported C-API names, grouped by what they say about isolation.

A name falls into the first group that claims it. The groups only order what a person reads;
rules have their own lists. Sources: the C-API reference of 3.8 to 3.15 and the HOWTO.
"""

from collections.abc import Iterable

_GROUPS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    # (what the group says, exact names, prefixes)
    (
        "one per process",
        (
            "PyModule_Create2", "PyType_Ready", "PyStructSequence_InitType",
            "PyStructSequence_InitType2",
        ),
        (),
    ),
    (
        "finds the module without its state",
        ("PyImport_GetModule", "PyImport_GetModuleDict", "PyImport_AddModule"),
        ("PyState_",),
    ),
    (
        "assumes one interpreter",
        (
            "Py_AtExit", "Py_AddPendingCall", "PyInterpreterState_Main", "PyInterpreterState_Head",
            "PyInterpreterState_Next", "PyThreadState_Swap", "PyEval_AcquireThread",
        ),
        ("PyGILState_", "Py_Initialize", "Py_Finalize", "Py_NewInterpreter", "Py_EndInterpreter"),
    ),
    (
        "per-module state",
        (
            "PyModuleDef_Init", "PyModule_FromDefAndSpec2", "PyModule_ExecDef",
            "PyInterpreterState_GetDict",
        ),
        (
            "PyModule_GetState", "PyType_GetModule", "PyModule_FromSlots", "PyModule_Exec",
            "PyModule_GetToken",
        ),
    ),
    ("heap types", ("PyType_Freeze", "PyType_GetBaseByToken"), ("PyType_From",)),
    (
        "locks and threads",
        ("PyEval_SaveThread", "PyEval_RestoreThread"),
        ("PyMutex_", "PyCriticalSection", "PyThread_", "PyThreadState_"),
    ),
    (
        "borrowed references",
        (
            "PyDict_GetItem", "PyDict_GetItemWithError", "PyDict_GetItemString",
            "PyDict_SetDefault", "PyDict_Next", "PyList_GetItem", "PyWeakref_GetObject",
        ),
        (),
    ),
    ("capsules", (), ("PyCapsule_",)),
    ("exceptions", (), ("PyExc_", "PyErr_")),
    ("private", (), ("_Py",)),
)  # fmt: skip
OTHER = "everything else"


def grouped(imports: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The imported names by group, groups in order of interest, empty ones left out."""
    found: dict[str, list[str]] = {name: [] for name, _, _ in _GROUPS}
    found[OTHER] = []
    for symbol in sorted(imports):
        found[_group(symbol)].append(symbol)
    return {name: tuple(symbols) for name, symbols in found.items() if symbols}


def _group(symbol: str) -> str:
    for name, exact, prefixes in _GROUPS:
        if symbol in exact or symbol.startswith(prefixes):
            return name
    return OTHER

"""ISO316."""

from isoview.rules.imports import ImportRule


class EmbeddingCalls(ImportRule):
    """An extension calls what only an application that embeds Python should call.

    What it finds
        Calls that start, end or configure the runtime or whole interpreters. CPython's own
        modules may.

    Why it matters
        An extension is a guest: the application that loaded it decides when interpreters
        begin and end. Ending or making one under it leaves other modules with state that is
        gone.

    How to fix
        C: Move the code into the application or into a library of its own that the
        application links. To run code apart from the caller, use the public
        `concurrent.interpreters` module (3.14) from Python.

    Guide
        background
    """

    code = "ISO316"
    name = "embedding-calls"
    severity = "warning"
    guide = "background"
    names = frozenset(
        {
            "Py_Initialize",
            "Py_InitializeEx",
            "Py_InitializeFromConfig",
            "Py_Finalize",
            "Py_FinalizeEx",
            "Py_NewInterpreter",
            "Py_NewInterpreterFromConfig",
            "Py_EndInterpreter",
            "Py_Main",
            "Py_RunMain",
            "Py_BytesMain",
            "PyImport_AppendInittab",
            "PyImport_ExtendInittab",
            "Py_SetPath",
            "Py_SetPythonHome",
            "Py_SetProgramName",
            "PySys_SetArgv",
            "PySys_SetArgvEx",
        }
    )
    says = "is for applications that embed Python"
    entitles_core = True

"""ISO314."""

from isoview.rules.imports import ImportRule


class OtherInterpreters(ImportRule):
    """The module reaches for the main interpreter, or for all of them.

    What it finds
        Calls that work with an interpreter other than the current one: the main one, or the
        list of all. Code that only compares with the main interpreter, to refuse others,
        has nothing to mend.

    Why it matters
        With several interpreters the main one need not be the one that called, and its
        objects must not be touched from another. Walking the list is safe only while nobody
        makes or ends an interpreter.

    How to fix
        C: Use the interpreter that calls: `PyInterpreterState_Get` (3.9). Where a callback
        comes back later, keep the interpreter that registered it in your state.
        `Py_AddPendingCall` always runs in the main interpreter: hand the work to a queue of
        the module instead.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO314"
    name = "other-interpreters"
    severity = "note"
    guide = "making-modules-safe-with-multiple-interpreters"
    names = frozenset(
        {
            "PyInterpreterState_Main",
            "PyInterpreterState_Head",
            "PyInterpreterState_Next",
            "PyInterpreterState_ThreadHead",
            "Py_AddPendingCall",
            "PyEval_SetProfileAllThreads",
            "PyEval_SetTraceAllThreads",
        }
    )
    says = "reaches beyond the interpreter that calls"
    entitles_core = True

"""ISO308."""

from isoview.rules.imports import ImportRule


class InterpreterId(ImportRule):
    """The module asks for a number that belongs to one interpreter.

    What it finds
        Calls that return a number valid in one interpreter only: watchers of dictionaries,
        types, functions and code objects, and indexes of extra data on code objects; also
        the call that replaces the function that evaluates frames. Where the number is kept
        is not read.

    Why it matters
        Kept in a static, the number of one interpreter is used in another, where it belongs
        to somebody else or to nobody. A frame evaluation function is set for one
        interpreter, while the pointer to the previous one usually stands in a static.

    How to fix
        C: Ask for the number in the exec function of each module object, keep it in the
        module state, and give it back in `m_free`.

    Guide
        enter-per-module-state
    """

    code = "ISO308"
    name = "interpreter-id"
    severity = "note"
    guide = "enter-per-module-state"
    names = frozenset(
        {
            "PyDict_AddWatcher",
            "PyType_AddWatcher",
            "PyFunction_AddWatcher",
            "PyCode_AddWatcher",
            "PyContext_AddWatcher",
            "PyUnstable_Eval_RequestCodeExtraIndex",
            "_PyEval_RequestCodeExtraIndex",
            "_PyInterpreterState_SetEvalFrameFunc",
        }
    )
    says = "works for the current interpreter only: what it returns or replaces must not stand in a static"

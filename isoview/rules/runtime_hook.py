"""ISO309."""

from isoview.rules.imports import ImportRule


class RuntimeHook(ImportRule):
    """The module reaches for a hook of the whole runtime.

    What it finds
        A file that imports one of the variables in which the interpreter keeps a hook for
        the whole process, such as `PyOS_InputHook`.

    Why it matters
        There is one such pointer in the process. The last module that writes it wins, in
        whatever interpreter it lives, and the function is called in interpreters that never
        loaded the module, also after it is gone.

    How to fix
        C: Write the hook from one place, under a lock, remember what was there, and put it
        back when your module is freed; refuse to load a second time if that is not possible
        (the opt-out).

    Guide
        managing-global-state
    """

    code = "ISO309"
    name = "runtime-hook"
    severity = "note"
    guide = "managing-global-state"
    names = frozenset(
        {
            "PyOS_InputHook",
            "PyOS_ReadlineFunctionPointer",
            "_PyOS_ReadlineTState",
            "_Py_HashSecret_Initialized",
        }
    )
    says = "is one hook for the whole process"

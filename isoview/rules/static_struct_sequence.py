"""ISO202."""

from isoview.rules.imports import ImportRule


class StaticStructSequence(ImportRule):
    """A struct sequence is made in static storage.

    What it finds
        A file that calls `PyStructSequence_InitType` or `PyStructSequence_InitType2`, which
        fill in a static type.

    Why it matters
        The type is shared by every interpreter of the process, like any static type, and
        filling it in a second time in another interpreter changes the type that the first
        one uses.

    How to fix
        C: Make the type with `PyStructSequence_NewType`, keep it in the module state, and
        add it to the module with `PyModule_AddType`.

    Guide
        heap-types
    """

    code = "ISO202"
    name = "static-struct-sequence"
    severity = "warning"
    guide = "heap-types"
    names = frozenset(
        {
            "PyStructSequence_InitType",
            "PyStructSequence_InitType2",
        }
    )
    says = "fills in a static type: every interpreter shares the struct sequence"

"""ISO315."""

from isoview.inspectors.facts import Facts
from isoview.rules.imports import ImportRule


class AtExit(ImportRule):
    """The module registers a function for the end of the process.

    What it finds
        A file that calls `Py_AtExit`, other than one of CPython's own modules. nanobind
        registers a function of its own in every module, so its modules are not judged.

    Why it matters
        The function is called once, when the runtime ends, with no interpreter left: it
        must not touch Python objects. It knows nothing of the module objects that came and
        went, and a second copy registers it again, up to a small fixed number of places.

    How to fix
        C: Clean up in `m_free`, per module object. For something that must happen before an
        interpreter ends, register with the `atexit` module, or call `PyUnstable_AtExit`
        (3.13), which belong to the interpreter.

    Guide
        managing-global-state
    """

    code = "ISO315"
    name = "at-exit"
    severity = "warning"
    guide = "managing-global-state"
    names = frozenset(
        {
            "Py_AtExit",
        }
    )
    says = "registers a function for the whole process, without an interpreter"
    entitles_core = True

    def cannot_run(self, facts: Facts) -> str | None:
        if facts.generator == "nanobind":
            return "nanobind registers a function of its own that way"
        return None

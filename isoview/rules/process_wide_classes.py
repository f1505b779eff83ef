"""ISO702."""

from collections.abc import Iterator

from isoview.claims import NOT_SUPPORTED, interpreters, is_multi_phase
from isoview.guards import one_interpreter, opt_out, pyo3_unclear
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule


class ProcessWideClasses(Rule):
    """Every interpreter gets the same PyO3 classes, and nothing refuses the second one.

    What it finds
        A PyO3 module with multi-phase init, which does not refuse sub-interpreters in its
        slots, whose classes stand in statics of the file. A module with submodules is not
        counted: these still refuse a second interpreter.

    Why it matters
        PyO3 keeps one class object per process. From 0.28 the module itself loads in a
        second interpreter that shares the GIL; the class it finds there belongs to the
        first. Registering it with `abc`, comparing, or outliving the first interpreter then
        goes wrong.

    How to fix
        C: Keep class objects in the module state.

        PyO3: There is no option for module state yet. Say in your documentation that only
        one interpreter is supported, and check the interpreter in your `#[pymodule]`
        function: raise `ImportError` when it is not the one of the first import.

    Guide
        pyo3-multi-phase-initialization
    """

    code = "ISO702"
    name = "process-wide-classes"
    severity = "error"
    guide = "pyo3-multi-phase-initialization"

    def cannot_run(self, facts: Facts) -> str | None:
        if pyo3_unclear(facts):
            return "PyO3's check is in the file; whether the module comes to it was not seen"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        if (
            facts.generator != "PyO3"
            or not is_multi_phase(facts)
            or interpreters(facts) == NOT_SUPPORTED
        ):
            return
        built = [entry.name for entry in facts.types if entry.kind == "built"]
        classes = built_classes(facts)
        if classes and not opt_out(facts) and not one_interpreter(facts):
            yield self.finding(
                facts,
                "module",
                f"{classes} PyO3 class{'es' if classes != 1 else ''} in statics, behind a multi-phase "
                "init that lets every shared-GIL interpreter in",
                evidence=tuple(Evidence("type", name) for name in built[:5]),
            )


def built_classes(facts: Facts) -> int:
    """How many classes the file is seen to keep in statics: at least so many."""
    built = sum(entry.kind == "built" for entry in facts.types)
    return max(built, facts.cells.classes if facts.cells else 0)

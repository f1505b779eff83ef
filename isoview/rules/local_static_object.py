"""ISO311."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.object_in_static import no_symbols, object_sort, object_statics, place


class LocalStaticObject(Rule):
    """A static inside a C++ function holds a Python object.

    What it finds
        A local static of a C++ function (known by its mangled name) that holds a Python
        object. Files without a symbol table show the same static without its name, as an
        object in a static.

    Why it matters
        It is made when the function runs for the first time, in whatever interpreter that
        is, and every other interpreter then uses that object. Its destructor runs when the
        process ends, long after the interpreter.

    How to fix
        C: Keep the object in the module state.

        pybind11: Instead of `static py::object x = ...` use
        `py::gil_safe_call_once_and_store`, which keeps one for each interpreter from pybind11
        3.0.2 on (Python 3.12 and later), or an attribute of the module.

        nanobind: Make it an attribute of the module instead of `static nb::object x = ...`.

    Guide
        enter-per-module-state
    """

    code = "ISO311"
    name = "local-static-object"
    severity = "error"
    guide = "enter-per-module-state"

    def cannot_run(self, facts: Facts) -> str | None:
        return no_symbols(facts)

    def check(self, facts: Facts) -> Iterator[Finding]:
        for entry in object_statics(facts):
            if object_sort(entry) == "local":
                yield self.finding(
                    facts,
                    symbol_subject(entry.symbol, "object"),
                    f"{entry.symbol}, a static inside a function, holds a Python object",
                    where=place(entry),
                    evidence=entry.evidence,
                )

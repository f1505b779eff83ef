"""ISO901."""

from collections.abc import Iterator

from isoview.claims import INTERPRETERS_SLOT, PER_INTERPRETER_GIL, interpreters, unread
from isoview.guards import one_interpreter, opt_out
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule
from isoview.rules.classes import static_types
from isoview.rules.object_in_static import object_statics

_SHOWN = 20


class OwnGilContradicted(Rule):
    """The module claims to support interpreters with their own GIL, and carries what forbids it.

    What it finds
        `Py_mod_multiple_interpreters` with the value 2, `Py_MOD_PER_INTERPRETER_GIL_SUPPORTED`, in a
        file that also holds static types, Python objects in C statics, or a guard against a second
        load.

    Why it matters
        On the strength of the declaration the interpreter imports the module into interpreters
        that run at the same time. Reference counts, caches and subclass lists of the shared
        objects are then changed without any lock: crashes that show up rarely and far from their
        cause.

    How to fix
        C: Either remove what the evidence names (each has a finding of its own), or lower the
        declaration to `Py_MOD_MULTIPLE_INTERPRETERS_SUPPORTED` (1) until it is gone.

        Cython: `subinterpreters_compatible=own_gil` promises this for the whole module: your own
        cdef globals are not part of module state. Lower it to `shared_gil` or move them.

        pybind11: Pass `py::multiple_interpreters::shared_gil()` until statics that hold Python
        objects are gone.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO901"
    name = "own-gil-contradicted"
    severity = "error"
    guide = "making-modules-safe-with-multiple-interpreters"

    def cannot_run(self, facts: Facts) -> str | None:
        return unread(facts, interpreters(facts))

    def check(self, facts: Facts) -> Iterator[Finding]:
        definition = facts.own_definition
        if definition is None or interpreters(facts) != PER_INTERPRETER_GIL:
            return
        types = static_types(facts)
        objects = list(object_statics(facts))
        guards = [*opt_out(facts), *one_interpreter(facts)]
        if not (types or objects or guards):
            return
        found = [
            *(Evidence("type", f"static type {entry.name}", entry.address) for entry in types),
            *(
                Evidence("object", f"object in {entry.symbol or entry.section}", entry.address)
                for entry in objects
            ),
            *guards,
        ]
        counts = [
            f"{len(kind)} {one if len(kind) == 1 else many}"
            for kind, one, many in (
                (types, "static type", "static types"),
                (objects, "static with an object", "statics with objects"),
            )
            if kind
        ] or ["a guard against a second load"]
        yield self.finding(
            facts,
            "module",
            f"own GIL is declared, yet the file holds {' and '.join(counts)}",
            where=Where(address=definition.address),
            evidence=(
                Evidence("slot", f"{INTERPRETERS_SLOT} = 2", definition.address),
                *found[:_SHOWN],
            ),
        )

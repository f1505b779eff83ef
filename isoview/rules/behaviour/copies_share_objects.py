"""ISO802."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.observed import shared, shared_words
from isoview.rules.behaviour.base import LiveRule, evidence, under

_SHOWN = 20


class CopiesShareObjects(LiveRule):
    """Two module objects of one interpreter share objects that the module made.

    What it finds
        Classes, functions or other objects of the module that are one and the same object in both
        module objects after a second import. What the module imported from others is not counted,
        nor are numbers and text.

    Why it matters
        What one user of the module changes on a shared class or object, every other one sees. The
        first module object cannot be freed while the second one lives, and what was shared between
        two copies is shared between two interpreters in the same way.

    How to fix
        C: Make the objects in the `Py_mod_exec` function and keep them in module state. For types
        that is `PyType_FromModuleAndSpec`; for everything else a field of the state that `m_traverse`
        visits and `m_clear` releases.

        Cython: Define `CYTHON_USE_MODULE_STATE=1` for the C compiler (Cython 3.1 or later), so that
        classes are made for each module object.

        pybind11: Classes are registered once for each interpreter by design; a second module object
        cannot have its own. Record the decision.

        PyO3: `#[pyclass]` types live in process-wide statics, whatever the module does. Nothing in
        your code changes that; record the decision, and guard against a second interpreter.

    Guide
        isolated-module-objects
    """

    code = "ISO802"
    name = "copies-share-objects"
    severity = "error"
    guide = "isolated-module-objects"
    experiments = ("twice",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        seen = self.seen(live, lambda outcome: not outcome.get("same_module") and shared(outcome))
        if not seen:
            return
        names = list(dict.fromkeys(name for entry in seen for name in shared(entry.outcome)))
        yield self.finding(
            facts,
            "module",
            f"two module objects share {shared_words(seen[0].outcome)} {under(seen)}",
            evidence=(
                *evidence(seen, shared_words),
                *(Evidence("object", name) for name in names[:_SHOWN]),
            ),
        )

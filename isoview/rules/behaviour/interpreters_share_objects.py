"""ISO813."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.observed import shared, shared_words
from isoview.rules.behaviour.base import LiveRule, by_experiment, evidence, subject, under

_SHOWN = 20


class InterpretersShareObjects(LiveRule):
    """Two interpreters use the same object that the module made.

    What it finds
        Classes, functions or other objects of the module at one address in two interpreters that
        live at the same time.

    Why it matters
        Each interpreter believes that it owns its objects. Reference counts, type caches and
        dictionaries of a shared object are changed from both sides: with a GIL of their own at the
        same moment, and in any case beyond the end of the interpreter that made it.

    How to fix
        C: Make the object for each module object, in `Py_mod_exec`, and keep it in module state.
        Static types become heap types (`PyType_FromModuleAndSpec`).

        Cython: Define `CYTHON_USE_MODULE_STATE=1` for the C compiler (Cython 3.1 or later).

        PyO3: `#[pyclass]` types are process-wide. Guard against a second interpreter.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO813"
    name = "interpreters-share-objects"
    severity = "error"
    guide = "making-modules-safe-with-multiple-interpreters"
    experiments = ("shared-gil", "own-gil")

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        for name, seen in by_experiment(self.seen(live, shared)).items():
            outcome = seen[0].outcome
            kind = "with their own GIL" if name == "own-gil" else "that share the GIL"
            names = list(dict.fromkeys(each for entry in seen for each in shared(entry.outcome)))
            yield self.finding(
                facts,
                subject(name),
                f"two interpreters {kind} use the same {shared_words(outcome)} {under(seen)}",
                severity=None if name == "own-gil" else "warning",
                evidence=(
                    *evidence(seen, shared_words),
                    *(Evidence("object", each) for each in names[:_SHOWN]),
                ),
            )

"""ISO807."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import first_only
from isoview.rules.behaviour.base import LiveRule, evidence, under


class FirstInterpreterOnly(LiveRule):
    """Only the first interpreter of the process can use the module.

    What it finds
        A module that one interpreter imports without trouble and the next one cannot, whether it is
        refused, fails or crashes.

    Why it matters
        Which interpreter comes first is chance in an application: a plugin host, a pool of workers,
        a test runner. The module works on the developer's machine, where the main interpreter
        imports it, and fails in production.

    How to fix
        C: Keep nothing in C statics that belongs to an interpreter, or declare
        `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED` so that it is refused everywhere but in the main
        interpreter.

        Cython: Define `CYTHON_USE_MODULE_STATE=1` for the C compiler (Cython 3.1 or later) and set
        the directive `subinterpreters_compatible`.

        PyO3: Classes belong to the interpreter that made them first. Nothing in your code changes
        that; tell your users.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO807"
    name = "first-interpreter-only"
    severity = "error"
    guide = "making-modules-safe-with-multiple-interpreters"
    experiments = ("shared-gil",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        # CPython's own check refuses every sub-interpreter alike: no matter of who comes first.
        seen = self.seen(
            live,
            lambda outcome: first_only(outcome) and outcome.get("recognised") != "cpython",
        )
        if seen:
            # A clean refusal harms nobody: the limit is known, and said.
            clean = all(entry.outcome["status"] == "refused" for entry in seen)
            yield self.finding(
                facts,
                "module",
                f"only the first interpreter that imports it can use it {under(seen)}",
                severity="warning" if clean else None,
                evidence=evidence(seen),
            )

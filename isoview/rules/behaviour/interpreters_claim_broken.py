"""ISO903."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.claims import NOT_SUPPORTED, PER_INTERPRETER_GIL, interpreters
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.behaviour.base import LiveRule, broken, evidence, under


class InterpretersClaimBroken(LiveRule):
    """The module claims to support sub-interpreters, and does not work in a second one.

    What it finds
        `Py_mod_multiple_interpreters` with the value 1 or 2 in a module that was refused, failed,
        crashed or hung in a sub-interpreter.

    Why it matters
        The declaration is what users and the interpreter rely on: a program that was promised
        sub-interpreters fails in the second one, or dies.

    How to fix
        C: Declare `Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED` until the module works in a second
        interpreter; run this experiment in CI.

        Cython: Set `subinterpreters_compatible=no`.

        pybind11: Pass `py::multiple_interpreters::not_supported()`.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO903"
    name = "interpreters-claim-broken"
    severity = "error"
    guide = "making-modules-safe-with-multiple-interpreters"
    experiments = ("shared-gil",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        claim = interpreters(facts)
        if isinstance(claim, str) or claim == NOT_SUPPORTED:
            return
        # A free-threaded build checks every sub-interpreter as one with its own GIL: with the value
        # 1 its refusal is what was declared.
        seen = [
            entry
            for entry in self.seen(live, lambda outcome: outcome["status"] != "ok")
            if claim == PER_INTERPRETER_GIL or not entry.python.endswith("t")
        ]
        if seen:
            yield self.finding(
                facts,
                "module",
                f"sub-interpreters are declared, yet it {broken(seen[0].outcome)} {under(seen)}",
                evidence=evidence(seen),
            )

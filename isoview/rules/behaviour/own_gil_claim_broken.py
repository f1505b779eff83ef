"""ISO902."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.claims import PER_INTERPRETER_GIL, interpreters
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import shared
from isoview.rules.behaviour.base import LiveRule, broken, evidence, under


class OwnGilClaimBroken(LiveRule):
    """The module claims to support interpreters with their own GIL, and does not work in them.

    What it finds
        `Py_mod_multiple_interpreters` with the value 2 in a module that was refused, failed, crashed
        or hung in interpreters with their own GIL, or shared its objects between them.

    Why it matters
        The interpreter believes the declaration and imports the module where it does harm. Without
        the claim it would refuse, and nobody would be hurt.

    How to fix
        C: Lower the declaration to what works (1 for a shared GIL, 0 for none) until the module is
        isolated, then raise it again and run this experiment in CI.

        Cython: Set `subinterpreters_compatible` to `shared_gil` or `no`.

        pybind11: Pass `py::multiple_interpreters::shared_gil()` or `not_supported()`.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO902"
    name = "own-gil-claim-broken"
    severity = "error"
    guide = "making-modules-safe-with-multiple-interpreters"
    experiments = ("own-gil",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        if interpreters(facts) != PER_INTERPRETER_GIL:
            return
        seen = self.seen(live, lambda outcome: outcome["status"] != "ok" or shared(outcome))
        if seen:
            yield self.finding(
                facts,
                "module",
                f"an own GIL is declared, yet it {broken(seen[0].outcome)} {under(seen)}",
                evidence=evidence(seen, broken),
            )

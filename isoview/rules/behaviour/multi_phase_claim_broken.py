"""ISO904."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import shared, shared_words
from isoview.rules.behaviour.base import LiveRule, evidence, under
from isoview.verdict import copies_declared


class MultiPhaseClaimBroken(LiveRule):
    """Multi-phase initialization promises independent module objects, and they are not independent.

    What it finds
        A multi-phase module without a guard whose second import gave the same module object, shared
        classes or other objects with the first, or overwrote the first one's statics.

    Why it matters
        Multi-phase initialization tells the interpreter that it may make as many module objects as
        it likes. Tools and interpreters do: each new one damages or depends on the ones before.

    How to fix
        C: Move what is shared into module state. Until then opt out: refuse a second module object
        in `Py_mod_exec`.

        pybind11: Multi-phase initialization comes with 3.0; the module is cached for each
        interpreter. Record the decision.

        PyO3: Multi-phase initialization comes with 0.28, and isolates no class. Record the decision
        or add a guard of your own.

    Guide
        isolated-module-objects
    """

    code = "ISO904"
    name = "multi-phase-claim-broken"
    severity = "error"
    guide = "isolated-module-objects"
    experiments = ("twice", "statics")

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        if copies_declared(facts) != "yes":
            return
        seen = self.seen(live, _broken)
        if seen:
            yield self.finding(
                facts,
                "module",
                f"multi-phase init promises independent module objects, yet {_broken(seen[0].outcome)} "
                f"{under(seen)}",
                evidence=evidence(seen, lambda outcome: _broken(outcome) or ""),
            )


def _broken(outcome: Mapping[str, Any]) -> str | None:
    if outcome.get("same_module"):
        return "a second import gave the same one"
    if shared(outcome):
        return f"two of them share {shared_words(outcome)}"
    over = len(outcome.get("overwritten", ()))
    if over:
        return f"a second one overwrote {over} {'statics' if over > 1 else 'static'} of the first"
    return None

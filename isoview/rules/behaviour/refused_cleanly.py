"""ISO804."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.experiments import GUARDS, WHAT
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.behaviour.base import LiveRule, by_experiment, evidence, subject, under


class RefusedCleanly(LiveRule):
    """A second module object, or another interpreter, was refused with a clear ImportError.

    What it finds
        An import that ended with a message known to mean "not here": CPython's own check, Cython's
        or PyO3's guard, or the opt-out that the guide shows.

    Why it matters
        Nothing was harmed: this is how a module says that it cannot be isolated. Whoever wants to
        use it in that way knows at once, and the rest of the process goes on.

    How to fix
        C: Nothing has to be fixed. Isolate the module, then take the guard out; to keep the limit,
        record the decision.

        Cython: Define `CYTHON_USE_MODULE_STATE=1` and set `subinterpreters_compatible`; the guard
        goes with it.

        PyO3: The guard stands for classes that cannot be isolated yet. Leave it.

    Guide
        opt-out-limiting-to-one-module-object-per-process
    """

    code = "ISO804"
    name = "refused-cleanly"
    severity = "note"
    guide = "opt-out-limiting-to-one-module-object-per-process"
    experiments = ("twice", "shared-gil", "own-gil")

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        refused = self.seen(live, lambda outcome: outcome["status"] == "refused")
        for name, seen in by_experiment(refused).items():
            who = GUARDS.get(seen[0].outcome.get("recognised") or "", "the module")
            yield self.finding(
                facts,
                subject(name),
                f"{WHAT[name]} is refused by {who} {under(seen)}",
                evidence=evidence(seen),
            )

"""ISO806."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.experiments import WHAT
from isoview.inspectors.facts import Facts
from isoview.inspectors.live import EXPERIMENTS
from isoview.model import Finding
from isoview.observed import unstable
from isoview.rules.behaviour.base import LiveRule, by_experiment, evidence, subject, under


class Crashed(LiveRule):
    """The module ended its process with a fatal signal.

    What it finds
        An experiment whose child process died: a segmentation fault, an abort, or anything else that
        no Python code can catch. A crash after the experiment had succeeded, while the interpreter
        shuts down, is one. Each is tried three times and reported as n of N: some come now and then.

    Why it matters
        What kills a child here kills the application there. Crashes on a second copy or in another
        interpreter are nearly always objects that outlived their interpreter, or were freed under
        somebody else.

    How to fix
        C: Run the experiment alone (`isoview live MODULE --only NAME`) and read the stack it leaves.
        Look at the statics that hold objects first: each is used by every copy and owned by one.
        Until it is found, opt out of a second module object.

        PyO3: Classes and interned objects live in process-wide statics, and belong to the first
        interpreter. Keep the guard against a second one, or add one yourself.

    Guide
        isolated-module-objects
    """

    code = "ISO806"
    name = "crashed"
    severity = "error"
    guide = "isolated-module-objects"
    experiments = EXPERIMENTS

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        crashed = self.seen(live, lambda outcome: outcome["status"] == "crashed")
        for name, seen in by_experiment(crashed).items():
            outcome = seen[0].outcome
            yield self.finding(
                facts,
                subject(name),
                f"{WHAT[name]} ends the process with {outcome['signal']} "
                f"at stage {outcome['stage']} {under(seen)}",
                # Making instances without arguments is rough handling: no sign of missing isolation.
                severity="warning" if name == "instances" else None,
                confidence="medium" if any(unstable(entry.outcome) for entry in seen) else "high",
                evidence=evidence(seen),
            )

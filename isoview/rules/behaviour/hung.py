"""ISO812."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.experiments import WHAT
from isoview.inspectors.facts import Facts
from isoview.inspectors.live import EXPERIMENTS
from isoview.model import Finding
from isoview.rules.behaviour.base import LiveRule, by_experiment, evidence, subject, under


class Hung(LiveRule):
    """The module did not come back within the time limit.

    What it finds
        An experiment that had to be ended: an import that never returns, or a process that does not
        end when it is done.

    Why it matters
        A hang in a second interpreter is most often a lock that the first one holds: the GIL state
        calls up to 3.11, a static initializer, a lock of the module's own. The application stops
        there, without a message.

    How to fix
        C: Do not take locks, call `PyGILState_Ensure` or wait for threads while the module is
        initialized. If the module is merely slow, give it more time with `--timeout`.

        pybind11: Up to 3.11 `py::gil_scoped_acquire` in a static initializer waits for ever in a
        sub-interpreter. Rebuild with 3.0 or later.

    Guide
        isolated-module-objects
    """

    code = "ISO812"
    name = "hung"
    severity = "error"
    guide = "isolated-module-objects"
    experiments = EXPERIMENTS

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        hung = self.seen(live, lambda outcome: outcome["status"] == "timed-out")
        for name, seen in by_experiment(hung).items():
            yield self.finding(
                facts,
                subject(name),
                f"{WHAT[name]} hangs at stage {seen[0].outcome['stage']} {under(seen)}",
                confidence="medium",  # it may be merely slow
                evidence=evidence(seen),
            )

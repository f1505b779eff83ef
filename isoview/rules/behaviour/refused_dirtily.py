"""ISO805."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.experiments import WHAT
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import ran
from isoview.rules.behaviour.base import LiveRule, by_experiment, evidence, subject, under


class RefusedDirtily(LiveRule):
    """A second import, or one in another interpreter, fails with an accident rather than a refusal.

    What it finds
        An exception in the middle of initialization, or a process that ends itself, where the first
        import went well. It is not one of the messages by which modules and generators refuse.

    Why it matters
        The module noticed too late. What it had set up until then stays: registered types, statics
        that point to the new copy's objects. The first module object may be broken by it, and the
        message tells the user nothing about the cause.

    How to fix
        C: Opt out first thing in the `Py_mod_exec` function: keep a C static flag, and raise
        `ImportError("cannot load module more than once per process")` when it is set.

        pybind11: Types that are registered twice raise from the middle of the module's code. Rebuild
        with 3.0 or later and leave `py::multiple_interpreters::not_supported()` in place.

    Guide
        opt-out-limiting-to-one-module-object-per-process
    """

    code = "ISO805"
    name = "refused-dirtily"
    severity = "warning"
    guide = "opt-out-limiting-to-one-module-object-per-process"
    experiments = ("twice", "shared-gil", "own-gil", "lifecycle", "statics")

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        failed = self.seen(live, lambda outcome: outcome["status"] == "failed")
        fine = {entry.python for entry in ran(live, "info") if entry.outcome["status"] == "ok"}
        seen_fine = [entry for entry in failed if entry.python in fine]
        for name, seen in by_experiment(seen_fine).items():
            yield self.finding(
                facts,
                subject(name),
                f"{WHAT[name]} fails at stage {seen[0].outcome['stage']} {under(seen)}",
                evidence=evidence(seen),
            )

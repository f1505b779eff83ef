"""From a file's report to the same report with live runs in it: ``check --live`` and the app.

Importing runs the module's code, always in child processes; a caller asks for it explicitly.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.facts import Facts
from isoview.inspectors.live import EXPERIMENTS
from isoview.model import Complete, Event, Failed, Report, TargetError


def with_live(report: Report, live: Mapping[str, Any]) -> Report:
    """``report`` judged again: facts completed, live rules asked, the verdict weighed anew."""
    from isoview.judge import judge
    from isoview.live_facts import filled

    return judge(filled(report.facts, live), live)


def live_events(
    events: Iterable[Event],
    pythons: Sequence[str],
    experiments: Sequence[str] = EXPERIMENTS,
    timeout: float | None = None,
) -> Iterator[Event]:
    """The stream, each complete report with live runs in it; the decisions are applied again."""
    decisions = None
    for event in events:
        if isinstance(event, Complete) and event.report.facts.artifact.is_extension:
            try:
                live = run_live(event.report.facts, pythons, experiments, timeout)
            except IsoviewError as error:
                path = event.report.facts.artifact.path
                yield event
                yield Failed(TargetError(path, error.message, error.hint))
                continue
            decisions = decisions or _decisions()
            yield Complete(decisions(with_live(event.report, live)))
        else:
            yield event


def run_live(
    facts: Facts,
    pythons: Sequence[str],
    experiments: Sequence[str] = EXPERIMENTS,
    timeout: float | None = None,
) -> dict[str, Any]:
    """Run the experiments on the file that ``facts`` are about, under each interpreter.

    What an interpreter cannot import is ``not-run`` there, with the command that installs it.
    """
    from isoview.inspectors.live.runner import TIMEOUT, nothing_run, run

    artifact = facts.artifact
    if artifact.member is not None:
        # A member lies in a wheel: nothing is unpacked and run that the user did not install.
        wheel = artifact.container or artifact.path
        return nothing_run(
            artifact.path,
            experiments,
            pythons,
            lambda python: f"it lies in a wheel; to run it: {install(python, wheel)}",
        )
    report = run(artifact.path, experiments, list(pythons) or None, timeout or TIMEOUT)
    for each in report["runs"]:
        for outcome in each["experiments"].values():
            if outcome["status"] == "not-run" and "another interpreter" in str(outcome["message"]):
                outcome["message"] += f"; {_other(facts)}"
    return report


def install(python: str | None, wheel: str) -> str:
    """The command that installs a wheel for an interpreter, as a shell takes it."""
    return shlex.join([python or "python", "-m", "pip", "install", wheel])


def _other(facts: Facts) -> str:
    """What to do about a file for another interpreter. Its package is not named: a module's name
    says nothing about it, and installing what happens to be called like it would run its code.
    """
    from isoview.loads_on import minors

    loads_on = minors(facts)
    if len(loads_on) == 1:
        return f"use --python python3.{loads_on[0]}, or install its package for this one"
    return "install its package for this one"


def _decisions() -> Any:
    """What lays the decisions of the nearest ``isoview.toml`` over a report."""
    from pathlib import Path

    from isoview.triage import apply, load, nearest

    found = nearest(Path.cwd())
    if found is None:
        return lambda report: report
    decisions = load(found)
    return lambda report: apply(report, decisions)

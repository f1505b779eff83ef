"""The porting plan as text."""

from collections.abc import Iterator

from isoview.model import Finding, Report
from isoview.plan import Step, plan
from isoview.readable import says
from isoview.reports.lines import Line, line

_STYLES = {"next": "heading", "to do": "heading", "done": "good", "unknown": "unknown"}
_SHOWN = 8
"""Findings of one step that are named, unless all are asked for."""


def plan_lines(report: Report, *, verbose: bool = False) -> Iterator[Line]:
    """The plan of one file: the steps, what is open in each, and what each unlocks."""
    artifact = report.facts.artifact
    place = f"{artifact.path}/{artifact.member}" if artifact.member else artifact.path
    yield line((place, "title"), wraps=False)
    steps = plan(report)
    if not steps:
        yield line("no extension module: there is nothing to port")
        return
    for number, step in enumerate(steps, 1):
        yield line()
        yield from _step(number, step, verbose=verbose)


def _step(number: int, step: Step, *, verbose: bool) -> Iterator[Line]:
    yield line((f"{number}. {step.title}", "title"), "  ", (step.state, _STYLES[step.state]))
    if step.reason:
        yield line(step.reason, indent=3)
    shown = step.findings if verbose else step.findings[:_SHOWN]
    for finding in shown:
        yield line((finding.rule, finding.severity), f"  {_says(finding)}", indent=3, hang=11)
    if len(shown) < len(step.findings):
        yield line(f"... and {len(step.findings) - len(shown)} more (-v names them)", indent=3)
    if step.state != "done":
        yield line(f"Then: {step.unlocks}.", indent=3, hang=9)


def _says(finding: Finding) -> str:
    return says(finding) + (f" ({finding.count} of them)" if finding.count > 1 else "")

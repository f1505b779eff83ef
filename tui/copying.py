"""Findings as Markdown to paste into an issue; names from files cannot become markup in it."""

from collections.abc import Iterable

from isoview.model import Finding, Report
from isoview.plan import Step
from isoview.readable import as_written, says
from isoview.tui.evidence_text import where_text
from isoview.tui.texts import code, section_title

MOST = 50
"""Findings in one copy; a terminal's clipboard is no place for thousands."""


def finding_markdown(findings: tuple[Finding, ...], report: Report) -> str:
    """Findings of one rule, with where they are and why it matters."""
    first = findings[0]
    artifact = report.facts.artifact
    name = artifact.path.replace("\\", "/").rsplit("/", 1)[-1]
    lines = [f"### {first.rule} {first.name} in {code(name)}", ""]
    for finding in findings[:MOST]:
        place = where_text(finding.where)
        lines.append(
            f"- {finding.severity}: {code(says(finding))}" + (f" ({code(place)})" if place else "")
        )
        lines += [f"  - {code(as_written(entry.text))}" for entry in finding.evidence]
        if finding.status != "open":
            reason = f": {code(finding.reason)}" if finding.reason else ""
            lines.append(f"  - decided {finding.status}{reason}")
    if len(findings) > MOST:
        lines.append(f"- and {len(findings) - MOST} more")
    return "\n".join([*lines, "", f"Guide: {section_title(first.guide)}"])


def plan_markdown(name: str, steps: Iterable[Step]) -> str:
    """The porting plan as a checklist to paste into an issue."""
    lines = [f"### Porting plan for {code(name)}", ""]
    for step in steps:
        lines.append(f"- [{'x' if step.state == 'done' else ' '}] {step.title}")
        if step.reason:
            lines.append(f"  - not known: {code(step.reason)}")
        lines += [f"  - [ ] {f.rule} {code(f.message)}" for f in step.findings[:MOST]]
        if len(step.findings) > MOST:
            lines.append(f"  - and {len(step.findings) - MOST} more")
    return "\n".join(lines)

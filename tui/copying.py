"""Findings as Markdown to paste into an issue; names from files cannot become markup in it."""

from isoview.model import Finding, Report
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
            f"- {finding.severity}: {code(finding.message)}"
            + (f" ({code(place)})" if place else "")
        )
        lines += [f"  - {code(entry.text)}" for entry in finding.evidence]
        if finding.status != "open":
            reason = f": {code(finding.reason)}" if finding.reason else ""
            lines.append(f"  - decided {finding.status}{reason}")
    if len(findings) > MOST:
        lines.append(f"- and {len(findings) - MOST} more")
    return "\n".join([*lines, "", f"Guide: {section_title(first.guide)}"])

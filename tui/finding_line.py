"""A finding on one line, the same in every list of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from isoview.tui.ink import Ink, shown
from isoview.tui.marks import MARKED, TIMES, finding_mark
from isoview.tui.rows import subject
from isoview.tui.tally import SHOWN

if TYPE_CHECKING:
    from collections.abc import Container

    from isoview.model import Finding


def finding_line(ink: Ink, finding: Finding, marked: Container[str] = (), indent: int = 0) -> Text:
    """Mark, rule, decision, name, how many, subject."""
    mark = finding_mark(finding)
    quiet = ink.style("quiet")
    line = Text(MARKED if finding.fingerprint in marked else " ", no_wrap=True)
    line.append(" " * indent)
    line.append_text(shown(f"{mark.shape} {finding.rule} ", ink.style(mark.tone)))
    if finding.status != "open":
        line.append(f"{SHOWN[finding.status]} ", style=ink.style("good"))
    line.append_text(shown(f"{finding.name}  ", limit=60))
    if finding.count > 1:
        line.append(f"{TIMES}{finding.count} ", style="bold")
    return line.append_text(shown(subject(finding), quiet, limit=200))

"""What the workspace shows, as a Markdown table: for the clipboard, and as a file."""

from __future__ import annotations

import time
from pathlib import Path

from isoview.tui.marks import Told, answer_mark
from isoview.tui.texts import code
from isoview.tui.words import QUESTIONS
from isoview.tui.workspace import Row, Workspace


def markdown(workspace: Workspace, limit: int | None = None) -> str:
    """The lines that are shown, one row each; at most ``limit``."""
    names = [name for _, name, _ in QUESTIONS]
    head = ["", *names, "open", "made with", "pulled in by", "worst finding"]
    rows = workspace.rows()
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(_cells(row))} |" for row in rows[:limit]]
    if limit is not None and len(rows) > limit:
        lines.append(f"\n…and {len(rows) - limit} more")
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    module = row.module if row.inside else None
    name = _cell(module.place if module else row.group.called)
    if row.modules[0].error:
        return [name, *[""] * len(QUESTIONS), "", "", "", _cell(row.modules[0].error)]
    marks = []
    for field, _, _ in QUESTIONS:
        told = row.mark_of(field)
        mark = answer_mark(Told(*told)) if told else None
        marks.append(f"{mark.shape} {mark.word}" if mark else "")
    made = ", ".join(row.toolchains)
    chain = " > ".join(row.group.chain[:-1])
    return [name, *marks, str(row.number), _cell(made), _cell(chain), _cell(row.worst)]


def _cell(text: str) -> str:
    # In a table a bar ends the cell, even within a code span.
    return code(text).replace("|", "\\|") if text else ""


def write(workspace: Workspace) -> Path:
    """Write everything that is shown; returns the file. Raises :class:`OSError`."""
    path = Path(f"isoview-workspace-{time.strftime('%Y%m%d-%H%M%S')}.md")
    path.write_text(f"{markdown(workspace)}\n", encoding="utf-8")
    return path

"""Sentences about many modules: how far it is, what is shown, what stands behind one line."""

from __future__ import annotations

from rich.text import Text

from isoview.tui.ink import Ink, shown
from isoview.tui.words import QUESTIONS
from isoview.tui.workspace import Row, Workspace

NAMES = {field: name for field, name, _ in QUESTIONS}
BAR = 20
_KEPT = {"blocks": "blocking {}", "unknown": "unknown for {}", "ready": "ready for {}"}


def still(workspace: Workspace) -> str:
    """What is still under way; empty when everything is read."""
    if workspace.state == "listing":
        return "looking for compiled modules…"
    if workspace.state == "failed":
        return "stopped"
    if workspace.state != "reading":
        return ""
    left = workspace.seconds_left
    more = f", {round(left) // 60}:{round(left) % 60:02d} left" if left is not None else ""
    return f"reading {workspace.done} of {workspace.files}{more}"


def amount(workspace: Workspace) -> str:
    """How many files there are, and how many things they belong to."""
    number = len(workspace.modules())
    groups = sum(group.modules[0].error == "" for group in workspace.groups.values())
    if not number:
        return ""
    files = "1 file" if number == 1 else f"{number} files"
    return f"{files} in {groups} distributions" if 1 < groups < number else files


def standing(workspace: Workspace, ink: Ink, width: int) -> Text:
    """The line below the answer: progress while files are read, then what is shown of them."""
    line = Text(" ", no_wrap=True, overflow="ellipsis")
    if workspace.state == "failed":
        error, hint = workspace.problem
        line.append_text(shown(f"! {error}. {hint}", ink.style("error")))
        return line
    if workspace.is_filtered:
        line.append_text(shown(_kept(workspace), ink.style("warning")))
        line.append("  escape shows all", style=ink.style("quiet"))
        return line
    if workspace.state == "reading" and workspace.files:
        share = workspace.done_size / max(workspace.size, 1)
        room = min(BAR, max(width // 4, 4))
        full = round(share * room)
        line.append("█" * full, style=ink.style("good"))
        line.append("░" * (room - full), style=ink.style("quiet"))
        line.append(f" {share:.0%}  ")
    line.append_text(_answer(workspace))
    return line


def _answer(workspace: Workspace) -> Text:
    """The sentence people come for."""
    counts = workspace.counts(workspace.question)
    total = sum(counts.values())
    name = NAMES[workspace.question]
    errors = sum(bool(module.error) for module in workspace.modules())
    if not total:
        return Text("")
    blocked = counts["blocks"]
    verb = "blocks" if blocked == 1 else "block"
    so_far = " so far" if workspace.state == "reading" else ""
    files = "file" if total == 1 else "files"
    text = f"{blocked} of {total} {files}{so_far} {verb} {name}"
    text += "; b shows them" if blocked else ""
    if errors:
        text += f"; {errors} not read"
    return Text(text)


def _kept(workspace: Workspace) -> str:
    """Which filters hold, and how much they leave."""
    kept: list[str] = []
    name = NAMES[workspace.question]
    if workspace.blockers:
        kept.append(f"blocking {name}")
    if workspace.verdict:
        kept.append(_KEPT[workspace.verdict].format(name))
    if workspace.toolchain:
        kept.append(f"made with {workspace.toolchain}")
    if workspace.filter:
        kept.append(f"with “{workspace.filter.text}” in their line")
    modules = workspace.modules()
    number = sum(map(workspace.keeps, modules))
    return f"{number} of {len(modules)} files: {', '.join(kept)}."


def empty(workspace: Workspace) -> Text:
    """What to say where there is no line: silence is not an answer."""
    if workspace.state == "failed":
        error, hint = workspace.problem
        return Text.assemble(shown(error, "bold"), "\n", shown(hint))
    if workspace.modules():
        return Text("No file is left by the filters. escape takes them away.")
    if workspace.state == "done":
        text = Text("There is no compiled module here.")
        for path, reason in workspace.skipped[:10]:
            text.append("\n")
            text.append_text(shown(f"{path} {reason}"))
        return text
    return Text("Looking for compiled modules…" if workspace.state == "listing" else "Reading…")


def detail(workspace: Workspace, row: Row, ink: Ink) -> Text:
    """Two lines about the line under the cursor."""
    module = row.module
    if module is not None and module.error:
        return Text.assemble(
            shown(f"! {module.error}", ink.style("error")), "\n", shown(f"  {module.hint}")
        )
    first = Text(" ", no_wrap=True, overflow="ellipsis")
    first.append_text(shown(module.path if module else _about(workspace, row)))
    second = Text(" ", no_wrap=True, overflow="ellipsis")
    chain = row.group.chain
    parts = []
    if len(chain) > 1:
        parts.append(f"pulled in by {' > '.join(chain[:-1])}")
    if row.worst:
        parts.append(f"worst finding: {row.worst}")
    elif module is not None and not module.extension:
        parts.append("exports no init function: no extension module")
    elif not row.number:
        parts.append("no open finding")
    second.append_text(shown("; ".join(parts), ink.style("quiet")))
    return Text.assemble(first, "\n", second)


def _about(workspace: Workspace, row: Row) -> str:
    """How many files of a distribution block the question, and which."""
    from isoview.tui.workspace import verdict

    question = workspace.question
    blocking = [m for m in row.modules if verdict(m, question) == "blocks"]
    names = ", ".join(m.place.rpartition("/")[2].partition(".")[0] for m in blocking[:4])
    more = f" and {len(blocking) - 4} more" if len(blocking) > 4 else ""
    number = len(row.modules)
    if not blocking:
        return f"{row.group.called}: none of {number} files blocks {NAMES[question]}"
    return f"{len(blocking)} of {number} files block {NAMES[question]}: {names}{more}"

"""What is known about one symbol, section or static, in the pane beside the table."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.text import Text

from isoview.inspectors.facts import Definition, Global, Init, Type
from isoview.readable import readable, says
from isoview.tui.branch import several, size_text
from isoview.tui.entry import Entry
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import finding_mark
from isoview.tui.symbol_tables import About, findings_about
from isoview.tui.texts import section_title


def about_line(ink: Ink, entry: Entry, about: About) -> RenderableType:
    """A line of one of the tables, in full."""
    quiet = ink.style("quiet")
    as_written = readable(about.name)
    parts: list[RenderableType] = [shown(as_written or "no name", "bold")]
    if as_written != about.name:
        parts.append(Text.assemble(("in the file: ", quiet), shown(about.name, quiet)))
    parts.append(shown(_place(about), quiet))
    subject = None
    if about.address is not None and not about.offset and entry.report is not None:
        subject = entry.subjects.at(about.address)
    if subject is not None:
        parts.append(Text.assemble(("it is ", quiet), shown(_fact(subject))))
    if isinstance(subject, Global):
        parts += [shown(f"· {reason.text}") for reason in subject.evidence]
        if subject.source is not None:
            parts.append(shown(f"{subject.source.file}:{subject.source.line}", quiet))
    findings = () if about.offset else findings_about(entry, about.address, about.name)
    for finding in findings:
        mark = finding_mark(finding)
        tone = ink.style(mark.tone)
        title = Text.assemble((f"{mark.shape} {finding.rule} ", tone), shown(says(finding)))
        guide = Text.assemble(("  guide → ", quiet), shown(section_title(finding.guide)))
        parts += [title, guide]
    if findings:
        parts.append(Text("i goes to the finding, o to its section of the guide", style=quiet))
    return Group(*parts)


def _place(about: About) -> str:
    parts = []
    if about.address is not None:
        parts.append(f"+{about.address:#x} in the file" if about.offset else f"{about.address:#x}")
    if about.size:
        rounded = f" ({size_text(about.size)})" if about.size >= 1000 else ""
        parts.append(f"{several(about.size, 'byte')}{rounded}")
    if about.section and about.section != about.name:
        parts.append(f"in {about.section}")
    return "  ".join(parts) or "of another library: the loader binds it"


def _fact(subject: object) -> str:
    """A fact in a few words."""
    match subject:
        case Type():
            return f"the {subject.kind} type {subject.name}"
        case Definition():
            return f"the module definition of {subject.m_name or 'a module'}"
        case Init():
            return f"the init function of {subject.module}, {subject.phase}-phase"
        case Global():
            return f"a static of kind {subject.kind}"
        case _:
            return str(subject)

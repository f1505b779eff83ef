"""The evidence face's content: sentences, then structures field by field."""

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from isoview.evidence import only_set
from isoview.inspectors.binary.decode import Field, Structure
from isoview.inspectors.facts import Evidence, Global, Type
from isoview.model import Finding, Where
from isoview.readable import as_written, readable, says
from isoview.reports.words import named
from isoview.tui import words
from isoview.tui.branch import Branch, several
from isoview.tui.entry import Entry
from isoview.tui.ink import Ink, prose, shown
from isoview.tui.marks import TIMES, answer_mark, finding_mark
from isoview.tui.rows import Row, subject
from isoview.tui.texts import section_title, why

NAME_ROOM = 30
"""What a name keeps in a list of a few."""
WIDE = 72
"""From this width on, a structure shows addresses and raw values beside every field."""
EVIDENCE_LINES = 4
"""Lines of evidence shown at first: a finding about 42 statics has 42."""
FIELDS = 26
"""Fields of a structure shown at first: a table of 400 methods takes longer to draw than a key may."""
FEW, LISTED = 3, 200
"""Findings of a folded rule that are listed by name at first, and when all is asked for."""


def heading(ink: Ink, row: Row, *, everything: bool = False) -> RenderableType:
    """The sentences on top: what was found, where, how sure, why it matters, what was decided."""
    finding = row.finding
    mark = finding_mark(finding)
    style = ink.style(mark.tone)
    title = Text.assemble((f"{mark.shape} {finding.rule} ", style), shown(finding.name, style))
    if row.number > 1:
        title.append(f" {TIMES}{row.number}", style="bold")
    title.append(f"  {mark.word}", style=style)
    if row.count > row.number:
        title.append(f", {several(row.count, 'place')}", style=ink.style("quiet"))
    if finding.confidence != "high":
        title.append(f", {finding.confidence} confidence", style=ink.style("quiet"))
    parts: list[RenderableType] = [title]
    if row.gone:
        parts.append(shown("Gone: only the last reading of the file had it.", ink.style("good")))
    parts.append(shown(says(finding), "bold"))
    reason, _ = why(finding.rule)
    if reason:
        parts.append(prose(reason))
    if row.is_group:
        parts.append(_members(ink, row, everything=everything))
    place = where_text(finding.where)
    if place and not row.is_group:
        parts.append(shown(place, ink.style("quiet")))
    if finding.status != "open":
        reason = f": {finding.reason}" if finding.reason else ""
        parts.append(shown(f"Decided {finding.status}{reason}", ink.style("good")))
    evidence = () if row.is_group else finding.evidence
    shown_lines = evidence if everything else evidence[:EVIDENCE_LINES]
    parts += [_evidence(ink, entry) for entry in shown_lines]
    if len(evidence) > len(shown_lines):
        more = f"and {len(evidence) - len(shown_lines)} more places: x shows them"
        parts.append(shown(more, ink.style("quiet")))
    guide = section_title(finding.guide)
    parts.append(
        Text.assemble(
            ("guide → ", ink.style("quiet")), shown(guide), ("  o opens it", ink.style("quiet"))
        )
    )
    return Group(*parts)


def rest(row: Row) -> RenderableType | None:
    """What stands below the structures: the rest of why it matters."""
    _, more = why(row.finding.rule)
    return Group(Text(), prose(more)) if more else None


def _members(ink: Ink, row: Row, *, everything: bool) -> Text:
    """What else a folded rule is about: the first is told in full, the others by name."""
    others = row.findings[1:]
    named = others[: LISTED if everything else FEW]
    text = Text(f"and {several(len(others), 'more finding')} like it: ", ink.style("quiet"))
    room = 0 if everything else NAME_ROOM
    names = ", ".join(_short(subject(finding), room) for finding in named)
    text.append_text(shown(names, ink.style("quiet"), limit=20_000))
    if len(others) > len(named):
        more = f", … (enter unfolds them{'' if everything else ', x names them'})"
        text.append(more, style=ink.style("quiet"))
    return text


def _short(name: str, room: int) -> str:
    return named(name, room) if room else name


def _evidence(ink: Ink, entry: Evidence) -> Text:
    line = Text.assemble(("· ", ink.style("quiet")), shown(as_written(entry.text)))
    if entry.function:
        line.append_text(shown(f" (in {readable(entry.function)})", ink.style("quiet")))
    elif entry.address is not None:
        line.append(f" ({entry.address:#x})", style=ink.style("quiet"))
    return line


def where_text(where: Where) -> str:
    """A place in one line: address, section, symbol, source line."""
    parts = []
    if where.address is not None:
        parts.append(f"{where.address:#x}")
    parts += [part for part in (where.section, where.symbol) if part]
    if where.file:
        parts.append(f"{where.file}:{where.line}" if where.line else where.file)
    return "  ".join(parts)


def about_branch(ink: Ink, branch: Branch, findings: Iterable[Finding]) -> RenderableType:
    """A line of the tree in full, and the findings about its fact."""
    parts: list[RenderableType] = [
        Text.assemble(shown(branch.name, "bold"), "  ", shown(branch.value)),
    ]
    if branch.differs:
        parts.append(shown(f"differs: {branch.differs}", ink.style("warning")))
    about = branch.about
    if isinstance(about, Type | Global):
        parts += [_evidence(ink, entry) for entry in about.evidence]
    if isinstance(about, Global) and about.source:
        parts.append(shown(f"{about.source.file}:{about.source.line}", ink.style("quiet")))
    for finding in findings:
        mark = finding_mark(finding)
        parts.append(
            Text.assemble(
                (f"{mark.shape} {finding.rule} ", ink.style(mark.tone)), shown(says(finding))
            )
        )
    return Group(*parts)


def about_question(ink: Ink, entry: Entry, field: str) -> RenderableType:
    """One question of the verdict: the sentence, the three layers, what decided it."""
    name, question = next((name, text) for key, name, text in words.QUESTIONS if key == field)
    report = entry.report
    if report is None or report.verdict is None:
        return Group(shown(question, "bold"), shown("Not answered yet: the file is being read."))
    answer = words.answer_of(report.verdict, field)
    mark = answer_mark(answer)
    parts: list[RenderableType] = [
        shown(question, "bold"),
        Text.assemble((f"{mark.shape} {name}: {mark.word}", ink.style(mark.tone))),
        shown(answer.summary),
    ]
    table = Table.grid(padding=(0, 2))
    for layer, value in (
        ("declared", answer.declared),
        ("evidence", answer.evidence),
        ("experiment", answer.experiment),
        ("observed", answer.observed or "nothing was run"),
    ):
        table.add_row(Text(layer, style=ink.style("quiet")), shown(value))
    parts.append(table)
    if answer.applies_to:
        versions = ", ".join(f"3.{minor}" for minor in answer.applies_to)
        parts.append(shown(f"speaks about CPython {versions}", ink.style("quiet")))
    decided = [f for f in report.findings if f.fingerprint in answer.decided_by]
    parts.append(Text("decided by" if decided else "no finding decided it", ink.style("quiet")))
    for finding in decided:
        tone = ink.style(finding_mark(finding).tone)
        parts.append(Text.assemble((f"  {finding.rule} ", tone), shown(says(finding))))
    return Group(*parts)


def meaning(field: Field) -> str:
    """What a field means, with C++ and Rust names as they were written; a text is no name."""
    return field.meaning if field.meaning.startswith('→ "') else as_written(field.meaning)


def structure_view(
    ink: Ink, structure: Structure, width: int, *, everything: bool
) -> RenderableType:
    """A decoded structure: offset, name and meaning; address and raw value where there is room."""
    quiet = ink.style("quiet")
    kept = structure if everything else only_set(structure)
    title = Text.assemble(
        (f"{structure.kind} ", "bold"),
        f"at {structure.address:#x} ",
        shown(f"in {structure.source}", quiet),
    )
    wide = width >= WIDE
    table = Table.grid(padding=(0, 1))
    columns = 5 if wide else 4 if everything else 3
    for index in range(columns):
        table.add_column(no_wrap=index < columns - 1, overflow="ellipsis" if index == 1 else "fold")
    fields = kept.fields if everything else kept.fields[:FIELDS]
    for field in fields:
        cells = [
            Text(f"{field.address:#x}" if wide else f"+{field.offset}", style=quiet),
            shown(field.name),
            shown(meaning(field)),
        ]
        if wide or everything:
            cells.insert(2, Text(f"{field.number:#x}" if field.number else "0", style=quiet))
        if wide:
            cells.insert(1, Text(f"+{field.offset}", style=quiet))
        table.add_row(*cells)
    left_out = len(structure.fields) - len(kept.fields)
    notes = [structure.note] if structure.note else []
    if len(kept.fields) > len(fields):
        more = several(len(kept.fields) - len(fields), "more field")
        notes.append(f"and {more}: x shows all, 9 has them beside their bytes")
    if left_out:
        notes.append(f"{several(left_out, 'field')} of zeros: x shows all, with raw values")
    notes.append("9 shows the bytes, and goes where a pointer leads")
    return Group(title, table, *(shown(note, quiet) for note in notes))

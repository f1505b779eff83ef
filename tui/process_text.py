"""What the Processes screen says of the selected module: types, statics, audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from isoview.model import COUNTING, QUESTIONS
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import TIMES, answer_mark

if TYPE_CHECKING:
    from isoview.attach import Audited, NamedStatic
    from isoview.inspectors.process.facts import Module
    from isoview.model import Finding
    from isoview.tui.process_state import Cell, ProcessState

MOST = 300
"""Lines of one kind that are shown; nobody reads more in a pane."""
_PHASES = {
    "single": "single-phase",
    "multi": "multi-phase",
    "export": "PEP 793",
    "unknown": "phase unknown",
}
_LABELS = ("copies", "shared GIL", "own GIL", "no GIL")


def _block(lines: list[Text]) -> Text:
    return Text("\n").join(lines)


def module_text(ink: Ink, state: ProcessState, cell: Cell) -> Text:
    """Definition, state and classes of one module in one interpreter."""
    module = state.module(cell)
    if module is None:
        return shown(f"{cell[0]} is not loaded in interpreter {cell[1]}.", ink.style("quiet"))
    lines = [_head(ink, module, cell), *_definition(ink, module), Text()]
    lines += _types(ink, state, cell, module)
    return _block(lines)


def _head(ink: Ink, module: Module, cell: Cell) -> Text:
    line = Text.assemble(shown(module.name, "bold"), f" in interpreter {cell[1]}")
    line.append(f"  module object at {module.address:#x}", style=ink.style("quiet"))
    return line


def _definition(ink: Ink, module: Module) -> list[Text]:
    quiet = ink.style("quiet")
    said = [_PHASES[module.phase]]
    if module.m_size is not None:
        said.append(f"m_size {module.m_size}")
    if module.m_size and module.m_size > 0 and module.state:
        said.append(f"state at {module.state:#x}")
    definition = module.definition
    said.append(
        f"definition at {definition.address:#x}"
        if definition
        else "the interpreter keeps no definition"
    )
    lines = [Text("  " + ", ".join(said))]
    if definition and definition.slots:
        slots = [
            slot.name if slot.value is None else f"{slot.name} = {slot.value}"
            for slot in definition.slots
        ]
        lines.append(shown("  " + ", ".join(slots), quiet))
    if module.file:
        lines.append(shown(f"  {module.file}", quiet))
    if not module.complete:
        lines.append(Text("  some entries changed whenever they were read", ink.style("warning")))
    return lines


def _types(ink: Ink, state: ProcessState, cell: Cell, module: Module) -> list[Text]:
    shared = {row.address: row for row in state.now.read.walk.sharing.types} if state.now else {}
    came, went = state.types_change(cell)
    own = sorted(
        (row for row in module.types if row.own),
        key=lambda row: (row.address not in shared, not row.static, row.name),
    )
    lines = [Text.assemble(("classes", "bold"), f"  {len(own)}", _since(came, went))]
    for row in own[:MOST]:
        holders = shared.get(row.address)
        line = Text("+ " if row.address in came else "  ", style=ink.style("good"))
        tone = "warning" if row.static else None
        line.append("static " if row.static else "heap   ", style=ink.style(tone))
        line.append_text(shown(row.name, limit=120))
        if holders is not None:
            numbers = ", ".join(f"#{number}" for number in holders.interpreters)
            core = " (CPython's own)" if holders.core else ""
            line.append(f"  ▲ one object in {numbers}{core}", style=ink.style("error"))
        elif not row.static and not row.tied:
            line.append("  not tied to its module", style=ink.style("quiet"))
        lines.append(line)
    return lines + _more(ink, len(own))


def _since(came: set[int], went: set[int]) -> str:
    return f"  since last look: +{len(came)} -{len(went)}" if came or went else ""


def _more(ink: Ink, number: int) -> list[Text]:
    return [Text(f"  and {number - MOST} more", ink.style("quiet"))] if number > MOST else []


def statics_text(ink: Ink, state: ProcessState, cell: Cell) -> Text:
    """Statics of the module's file that hold objects now."""
    module = state.module(cell)
    if module is None:
        return Text()
    file = state.file_of(module)
    rows = state.statics_of(file)
    if rows is None:
        return Text("statics  being read …", ink.style("quiet"))
    came, went = state.statics_change(file)
    lines = [
        Text.assemble(
            ("statics that hold objects now", "bold"), f"  {len(rows)}", _since(came, went)
        )
    ]
    lines += [_static(ink, row, row.static.address in came) for row in rows[:MOST]]
    return _block(lines + _more(ink, len(rows)))


def _static(ink: Ink, row: NamedStatic, came: bool) -> Text:
    line = Text("+ " if came else "  ", style=ink.style("good"))
    line.append(f"{row.static.address:#x} ", style=ink.style("note"))
    line.append_text(shown(row.symbol or row.place, limit=80))
    line.append("  ")
    return line.append_text(shown(row.static.description, ink.style("quiet"), limit=160))


def audit_text(ink: Ink, state: ProcessState, cell: Cell) -> Text:
    """What the rules say of the mapped file, and what the process shows."""
    module = state.module(cell)
    if module is None:
        return Text()
    file = state.file_of(module)
    audited = state.audits.get(file) if file else None
    seen = state.now.observed.get(cell[0]) if state.now else None
    lines = [Text.assemble(("declared / evidence / observed", "bold"))]
    lines.append(Text.assemble("  observed   ", outcome_text(ink, seen.outcome if seen else None)))
    if audited is None:
        return _block([*lines, Text("  audit      being made …", ink.style("quiet"))])
    return _block(lines + _audit(ink, audited))


def outcome_text(ink: Ink, outcome: str | None) -> Text:
    """What the process shows of a module that several interpreters hold."""
    if outcome is None:
        return Text("one interpreter only", ink.style("quiet"))
    tone = "good" if outcome == "isolated" else "error"
    said = {
        "isolated": "✓ apart in every interpreter",
        "shares": "▲ shared between interpreters",
        "same-module": "▲ one module object for all",
    }
    return Text(said[outcome], ink.style(tone))


def _audit(ink: Ink, audited: Audited) -> list[Text]:
    if audited.verdict is None:
        return [shown(f"  not audited: {audited.problem or 'no extension module'}", limit=400)]
    lines = []
    for label, question in zip(_LABELS, QUESTIONS, strict=True):
        answer = getattr(audited.verdict, question)
        mark = answer_mark(answer)
        line = Text(f"  {label:11}")
        line.append(f"{mark.shape} ", style=ink.style(mark.tone))
        lines.append(line.append(f"{answer.declared} / {answer.evidence}"))
    left = [finding for finding in audited.findings if finding.status in COUNTING]
    lines.append(Text(f"  {len(left)} finding{'' if len(left) == 1 else 's'}"))
    rules: dict[str, list[Finding]] = {}
    for finding in left:
        rules.setdefault(finding.rule, []).append(finding)
    for rule, found in rules.items():
        times = f" {TIMES}{len(found)}" if len(found) > 1 else ""
        line = shown(f"    {rule} {found[0].name}{times}: {found[0].message}", limit=160)
        lines.append(line)
    return lines


def short_claim(ink: Ink, audited: Audited | None) -> Text:
    """One cell: the four answers of the audit."""
    if audited is None:
        return Text("…", ink.style("quiet"))
    if audited.verdict is None:
        return Text("-", ink.style("quiet"))
    line = Text()
    for question in QUESTIONS:
        mark = answer_mark(getattr(audited.verdict, question))
        line.append(f"{mark.shape} ", style=ink.style(mark.tone))
    return line

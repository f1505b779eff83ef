"""From reports to rows: one tuple for each row, in the order of the columns of the schema."""

from collections.abc import Iterable, Iterator
from typing import Any

from isoview.answers import WORST
from isoview.fingerprint import dotted_module
from isoview.inspectors.facts import Definition, Facts, Global, Type
from isoview.loads_on import minors
from isoview.model import QUESTIONS, SEVERITIES, Finding, Report

Row = tuple[Any, ...]
_EVIDENCE = 5  # pieces kept of one finding
_INTERPRETERS, _GIL = 3, 4  # slot ids up to 3.14 (moduleobject.h)
_INTERPRETERS_NAME, _GIL_NAME = "Py_mod_multiple_interpreters", "Py_mod_gil"


def module_rows(wheel: str, report: Report) -> Iterator[tuple[str, Row]]:
    """(table, row) for everything that one report says."""
    facts = report.facts
    member = member_name(facts)
    yield "modules", _module(wheel, member, report)
    for definition in facts.definitions:
        yield "definitions", _definition(wheel, member, definition)
    for kind in facts.types:
        yield "types", _type(wheel, member, kind)
    for each in facts.globals:
        yield "globals", _global(wheel, member, each)
    for finding in report.findings:
        yield "findings", _finding(wheel, member, finding)


def member_name(facts: Facts) -> str:
    """What a module is called within its wheel; each slice of a universal file is one of its own."""
    artifact = facts.artifact
    name = artifact.member or artifact.path
    return f"{name}#{artifact.slice}" if artifact.slice else name


def worst_answers(reports: Iterable[dict[str, str]], *, errors: bool) -> dict[str, str | None]:
    """A wheel's answers from those of its modules; what could not be read is not known."""
    found: dict[str, str | None] = dict.fromkeys(QUESTIONS)
    for answers in reports:
        for question, answer in answers.items():
            before = found[question]
            found[question] = answer if before is None else min(before, answer, key=WORST.index)
    if errors:
        found = {q: "unknown" if worst in {None, "yes"} else worst for q, worst in found.items()}
    return found


def answers(report: Report) -> dict[str, str]:
    """The four answers of one module."""
    return {question: getattr(report.verdict, question).answer for question in QUESTIONS}


def _module(wheel: str, member: str, report: Report) -> Row:
    facts = report.facts
    artifact, definition, init = facts.artifact, facts.own_definition, facts.own_init
    tool = facts.toolchains[0] if facts.toolchains else None
    severities = {finding.severity for finding in report.findings}
    read = facts.completeness
    items = (read.definitions, read.types, read.globals)
    return (
        wheel, member, dotted_module(facts), artifact.format, artifact.arch, artifact.bits,
        artifact.tag, artifact.size, artifact.build_id, list(minors(facts)),
        artifact.free_threaded_layout, artifact.stripped, artifact.is_extension, facts.stage,
        facts.generator if artifact.is_extension else None, tool.version if tool else None,
        [f"{each.name} {each.version or ''}".strip() for each in facts.toolchains],
        init.symbol if init else None, init.phase if init else None,
        init.phase_source if init else None, definition.m_size if definition else None,
        _slot(definition, _INTERPRETERS, _INTERPRETERS_NAME), _slot(definition, _GIL, _GIL_NAME),
        facts.capi.limited, len(facts.capi.imports),
        sum(kind.kind == "static" for kind in facts.types),
        sum(kind.kind in {"spec", "built"} for kind in facts.types),
        len(facts.globals), sum(finding.count for finding in report.findings),
        next((each for each in SEVERITIES if each in severities), None),
        *(item.level for item in items),
        "; ".join(item.reason for item in items if item.reason) or None,
        len(facts.damage), facts.budget.reached, len(facts.guards), *_answers(report),
    )  # fmt: skip


def _answers(report: Report) -> Iterator[str | None]:
    for question in QUESTIONS:
        answer = getattr(report.verdict, question) if report.verdict else None
        for name in ("answer", "declared", "evidence", "summary"):
            yield getattr(answer, name) if answer else None


def _slot(definition: Definition | None, number: int, name: str) -> int | None:
    slots = definition.slots if definition else ()
    return next((slot.value for slot in slots if slot.id == number or slot.name == name), None)


def _definition(wheel: str, member: str, entry: Definition) -> Row:
    return (
        wheel, member, entry.kind, entry.address, entry.origin, entry.own, entry.m_name,
        entry.m_size, len(entry.methods), [slot.name for slot in entry.slots],
        entry.slots_complete, entry.has_traverse, entry.has_clear, entry.has_free,
    )  # fmt: skip


def _type(wheel: str, member: str, entry: Type) -> Row:
    return (
        wheel, member, entry.name, entry.kind, entry.address, entry.base, entry.basicsize,
        entry.itemsize, entry.flags, list(entry.flag_names), list(entry.slots_set),
        entry.module_tied, entry.completed_at_runtime,
    )  # fmt: skip


def _global(wheel: str, member: str, entry: Global) -> Row:
    source = entry.source
    return (
        wheel, member, entry.address, entry.symbol, entry.section, entry.size, entry.kind,
        list(dict.fromkeys(piece.kind for piece in entry.evidence)),
        source.file if source else None, source.line if source else None,
    )  # fmt: skip


def _finding(wheel: str, member: str, entry: Finding) -> Row:
    where = entry.where
    return (
        wheel, member, entry.rule, entry.name, entry.severity, entry.confidence, entry.message,
        entry.guide, entry.fingerprint, entry.count, where.symbol, where.address, where.section,
        [piece.text for piece in entry.evidence[:_EVIDENCE]],
    )  # fmt: skip

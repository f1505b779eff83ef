"""The report for a person: what file, which verdict, what it carries, what was found, what next."""

import os
from collections.abc import Iterable

from isoview.inspectors.facts import Definition, Facts, Init, Type
from isoview.model import COUNTING, QUESTIONS, SEVERITIES, Report
from isoview.reports.findings import finding_lines, worst
from isoview.reports.lines import Line, line
from isoview.reports.words import LABELS, MARKS, counted, file_format, listed, named, size

_PHASES = {
    "single": "single-phase",
    "multi": "multi-phase",
    "export": "PEP 793 export",
    "delegated": "delegated",
    "unknown": "phase unknown",
}
_LABEL_WIDTH = 14


def report_lines(report: Report, *, verbose: bool = False) -> list[Line]:
    """Everything there is to say about one artifact, in the order a reader wants it."""
    facts = report.facts
    lines = _header(facts)
    if not facts.artifact.is_extension:
        return [*lines, *_no_extension(facts)]
    return [
        *lines,
        *_verdict(report),
        *_declares(facts, verbose),
        *_carries(facts, verbose),
        *_runs(report),
        *finding_lines(report, verbose=verbose),
        *_unseen(report),
        *_next(report),
    ]


def _runs(report: Report) -> list[Line]:
    """What live runs showed, where there were any."""
    if not report.live or not report.live["runs"]:
        return []
    from isoview.reports.live import matrix_lines

    return [line(), line(("Does", "heading")), *matrix_lines(report.live)]


def _header(facts: Facts) -> list[Line]:
    artifact = facts.artifact
    place, file = os.path.split(artifact.member or artifact.path)
    words = [file_format(artifact.format)]
    words += [artifact.arch, size(artifact.size)]
    words += [f"tag {artifact.tag}"] if artifact.tag else []
    words += ["free-threaded layout"] if artifact.free_threaded_layout else []
    words += [f"the {artifact.slice} slice"] if artifact.slice else []
    words += ["no symbol table left"] if artifact.stripped else []
    lines = [line((file, "title"), wraps=False)]
    if place:
        lines.append(line((f"in {place}", "dim"), indent=2, wraps=False))
    lines.append(line(", ".join(words), indent=2))
    if facts.toolchains:
        lines.append(line(f"made with {_made_with(facts)}", indent=2))
    return lines


def _made_with(facts: Facts) -> str:
    return ", ".join(
        f"{tool.name} {tool.version}" if tool.version else tool.name for tool in facts.toolchains
    )


def _no_extension(facts: Facts) -> list[Line]:
    what = "it exports no init function (PyInit_NAME or PyModExport_NAME)"
    kind = facts.completeness.definitions.reason
    if kind and kind.startswith(("a ", "the ")):  # a program, debug symbols: no library at all
        what = f"it is {kind}"
    return [
        line(),
        line(f"This is no extension module: {what}, so there is nothing to isolate."),
        *_damage(facts),
    ]


def _verdict(report: Report) -> list[Line]:
    lines = [line(), line(("Verdict", "heading"))]
    if report.verdict is None:
        return [*lines, line("? not judged", indent=2)]
    for question in QUESTIONS:
        answer = getattr(report.verdict, question)
        mark, style = MARKS[answer.answer]
        lines.append(
            line(
                (f"{mark} ", style),
                f"{LABELS[question]:<{_LABEL_WIDTH}} ",
                (answer.answer, style),
                f": {answer.summary}",
                indent=2,
                hang=_LABEL_WIDTH + 5,
            )
        )
    return [*lines, line(), line(_tally(report))]


def _tally(report: Report) -> str:
    """How many findings count, by severity, and how many rules could look.

    Unnamed subjects that one finding folds are counted each, as in the list below.
    """
    by_severity = dict.fromkeys(SEVERITIES, 0)
    decided = 0
    for finding in report.findings:
        if finding.status in COUNTING:
            by_severity[finding.severity] += finding.count
        else:
            decided += finding.count
    words = f"{counted(sum(by_severity.values()), 'finding')} open"
    parts = [counted(number, severity) for severity, number in by_severity.items() if number]
    words += f": {', '.join(parts)}" if parts else ""
    words += f"; {decided} more decided" if decided else ""
    ran = f"{counted(report.rules_run, 'rule')} ran"
    unable = f", {len(report.not_run)} could not" if report.not_run else ""
    return f"{words[0].upper()}{words[1:]}. {ran}{unable}."


def _fact(label: str, text: str, *, detail: Iterable[str] = ()) -> list[Line]:
    head = line(f"{label:<{_LABEL_WIDTH}} ", text, indent=2, hang=_LABEL_WIDTH + 3)
    return [
        head,
        *(line(entry, indent=_LABEL_WIDTH + 3, hang=_LABEL_WIDTH + 5) for entry in detail),
    ]


def _declares(facts: Facts, verbose: bool) -> list[Line]:
    lines = [line(), line(("Declares", "heading"))]
    inits = [facts.own_init] if facts.own_init and not verbose else list(facts.init)
    for init in inits:
        lines += _fact("init", _init(init))
    others = len(facts.init) - len(inits)
    if others:
        lines += _fact("", f"and {counted(others, 'other init function')} in this file")
    own = [entry for entry in facts.definitions if entry.own] or list(facts.definitions[:1])
    for definition in list(facts.definitions) if verbose else own:
        lines += _definition(definition, verbose)
    if not facts.definitions:
        lines += _fact("definition", _unknown(facts.completeness.definitions.reason))
    return lines


def _unknown(reason: str | None) -> str:
    return f"unknown: {reason}" if reason else "none found"


def _init(init: Init) -> str:
    words = f"{named(init.symbol)}, {_PHASES[init.phase]}"
    words += f" (seen in the {init.phase_source})" if init.phase_source != "none" else ""
    words += "" if init.own else ", not named after this file"
    words += f", cannot load before 3.{init.from_minor}" if init.from_minor is not None else ""
    return f"{words}: {init.reason}" if init.reason else words


def _definition(definition: Definition, verbose: bool) -> list[Line]:
    kind = "PyModuleDef" if definition.kind == "moduledef" else "slot array"
    where = f" at {definition.address:#x}" if definition.address is not None else ""
    built = ", filled in at run time" if definition.origin == "runtime" else ""
    name = f" of {named(definition.m_name)}" if definition.m_name else ""
    m_size = "not told by the file" if definition.m_size is None else str(definition.m_size)
    hooks = [
        hook
        for hook, is_set in (
            ("traverse", definition.has_traverse),
            ("clear", definition.has_clear),
            ("free", definition.has_free),
        )
        if is_set
    ]
    untold = definition.has_traverse is None
    lines = _fact("definition", f"{kind}{name}{where}{built}")
    lines += _fact("m_size", m_size)
    lines += _fact(
        "state hooks", ", ".join(hooks) or ("not told by the file" if untold else "none")
    )
    lines += _fact("slots", _slots(definition))
    methods = [named(method.name) for method in definition.methods]
    return lines + _fact("methods", listed(methods, len(methods) if verbose else 4))


def _slots(definition: Definition) -> str:
    words = [
        slot.name if slot.value is None else f"{slot.name} = {slot.value}"
        for slot in definition.slots
    ]
    more = "" if definition.slots_complete else " (and maybe more, filled in at run time)"
    return (", ".join(words) or "none") + more


def _carries(facts: Facts, verbose: bool) -> list[Line]:
    lines = [line(), line(("Carries", "heading"))]
    lines += _types(facts, verbose)
    lines += _statics(facts, verbose)
    lines += _capi(facts, verbose)
    if facts.cells:
        cells = facts.cells
        words = f"classes {cells.classes}, interned names {cells.interned}, imports {cells.imports}"
        lines += _fact("process-wide", f"at least: {words}")
    for table in facts.tables:
        names = listed([named(name) for name in table.names], len(table.names) if verbose else 4)
        lines += _fact(table.kind, f"{len(table.names)}: {names}")
    for role in ("published", "imported"):
        capsules = [named(entry.name) for entry in facts.capsules if entry.role == role]
        if capsules:
            lines += _fact(
                "capsules", f"{role}: {listed(capsules, len(capsules) if verbose else 4)}"
            )
    for guard in facts.guards:
        lines += _fact("guard", guard.text)
    return lines


def _types(facts: Facts, verbose: bool) -> list[Line]:
    if not facts.types:
        item = facts.completeness.types
        return _fact("types", "none" if item.level == "full" else _unknown(item.reason))
    lines: list[Line] = []
    names = {"static": "static", "spec": "by spec", "template": "template", "built": "at run time"}
    for kind, word in names.items():
        types = [entry for entry in facts.types if entry.kind == kind]
        if types and verbose:
            lines += _fact("types", f"{len(types)} {word}:", detail=map(_type, types))
        elif types:
            shown = listed([named(entry.name) for entry in types], 4)
            lines += _fact("types", f"{len(types)} {word}: {shown}")
    return lines


def _type(entry: Type) -> str:
    where = f" at {entry.address:#x}" if entry.address is not None else ""
    base = f", base {named(entry.base)}" if entry.base else ""
    flags = f", flags {' '.join(entry.flag_names)}" if entry.flag_names else ""
    return f"{named(entry.name)}{where}{base}{flags}"


def _statics(facts: Facts, verbose: bool) -> list[Line]:
    if not facts.globals:
        item = facts.completeness.globals
        return _fact("statics", "none" if item.level == "full" else _unknown(item.reason))
    kinds: dict[str, int] = {}
    for entry in facts.globals:
        kinds[entry.kind] = kinds.get(entry.kind, 0) + 1
    words = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    total = size(sum(entry.size for entry in facts.globals))
    detail = [
        f"{entry.address:#x} {named(entry.symbol or 'without a name')}, {entry.kind}, "
        f"{entry.size} bytes in {named(entry.section)}"
        for entry in (facts.globals if verbose else ())
    ]
    return _fact("statics", f"{len(facts.globals)} writable, {total}: {words}", detail=detail)


def _capi(facts: Facts, verbose: bool) -> list[Line]:
    names = facts.capi.imports
    private = [name for name in names if name.startswith("_Py")]
    words = counted(len(names), "name")
    words += f", {len(private)} of them private" if private else ""
    limited = facts.capi.limited
    words += f", within the limited API of {limited}" if limited else ""
    detail = [listed([named(name) for name in names], len(names))] if verbose and names else []
    return _fact("C API", words, detail=detail)


def _unseen(report: Report) -> list[Line]:
    """What could not be looked at: silence is not a verdict."""
    facts = report.facts
    lines: list[Line] = []
    for what in ("definitions", "types", "globals"):
        item = getattr(facts.completeness, what)
        if item.level != "full":
            label = "statics" if what == "globals" else what
            lines += _fact(label, f"seen {_LEVELS[item.level]}: {item.reason or 'reason unknown'}")
    if facts.stage == "shape":
        lines += _fact("code", "not read: no instruction was decoded")
    elif facts.budget.reached:
        lines += _fact("code", f"read up to {facts.budget.limit} instructions, then stopped")
    reasons: dict[str, list[str]] = {}
    for entry in report.not_run:
        reasons.setdefault(entry.reason, []).append(entry.rule)
    for reason, rules in reasons.items():
        lines += _fact("rules", f"{', '.join(rules)} could not look: {reason}")
    for library in facts.libraries:
        if not library.audited:
            lines += _fact("library", f"{named(library.name)} was not looked at")
    if report.live is None:
        lines += _fact("experiments", "not run: they import the module (`isoview live`)")
    damage = _damage(facts)
    return [line(), line(("Not seen", "heading")), *lines, *damage] if lines or damage else []


_LEVELS = {"full": "in full", "partial": "in part", "none": "not at all"}


def _damage(facts: Facts) -> list[Line]:
    return [
        found
        for damage in facts.damage
        for found in _fact("damage", f"{named(damage.where)}: {named(damage.text, 200)}")
    ]


def _next(report: Report) -> list[Line]:
    finding = worst(report)
    if finding is None:
        return []
    return [
        line(),
        line(
            "Next: ",
            (f"isoview explain {finding.rule}", "code"),
            " says what that means and how to fix it.",
        ),
    ]

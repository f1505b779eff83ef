"""What changed from one build of an extension to another: facts, answers, findings."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from isoview.fingerprint import dotted_module, stable_symbol
from isoview.inspectors.facts import Facts
from isoview.model import COUNTING, QUESTIONS, Finding, Report, TargetError

SCHEMA = "isoview.diff/1"


class Change(NamedTuple):
    """One fact or answer that is not what it was."""

    what: str
    old: str
    new: str


class Named(NamedTuple):
    """Things with names that came or went."""

    what: str
    lost: tuple[str, ...]
    gained: tuple[str, ...]


class Pair(NamedTuple):
    """One module before and after; one of the two is None where it came or went."""

    module: str
    old: str | None  # paths
    new: str | None
    facts: tuple[Change, ...] = ()
    names: tuple[Named, ...] = ()
    answers: tuple[Change, ...] = ()
    lost: tuple[Finding, ...] = ()
    gained: tuple[Finding, ...] = ()
    left: tuple[Finding, ...] = ()  # that both have and that count

    @property
    def is_same(self) -> bool:
        changed = self.facts or self.names or self.answers or self.lost or self.gained
        return bool(self.old and self.new) and not changed


def compare(old: Sequence[Report], new: Sequence[Report]) -> list[Pair]:
    """Modules paired by their dotted names, sorted; two single ones whatever they are called."""
    crowded = _crowded(old) | _crowded(new)
    before, after = _by_module(old, crowded), _by_module(new, crowded)
    files = [report.facts.artifact.container is None for report in (*old, *new)]
    if len(before) == 1 and len(after) == 1 and all(files):
        after = {next(iter(before)): next(iter(after.values()))}
    pairs = []
    for module in sorted({*before, *after}):
        one, other = before.get(module), after.get(module)
        if one is None or other is None:
            pairs.append(_alone(module, one, other))
        else:
            pairs.append(_pair(module, one, other))
    return pairs


def _called(report: Report) -> str:
    """The dotted name; slices of a universal file by their processor too."""
    part = report.facts.artifact.slice
    return dotted_module(report.facts) + (f" ({part})" if part else "")


def _crowded(reports: Iterable[Report]) -> frozenset[str]:
    """Names that several builds of one module share: wheels for several platforms or versions."""
    names = Counter(_called(each) for each in reports if each.facts.artifact.is_extension)
    return frozenset(name for name, number in names.items() if number > 1)


def _by_module(reports: Iterable[Report], crowded: frozenset[str]) -> dict[str, Report]:
    """Reports by what they are called; those whose names are ``crowded`` with their tags."""
    found: dict[str, Report] = {}
    for report in reports:
        artifact = report.facts.artifact
        if not artifact.is_extension:
            continue
        name = _called(report)
        if name in crowded:
            name += f" [{artifact.tag or artifact.arch}]"
        again, number = name, 2
        while again in found:
            again, number = f"{name} #{number}", number + 1
        found[again] = report
    return found


def _alone(module: str, old: Report | None, new: Report | None) -> Pair:
    counting = tuple(f for f in (new or old or _nobody()).findings if f.status in COUNTING)
    if new is None:
        return Pair(module, _path(old), None, lost=counting)
    return Pair(module, None, _path(new), gained=counting, answers=_answers(None, new))


def _nobody() -> Report:
    raise AssertionError("one of the two is there")


def _path(report: Report | None) -> str | None:
    return None if report is None else report.facts.artifact.path


def _pair(module: str, old: Report, new: Report) -> Pair:
    before = {_key(finding): finding for finding in old.findings}
    after = {_key(finding): finding for finding in new.findings}
    return Pair(
        module,
        _path(old),
        _path(new),
        facts=tuple(_facts(old.facts, new.facts)),
        names=tuple(_names(old.facts, new.facts)),
        answers=_answers(old, new),
        lost=tuple(
            finding for key, finding in before.items()
            if key not in after or after[key].count < finding.count
        ),
        gained=tuple(
            finding for key, finding in after.items()
            if key not in before or before[key].count < finding.count
        ),
        left=tuple(
            finding for key, finding in after.items()
            if key in before and finding.status in COUNTING
        ),
    )  # fmt: skip


def _key(finding: Finding) -> tuple[str, str]:
    """A fingerprint without the module, which may be called otherwise now."""
    return finding.rule, finding.fingerprint.split(":", 2)[-1]


def _hook(facts: Facts, name: str) -> str | None:
    definition = facts.own_definition
    value = getattr(definition, name) if definition else None
    return None if value is None else "set" if value else "not set"


def _slots(facts: Facts) -> list[str]:
    definition = facts.own_definition
    slots = definition.slots if definition else ()
    return [slot.name if slot.value is None else f"{slot.name} = {slot.value}" for slot in slots]


def _types(facts: Facts, kind: str) -> list[str]:
    return [entry.name for entry in facts.types if entry.kind == kind and entry.name]


def _statics(facts: Facts) -> list[str]:
    return [
        stable_symbol(entry.symbol)
        for entry in facts.globals
        if entry.symbol and entry.kind == "object"
    ]


_ONE: tuple[tuple[str, Callable[[Facts], Any]], ...] = (
    ("init", lambda facts: facts.own_init and facts.own_init.phase),
    ("m_size", lambda facts: facts.own_definition and facts.own_definition.m_size),
    ("m_traverse", lambda facts: _hook(facts, "has_traverse")),
    ("m_clear", lambda facts: _hook(facts, "has_clear")),
    ("m_free", lambda facts: _hook(facts, "has_free")),
    ("format", lambda facts: f"{facts.artifact.format}, {facts.artifact.arch}"),
    ("made with", lambda facts: ", ".join(
        f"{tool.name} {tool.version or ''}".strip() for tool in facts.toolchains)),
    ("tag", lambda facts: facts.artifact.tag),
    ("limited API", lambda facts: facts.capi.limited),
    ("free-threaded layout", lambda facts: facts.artifact.free_threaded_layout),
)  # fmt: skip
_MANY: tuple[tuple[str, Callable[[Facts], Iterable[str]]], ...] = (
    ("slots", _slots),
    ("static types", lambda facts: _types(facts, "static")),
    ("types by spec", lambda facts: _types(facts, "spec")),
    ("types built at run time", lambda facts: _types(facts, "built")),
    ("statics that hold objects", _statics),
    ("C-API names", lambda facts: facts.capi.imports),
)


def _facts(old: Facts, new: Facts) -> Iterable[Change]:
    for what, get in _ONE:
        before, after = get(old), get(new)
        if before != after:
            yield Change(what, _said(before), _said(after))


def _said(value: Any) -> str:
    return "not told" if value is None or value == "" else str(value)


def _names(old: Facts, new: Facts) -> Iterable[Named]:
    for what, get in _MANY:
        before, after = set(get(old)), set(get(new))
        if before != after:
            yield Named(what, tuple(sorted(before - after)), tuple(sorted(after - before)))


def _answers(old: Report | None, new: Report) -> tuple[Change, ...]:
    changes = []
    for question in QUESTIONS:
        before = getattr(old.verdict, question).answer if old and old.verdict else "not there"
        after = getattr(new.verdict, question).answer if new.verdict else "not judged"
        if before != after:
            changes.append(Change(question, before, after))
    return tuple(changes)


def to_data(pairs: Sequence[Pair], errors: Sequence[TargetError]) -> dict[str, Any]:
    """The document ``isoview.diff/1``; modules that are the same are only counted."""
    from isoview.codec import error_to_data
    from isoview.version import VERSION

    return {
        "schema": SCHEMA,
        "isoview": VERSION,
        "modules": [_pair_to_data(pair) for pair in pairs if not pair.is_same],
        "same": sum(pair.is_same for pair in pairs),
        "errors": [error_to_data(error) for error in errors],
    }


def _pair_to_data(pair: Pair) -> dict[str, Any]:
    return {
        "module": pair.module,
        "old": pair.old,
        "new": pair.new,
        "facts": [change._asdict() for change in pair.facts],
        "names": [named._asdict() for named in pair.names],
        "answers": [change._asdict() for change in pair.answers],
        "lost": [_finding(finding) for finding in pair.lost],
        "gained": [_finding(finding) for finding in pair.gained],
        "left": [_finding(finding) for finding in pair.left],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    names = ("rule", "name", "severity", "message", "fingerprint", "count", "status")
    return {name: getattr(finding, name) for name in names}

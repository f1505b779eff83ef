"""From facts to a report: run the rules, weigh what they found, order it for a maintainer."""

from collections.abc import Mapping
from functools import lru_cache, partial
from operator import attrgetter

from isoview.inspectors.facts import Facts
from isoview.inspectors.hints import Any
from isoview.inspectors.record import replace
from isoview.model import SEVERITIES, Finding, NotRun, Report
from isoview.rules import ASKED, Entry, Rule
from isoview.rules.catalogue import due
from isoview.scorecard import scorecard
from isoview.verdict import verdict

# The order of the work: what contradicts itself, then the module, its types, its state, what it
# shares, what it does, how it handles threads and what it links.
_FAMILIES = "912374865"
_FAMILY_DIGIT = 3  # ISO101: the family is the digit after the letters


def judge(facts: Facts, live: Mapping[str, Any] | None = None) -> Report:
    """The report on one file. A file that is no extension has no verdict and no findings.

    ``live`` is what running the module showed (``isoview.live/1``): its rules have their say, and
    the verdict weighs it.
    """
    if not facts.artifact.is_extension:
        return Report(facts=facts, verdict=None, scorecard={})
    found: list[Finding] = []
    sums: list[Finding] = []
    put_off: list[Rule] = []  # rules of whose findings the sum is enough for now
    not_run: list[NotRun] = []
    for entry in due(facts):
        rule: Rule = entry.rule
        reason = rule.cannot_run(facts)
        if reason is not None:
            not_run.append(NotRun(rule.code, reason))
        elif rule.sums and live is None and (total := rule.sum_of(facts)) is not None:
            sums.append(total)
            put_off.append(rule)
        elif made := list(rule.check(facts)):
            found += _fold(made)
    asked: tuple[Rule | Entry, ...] = ASKED
    if live is not None:
        asked += _behaviour(facts, live, found, not_run)
    weighed = _ordered(found + sums)
    report = Report(
        facts=facts,
        verdict=verdict(facts, weighed, live),
        scorecard={},
        findings=weighed,
        not_run=tuple(not_run),
        rules_run=len(asked) - len(not_run),
        live=None if live is None else dict(live),
    )
    report.put_off(scorecard=partial(scorecard, facts, weighed, tuple(not_run), asked))
    return report.with_sum(weighed, partial(_all, facts, found, put_off)) if sums else report


def _all(facts: Facts, found: list[Finding], put_off: list[Rule]) -> tuple[Finding, ...]:
    """What was found, and what was put off."""
    later = [finding for rule in put_off for finding in _fold(list(rule.check(facts)))]
    return _ordered(found + later)


def _behaviour(
    facts: Facts, live: Mapping[str, Any], found: list[Finding], not_run: list[NotRun]
) -> tuple[Rule, ...]:
    """Ask the rules about live runs; returns them."""
    from isoview.rules.behaviour import LIVE_RULES

    for rule in LIVE_RULES:
        reason = rule.cannot_look(live)
        if reason is None:
            found += _fold(list(rule.look(facts, live)))
        else:
            not_run.append(NotRun(rule.code, reason))
    return LIVE_RULES


def _fold(found: list[Finding]) -> list[Finding]:
    """A rule's findings that only their place tells apart, as one with a count and the other places.

    That is so for subjects without a name, and for names that a compiler numbers (``buffer.0``
    and ``buffer.1`` of two functions): the numbers change from build to build.
    """
    if len(found) == 1 or len(set(map(_FINGERPRINT, found))) == len(found):
        return found
    alone: dict[str, Finding] = {}
    groups: dict[str, list[Finding]] = {}
    for finding in found:
        first = alone.setdefault(finding.fingerprint, finding)
        if first is not finding:
            groups.setdefault(finding.fingerprint, [first]).append(finding)
    alone.update({name: _folded(group) for name, group in groups.items()})
    return list(alone.values())


def _folded(group: list[Finding]) -> Finding:
    worst = min(group, key=lambda finding: SEVERITIES.index(finding.severity))
    return replace(
        worst,
        count=len(group),
        related=tuple(finding.where for finding in group if finding is not worst),
        evidence=tuple(dict.fromkeys(item for finding in group for item in finding.evidence)),
    )


def _ordered(found: list[Finding]) -> tuple[Finding, ...]:
    """By severity, family, rule and fingerprint."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.severity, finding.rule), []).append(finding)
    ordered: list[Finding] = []
    for group in sorted(groups, key=_order):
        several = groups[group]
        ordered += sorted(several, key=_FINGERPRINT) if len(several) > 1 else several
    return tuple(ordered)


@lru_cache(maxsize=256)
def _order(group: tuple[str, str]) -> tuple[int, int, str]:
    severity, rule = group
    return _RANKS[severity], _FAMILIES.find(rule[_FAMILY_DIGIT]), rule


_FINGERPRINT = attrgetter("fingerprint")
_RANKS: dict[str, int] = {severity: rank for rank, severity in enumerate(SEVERITIES)}

"""Decisions about findings: what was decided, and laying it over a report.

They live in ``isoview.toml`` in the user's project, one ``[[decision]]`` table each, sorted by
fingerprint, made to be reviewed in a pull request; what many findings share stands in one
``[[group]]`` table with patterns. A fingerprint holds no address, so a
decision survives rebuilds; it stores how many subjects it was made for, and growth reopens it.

This module reads; writing (``isoview.decision_file``) is loaded when something is decided.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from isoview.inspectors.errors import BadConfig
from isoview.model import STATUSES, Finding, Report, Status
from isoview.nearby import DECISIONS as FILE_NAME
from isoview.nearby import nearest as nearest_file

if TYPE_CHECKING:
    from pathlib import Path

_SIZE_LIMIT = 16 << 20


class Decision(NamedTuple):
    """What somebody decided about one finding. ``count``: how many subjects it had then."""

    fingerprint: str
    status: Status
    reason: str
    count: int  # type: ignore[assignment]  # hides tuple.count, which nobody needs here


class Group(NamedTuple):
    """What somebody decided about every finding that three patterns fit (``*``, ``?``, ``[]``).

    ``rule`` fits a code or a name, ``module`` the dotted module, ``subject`` the rest of the
    fingerprint: ``symbol:__pyx_*``.
    """

    rule: str
    module: str
    subject: str
    status: Status
    reason: str

    def fits(self, finding: Finding) -> bool:
        """Whether the decision is about ``finding``."""
        from fnmatch import fnmatchcase

        _rule, module, subject = (*finding.fingerprint.split(":", 2), "", "")[:3]
        return (
            fnmatchcase(module, self.module)
            and fnmatchcase(subject, self.subject)
            and (fnmatchcase(finding.rule, self.rule) or fnmatchcase(finding.name, self.rule))
        )


class Decisions(dict[str, Decision]):
    """Decisions by fingerprint, and those for groups in the order of the file."""

    groups: tuple[Group, ...] = ()


def nearest(start: "Path") -> "Path | None":
    """The ``isoview.toml`` in ``start`` or the nearest folder above it that has one."""
    found = nearest_file(str(start), FILE_NAME)
    return None if found is None else start / found


def decisions_file(start: "Path") -> "Path":
    """Where decisions made in ``start`` belong: the nearest ``isoview.toml``, else one there."""
    return nearest(start) or start / FILE_NAME


def load(path: "Path") -> Decisions:
    """The decisions in ``path``; none where there is no such file.

    Raises :class:`BadConfig` where the file is not what it should be; it is never guessed at.
    """
    return decisions_in(read_text(path), path)


def read_text(path: "Path") -> str:
    """The text of a decisions file; empty where there is none."""
    from isoview.text_file import read_text as read

    return read(
        path,
        _SIZE_LIMIT,
        "Decisions are kept there, as UTF-8 text: see to it.",
        missing_is_empty=True,
    )


def decisions_in(text: str, path: "Path") -> Decisions:
    """The decisions that ``text`` holds; ``path`` is for the message."""
    import tomllib

    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadConfig(
            f"{path} is not valid TOML: {error}",
            "Mend it by hand or take it back from version control; isoview left it as it is.",
        ) from error
    entries = data.get("decision", [])
    if not isinstance(entries, list):
        raise BadConfig(f"{path}: decision is no list", "Write each one under [[decision]].")
    decisions = Decisions()
    decisions.groups = _groups(data.get("group", []), path)
    for entry in entries:
        decision = _decision(entry, path)
        if decision.fingerprint in decisions:
            raise BadConfig(
                f"{path} has two decisions for {decision.fingerprint}", "Keep one of them."
            )
        decisions[decision.fingerprint] = decision
    return decisions


def _decision(entry: Any, path: "Path") -> Decision:
    fingerprint = entry.get("fingerprint") if isinstance(entry, dict) else None
    if not isinstance(fingerprint, str) or not fingerprint:
        raise BadConfig(
            f"{path} has a decision without a fingerprint",
            "Each [[decision]] has fingerprint, status, reason and count.",
        )
    status = entry.get("status")
    if status not in STATUSES:
        raise BadConfig(
            f"{path}: the decision for {fingerprint} has status {status!r}",
            f"A status is one of {', '.join(STATUSES)}.",
        )
    reason, count = entry.get("reason", ""), entry.get("count", 1)
    if not isinstance(reason, str) or isinstance(count, bool) or not isinstance(count, int):
        raise BadConfig(
            f"{path}: the decision for {fingerprint} is incomplete",
            "reason is a text, count a whole number.",
        )
    return Decision(fingerprint, cast("Status", status), reason, count)


def _groups(entries: Any, path: "Path") -> tuple[Group, ...]:
    if not isinstance(entries, list):
        raise BadConfig(f"{path}: group is no list", "Write each one under [[group]].")
    return tuple(_group(entry, path) for entry in entries)


def _group(entry: Any, path: "Path") -> Group:
    known = {"rule", "module", "subject", "status", "reason"}
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise BadConfig(
            f"{path}: a value in a [[group]] is not text", f"It has {', '.join(sorted(known))}."
        )
    if set(entry) - known or not {"rule", "module", "subject"} & set(entry):
        raise BadConfig(
            f"{path}: a group has {', '.join(sorted(entry)) or 'nothing'}",
            "It takes rule, module and subject (patterns, at least one), status and reason.",
        )
    if entry.get("status") not in STATUSES:
        raise BadConfig(
            f"{path}: a group has status {entry.get('status')!r}",
            f"A status is one of {', '.join(STATUSES)}.",
        )
    return Group(
        entry.get("rule", "*"),
        entry.get("module", "*"),
        entry.get("subject", "*"),
        cast("Status", entry["status"]),
        entry.get("reason", ""),
    )


def apply(report: Report, decisions: Decisions) -> Report:
    """``report`` with the decisions laid over its findings, and its scorecard by what is left open.

    A decision about one finding wins over a group's.
    """
    groups = decisions.groups
    if not groups and not any(finding.fingerprint in decisions for finding in report.findings):
        return report
    findings = []
    for finding in report.findings:
        decision = decisions.get(finding.fingerprint)
        if decision is not None:
            findings.append(_decided(finding, decision))
        else:
            group = next((each for each in groups if each.fits(finding)), None)
            findings.append(_of_group(finding, group) if group else finding)
    return with_statuses(report, tuple(findings))


def with_statuses(report: Report, findings: tuple[Finding, ...]) -> Report:
    """``report`` with its findings in other statuses, and a scorecard of what is left open."""
    from isoview.inspectors.record import replace

    scorecard = report.scorecard
    if scorecard and any(
        old.status != new.status for old, new in zip(report.findings, findings, strict=True)
    ):
        scorecard = _marks(report, findings)
    return replace(report, findings=findings, scorecard=scorecard)


def _marks(report: Report, findings: tuple[Finding, ...]) -> dict[str, str]:
    from isoview.scorecard import scorecard

    if report.live is None:
        return scorecard(report.facts, findings, report.not_run)
    from isoview.rules import ASKED
    from isoview.rules.behaviour import LIVE_RULES

    return scorecard(report.facts, findings, report.not_run, (*ASKED, *LIVE_RULES))


def _of_group(finding: Finding, group: Group) -> Finding:
    from isoview.inspectors.record import replace

    return replace(finding, status=group.status, reason=group.reason or None)


def _decided(finding: Finding, decision: Decision) -> Finding:
    from isoview.inspectors.record import replace

    if finding.count <= decision.count or decision.status == "open":
        return replace(finding, status=decision.status, reason=decision.reason or None)
    grown = f"{decision.status} when there were {decision.count}, now {finding.count}"
    reason = f"{grown}: {decision.reason}" if decision.reason else grown
    return replace(finding, status="open", reason=reason)


def decide(path: "Path", finding: Finding, status: Status, reason: str) -> Decision | None:
    """Write one decision to ``path``; returns the one it replaces, for :func:`restore`."""
    from isoview.decision_file import store

    reason = reason.encode("utf-8", "backslashreplace").decode()  # a lone surrogate is no text
    decision = Decision(finding.fingerprint, status, reason, finding.count)
    return store(path, finding.fingerprint, decision)


def restore(path: "Path", fingerprint: str, previous: Decision | None) -> None:
    """Put back what :func:`decide` returned: the earlier decision, or none at all."""
    from isoview.decision_file import store

    store(path, fingerprint, previous)


def stale(
    decisions: Decisions, modules: Collection[str], fingerprints: Collection[str]
) -> tuple[str, ...]:
    """Fingerprints of decisions about ``modules`` that none of the findings there has.

    What was decided to be fixed and is gone is as it should be; what is about a module that was
    not looked at may still be there.
    """
    return tuple(
        fingerprint
        for fingerprint, decision in sorted(decisions.items())
        if fingerprint not in fingerprints
        and decision.status != "fixed"
        and module_of(fingerprint) in modules
    )


def module_of(fingerprint: str) -> str:
    """The dotted module that a fingerprint names."""
    return fingerprint.split(":", 2)[1] if fingerprint.count(":") >= 2 else ""

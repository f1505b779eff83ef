"""JUnit XML: a suite per module, a case per rule, so that a CI system counts them.

A rule that found what counts fails (errors and warnings; notes are told in the case's output),
one that could not look is skipped, a target that could not be analysed is an error.
"""

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from isoview.model import COUNTING, Finding, NotRun, Report, TargetError
from isoview.readable import as_written, says
from isoview.reports.place import module_name, relative
from isoview.rules import ALL_RULES
from isoview.rules.base import Rule
from isoview.visible import visible

_FAILING = ("error", "warning")


def document(
    reports: Sequence[Report], errors: Sequence[TargetError], stale: Sequence[str] = ()
) -> str:
    """The document; every suite says how many of its cases failed."""
    suites = [_suite(report) for report in reports if report.facts.artifact.is_extension]
    suites += [_error_suite(error) for error in errors]
    if stale:
        suites.append(_stale_suite(stale))
    cases = sum(suite.cases for suite in suites)
    failures = sum(suite.failed for suite in suites)
    wrong = sum(suite.wrong for suite in suites)
    skipped = sum(suite.skipped for suite in suites)
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="isoview" tests="{cases}" failures="{failures}" errors="{wrong}" '
        f'skipped="{skipped}" time="0">\n'
    )
    return head + "".join(suite.text for suite in suites) + "</testsuites>\n"


class _Suite(NamedTuple):
    text: str
    cases: int
    failed: int
    wrong: int
    skipped: int


def _whole(name: str, rows: Sequence[str], failed: int, wrong: int, skipped: int) -> _Suite:
    head = (
        f' <testsuite name={_attribute(name)} tests="{len(rows)}" failures="{failed}" '
        f'errors="{wrong}" skipped="{skipped}" time="0">\n'
    )
    text = head + "".join(rows) + " </testsuite>\n"
    return _Suite(text, len(rows), failed, wrong, skipped)


def _suite(report: Report) -> _Suite:
    findings: dict[str, list[Finding]] = {}
    for finding in report.findings:
        findings.setdefault(finding.rule, []).append(finding)
    not_run = {entry.rule: entry for entry in report.not_run}
    module = module_name(report)
    path = relative(report.facts.artifact.path)
    rows, failed, skipped = [], 0, 0
    for rule in ALL_RULES:
        body = _body(findings.get(rule.code, []), not_run.get(rule.code))
        failed += "<failure" in body
        skipped += "<skipped" in body
        rows.append(_case(rule, module, path, body))
    return _whole(path, rows, failed, 0, skipped)


def _case(rule: Rule, module: str, path: str, body: str) -> str:
    name = _attribute(f"{rule.code} {rule.name}")
    head = (
        f'  <testcase classname={_attribute(module)} name={name} file={_attribute(path)} time="0"'
    )
    return f"{head}>\n{body}  </testcase>\n" if body else f"{head}/>\n"


def _body(findings: Sequence[Finding], not_run: NotRun | None) -> str:
    failing = [finding for finding in findings if _fails(finding)]
    others = [finding for finding in findings if not _fails(finding)]
    body = ""
    if failing:
        number = sum(finding.count for finding in failing)
        message = says(failing[0]) + (f" (and {number - 1} more)" if number > 1 else "")
        text = _text(failing)
        body += f'   <failure type="{failing[0].severity}" message={_attribute(message)}>{text}</failure>\n'
    elif not_run is not None:
        body += f"   <skipped message={_attribute(not_run.reason)}/>\n"
    if others:
        body += f"   <system-out>{_text(others)}</system-out>\n"
    return body


def _fails(finding: Finding) -> bool:
    return finding.status in COUNTING and finding.severity in _FAILING


def _text(findings: Sequence[Finding]) -> str:
    rows = []
    for finding in findings:
        status = "" if finding.status == "open" else f" [{finding.status}]"
        times = f" ({finding.count} times)" if finding.count > 1 else ""
        rows.append(f"{finding.severity}: {visible(says(finding))}{times}{status}")
        rows += [f"  {visible(as_written(each.text))}" for each in finding.evidence[:5]]
        if finding.reason:
            rows.append(f"  decision: {visible(finding.reason)}")
        rows.append(f"  {visible(finding.fingerprint)}")
    return escape("\n".join(rows))


def _error_suite(error: TargetError) -> _Suite:
    name = relative(error.path)
    row = (
        f'  <testcase classname="isoview" name={_attribute(name)} time="0">\n'
        f"   <error message={_attribute(error.error)}>{escape(visible(error.hint))}</error>\n"
        "  </testcase>\n"
    )
    return _whole(name, [row], 0, 1, 0)


def _stale_suite(stale: Sequence[str]) -> _Suite:
    rows = [
        f'  <testcase classname="isoview.toml" name={_attribute(each)} time="0">\n'
        '   <skipped message="this decision matches nothing any more"/>\n  </testcase>\n'
        for each in stale
    ]
    return _whole("isoview.toml", rows, 0, 0, len(rows))


def _attribute(text: str) -> str:
    return quoteattr(visible(text, 2000))

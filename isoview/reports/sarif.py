"""SARIF 2.1.0, as code scanning reads it.

Every result has a physical location (code scanning drops those without): the source line where
debug information tells one inside the project, else the artifact's own path. Fingerprints are
isoview's, so that an alert stays the same through rebuilds. Source: OASIS SARIF 2.1.0; the
properties that code scanning needs are listed in its documentation of SARIF support.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from isoview.model import COUNTING, Finding, Report, TargetError, Where
from isoview.readable import as_written, says
from isoview.reports.place import module_name, relative, spot
from isoview.rules import ALL_RULES
from isoview.rules.base import Rule
from isoview.version import VERSION
from isoview.visible import visible

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://pypi.org/project/isoview-ext/"
_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_PRECISION = {"high": "high", "medium": "medium", "low": "low"}
_MOST = 5_000  # results that code scanning takes of one run


def document(
    reports: Sequence[Report], errors: Sequence[TargetError], stale: Sequence[str] = ()
) -> str:
    """The document, with one run."""
    rules = {rule.code: number for number, rule in enumerate(ALL_RULES)}
    found = [
        _result(report, finding, rules)
        for report in reports
        for finding in report.findings
        if finding.rule in rules
    ]
    found.sort(key=lambda result: ("suppressions" in result, _rank(result["level"])))
    run = {
        "tool": {
            "driver": {
                "name": "isoview",
                "semanticVersion": VERSION,
                "version": VERSION,
                "informationUri": _HOME,
                "rules": [_rule(rule) for rule in ALL_RULES],
            }
        },
        "automationDetails": {"id": "isoview/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(errors, stale, len(found))],
        "artifacts": [_artifact(report) for report in reports],
        "results": found[:_MOST],
    }
    text = json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1)
    return text.replace("\x7f", "\\u007f") + "\n"


def _rank(level: str) -> int:
    return list(_LEVELS.values()).index(level)


def _rule(rule: Rule) -> dict[str, Any]:
    documentation = rule.documentation()
    fixes = "\n\n".join(f"**{name}:** {text}" for name, text in documentation.fixes.items())
    markdown = (
        f"{documentation.finds}\n\n### Why it matters\n\n{documentation.why}"
        f"\n\n### How to fix\n\n{fixes}\n"
    )
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": documentation.summary},
        "fullDescription": {"text": documentation.finds},
        "help": {"text": f"{documentation.finds}\n\n{documentation.why}", "markdown": markdown},
        "helpUri": _guide_link(rule.guide),
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": ["isolation", rule.guide],
            "precision": "high",
            "problem.severity": "recommendation" if rule.severity == "note" else rule.severity,
        },
    }


def _guide_link(section_id: str) -> str:
    from isoview.guide import find

    section = find(section_id)
    return section.url if section is not None else _HOME


def _result(report: Report, finding: Finding, rules: dict[str, int]) -> dict[str, Any]:
    digest = hashlib.sha256(finding.fingerprint.encode("utf-8", "backslashreplace")).hexdigest()
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": rules[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": _message(report, finding)},
        "locations": [_location(report, finding)],
        "partialFingerprints": {
            "isoview/v1": visible(finding.fingerprint),
            "primaryLocationLineHash": f"{digest[:16]}:1",
        },
        "occurrenceCount": max(finding.count, 1),
        "properties": {
            "precision": _PRECISION[finding.confidence],
            "evidence": [visible(as_written(each.text)) for each in finding.evidence],
        },
    }
    if finding.related:
        result["relatedLocations"] = [
            {**_place(report, where), "id": number}
            for number, where in enumerate(finding.related[:20], 1)
        ]
    if finding.status not in COUNTING:
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": visible(finding.reason or finding.status),
            }
        ]
    return result


def _message(report: Report, finding: Finding) -> str:
    module = visible(module_name(report))
    where = finding.where
    place = f" at {where.address:#x}" if where.address is not None else ""
    return f"{visible(says(finding))} ({module}{place})"


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    location = _place(report, finding.where)
    at = spot(report, finding)
    physical = location["physicalLocation"]
    physical["artifactLocation"] = _uri(at.path)
    physical["region"] = {"startLine": at.line or 1}
    return location


def _place(report: Report, where: Where) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": _uri(relative(report.facts.artifact.path))}
    if where.address is not None:
        physical["address"] = {"absoluteAddress": where.address, "kind": "data"}
    location: dict[str, Any] = {"physicalLocation": physical}
    name = visible(where.symbol) if where.symbol else None
    module = visible(module_name(report))
    logical: dict[str, Any] = {"fullyQualifiedName": f"{module}.{name}" if name else module}
    logical["name"] = name or module.rpartition(".")[2]
    logical["kind"] = "variable" if name else "module"
    location["logicalLocations"] = [logical]
    return location


def _uri(path: str) -> dict[str, str]:
    try:
        encoded = quote(path.encode("utf-8", "surrogateescape"))  # the bytes of the file's name
    except UnicodeEncodeError:
        encoded = quote(path.encode("utf-8", "backslashreplace"))
    if path.startswith("/"):
        return {"uri": f"file://{encoded}"}
    return {"uri": encoded, "uriBaseId": "%SRCROOT%"}


def _artifact(report: Report) -> dict[str, Any]:
    artifact = report.facts.artifact
    entry: dict[str, Any] = {
        "location": _uri(relative(artifact.path)),
        "length": artifact.size,
        "roles": ["analysisTarget"],
    }
    if artifact.sha256:
        entry["hashes"] = {"sha-256": artifact.sha256}
    return entry


def _invocation(errors: Sequence[TargetError], stale: Sequence[str], found: int) -> dict[str, Any]:
    notes: list[dict[str, Any]] = [
        {
            "level": "error",
            "message": {"text": f"{visible(error.error)}. {visible(error.hint)}"},
            "locations": [{"physicalLocation": {"artifactLocation": _uri(relative(error.path))}}],
        }
        for error in errors
    ]
    notes += [
        {"level": "note", "message": {"text": f"A decision matches nothing: {visible(each)}"}}
        for each in stale
    ]
    if found > _MOST:
        text = f"{found} results; the {_MOST} gravest are written, as code scanning takes no more."
        notes.append({"level": "warning", "message": {"text": text}})
    return {"executionSuccessful": not errors, "toolExecutionNotifications": notes}

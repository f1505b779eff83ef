"""Findings that are made when somebody asks: their sum, and what they are then."""

import copy
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
from facts_by_hand import facts, slot, static, static_type

from isoview.codec import report_from_data, report_to_data
from isoview.inspectors.binary.inspect import load, shape
from isoview.inspectors.facts import Evidence, Facts
from isoview.inspectors.record import replace
from isoview.judge import judge
from isoview.model import Finding, Report
from isoview.scorecard import scorecard

BUILT = Path(__file__).parents[1] / "fixtures" / "built" / "elf-x86-64"
NAMED = BUILT / "symbols_311.cpython-311-x86_64-linux-gnu.so"
SIZE = (Evidence("size", "8 bytes"),)
WROTE = (Evidence("write", "written in count()"),)


def made(*statics: tuple[str | None, tuple[Evidence, ...]]) -> Facts:
    return facts(
        slots=(slot(3, 2),),
        types=(static_type(),),
        statics=tuple(static(symbol, "scalar", evidence=evidence) for symbol, evidence in statics),
    )


UNSEEN = made(("a", ()), ("b.1", SIZE), ("b.2", ()), (None, ()), (None, SIZE), ("b.3", SIZE))


def is_put_off(report: Report) -> bool:
    return "findings" not in vars(report)


def numbers(findings: tuple[Finding, ...]) -> Counter[tuple[str, str, str, str]]:
    sums: Counter[tuple[str, str, str, str]] = Counter()
    for entry in findings:
        sums[entry.rule, entry.severity, entry.confidence, entry.status] += entry.count
    return sums


def test_the_sum_has_the_numbers_of_what_it_stands_for() -> None:
    report = judge(UNSEEN)
    summed = report.summed
    assert is_put_off(report)
    assert [(entry.rule, entry.count) for entry in summed][-2:] == [("ISO201", 1), ("ISO302", 6)]
    assert numbers(report.findings) == numbers(summed)
    assert not is_put_off(report)
    assert report.summed is summed


def test_what_was_put_off_folds_as_ever() -> None:
    plain = [entry for entry in judge(UNSEEN).findings if entry.rule == "ISO302"]
    assert [(entry.fingerprint, entry.count) for entry in plain] == [
        ("ISO302:mod:symbol:a", 1),
        ("ISO302:mod:symbol:b", 3),
        ("ISO302:mod:unnamed:static", 2),
    ]
    numbered = plain[1]
    assert numbered.where.symbol == "b.1"
    assert [where.symbol for where in numbered.related] == ["b.2", "b.3"]
    assert numbered.evidence == SIZE


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_one_that_is_written_speaks_for_its_name(order: tuple[int, ...]) -> None:
    entries = (("b.1", ()), ("b.2", SIZE), ("b.3", WROTE))
    report = judge(made(*(entries[number] for number in order)))
    assert not is_put_off(report)
    (finding,) = [entry for entry in report.findings if entry.rule == "ISO302"]
    assert (finding.severity, finding.where.symbol, finding.count) == ("warning", "b.3", 3)
    others = [entries[number][0] for number in order if number != 2]
    assert [where.symbol for where in finding.related] == others
    assert set(finding.evidence) == {*SIZE, *WROTE}


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda it: pickle.loads(pickle.dumps(it))]
)
def test_facts_of_a_file_are_copied_with_what_they_put_off(
    copied: Callable[[Facts], Facts],
) -> None:
    with load(str(NAMED)) as loaded:
        first, second = shape(loaded), shape(loaded)
    assert {"globals", "sections"}.isdisjoint(vars(first))
    assert copied(first) == second
    assert first.globals
    assert first.sections
    assert [entry.symbol for entry in first.globals] == [row[1] for row in first.static_rows]
    assert {entry.name for entry in first.sections} == first.section_names
    assert copied(first).objects == second.objects
    assert replace(shape(loaded), stage="code").globals == first.globals


def test_a_report_is_the_same_before_and_after_its_findings_are_made() -> None:
    asked = judge(UNSEEN)
    assert asked.findings
    assert judge(UNSEEN) == asked
    assert repr(judge(UNSEEN)) == repr(asked)
    assert asdict(judge(UNSEEN)) == asdict(asked)
    assert report_to_data(judge(UNSEEN)) == report_to_data(asked)
    assert list(report_to_data(judge(UNSEEN))) == list(report_to_data(asked))
    assert report_from_data(report_to_data(judge(UNSEEN))) == asked
    assert pickle.loads(pickle.dumps(judge(UNSEEN))) == asked


def test_the_scorecard_is_made_when_asked_for() -> None:
    report = judge(UNSEEN)
    assert "scorecard" not in vars(report)
    assert report.scorecard == scorecard(UNSEEN, report.summed, report.not_run)
    assert report.scorecard["heap-types"] == "open"
    assert is_put_off(report)
    changed = replace(judge(UNSEEN), rules_run=1)
    assert vars(changed)["scorecard"] == report.scorecard
    assert Report(UNSEEN, None, {}).scorecard == {}


def test_evidence_on_statics_is_made_with_their_records() -> None:
    with load(str(NAMED)) as loaded:
        found = shape(loaded)
        rows = found.static_rows
    assert any(told for *_, told in rows)
    for entry, (address, symbol, section, size, kind, told) in zip(
        found.globals, rows, strict=True
    ):
        assert (entry.address, entry.symbol, entry.section) == (address, symbol, section)
        assert (entry.size, entry.kind) == (size, kind)
        assert entry.evidence == tuple(Evidence(*fields) for fields in told)
    assert replace(found, stage="code").static_rows == rows
    assert found.statics_evidence == {
        item.kind for entry in found.globals for item in entry.evidence
    }


def test_another_report_has_findings_of_its_own() -> None:
    report = judge(UNSEEN)
    assert replace(judge(UNSEEN), rules_run=1).findings == report.findings
    alone = replace(judge(UNSEEN), findings=report.findings[:1])
    assert alone.findings == alone.summed == report.findings[:1]


def test_a_report_without_findings_has_none() -> None:
    report = Report(UNSEEN, None, {})
    assert report.findings == report.summed == ()

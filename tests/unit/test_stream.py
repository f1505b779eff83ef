"""The stream: one sequence of events that everything else consumes."""

from pathlib import Path

import pytest
from command import speedups
from compiled import compile_fixture

import isoview
from isoview.inspectors.errors import BadConfig, IsoviewError, Unreadable
from isoview.model import Complete, Failed, Shape, Started
from isoview.stream import stream
from isoview.triage import decide


def kinds(*targets: str | Path, quick: bool = False, shapes: bool = True) -> list[type]:
    return [type(each) for each in stream(map(str, targets), quick=quick, shapes=shapes)]


def test_each_target_starts_takes_shape_and_is_completed_in_order() -> None:
    assert kinds(speedups(), "missing.so", speedups()) == [
        Started, Shape, Complete, Started, Failed, Started, Shape, Complete,
    ]  # fmt: skip


def test_the_first_stage_can_be_left_out() -> None:
    assert kinds(speedups(), shapes=False) == [Started, Complete]


def test_quick_ends_with_the_first_stage() -> None:
    *_, shape, complete = stream([str(speedups())], quick=True)
    assert isinstance(shape, Shape)
    assert isinstance(complete, Complete)
    assert complete.report.facts.stage == "shape"


def test_the_second_stage_follows_only_when_it_is_asked_for() -> None:
    events = stream([str(speedups())])
    assert isinstance(next(events), Started)
    first = next(events)
    assert isinstance(first, Shape)
    assert first.report.facts.stage == "shape"
    last = next(events)
    assert isinstance(last, Complete)
    assert last.report.facts.stage == "code"


def test_a_failure_says_what_and_what_to_do() -> None:
    *_, failed = stream(["missing.so"])
    assert isinstance(failed, Failed)
    assert failed.error.path == "missing.so"
    assert "missing.so" in failed.error.error
    assert failed.error.hint


def test_debug_lets_exceptions_out() -> None:
    with pytest.raises(Unreadable):
        list(stream(["missing.so"], debug=True))


def test_decisions_of_the_working_folder_are_applied(own_surroundings: Path) -> None:
    bad = compile_fixture("single_phase_init_bad.c")
    finding = next(each for each in isoview.audit(bad).findings if each.rule == "ISO101")
    assert finding.status == "open"
    decide(own_surroundings / "isoview.toml", finding, "intended", "because")
    inner = own_surroundings / "inner"
    inner.mkdir()
    for event in stream([str(bad)]):
        if isinstance(event, Shape | Complete):
            decided = {each.rule: each.status for each in event.report.findings}
            assert decided["ISO101"] == "intended"


def test_a_damaged_decision_file_stops_before_anything_is_opened(own_surroundings: Path) -> None:
    (own_surroundings / "isoview.toml").write_text("[[decision]\n")
    with pytest.raises(BadConfig):
        next(stream([str(speedups())]))


def test_audit_returns_the_report_or_raises() -> None:
    assert isoview.audit(speedups()).facts.artifact.is_extension
    with pytest.raises(IsoviewError) as caught:
        isoview.audit("missing.so")
    assert caught.value.hint

"""Rules about live runs: each on data written by hand, and on a module that behaves so."""

import sys
from typing import Any

import pytest
from facts_by_hand import facts, slot
from live.built import build
from live.interpreters import find
from live_by_hand import (
    OUTCOMES,
    info,
    instance,
    instances,
    interpreters,
    lifecycle,
    outcome,
    report,
    sharing,
    statics,
)
from waiting import LIMIT, patiently

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.live.runner import run
from isoview.judge import judge
from isoview.model import Finding, Report
from isoview.rules.behaviour import LIVE_RULES, LiveRule
from isoview.run_live import with_live

FINE = {
    "info": info(phase="multi", m_size=0),
    "twice": outcome(module="mod", same_module=False, **sharing()),
    "shared-gil": outcome(**sharing()),
    "own-gil": outcome(**sharing()),
    "free-threaded": outcome(module="mod", gil_before=False, gil_after=False, turned_on_by=None),
    "lifecycle": lifecycle(),
    "instances": instances(instance("Item")),
    "statics": statics(),
    "fallback": outcome(users=["mod"], main="extension", sub="extension", messages=[]),
}
DECLARED = facts(slots=(slot(3, 2), slot(4, 1)), tag="cpython-313t-x86_64-linux-gnu")
GIL_ON = {"gil_before": False, "gil_after": True, "turned_on_by": "mod", "module": "mod"}
CRASHED = outcome("crashed", "ended by SIGSEGV at stage import", signal="SIGSEGV", repeats="2/3")
OTHER_DEFINITION: dict[str, Any] = {
    "kind": "moduledef", "address": 0x1000, "link_address": 0x1000, "token": None, "m_name": "mod",
    "m_doc": None, "m_size": 64, "methods": [], "slots": [], "has_traverse": False,
    "has_clear": False, "has_free": False,
}  # fmt: skip

SHOWS: dict[str, dict[str, dict[str, Any]]] = {
    "ISO205": {"instances": instances(instance("Item", traverse_visits_type=False))},
    "ISO801": {"twice": outcome(same_module=True, **sharing(("Item",)))},
    "ISO802": {"twice": outcome(same_module=False, **sharing(("Item",), ("make",)))},
    "ISO803": {"statics": statics("item_type", None)},
    "ISO804": {"own-gil": OUTCOMES["own-gil"]},
    "ISO805": {"info": info(), "twice": outcome("failed", "RuntimeError: already registered")},
    "ISO806": {"lifecycle": CRASHED},
    "ISO807": {"shared-gil": outcome("failed", "no", parts={
        "in-turn": {"status": "failed", "interpreters": interpreters("ok", "failed")}})},
    "ISO808": {"lifecycle": lifecycle(160.0, 30000.0)},
    "ISO809": {"instances": instances(instance("Item", kept_per_instance=1.0))},
    "ISO810": {"free-threaded": outcome(**GIL_ON)},
    "ISO811": {"fallback": outcome(users=["mod"], main="extension", sub="python", messages=[])},
    "ISO812": {"twice": outcome("timed-out", "not done within 10 s at stage second import")},
    "ISO813": {"own-gil": outcome(**sharing(("Item",)))},
    "ISO814": {"lifecycle": {**lifecycle(), "module_freed": False, "modules_freed": 0}},
    "ISO902": {"own-gil": CRASHED},
    "ISO903": {"shared-gil": outcome("failed", "RuntimeError: no")},
    "ISO904": {"twice": outcome(same_module=False, **sharing(("Item",)))},
    "ISO905": {"free-threaded": outcome(**GIL_ON)},
    "ISO906": {"info": info(phase="multi", m_size=64, definition=OTHER_DEFINITION)},
}  # fmt: skip
"""What shows each rule what it is about."""


def found(
    rule: LiveRule, runs: dict[str, dict[str, Any]], version: str = "3.13.0"
) -> list[Finding]:
    return list(rule.look(DECLARED, report(runs, versions=(version,))))


@pytest.mark.parametrize("rule", LIVE_RULES, ids=lambda rule: rule.code)
def test_it_speaks_when_it_is_shown_and_not_otherwise(rule: LiveRule) -> None:
    findings = found(rule, {**FINE, **SHOWS[rule.code]})
    assert findings
    for finding in findings:
        assert finding.rule == rule.code
        assert "under 3.13.0" in finding.message
        assert not finding.message.endswith(".")
        assert finding.evidence
        assert ":0x" not in finding.fingerprint
    assert found(rule, FINE) == []


@pytest.mark.parametrize("rule", LIVE_RULES, ids=lambda rule: rule.code)
def test_it_says_when_it_could_not_look(rule: LiveRule) -> None:
    nothing = {name: outcome("not-run", "3.11 has no such thing") for name in FINE}
    reason = rule.cannot_look(report(nothing))
    assert reason is not None
    assert "3.11 has no such thing" in reason
    assert rule.cannot_look(report(FINE)) is None


def test_every_rule_is_shown_something() -> None:
    assert {rule.code for rule in LIVE_RULES} == set(SHOWS)


def test_interpreters_are_named_together() -> None:
    shown = SHOWS["ISO809"]
    rule = next(rule for rule in LIVE_RULES if rule.code == "ISO809")
    [finding] = rule.look(DECLARED, report(shown, shown, versions=("3.12.1", "3.13.0")))
    assert finding.message == "instances of Item keep their type under 3.12.1 and 3.13.0"
    assert len(finding.evidence) == 2


def test_a_refusal_of_later_interpreters_is_milder_than_an_accident() -> None:
    rule = next(rule for rule in LIVE_RULES if rule.code == "ISO807")
    parts = {"in-turn": {"status": "refused", "interpreters": interpreters("ok", "refused")}}
    clean = outcome("refused", "Interpreter change detected", recognised="cython", parts=parts)
    [finding] = found(rule, {"shared-gil": clean})
    assert finding.severity == "warning"
    [finding] = found(rule, SHOWS["ISO807"])
    assert finding.severity == "error"


def test_a_check_that_refuses_every_sub_interpreter_is_not_about_the_first_one() -> None:
    rule = next(rule for rule in LIVE_RULES if rule.code == "ISO807")
    parts = {"main-first": {"status": "refused", "interpreters": interpreters("ok", "refused")}}
    checked = {**OUTCOMES["own-gil"], "parts": parts}
    assert found(rule, {"shared-gil": checked}, "3.13.5t") == []


def test_an_inherited_traverse_is_a_note() -> None:
    rule = next(rule for rule in LIVE_RULES if rule.code == "ISO205")
    shown = instances(instance("Error", traverse_visits_type=False, own_traverse=False))
    [finding] = found(rule, {"instances": shown})
    assert finding.severity == "note"


def test_the_gil_turned_on_by_another_module_is_a_note_and_no_broken_claim() -> None:
    by_other = outcome(**{**GIL_ON, "turned_on_by": "other"})
    codes = {rule.code: found(rule, {"free-threaded": by_other}) for rule in LIVE_RULES}
    assert [finding.severity for finding in codes["ISO810"]] == ["note"]
    assert codes["ISO905"] == []


def test_a_free_threaded_build_may_refuse_who_declared_a_shared_gil() -> None:
    rule = next(rule for rule in LIVE_RULES if rule.code == "ISO903")
    live = report({"shared-gil": OUTCOMES["own-gil"]}, versions=("3.13.5t",))
    assert list(rule.look(facts(slots=(slot(3, 1),)), live)) == []
    assert list(rule.look(facts(slots=(slot(3, 2),)), live)) != []


def test_without_live_runs_these_rules_are_not_counted() -> None:
    judged = judge(facts())
    assert not {entry.rule for entry in judged.not_run} & {rule.code for rule in LIVE_RULES}
    assert judged.live is None
    with_runs = judge(facts(), report(FINE))
    assert with_runs.rules_run > judged.rules_run


# -- modules that behave so ----------------------------------------------------------------------

BEHAVES = {
    "CLEAN": set(),
    "SAME": {"ISO801", "ISO904"},
    "SHARES": {"ISO802", "ISO813", "ISO904"},
    "OVERWRITES": {"ISO803", "ISO904"},
    "OPTS_OUT": {"ISO804"},
    "FAILS": {"ISO805"},
    "CRASHES": {"ISO806"},
    "FIRST_ONLY": {"ISO804", "ISO807"},
    "GROWS": {"ISO808"},
    "KEEPS_TYPE": {"ISO809"},
    "HIDES_TYPE": {"ISO205"},
}
"""Codes that must be found; for a clean module none may be."""


def look_at(like: str, python: str, *names: str, own_gil: bool = False) -> Report:
    path = str(build("behaving", f"LIKE={like}", f"LIKE_OWN_GIL={int(own_gil)}", python=python))
    with load(path) as loaded:
        judged = judge(code(loaded, shape(loaded)))
    experiments = names or ("info", "twice", "shared-gil", "lifecycle", "instances", "statics")
    return with_live(judged, run(path, experiments, python, timeout=LIMIT))


def codes_of(judged: Report) -> set[str]:
    live = {rule.code for rule in LIVE_RULES}
    return {finding.rule for finding in judged.findings} & live


@pytest.mark.parametrize("like", BEHAVES)
def test_a_module_that_behaves_so_is_found_out(like: str) -> None:
    found_codes = codes_of(look_at(like, sys.executable))
    if like == "CLEAN":
        assert found_codes == set()
    else:
        assert BEHAVES[like] <= found_codes


def test_one_that_hangs_the_second_time() -> None:
    path = str(build("behaving", "LIKE=SECOND_HANGS", "LIKE_OWN_GIL=0"))
    live = patiently(
        lambda timeout: run(path, ("twice",), timeout=timeout),
        lambda live: live["runs"][0]["experiments"]["twice"]["stage"] == "second import",
    )
    rule = next(rule for rule in LIVE_RULES if rule.code == "ISO812")
    [finding] = rule.look(facts(), live)
    assert "a second import hangs at stage second import" in finding.message


NEWER = [entry for entry in find()[0] if entry.version >= (3, 12)]


@pytest.mark.parametrize("interpreter", NEWER, ids=lambda entry: entry.label)
def test_an_own_gil_that_is_claimed_wrongly(interpreter: Any) -> None:
    """The types are kept in a static: each interpreter overwrites what the other one holds."""
    judged = look_at("SHARES", interpreter.executable, "info", "own-gil", "statics", own_gil=True)
    assert {"ISO902", "ISO813"} <= codes_of(judged) or "ISO806" in codes_of(judged)
    assert judged.verdict is not None
    assert judged.verdict.own_gil.declared == "yes"
    assert judged.verdict.own_gil.answer == "contradiction"
    clean = look_at("CLEAN", interpreter.executable, "info", "own-gil", own_gil=True)
    assert codes_of(clean) == set()
    assert clean.verdict is not None
    assert (clean.verdict.own_gil.experiment, clean.verdict.own_gil.observed) == ("ok", "isolated")


def test_interpreters_that_were_not_there_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    absent = [entry.label for entry in find()[1]]
    with capsys.disabled():
        if absent:
            sys.stdout.write(f"\nnot tried here: {', '.join(absent)}\n")
    assert find()[0]

"""The porting plan: every open finding in one step, in the order of the work."""

import json
from dataclasses import replace

from command import isoview
from compiled import compile_fixture
from facts_by_hand import facts, slot, spec, static, static_type

from isoview.inspectors.facts import Completeness, Init, Item
from isoview.judge import judge
from isoview.model import Report
from isoview.plan import plan
from isoview.rules import ALL_RULES


def states(report: Report) -> dict[str, str]:
    return {step.id: step.state for step in plan(report)}


def unported() -> Report:
    types = (static_type("mod.B"), spec("mod.A"), spec("mod.A", flags=("HAVE_GC",)))
    return judge(facts(phase="single", m_size=-1, types=types, statics=(static("cache"),)))


def test_every_finding_stands_in_one_step() -> None:
    report = unported()
    listed = [finding for step in plan(report) for finding in step.findings]
    assert len(listed) == len(report.findings)
    assert set(listed) == set(report.findings)


def test_the_steps_are_in_the_order_of_the_work() -> None:
    assert list(states(unported())) == [
        "init", "state", "types", "statics", "hooks", "slots", "experiments", "apart",
    ]  # fmt: skip


def test_the_first_step_with_work_is_next() -> None:
    assert states(unported())["init"] == "next"
    assert states(unported())["types"] == "to do"
    ported = judge(facts(slots=(slot(3, 2),)))
    assert [step.id for step in plan(ported) if step.state == "next"] == ["experiments"]


def test_what_waits_for_a_state_that_is_not_there_asks_for_it() -> None:
    """A Cython module without module state: nothing is wrong with hooks that it cannot have."""
    waiting = judge(facts(statics=(static("cache"),), generator="Cython"))
    assert (states(waiting)["state"], states(waiting)["hooks"]) == ("next", "unknown")
    uses = ("PyModuleDef_Init", "PyModule_GetState")
    ready = judge(facts(statics=(static("cache"),), m_size=8, imports=uses))
    assert states(ready)["state"] == "done"


def test_what_could_not_be_looked_at_is_not_done() -> None:
    dark = Completeness(Item("full"), Item("none", "built at run time"), Item("none", "no names"))
    steps = {step.id: step for step in plan(judge(facts(completeness=dark)))}
    assert steps["types"].state == "unknown"
    assert "built at run time" in str(steps["types"].reason)
    assert steps["statics"].state == "unknown"


def test_slots_that_cannot_be_there_yet_are_not_done() -> None:
    """Seen on `_decimal` of CPython 3.11: no slots at all, and nothing to say against them."""
    assert states(unported())["slots"] == "to do"
    assert states(judge(facts(slots=(slot(3, 2), slot(4, 1)))))["slots"] == "done"
    own = (Init("PyInit_mod", "mod", own=True, phase="unknown", phase_source="none"),)
    assert states(judge(facts(init=own)))["slots"] == "unknown"


def test_decisions_take_findings_out_of_the_plan() -> None:
    report = unported()
    decided = replace(
        report, findings=tuple(replace(each, status="intended") for each in report.findings)
    )
    assert not any(step.findings for step in plan(decided))
    assert states(decided)["init"] == "done"


def test_findings_about_one_type_stand_together() -> None:
    types = next(step for step in plan(unported()) if step.id == "types")
    subjects = [finding.fingerprint.partition(":")[2] for finding in types.findings]
    assert subjects == sorted(subjects)
    assert len(set(subjects)) == 2


def test_every_rule_has_a_step() -> None:
    from isoview.plan import _step_of

    assert {rule.code for rule in ALL_RULES if _step_of(rule.code) == "apart"} == {
        rule.code
        for rule in ALL_RULES
        if rule.code.startswith(("ISO5", "ISO701", "ISO703", "ISO705", "ISO706", "ISO104"))
    }


def test_what_is_no_extension_has_no_plan() -> None:
    made = facts()
    assert plan(judge(replace(made, artifact=replace(made.artifact, is_extension=False)))) == ()


def test_the_command_prints_the_steps() -> None:
    path = compile_fixture("single_phase_init_bad.c")
    done = isoview("plan", str(path))
    assert done.returncode == 0, done.stderr
    assert "1. Multi-phase initialization  next" in done.stdout
    assert "ISO101" in done.stdout
    assert "7. Experiments  to do" in done.stdout
    (entry,) = json.loads(isoview("plan", "--format", "json", str(path)).stdout)
    assert entry["steps"][0]["state"] == "next"
    assert any(":module" in fingerprint for fingerprint in entry["steps"][0]["findings"])


def test_a_target_that_is_not_there_is_said_so() -> None:
    done = isoview("plan", "no_such_module_anywhere")
    assert done.returncode == 3
    assert done.stderr.startswith("isoview: ")

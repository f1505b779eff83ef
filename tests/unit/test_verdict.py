"""The verdict: declared, evidence and answer of the four questions, and the scorecard."""

from dataclasses import replace

import pytest
from facts_by_hand import facts, slot, spec, static, static_type

from isoview.inspectors.facts import Budget, Damage, Evidence, Facts, Init, Item, Library
from isoview.judge import judge
from isoview.model import QUESTIONS, Answer, Verdict
from isoview.scorecard import FREE_THREADING, OVERVIEW, SECTIONS, scorecard

FT_BUILD = "cpython-313t-x86_64-linux-gnu"
OPT_OUT = Evidence("opt-out", 'text "cannot load module more than once per process"', 0x5000)
CYTHON = Evidence("generator-guard", 'text "Interpreter change detected - this module ..."', 0x5000)
OWN = (slot(3, 2),)


def verdict(made: Facts) -> Verdict:
    found = judge(made).verdict
    assert found is not None
    return found


def declared(made: Facts) -> tuple[str, str, str]:
    found = verdict(made)
    return (
        found.multiple_module_objects.declared,
        found.shared_gil.declared,
        found.own_gil.declared,
    )


def answers(made: Facts) -> tuple[str, str, str]:
    found = verdict(made)
    return found.multiple_module_objects.answer, found.shared_gil.answer, found.own_gil.answer


def single(m_size: int | None, **changes: object) -> Facts:
    return facts(phase="single", m_size=m_size, imports=("PyModule_Create2",), **changes)  # type: ignore[arg-type]


# --- what is declared -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (single(-1), ("no", "omitted", "no")),
        (single(0), ("omitted", "omitted", "no")),
        (single(48), ("omitted", "omitted", "no")),
        (single(None), ("unknown", "omitted", "no")),
        (facts(), ("yes", "omitted", "no")),
        (facts(slots=(slot(3, 0),)), ("yes", "no", "no")),
        (facts(slots=(slot(3, 1),)), ("yes", "yes", "no")),
        (facts(slots=OWN), ("yes", "yes", "yes")),
        (facts(slots=(slot(3, 7),)), ("yes", "yes", "no")),
        (facts(slots=(slot(3, -1),)), ("yes", "yes", "no")),
        (facts("cpython-315-x86_64-linux-gnu", slots=(slot(86, 2),)), ("yes", "yes", "yes")),
        (facts("cpython-311-x86_64-linux-gnu"), ("yes", "cannot-say", "cannot-say")),
        (facts("abi3", limited="3.9"), ("yes", "cannot-say", "cannot-say")),
        (facts("abi3", limited="3.12"), ("yes", "omitted", "no")),
        (facts("abi3", limited="3.9", slots=OWN), ("yes", "yes", "yes")),
        (facts(slots=OWN, guards=(OPT_OUT,)), ("no", "yes", "yes")),
        (facts(definitions=()), ("yes", "unknown", "unknown")),
        (facts(phase="unknown"), ("unknown", "unknown", "unknown")),
        (facts(init=()), ("unknown", "unknown", "unknown")),
    ],
)
def test_declared(made: Facts, expected: tuple[str, str, str]) -> None:
    assert declared(made) == expected


@pytest.mark.parametrize(
    ("made", "expected", "answer"),
    [
        (facts(slots=(*OWN, slot(4, 1))), "cannot-say", "unknown"),
        (facts(FT_BUILD, slots=OWN), "omitted", "no"),
        (facts(FT_BUILD, slots=(*OWN, slot(4, 0))), "no", "no"),
        (facts(FT_BUILD, slots=(*OWN, slot(4, 1))), "yes", "unknown"),
        (facts("abi3t", slots=OWN), "omitted", "no"),
        (facts(FT_BUILD, phase="single", imports=("PyModule_Create2",)), "omitted", "no"),
        (
            facts(FT_BUILD, phase="single", imports=("PyUnstable_Module_SetGIL",)),
            "unknown",
            "unknown",
        ),
        (facts(FT_BUILD, definitions=()), "unknown", "unknown"),
    ],
)
def test_free_threading_is_declared_by_free_threaded_files_only(
    made: Facts, expected: str, answer: str
) -> None:
    found = verdict(made).free_threaded
    assert (found.declared, found.answer) == (expected, answer)
    assert found.evidence == "not-analysed"


# --- evidence -------------------------------------------------------------------------------


def test_nothing_found_in_a_file_read_whole() -> None:
    assert verdict(facts(slots=OWN)).own_gil.evidence == "none-found"


def partly(**items: Item) -> Facts:
    made = facts(slots=OWN)
    return replace(made, completeness=replace(made.completeness, **items))


@pytest.mark.parametrize(
    "made",
    [
        facts(slots=OWN, stage="shape"),
        partly(types=Item("partial", "PyO3 builds its classes at run time")),
        partly(globals=Item("partial", "no symbol table")),
        partly(definitions=Item("partial", "the slots are filled at run time")),
        facts(slots=OWN, damage=(Damage("section headers", "cut off"),)),
        facts(slots=OWN, budget=Budget(10, reached=True)),
        facts(slots=OWN, statics=(static("counter", "scalar"),)),
    ],
)
def test_a_file_that_was_not_read_whole_is_never_none_found(made: Facts) -> None:
    found = verdict(made)
    for question in ("multiple_module_objects", "shared_gil", "own_gil"):
        answer: Answer = getattr(found, question)
        assert answer.evidence == "partial"
        assert answer.answer == "unknown"
        assert answer.summary.count(".") >= 1


def test_a_library_that_does_part_of_the_work_has_to_be_read_too() -> None:
    found = verdict(facts(slots=OWN, libraries=(Library("libshiboken6.so", audited=False),)))
    assert found.own_gil.evidence == "not-analysed"
    assert "libshiboken6.so" in found.own_gil.summary
    read = verdict(facts(slots=OWN, libraries=(Library("libshiboken6.so", audited=True),)))
    assert read.own_gil.answer == "yes"


def test_nothing_read_is_not_analysed() -> None:
    nothing = Item("none", "damaged")
    made = partly(types=nothing, globals=nothing)
    assert verdict(made).shared_gil.evidence == "not-analysed"


# --- answers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (facts(slots=OWN), ("yes", "yes", "yes")),
        (facts(slots=(slot(3, 1),)), ("yes", "yes", "no")),
        (facts(slots=(slot(3, 0),)), ("yes", "no", "no")),
        (facts(), ("yes", "unknown", "no")),
        (facts("cpython-311-x86_64-linux-gnu"), ("yes", "unknown", "unknown")),
        (single(-1), ("no", "unknown", "no")),
        (single(0), ("unknown", "unknown", "no")),
        (single(0, types=(static_type(),)), ("no", "unknown", "no")),
        (facts(slots=OWN, types=(static_type(),)), ("contradiction",) * 3),
        (facts(slots=OWN, statics=(static("cache"),)), ("contradiction",) * 3),
        (facts(types=(static_type(),)), ("contradiction", "unknown", "no")),
        (facts(slots=(slot(3, 0),), guards=(OPT_OUT,)), ("no", "no", "no")),
        (facts(slots=OWN, guards=(OPT_OUT,)), ("no", "contradiction", "contradiction")),
        (facts(guards=(CYTHON,), generator="Cython"), ("no", "no", "no")),
        (facts(definitions=()), ("yes", "unknown", "unknown")),
    ],
)
def test_answers(made: Facts, expected: tuple[str, str, str]) -> None:
    assert answers(made) == expected


def test_a_claim_alone_is_never_a_yes() -> None:
    found = verdict(facts(slots=OWN, stage="shape"))
    assert found.own_gil.declared == "yes"
    assert found.own_gil.answer == "unknown"


def test_no_experiment_was_run() -> None:
    found = verdict(facts(slots=OWN))
    for question in QUESTIONS:
        answer: Answer = getattr(found, question)
        assert answer.experiment == "not-run"
        assert answer.observed is None


def test_a_contradiction_names_what_decided_it() -> None:
    found = verdict(facts(slots=OWN, types=(static_type("mod.Item"),))).own_gil
    assert found.decided_by == ("ISO901:mod:module", "ISO201:mod:type:mod.Item")
    assert found.summary == "An own GIL is declared, but interpreters share 1 static type."


def test_a_refusal_is_decided_by_its_claim() -> None:
    found = verdict(facts(slots=(slot(3, 0),), types=(static_type(),))).own_gil
    assert found.decided_by == ("ISO112:mod:module",)
    assert found.evidence == "against"


def test_deciders_are_few_and_the_sentence_counts_all() -> None:
    types = tuple(static_type(f"mod.T{number}", address=number) for number in range(90))
    found = verdict(facts(slots=OWN, types=types)).own_gil
    assert len(found.decided_by) == 25
    assert "90 static types" in found.summary


@pytest.mark.parametrize(
    ("tag", "limited", "shared", "own"),
    [
        ("cpython-311-darwin", None, (11,), ()),
        ("cpython-313-darwin", None, (13,), (13,)),
        ("abi3", "3.10", (10, 11, 12, 13, 14, 15), (12, 13, 14, 15)),
        (None, None, (), ()),
    ],
)
def test_answers_say_which_versions_they_are_about(
    tag: str | None, limited: str | None, shared: tuple[int, ...], own: tuple[int, ...]
) -> None:
    found = verdict(facts(tag, limited=limited))
    assert found.shared_gil.applies_to == found.multiple_module_objects.applies_to == shared
    assert found.own_gil.applies_to == own
    assert found.free_threaded.applies_to == ()


def test_free_threading_applies_to_the_versions_that_have_it() -> None:
    assert verdict(facts(FT_BUILD, slots=OWN)).free_threaded.applies_to == (13,)


def test_every_answer_is_one_sentence() -> None:
    delegated = Init("PyInit_mod", "mod", own=True, phase="delegated", phase_source="strings",
                     reason="another module makes it")  # fmt: skip
    for made in (
        facts(), facts(slots=OWN), single(-1), single(0), facts(definitions=()), facts(init=()),
        facts(init=(delegated,)), facts("cpython-311-darwin"), facts(FT_BUILD),
        facts(slots=OWN, types=(static_type(),)), facts(guards=(CYTHON,)),
        facts(slots=(slot(3, 1),), statics=(static("a"), static("b", "scalar"))),
    ):  # fmt: skip
        for question in QUESTIONS:
            summary = getattr(verdict(made), question).summary
            assert summary[0].isupper()
            assert summary.endswith(".")
            assert ".." not in summary
            assert "\n" not in summary


# --- scorecard ------------------------------------------------------------------------------


def card(made: Facts) -> dict[str, str]:
    return judge(made).scorecard


def test_every_section_has_a_mark() -> None:
    marks = card(facts(slots=OWN))
    assert tuple(marks) == (*SECTIONS, *FREE_THREADING)
    assert set(marks.values()) <= {"met", "open", "not-applicable", "not-analysed"}


def test_sections_that_ask_nothing_and_sections_nobody_checks_yet() -> None:
    marks = card(facts(slots=OWN, types=(spec(flags=("HAVE_GC", "IMMUTABLETYPE")),), m_size=8))
    assert marks["who-should-read-this"] == "not-applicable"
    assert marks["defining-tp-dealloc"] == "not-analysed"
    assert marks["heap-types"] == "met"


def test_a_module_without_classes_has_nothing_to_do_for_them() -> None:
    marks = card(facts(slots=OWN))
    assert marks["heap-types"] == "not-applicable"
    assert marks["garbage-collection-protocol"] == "not-applicable"
    assert marks["module-state-access-from-functions"] == "not-applicable"


def test_open_sections() -> None:
    marks = card(single(-1, types=(static_type(),), statics=(static("cache"),)))
    for section in (
        OVERVIEW, "managing-per-module-state", "isolated-module-objects", "heap-types",
        "enter-per-module-state", "making-modules-safe-with-multiple-interpreters",
    ):  # fmt: skip
        assert marks[section] == "open", section


def test_what_was_not_seen_is_not_met() -> None:
    assert card(facts(slots=OWN, stage="shape"))["enter-per-module-state"] == "not-analysed"
    unclear = card(facts(slots=OWN, statics=(static("calls", "scalar"),)))
    assert unclear["managing-global-state"] == "not-analysed"
    assert unclear["enter-per-module-state"] == "not-analysed"
    assert unclear["isolated-module-objects"] == "not-analysed"
    made = partly(types=Item("partial", "PyO3 builds its classes at run time"))
    assert card(made)["heap-types"] == "not-analysed"


def test_an_opt_out_is_the_way_out_that_the_guide_describes() -> None:
    section = "opt-out-limiting-to-one-module-object-per-process"
    assert card(facts(slots=(slot(3, 0),), guards=(OPT_OUT,)))[section] == "met"
    assert card(facts(guards=(CYTHON,)))[section] == "open"
    assert card(facts(slots=OWN))[section] == "not-applicable"


def test_a_decision_closes_a_section() -> None:
    made = facts(slots=OWN, types=(static_type(),))
    report = judge(made)
    assert report.scorecard["heap-types"] == "open"
    decided = tuple(replace(finding, status="intended") for finding in report.findings)
    assert scorecard(made, decided, report.not_run)["heap-types"] == "met"


def test_free_threading_has_its_own_part_of_the_card() -> None:
    marks = card(facts(slots=OWN))
    assert {marks[section] for section in FREE_THREADING} == {"not-applicable"}
    tag = "cpython-314t-x86_64-linux-gnu"
    silent = card(facts(tag, slots=OWN))
    assert silent["ft-module-initialization"] == "open"
    assert silent["ft-multi-phase-initialization"] == "open"
    assert silent["ft-single-phase-initialization"] == "not-applicable"
    declared = card(facts(tag, slots=(*OWN, slot(4, 1)), imports=("PyDict_GetItem",)))
    assert declared["ft-multi-phase-initialization"] == "met"
    assert declared["ft-borrowed-references"] == "not-analysed"
    assert declared[OVERVIEW] == card(facts(slots=OWN))[OVERVIEW]


def test_classes_of_pyo3_are_counted_one_by_one() -> None:
    built = tuple(static_type(f"mod.C{number}", kind="built") for number in range(15))
    made = facts(generator="PyO3", types=built)
    says = judge(made).verdict.multiple_module_objects.summary
    assert "15 classes that PyO3 keeps for the process" in says
    made = facts(generator="PyO3", types=built[:1])
    assert "1 class that PyO3 keeps" in judge(made).verdict.multiple_module_objects.summary


def test_a_guard_says_what_a_second_import_gets() -> None:
    """Cython remembers its module and returns it (lupa, selectolax); the opt-out raises."""
    says = verdict(facts(guards=(CYTHON,))).multiple_module_objects.summary
    assert says.startswith("A second import gets the same module object")
    assert "refuses" in verdict(facts(guards=(OPT_OUT,))).multiple_module_objects.summary


def test_a_file_for_old_and_new_versions_without_the_slot_is_refused_on_the_new_ones() -> None:
    """watchfiles is abi3 from 3.10 on: 3.13 refuses it in an interpreter with its own GIL."""
    found = verdict(facts("abi3", limited="3.10")).own_gil
    assert (found.declared, found.answer) == ("cannot-say", "no")
    assert min(found.applies_to) == 12
    assert verdict(facts("cpython-311-x86_64-linux-gnu")).own_gil.answer == "unknown"
    assert verdict(facts("abi3", limited="3.10", definitions=())).own_gil.answer == "unknown"


def test_a_refusal_without_a_reason_is_said() -> None:
    """The maintainer of a module that declares 0, or nothing, and is clean has little left to do."""
    clean = verdict(facts(slots=(slot(3, 0),)))
    assert clean.own_gil.answer == clean.shared_gil.answer == "no"
    assert "though nothing was found" in clean.shared_gil.summary
    assert "though nothing was found" in clean.own_gil.summary
    assert "though nothing was found" in verdict(facts()).own_gil.summary
    carries = verdict(facts(slots=(slot(3, 0),), types=(static_type(),)))
    assert "though" not in carries.own_gil.summary

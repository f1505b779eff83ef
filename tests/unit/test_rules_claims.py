"""When a rule about versions, declarations and init functions may speak: facts made by hand."""

from dataclasses import replace

import pytest
from facts_by_hand import facts, slot

from isoview.inspectors.facts import Facts, Init, Item
from isoview.judge import judge
from isoview.loads_on import NEWEST, cannot_load_before, free_threaded, minors, oldest
from isoview.model import Finding

GIL_BUILD = "cpython-313-x86_64-linux-gnu"
FT_BUILD = "cpython-313t-x86_64-linux-gnu"


def found(made: Facts, rule: str) -> list[Finding]:
    return [finding for finding in judge(made).findings if finding.rule == rule]


def not_run(made: Facts) -> dict[str, str]:
    return {entry.rule: entry.reason for entry in judge(made).not_run}


# --- which interpreters load the file --------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("cpython-311-x86_64-linux-gnu", (11,)),
        ("cpython-313t-x86_64-linux-gnu", (13,)),
        ("cpython-39-darwin", (9,)),
        ("cpython-312d-x86_64-linux-gnu", (12,)),
        ("cp313-win_amd64", (13,)),
        ("cp314t-win_arm64", (14,)),
        ("cp310", (10,)),
        ("abi3t", (15,)),
        ("pypy311-pp73-x86_64-linux-gnu", ()),
        ("graalpy242-311-native-x86_64-linux", ()),
        (None, ()),
    ],
)
def test_minors_by_tag(tag: str | None, expected: tuple[int, ...]) -> None:
    assert minors(facts(tag)) == expected


@pytest.mark.parametrize(
    ("limited", "slots", "first"),
    [
        ("3.2", (), 8),
        ("3.10", (), 10),
        (None, (), 8),
        ("3.8", (slot(3, 2),), 12),
        ("3.8", (slot(4, 1),), 13),
        ("3.12", (slot(86, 2),), 15),
    ],
)
def test_minors_of_the_stable_abi_start_where_imports_and_slots_allow(
    limited: str | None, slots: tuple[object, ...], first: int
) -> None:
    made = facts("abi3", limited=limited, slots=slots)  # type: ignore[arg-type]
    assert minors(made) == tuple(range(first, NEWEST + 1))
    assert oldest(made) == first


def test_a_plain_so_tells_its_version_by_its_slots_only() -> None:
    assert oldest(facts(None)) is None
    assert not cannot_load_before(facts(None), 12)
    assert cannot_load_before(facts(None, slots=(slot(3, 2),)), 12)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        (FT_BUILD, True), ("cp314t-win_amd64", True), ("abi3t", True), (GIL_BUILD, False),
        ("abi3", False), ("cpython-313-x86_64-linux-gnut", False), (None, False),
    ],
)  # fmt: skip
def test_free_threaded_by_tag(tag: str | None, expected: bool) -> None:
    assert free_threaded(facts(tag)) is expected


def test_free_threaded_by_layout() -> None:
    made = facts(None)
    assert free_threaded(replace(made, artifact=replace(made.artifact, free_threaded_layout=True)))


# --- declarations ----------------------------------------------------------------------------


@pytest.mark.parametrize("tag", ["cpython-312-x86_64-linux-gnu", "cpython-313-darwin", "abi3t"])
def test_a_missing_slot_is_a_claim_where_every_version_knows_it(tag: str) -> None:
    assert found(facts(tag), "ISO111")


@pytest.mark.parametrize(
    ("tag", "limited"),
    [("cpython-311-x86_64-linux-gnu", None), ("abi3", "3.9"), ("abi3", "3.11"), (None, None)],
)
def test_a_missing_slot_is_no_claim_where_an_older_version_would_refuse_it(
    tag: str | None, limited: str | None
) -> None:
    made = facts(tag, limited=limited)
    assert not found(made, "ISO111")
    assert "ISO111" not in not_run(made)


def test_a_missing_slot_counts_for_a_stable_abi_of_3_12() -> None:
    assert found(facts("abi3", limited="3.12"), "ISO111")


@pytest.mark.parametrize("identifier", [3, 86])
@pytest.mark.parametrize(("value", "rule"), [(0, "ISO112"), (1, "ISO113"), (2, None)])
def test_the_declared_value_decides(identifier: int, value: int, rule: str | None) -> None:
    tag = GIL_BUILD if identifier == 3 else "cpython-315-x86_64-linux-gnu"
    report = judge(facts(tag, slots=(slot(identifier, value),)))
    assert [finding.rule for finding in report.findings] == ([rule] if rule else [])


def test_slots_filled_at_run_time_are_not_taken_for_missing() -> None:
    made = facts()
    definition = replace(made.definitions[0], slots_complete=False)
    made = replace(made, definitions=(definition,))
    assert not found(made, "ISO111")
    assert not_run(made)["ISO111"] == "the slots are filled in at run time"


def test_single_phase_modules_are_not_asked_for_slots() -> None:
    made = facts(phase="single", imports=("PyModule_Create2",))
    assert [finding.rule for finding in judge(made).findings] == ["ISO101"]


def test_the_gil_is_asked_of_free_threaded_files_only() -> None:
    own_gil = (slot(3, 2),)
    assert not found(facts(GIL_BUILD, slots=own_gil), "ISO121")
    assert not found(facts(GIL_BUILD, slots=(*own_gil, slot(4, 0))), "ISO122")
    assert found(facts(FT_BUILD, slots=own_gil), "ISO121")
    assert found(facts(FT_BUILD, slots=(*own_gil, slot(4, 0))), "ISO122")
    assert not judge(facts(FT_BUILD, slots=(*own_gil, slot(4, 1)))).findings


def test_a_single_phase_module_says_it_by_a_call() -> None:
    silent = facts(FT_BUILD, phase="single", imports=("PyModule_Create2",))
    calls = ("PyModule_Create2", "PyUnstable_Module_SetGIL")
    assert found(silent, "ISO121")
    assert not found(facts(FT_BUILD, phase="single", imports=calls), "ISO121")


def test_hooks_without_state_are_no_finding() -> None:
    made = facts(slots=(slot(3, 2),), m_size=0)
    made = replace(made, definitions=(replace(made.definitions[0], has_clear=True, has_free=True),))
    assert not judge(made).findings


def test_state_of_plain_data_is_a_note_only() -> None:
    (note,) = found(facts(m_size=24, slots=(slot(3, 2),)), "ISO103")
    assert note.severity == "note"


# --- files and init functions ----------------------------------------------------------------


def test_a_plain_file_name_with_no_own_init_is_a_warning_not_an_error() -> None:
    other = (Init("PyInit_other", "other", own=False, phase="multi", phase_source="code"),)
    assert found(facts(init=other), "ISO106")[0].severity == "error"
    assert found(facts(None, init=other), "ISO106")[0].severity == "warning"


def test_a_file_name_that_is_no_module_name_says_nothing_about_the_init() -> None:
    other = (Init("PyInit_other", "other", own=False, phase="multi", phase_source="code"),)
    made = facts(None, init=other, path="/tmp/extension-1.so")
    assert not found(made, "ISO106")
    assert "no module name" in not_run(made)["ISO106"]


def test_both_hooks_of_one_module_are_one_module() -> None:
    both = (
        Init("PyInit_mod", "mod", own=True, phase="multi", phase_source="code"),
        Init(
            "PyModExport_mod", "mod", own=True, phase="export", phase_source="export", from_minor=15
        ),
    )
    made = facts(slots=(slot(3, 2),), init=both)
    assert not found(made, "ISO107")
    assert minors(made) == (13,)


def test_a_delegated_init_is_reported_as_not_run_with_its_reason() -> None:
    init = Init(
        "PyInit_mod", "mod", own=True, phase="delegated", phase_source="strings",
        reason="_cffi_backend makes the module",
    )  # fmt: skip
    made = facts(
        init=(init,), definitions=(), generator="cffi",
        completeness=replace(facts().completeness, definitions=Item("none", "made elsewhere")),
    )  # fmt: skip
    skipped = not_run(made)
    assert skipped["ISO101"] == "_cffi_backend makes the module"
    assert skipped["ISO102"] == "made elsewhere"
    assert found(made, "ISO105")


def test_a_file_that_is_no_extension_is_not_judged() -> None:
    made = facts()
    made = replace(made, artifact=replace(made.artifact, is_extension=False))
    report = judge(made)
    assert report.verdict is None
    assert not report.findings
    assert report.rules_run == 0

"""What the judge's own task calls known subtleties, one by one; some have more tests elsewhere."""

from dataclasses import replace
from pathlib import Path

import pytest
from facts_by_hand import facts, slot, spec, static, static_type
from live.interpreters import Interpreter, find

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Capsule, Evidence, Facts
from isoview.judge import judge
from isoview.model import Finding, Report
from isoview.rules import find as find_rule

CYTHON_ONCE = Evidence(
    "generator-guard", "Module 'x' has already been imported into this interpreter."
)
OPT_OUT = Evidence("opt-out", 'text "cannot load module more than once per process"')
CONTROLS = ("_json", "_struct", "_bisect", "_heapq", "_csv", "math", "_codecs_jp", "_codecs_hk")


def found(made: Facts, rule: str) -> list[Finding]:
    return [finding for finding in judge(made).findings if finding.rule == rule]


def fix(rule: str, generator: str) -> str:
    entry = find_rule(rule)
    assert entry is not None
    return entry.documentation().fix_for(generator)


def test_an_immutable_type_without_references_needs_no_gc() -> None:
    """Nine changes to CPython had to be taken back over this."""
    made = facts(slots=(slot(3, 2),), types=(spec(flags=("IMMUTABLETYPE",)),))
    assert not judge(made).findings


def test_cythons_cdef_globals_stay_out_of_its_module_state() -> None:
    evidence = (Evidence("stored", "result of PyDict_New stored at 0x1200"),)
    kept = static("__pyx_v_3mod_cache", evidence=evidence)
    made = facts(generator="Cython", m_size=480, statics=(kept,), guards=(CYTHON_ONCE,))
    (error,) = found(made, "ISO301")
    assert error.severity == "error"
    assert "cdef object" in fix("ISO301", "Cython")


def test_cythons_directive_alone_leaves_no_slot() -> None:
    """Without module state the directive is passed over in silence: the slot is missing."""
    assert found(facts(generator="Cython"), "ISO111")
    advice = fix("ISO111", "Cython")
    assert "CYTHON_USE_MODULE_STATE" in advice
    assert "subinterpreters_compatible" in advice


def test_cython_with_module_state_still_refuses_a_second_import() -> None:
    made = facts(generator="Cython", m_size=480, slots=(slot(3, 2),), guards=(CYTHON_ONCE,))
    (note,) = found(made, "ISO704")
    assert note.severity == "note"
    verdict = judge(made).verdict
    assert verdict is not None
    assert verdict.multiple_module_objects.answer == "no"
    assert verdict.own_gil.answer != "no"


def test_pyo3_shares_its_classes_where_nothing_guards_them() -> None:
    made = facts(generator="PyO3", types=(replace(spec(), kind="built"),))
    (error,) = found(made, "ISO702")
    assert "shared-GIL" in error.message


@pytest.mark.parametrize("generator", ["pybind11", "nanobind"])
def test_slots_filled_at_run_time_are_unknown_not_missing(generator: str) -> None:
    made = facts(generator=generator)
    table = replace(made.definitions[0], slots_complete=False)
    report = judge(replace(made, definitions=(table,)))
    assert "ISO111" not in {finding.rule for finding in report.findings}
    assert "ISO111" in {entry.rule for entry in report.not_run}


def test_templates_and_helpers_of_generators_are_no_static_types() -> None:
    template = static_type("mod.Native", kind="template")
    assert not found(facts(generator="mypyc", types=(template,)), "ISO201")
    helper = static_type("_cython_3_2_5.generator")
    assert not found(facts(generator="Cython", types=(helper,)), "ISO201")


def test_the_documented_opt_out_is_a_note() -> None:
    (note,) = found(facts(slots=(slot(3, 0),), guards=(OPT_OUT,)), "ISO108")
    assert note.severity == "note"


def test_another_modules_table_is_a_rule_of_its_own() -> None:
    evidence = (Evidence("capsule", "result of PyCapsule_Import stored at 0x1200"),)
    made = facts(slots=(slot(3, 2),), statics=(static("api", "unknown", evidence=evidence),))

    def said(name: str) -> list[tuple[str, str]]:
        taken = replace(made, capsules=(Capsule(name, "imported", None),))
        told = judge(taken).findings
        return [(entry.rule, entry.severity) for entry in told]

    assert said("datetime.datetime_CAPI") == [("ISO312", "note")]
    assert said("multidict._multidict.CAPI") == [("ISO312", "warning")]


def test_who_makes_a_module_of_cffi() -> None:
    """brotlicffi's and argon2's init functions hand over to cffi's back end."""
    made = facts(phase="single", generator="cffi", imports=("PyImport_ImportModule",))
    (entry,) = found(made, "ISO101")
    assert "has _cffi_backend create the module" in entry.message
    (entry,) = found(facts(phase="single", imports=("PyModule_Create2",)), "ISO101")
    assert "creates the module itself" in entry.message


def test_a_static_mutex_is_fine() -> None:
    used = (Evidence("used", "passed to PyMutex_Lock at 0x1200"),)
    made = facts(slots=(slot(3, 2),), statics=(static("lock", "lock", evidence=used),))
    assert not judge(made).findings


@pytest.mark.parametrize(
    ("size", "hooks"),
    [(24, ()), (24, ("has_free",)), (0, ("has_traverse", "has_clear", "has_free"))],
    ids=["math", "_codecs_*", "hooks alone"],
)
def test_state_and_hooks_of_the_clean_controls_are_no_more_than_a_note(
    size: int, hooks: tuple[str, ...]
) -> None:
    reads = ("PyModuleDef_Init", "PyModule_GetState")
    made = facts(m_size=size, slots=(slot(3, 2),), imports=reads)
    changed = replace(made.definitions[0], **dict.fromkeys(hooks, True))
    told = judge(replace(made, definitions=(changed,))).findings
    assert {finding.severity for finding in told} <= {"note"}


def _report(path: Path) -> Report:
    with load(str(path)) as loaded:
        return judge(code(loaded, shape(loaded)))


def _folder(interpreter: Interpreter) -> Path | None:
    folders = (Path(entry) for entry in interpreter.path if entry.endswith("lib-dynload"))
    return next((folder for folder in folders if folder.is_dir()), None)


def test_the_clean_controls_of_every_313_here() -> None:
    found_here, _ = find()
    folders = [
        folder
        for interpreter in found_here
        if interpreter.version[1] == 13 and (folder := _folder(interpreter)) is not None
    ]
    files = [path for f in folders for name in CONTROLS for path in f.glob(f"{name}.*.so")]
    if not files:
        pytest.skip("no CPython 3.13 with modules in files here (PATH, pyenv, ISOVIEW_PYTHONS)")
    above = [
        f"{path.name}: {finding.rule} {finding.message}"
        for path in files
        for finding in _report(path).findings
        if finding.severity != "note"
    ]
    assert above == []

"""When a rule about types, statics and the C API may speak: facts made by hand."""

from dataclasses import replace

import pytest
from facts_by_hand import facts, slot, spec, static, static_type

from isoview.inspectors.facts import Evidence, Facts, Init, Item, Section
from isoview.judge import judge
from isoview.model import Finding

GIL_BUILD = "cpython-313-x86_64-linux-gnu"


def found(made: Facts, rule: str) -> list[Finding]:
    return [finding for finding in judge(made).findings if finding.rule == rule]


def not_run(made: Facts) -> dict[str, str]:
    return {entry.rule: entry.reason for entry in judge(made).not_run}


# --- types -----------------------------------------------------------------------------------


def test_templates_and_shared_helpers_are_no_static_types() -> None:
    made = facts(
        slots=(slot(3, 2),),
        types=(
            static_type("mod.Native", kind="template"),
            static_type("_cython_3_1_2.cython_function_or_method"),
        ),
    )
    assert not judge(made).findings


def test_the_heap_types_of_generators_are_not_the_modules_business() -> None:
    names = ("_cython_3_1_2.generator", "pybind11_builtins.pybind11_detail_function_record_v1")
    types = tuple(spec(name, module_tied=False) for name in names)
    assert not judge(facts(slots=(slot(3, 2),), types=types)).findings


def test_static_types_that_the_runtime_manages_are_no_finding() -> None:
    path = "/usr/lib/python3.13/lib-dynload/_datetime.so"
    imports = ("PyModuleDef_Init", "_PyStaticType_InitForExtension", "_PyRuntime")
    made = facts(slots=(slot(3, 2),), types=(static_type(),), imports=imports, path=path)
    assert not judge(made).findings
    elsewhere = facts(slots=(slot(3, 2),), types=(static_type(),), imports=imports)
    assert found(elsewhere, "ISO201")


@pytest.mark.parametrize(
    ("flags", "base", "expected"),
    [
        ((), "object", True),
        (("IMMUTABLETYPE",), "object", False),
        (("HAVE_GC",), "object", False),
        ((), None, False),
        ((), "PyDict_Type", False),
    ],
)
def test_gc_is_missed_only_in_mutable_types_derived_from_object(
    flags: tuple[str, ...], base: str | None, expected: bool
) -> None:
    made = facts(slots=(slot(3, 2),), types=(spec(flags=flags, base=base),))
    assert bool(found(made, "ISO203")) is expected


@pytest.mark.parametrize(
    ("tag", "limited", "expected"),
    [
        ("cpython-310-x86_64-linux-gnu", None, True),
        ("cpython-311-x86_64-linux-gnu", None, False),  # the interpreter itself refuses
        ("abi3", "3.8", True),
        ("abi3", "3.11", False),
        (None, None, False),
    ],
)
def test_the_gc_flag_without_traverse_hurts_old_versions_only(
    tag: str | None, limited: str | None, expected: bool
) -> None:
    made = facts(tag, limited=limited, types=(spec(flags=("HAVE_GC",)),))
    assert bool(found(made, "ISO204")) is expected


def test_a_flag_that_the_version_does_not_have_is_not_missed() -> None:
    old = facts("cpython-39-x86_64-linux-gnu", types=(spec(flags=("HAVE_GC",)),))
    assert not found(old, "ISO206")
    assert not found(facts("abi3", limited="3.8", types=(spec(),)), "ISO206")
    (note,) = found(facts(types=(spec(flags=("HAVE_GC",)),)), "ISO206")
    assert note.severity == "note"


def test_a_type_whose_module_is_not_known_is_not_called_untied() -> None:
    assert not found(facts(types=(spec(module_tied=None),)), "ISO208")
    assert not found(facts(types=(spec(module_tied=True),)), "ISO208")
    assert found(facts(types=(spec(module_tied=False),)), "ISO208")


def test_classes_built_at_run_time_are_never_none() -> None:
    partial = replace(facts().completeness, types=Item("partial", "PyO3 builds its classes"))
    made = facts(generator="PyO3", completeness=partial)
    skipped = not_run(made)
    assert {"ISO203", "ISO206", "ISO208"} <= set(skipped)
    assert skipped["ISO203"] == "PyO3 builds its classes"


# --- statics ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["runtime", "table", "lock", "type", "definition"])
def test_what_is_not_state_is_no_finding(kind: str) -> None:
    made = facts(slots=(slot(3, 2),), statics=(static("thing", kind),))
    assert not judge(made).findings


@pytest.mark.parametrize("kind", ["scalar", "buffer", "unknown"])
def test_plain_data_is_a_note_until_a_write_is_seen(kind: str) -> None:
    made = facts(slots=(slot(3, 2),), statics=(static("thing", kind),))
    (note,) = judge(made).findings
    assert (note.rule, note.severity) == ("ISO302", "note")
    wrote = (Evidence("write", "written in count()"),)
    made = facts(slots=(slot(3, 2),), statics=(static("thing", kind, evidence=wrote),))
    (warning,) = judge(made).findings
    assert (warning.rule, warning.severity) == ("ISO302", "warning")


def test_thread_local_data_is_not_process_wide() -> None:
    made = facts(slots=(slot(3, 2),), statics=(static("thing", "unknown", section=".tbss"),))
    (note,) = judge(made).findings
    assert (note.rule, note.severity) == ("ISO303", "note")


def test_named_statics_are_one_finding_each_and_unnamed_ones_fold() -> None:
    made = facts(
        statics=(
            static("first", address=0x4000),
            static("second", address=0x4008),
            static(None, address=0x4010),
            static(None, address=0x4018),
            static(None, address=0x4020),
        )
    )
    by_subject = {finding.fingerprint: finding for finding in found(made, "ISO301")}
    assert set(by_subject) == {
        "ISO301:mod:symbol:first",
        "ISO301:mod:symbol:second",
        "ISO301:mod:unnamed:object",
    }
    folded = by_subject["ISO301:mod:unnamed:object"]
    assert folded.count == 3
    assert [where.address for where in folded.related] == [0x4018, 0x4020]


def test_numbered_statics_of_one_name_fold() -> None:
    made = facts(statics=(static("cache.0", address=0x4000), static("cache.1", address=0x4008)))
    (folded,) = found(made, "ISO301")
    assert folded.fingerprint == "ISO301:mod:symbol:cache"
    assert folded.count == 2


# --- the C API -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "_Py_Dealloc", "_Py_NoneStruct", "_PyObject_New", "_PyObject_GC_NewVar", "_PyTuple_Resize",
        "_PyBytes_Resize", "_PyArg_ParseTuple_SizeT", "_Py_BuildValue_SizeT", "_PyUnicode_IsAlpha",
        "_PyUnicode_Ready", "_Py_ctype_table", "_Py_FatalErrorFunc", "_PyWeakref_RefType",
        "_PyTrash_begin", "_Py_DecRefShared", "_Py_EllipsisObject", "_Py_c_sum",
    ],
)  # fmt: skip
def test_names_that_public_macros_leave_are_not_private(name: str) -> None:
    assert not judge(facts(slots=(slot(3, 2),), imports=("PyModuleDef_Init", name))).findings


@pytest.mark.parametrize(
    "name", ["_PyDict_NewPresized", "_PyUnicodeWriter_Init", "_PyLong_Sign", "_PyObject_Vectorcall"]
)
def test_private_names_are(name: str) -> None:
    (finding,) = judge(facts(slots=(slot(3, 2),), imports=("PyModuleDef_Init", name))).findings
    assert finding.fingerprint == f"ISO501:mod:api:{name}"
    assert finding.severity == "note"


def test_an_inline_function_of_old_headers_excuses_old_files_only() -> None:
    imports = ("PyModuleDef_Init", "_PyObject_MakeTpCall")
    assert not found(facts("cpython-310-x86_64-linux-gnu", imports=imports), "ISO501")
    assert found(facts("cpython-311-x86_64-linux-gnu", imports=imports), "ISO501")


@pytest.mark.parametrize(
    "path",
    [
        "/usr/lib/python3.13/lib-dynload/_json.cpython-313-x86_64-linux-gnu.so",
        "lib-dynload/_json.cpython-313-x86_64-linux-gnu.so",
        "C:\\Python313\\DLLs\\_json.pyd",
    ],
)
def test_core_builds_use_internals_by_right(path: str) -> None:
    imports = ("PyModuleDef_Init", "_PyArg_UnpackKeywords", "_PyRuntime")
    made = facts(slots=(slot(3, 2),), imports=imports, path=path)
    assert not judge(made).findings


def test_a_copy_of_a_core_module_is_known_by_name_and_imports_together() -> None:
    imports = ("PyModuleDef_Init", "_PyArg_UnpackKeywords", "_PyRuntime")
    own = (Init("PyInit__json", "_json", own=True, phase="multi", phase_source="code"),)
    copy = facts(slots=(slot(3, 2),), imports=imports, init=own, path="/tmp/_json.so")
    assert not judge(copy).findings
    impostor = replace(
        copy, artifact=replace(copy.artifact, container="x.whl", member="pkg/_json.so")
    )
    assert {finding.rule for finding in judge(impostor).findings} == {"ISO501", "ISO504"}


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("_sha2", "_PyArg_UnpackKeywords"),  # 3.12: 3.11 does not know it for its own
        ("_remote_debugging", "_PyArg_UnpackKeywords"),  # 3.14
        ("_decimal", "_PyType_GetModuleByDef2"),
        ("_decimal", "_PyLong_GCD"),
    ],
)
def test_a_copy_of_a_core_module_reads_its_state_inline(module: str, name: str) -> None:
    # Found on copies of CPython 3.12 to 3.14's own modules outside lib-dynload.
    own = (Init(f"PyInit_{module}", module, own=True, phase="multi", phase_source="code"),)
    imports = ("PyModuleDef_Init", name)
    copy = facts(m_size=240, imports=imports, init=own, path=f"/tmp/{module}.so")
    assert not found(copy, "ISO401")


@pytest.mark.parametrize(
    ("library", "tag", "expected"),
    [
        ("libpython3.13.so.1.0", GIL_BUILD, True),
        ("libpython3.so", "abi3", True),
        ("@rpath/libpython3.12.dylib", "cpython-312-darwin", True),
        ("/Library/Frameworks/Python.framework/Versions/3.12/Python", "cpython-312-darwin", True),
        ("libpython3.13.so", "cpython-313-aarch64-linux-android", False),
        ("libpythonic.so", GIL_BUILD, False),
        ("libboost_python313.so.1.90", GIL_BUILD, False),
    ],
)
def test_the_interpreters_library_is_known_by_name(library: str, tag: str, expected: bool) -> None:
    assert bool(found(facts(tag, linked=(library,)), "ISO503")) is expected


def test_pyo3s_text_behind_multi_phase_init_guards_submodules_only() -> None:
    text = Evidence("generator-guard", 'text "PyO3 modules do not yet support subinterpreters"')
    assert found(facts(phase="single", generator="PyO3", guards=(text,)), "ISO704")
    made = facts(generator="PyO3", guards=(text,), types=(replace(spec(), kind="built"),))
    assert not found(made, "ISO704")
    assert not found(made, "ISO702")
    assert "ISO702" in {entry.rule for entry in judge(made).not_run}


def test_a_pyo3_module_with_submodules_refuses_the_second_interpreter() -> None:
    """pydantic_core and cryptography: multi-phase init, and the check when the module is filled."""
    text = Evidence("generator-guard", 'text "PyO3 modules do not yet support subinterpreters"')
    reached = Evidence("guard-reached", "a submodule goes through it")
    built = (replace(spec(), kind="built"),)
    made = facts(generator="PyO3", types=built)
    assert found(made, "ISO702")
    guarded = replace(made, guards=(text, reached))
    assert not found(guarded, "ISO702")
    assert found(guarded, "ISO704")
    verdict = judge(guarded).verdict
    assert verdict is not None
    assert verdict.shared_gil.answer == "no"
    assert "first interpreter" in verdict.shared_gil.summary
    assert "same module object" not in verdict.multiple_module_objects.summary


def test_cythons_check_within_one_interpreter_is_a_note() -> None:
    text = Evidence(
        "generator-guard", "Module 'x' has already been imported into this interpreter."
    )
    (note,) = found(facts(generator="Cython", guards=(text,)), "ISO704")
    assert note.severity == "note"


def test_findings_come_in_the_order_of_the_work() -> None:
    made = facts(
        slots=(slot(3, 2),),
        types=(static_type(), spec(flags=("HAVE_GC",))),
        statics=(static("cache"), static("calls", "scalar", address=0x4100)),
        imports=("PyModuleDef_Init", "_PyLong_Sign", "PyGILState_Ensure"),
    )
    order = [finding.rule for finding in judge(made).findings]
    assert order == ["ISO901", "ISO301", "ISO201", "ISO206", "ISO302", "ISO305", "ISO501"]


# --- what the corpus showed to be wrong (docs/precision.md) ------------------------------------


def test_a_slot_table_with_a_base_put_in_by_code_holds_no_object() -> None:
    """`xxlimited_35` and `_testmultiphase` of CPython store &PyUnicode_Type in theirs."""
    evidence = (
        Evidence("stored", "address of PyUnicode_Type stored at 0x1333"),
        Evidence("declared", "declared as PyType_Slot[]"),
    )
    table = static("Str_Type_slots", "object", evidence=evidence)
    assert not judge(facts(slots=(slot(3, 2),), statics=(table,))).findings


def test_what_the_run_time_library_of_a_compiler_writes_is_not_the_modules() -> None:
    """matplotlib's `_image` has a copy of libsupc++ with its new-handler."""
    wrote = (Evidence("write", "written at 0x5fd56 (+0x36 of _ZSt15get_new_handlerv)"),)
    handler = static("_ZN12_GLOBAL__N_17handlerE", "unknown", evidence=wrote)
    assert not judge(facts(slots=(slot(3, 2),), statics=(handler,))).findings


def test_unnamed_statics_of_a_dll_may_be_the_c_run_time_librarys() -> None:
    wrote = (Evidence("write", "written at 0x180002182"),)
    made = facts("cp313-win_amd64", slots=(slot(3, 2),), statics=(
        static(None, "scalar", evidence=wrote),
    ))  # fmt: skip
    made = replace(made, artifact=replace(made.artifact, format="pe"))
    (note,) = judge(made).findings
    assert (note.rule, note.severity, note.confidence) == ("ISO302", "note", "medium")


def test_a_local_static_of_cpp_is_set_once() -> None:
    """Boost.Python keeps a table of signatures in each of its functions."""
    wrote = (Evidence("write", "written at 0x6220e (+0x5e of _ZN3mod1fEv)"),)
    made = facts(slots=(slot(3, 2),), statics=(
        static("_ZZN3mod1fEvE6result", "buffer", evidence=wrote),
        static("_ZGVZN3mod1fEvE6result", "scalar", evidence=wrote),
    ))  # fmt: skip
    (note,) = judge(made).findings
    assert (note.rule, note.severity) == ("ISO302", "note")


def test_cythons_own_heap_types_are_left_out() -> None:
    """pandas' groupby has 29 classes for default arguments."""
    made = facts(slots=(slot(3, 2),), types=(spec("pandas.groupby.__pyx_defaults7"),))
    assert not judge(made).findings


def test_the_thread_local_section_of_a_dll_is_its_run_time_librarys() -> None:
    made = facts("cp313-win_amd64", slots=(slot(3, 2),), sections=(Section(".tls", 1, 16, True),))
    assert {finding.rule for finding in judge(made).findings} == {"ISO303"}
    made = replace(made, artifact=replace(made.artifact, format="pe"))
    assert not judge(made).findings


def test_what_cffis_backend_declares_is_not_in_the_file() -> None:
    """`_cffi_backend` calls PyUnstable_Module_SetGIL on the modules that it makes (argon2's)."""
    made = facts("cpython-314t-x86_64-linux-gnu", phase="single", generator="cffi", definitions=())
    assert not found(made, "ISO121")
    assert "_cffi_backend" in not_run(made)["ISO121"]


def test_the_global_offset_table_holds_no_statics() -> None:
    """One word of `.got.plt` in cffi's backend for AArch64 was listed as an unnamed static."""
    made = facts(slots=(slot(3, 2),), statics=(static(None, "unknown", section=".got.plt"),))
    assert not judge(made).findings

"""What real files showed to be wrong, each as facts made by hand (docs/precision.md)."""

from dataclasses import replace

import pytest
from facts_by_hand import facts, slot, spec, static, static_type

from isoview.inspectors.binary.code.known import is_cell
from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.globals import _of_interpreter
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.layouts import Layout
from isoview.inspectors.binary.structures import apart
from isoview.inspectors.binary.toolchain import find_toolchains
from isoview.inspectors.binary.types import FoundType
from isoview.inspectors.facts import Capsule, Definition, Evidence, Facts, Global, Init, Item
from isoview.judge import judge
from isoview.model import Finding

FROM_CAPSULE = (Evidence("capsule", "result of PyCapsule_GetPointer stored at 0x1335d"),)


def found(made: Facts, rule: str) -> list[Finding]:
    return [finding for finding in judge(made).findings if finding.rule == rule]


def not_run(made: Facts) -> dict[str, str]:
    return {entry.rule: entry.reason for entry in judge(made).not_run}


def test_a_registry_beside_numpys_table_is_told_by_who_makes_the_capsule() -> None:
    """matplotlib's pybind11 modules for Windows: no names, NumPy's table in them, and the pointer
    to pybind11's internals kept by the function that makes their capsule where there is none.
    """
    text = "result of PyCapsule_GetPointer stored at 0x1335d, by a function that makes a capsule"
    kept = static(None, "unknown", evidence=(Evidence("own-capsule", text),))
    numpy = (Capsule("_ARRAY_API", "imported", None),)

    def told(generator: str) -> int:
        made = facts(slots=(slot(3, 2),), generator=generator, statics=(kept,))
        return len(found(replace(made, capsules=numpy), "ISO312"))

    assert (told("pybind11"), told("nanobind"), told("C")) == (0, 0, 1)


# --- tables of capsules --------------------------------------------------------------------------


def with_capsules(generator: str, symbol: str | None, *capsules: tuple[str, str]) -> Facts:
    made = facts(
        slots=(slot(3, 2),),
        generator=generator,
        statics=(static(symbol, "unknown", evidence=FROM_CAPSULE),),
    )
    return replace(made, capsules=tuple(Capsule(name, role, None) for name, role in capsules))


def test_swigs_descriptor_comes_from_its_own_cache() -> None:
    """`SWIG_pchar_descriptor` keeps what SWIG looked up in its cache of types."""
    symbol = "_ZZL21SWIG_pchar_descriptorvE4info"
    numpy = ("_ARRAY_API", "imported")
    own = ("swig_runtime_data5.type_pointer_capsule", "imported")
    made = ("swig_runtime_data5.type_pointer_capsule", "published")
    assert not found(with_capsules("SWIG", symbol, numpy, own, made), "ISO312")
    assert not found(with_capsules("SWIG", None, own, made), "ISO312")
    assert found(with_capsules("SWIG", "PyArray_API", numpy, own, made), "ISO312")


@pytest.mark.parametrize("generator", ["pybind11", "nanobind"])
def test_the_registry_of_a_generator_is_no_other_modules_table(generator: str) -> None:
    """onnx keeps nanobind's internals, which ISO703 tells of; pyopencl keeps numpy's table."""
    registry = ("nb_internals", "published")
    assert not found(with_capsules(generator, None, registry), "ISO312")
    assert found(with_capsules(generator, None, registry, ("_ARRAY_API", "imported")), "ISO312")


def test_a_single_function_of_another_module_is_not_called_a_table() -> None:
    """Cython's `cimport` keeps one function pointer for each function."""
    symbol = "__pyx_f_7aiohttp_10_websocket_4mask__websocket_mask_cython"
    (note,) = found(with_capsules("Cython", symbol), "ISO312")
    assert note.severity == "note"
    assert "table" not in note.message
    assert note.message.endswith("keeps what a capsule of another module points to")


# --- what generators do in every module ---------------------------------------------------------


def test_nanobinds_own_classes_and_end_function_are_nobodys_business() -> None:
    """mapbox_earcut, onnx, pikepdf and pyopencl had all of them."""
    names = ("nanobind.nb_func", "nanobind.nb_method", "nanobind.nb_bound_method")
    types = tuple(spec(name, module_tied=False) for name in names)
    made = facts(generator="nanobind", types=types, imports=("PyModuleDef_Init", "Py_AtExit"))
    assert not {"ISO207", "ISO208", "ISO315"} & {entry.rule for entry in judge(made).findings}
    assert "nanobind" in not_run(made)["ISO315"]
    by_hand = facts(types=types[:1], imports=("PyModuleDef_Init", "Py_AtExit"))
    assert found(by_hand, "ISO315")


# --- PyO3's cells -------------------------------------------------------------------------------


def described(size: int, phase: str, address: int = 0x4010) -> tuple[Global, Facts]:
    made = facts(generator="PyO3") if phase == "multi" else facts(phase="single", generator="PyO3")
    definition = replace(made.definitions[0], address=address, own=True)
    symbol = "_RNvNtNtCsvNXJgk0w0u_9jellyfish9rustyfish9metaphone9__PYO3_DEF"
    entry = Global(0x4000, symbol, ".data", size, "table", ())
    guard = Evidence("generator-guard", 'text "PyO3 modules do not yet support subinterpreters"')
    return entry, replace(made, definitions=(definition,), guards=(guard,))


def test_pyo3s_description_of_a_function_holds_no_object() -> None:
    """jellyfish has one for each of its eleven functions: a PyMethodDef, four words."""
    assert not is_cell(*described(32, "multi", address=0x9000))


def test_pyo3s_cell_for_a_module_stays_empty_where_the_interpreter_makes_it() -> None:
    assert not is_cell(*described(144, "multi"))
    assert is_cell(*described(144, "single"))
    entry, made = described(144, "multi", address=0x9000)
    assert is_cell(entry, made), "a submodule"
    # centaur_technical_indicators: ten init functions, and nothing that makes submodules
    assert not is_cell(entry, replace(made, guards=()))


@pytest.mark.parametrize(
    ("symbol", "size", "cell"),
    [
        ("_ZN4pyo35types6module7__all__8INTERNED17hfa6a0673beb3ceb6E", 16, True),
        ("_ZN4pyo310exceptions8asyncio14CANCELLED_CELL17hfa6a0673beb3ceb6E", 16, True),
        ("_RNvNtCscMnXYr3XslO_6__cbor25types9UUID_TYPE", 48, True),
        ("_RNvNtCscMnXYr3XslO_6__cbor25types9UUID_TYPE", 8, False),
        ("_RNvNtCscMnXYr3XslO_4mine5types7COUNTER", 8, False),
        ("_RNvNtCscMnXYr3XslO_4mine5types5CACHE", 48, False),
        ("_RNvNtCscMnXYr3XslO_4mine10exceptions8HANDLERS", 48, False),
    ],
)
def test_a_static_is_no_cell_because_its_module_is_called_types(
    symbol: str, size: int, cell: bool
) -> None:
    entry = Global(0x4000, symbol, ".data", size, "unknown", ())
    assert is_cell(entry, facts(generator="PyO3")) is cell


# --- statics --------------------------------------------------------------------------------------


def test_unnamed_statics_that_are_written_do_not_stand_for_those_that_are_not() -> None:
    """Twelve statics of mapbox_earcut, one of them written, were twelve written ones."""
    wrote = (Evidence("write", "written at 0x7a0 (+0x20 of f)"),)
    made = facts(
        slots=(slot(3, 2),),
        statics=(
            static(None, "scalar", address=0x4000, evidence=wrote),
            static(None, "scalar", address=0x4008),
            static(None, "scalar", address=0x4010),
        ),
    )
    assert [(entry.severity, entry.count) for entry in found(made, "ISO302")] == [
        ("warning", 1),
        ("note", 2),
    ]


def test_one_finding_stands_for_unnamed_statics_of_which_the_same_is_said() -> None:
    """ssh2's 17 and pocketsphinx's 51 had "no write seen" above the places of other statics."""
    kinds = ("size", "write-init", "write-unplaced", "size")
    made = facts(
        slots=(slot(3, 2),),
        statics=tuple(
            static(None, "scalar", address=0x4000 + 8 * n, evidence=(Evidence(kind, "at 0x7a0"),))
            for n, kind in enumerate(kinds)
        ),
    )
    notes = found(made, "ISO302")
    assert [entry.count for entry in notes] == [2, 1, 1]
    assert ["no write seen" in entry.message for entry in notes] == [True, False, False]


@pytest.mark.parametrize(
    ("symbol", "kind", "notes"),
    [
        ("iconv_initialized", "write-init", 1),
        ("iconv_initialized", "write", 0),
        ("iconv_initialized", "size", 0),
        ("module_initialized", "write", 1),  # _asyncio of 3.11 unsets it when it is freed
    ],
)
def test_a_librarys_flag_is_not_the_modules(symbol: str, kind: str, notes: int) -> None:
    """pymssql's `iconv_initialized` is set when a connection is made."""
    entry = static(symbol, "scalar", evidence=(Evidence(kind, "at 0xc4c58"),))
    assert len(found(facts(slots=(slot(3, 2),), statics=(entry,)), "ISO307")) == notes


def test_one_byte_is_said_as_one() -> None:
    made = facts(slots=(slot(3, 2),), statics=(replace(static("flag", "scalar"), size=1),))
    (note,) = found(made, "ISO302")
    assert "1 byte of writable" in note.message


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("write-init", "written while the module is initialized"),
        ("write-unplaced", "what calls the code that writes was not seen"),
        ("size", "no write seen"),
    ],
)
def test_a_note_on_a_static_says_which_writes_were_seen(kind: str, said: str) -> None:
    """rapidjson's tables said "no write seen" above the places where they are written."""
    entry = static("table", "unknown", evidence=(Evidence(kind, "at 0x6ee0d (+0x3dd of f)"),))
    (note,) = found(facts(slots=(slot(3, 2),), statics=(entry,)), "ISO302")
    assert (note.severity, said in note.message) == ("note", True)


# --- static types --------------------------------------------------------------------------------


def test_the_name_of_a_definition_is_not_the_name_of_a_type() -> None:
    """highspy's definition is filled in at run time; read from its middle it looked like a type."""
    layout = Layout(8, free_threaded=False)
    empty = Definition("moduledef", 0x1000, "static", True, None, "_core", None, 0)
    definition = FoundDefinition(empty, layout, None, None)
    inside = FoundType(static_type("_core", address=0x1010, basicsize=0), 408, layout, ())
    outside = FoundType(static_type("mod.Item", address=0x2000, basicsize=0), 408, layout, ())
    sized = FoundType(static_type("mod.Sized", address=0x1010, basicsize=32), 408, layout, ())
    assert apart((inside, outside, sized), (definition,)) == (outside, sized)


def test_publishers_of_the_standard_library_make_a_table_for_each_module_from_312_on() -> None:
    """Two imports of `pyexpat` give one table up to 3.11, and two from 3.12 on."""

    def note(tag: str, *names: str) -> str:
        made = facts(
            tag, slots=(slot(3, 2),), statics=(static("api", "unknown", evidence=FROM_CAPSULE),)
        )
        capsules = tuple(Capsule(name, "imported", None) for name in names)
        (entry,) = found(replace(made, capsules=capsules), "ISO312")
        return entry.severity

    assert note("cpython-313-x86_64-linux-gnu", "pyexpat.expat_CAPI") == "warning"
    assert note("cpython-311-x86_64-linux-gnu", "pyexpat.expat_CAPI") == "note"
    assert note("cpython-313-x86_64-linux-gnu", "datetime.datetime_CAPI") == "note"
    assert note("cpython-313-x86_64-linux-gnu", "_socket.CAPI", "other.C_API") == "note"


def test_a_table_whose_publisher_is_not_known_leaves_the_question_open() -> None:
    """A module that is clean but for another module's table in a static is not called clean."""

    def answers(*names: str) -> tuple[str, str]:
        made = facts(
            slots=(slot(3, 2),), statics=(static("api", "unknown", evidence=FROM_CAPSULE),)
        )
        capsules = tuple(Capsule(name, "imported", None) for name in names)
        verdict = judge(replace(made, capsules=capsules)).verdict
        assert verdict is not None
        return verdict.own_gil.answer, verdict.own_gil.summary

    assert answers("datetime.datetime_CAPI")[0] == "yes"
    assert answers("someones._C_API")[0] == "unknown"
    assert "table" in answers("someones._C_API")[1]
    assert answers("multidict._multidict.CAPI")[0] == "contradiction"


@pytest.mark.parametrize(
    ("name", "its_own"),
    [
        ("__pyx_builtin_KeyError", False),
        ("_ZL22__pyx_builtin_KeyError", False),
        ("__pyx_builtin_enumerate", False),
        ("__pyx_builtin_NotImplemented", False),
        ("__pyx_wrapperbase_11marisa_trie_4Trie___init__", False),
        ("__pyx_builtin_sum", True),
        ("__pyx_builtin___import__", True),
        ("__pyx_m", True),
    ],
)
def test_what_all_interpreters_have_in_common_is_no_object_of_the_module(
    name: str, its_own: bool
) -> None:
    """Cython looks builtins up by name; exceptions are one object for all, functions are not."""
    assert (_of_interpreter(name) is None) is its_own


def test_nothing_was_seen_where_nothing_was_read() -> None:
    """On armv7 no instruction is decoded; "no write seen" said more than was known."""
    entry = static("table", "unknown")
    made = facts(slots=(slot(3, 2),), statics=(entry,))
    unread = Item("partial", "instructions of armv7 are not read")
    other = replace(made, completeness=replace(made.completeness, globals=unread))
    for told in (other, replace(made, stage="shape")):
        (note,) = found(told, "ISO302")
        assert "not read" in note.message
    (note,) = found(made, "ISO302")
    assert "no write seen" in note.message


# --- init functions, capsules, guards ------------------------------------------------------------


def test_mypycs_second_init_function_is_no_second_module() -> None:
    """`PyInit___init__` of sqlglotc's shims jumps to the module's own init function."""

    def several(*names: str) -> list[Finding]:
        inits = tuple(Init(f"PyInit_{name}", name, own=name == "core", phase="multi", phase_source="code")
                      for name in names)  # fmt: skip
        return found(facts(init=inits), "ISO107")

    assert not several("__init__", "core")
    (note,) = several("__init__", "core", "other")
    assert note.message.startswith("2 modules")
    assert not any("__init__" in item.text for item in note.evidence)


@pytest.mark.parametrize(
    ("generator", "private"),
    [
        ("C", ("dltensor", "dltensor_versioned", "arrow_schema")),  # zxing-cpp's arrays
        ("C", ("FILE", "cffi_init_once_lock")),  # of one file, of one lock: cffi
        ("C++", ("numpy.ufunc.extobj", "numpy._ufunc_promoter")),  # handed over, in no module
        ("Boost.Python", ("refptr",)),  # what keeps an object of OpenUSD alive
        ("SWIG", ("_p_char", "swig_runtime_data5.type_pointer_capsule")),  # pymupdf
        ("pybind11", ("__pybind11_module_local_v12_system_libstdcpp",)),
        ("nanobind", ("__nb_enum__",)),
        ("mypyc", ("a1__mypyc.init_tomli", "a1__mypyc.exec_tomli____re", "a1__mypyc.exports")),
    ],
)
def test_a_capsule_that_nobody_imports_is_no_published_table(
    generator: str, private: tuple[str, ...]
) -> None:
    def published(*names: str) -> list[str]:
        made = with_capsules(generator, None, *((name, "published") for name in names))
        return [entry.message for entry in found(made, "ISO705")]

    assert not published(*private)
    assert ["mod.C_API" in note for note in published(*private, "mod.C_API")] == [True]
    assert len(published("_ARRAY_API", "pack.mod.table")) == 2


@pytest.mark.parametrize("generator", ["C", "Cython", "pybind11"])
def test_capsules_whose_names_were_not_read_may_be_private(generator: str) -> None:
    """Cython keeps tables of its classes in some, Pillow what a function of its own is given."""
    made = facts(slots=(slot(3, 2),), generator=generator, imports=("PyCapsule_New",))
    assert not found(made, "ISO705")
    assert "not read" in not_run(made)["ISO705"]


@pytest.mark.parametrize(
    ("imported", "generator"),
    [
        ("PyImport_AddModuleRef", "Cython"),
        ("PyImport_GetModuleDict", "Cython"),
        ("PyDict_New", "C"),
    ],
)
def test_cython_without_the_gil_adds_its_module_to_sys_modules(
    imported: str, generator: str
) -> None:
    """aiohttp's modules for 3.14t (Cython 3.2.5) put it there themselves, and were called C."""
    text = b"\0_cython_3_2_5\0".ljust(64, b"\0")
    image = Image(
        format="elf", arch="x86-64", bits=64, endian="little",
        segments=(Segment("text", 0x1000, len(text), memoryview(text), False, False),),
        regions=(Region(".rodata", 0x1000, len(text), False, False, False),),
        pointers={}, imports_at={}, imported=frozenset({imported}), exports={}, export_sizes={},
        libraries=(), build_id=None, compilers=(), stripped=True, module_file=True,
        load_symbols=lambda: (), load_function_starts=lambda: (),
    )  # fmt: skip
    assert find_toolchains(image, Constants(image))[0].name == generator


def test_cythons_views_are_nobodys_classes() -> None:
    """pyhmmer's `easel.array` is Cython's; a class of that name alone is the module's own."""
    view = (spec("mod.array"), spec("mod._memoryviewslice", flags=("HAVE_GC",)))
    assert found(facts(types=view[:1]), "ISO203")
    assert not found(facts(types=view), "ISO203")


def test_a_guard_that_counts_initializations_refuses_a_second_copy() -> None:
    """vtracer's PyO3 says so; other guards give the module object that they remember."""

    def says(text: str) -> str:
        made = facts(phase="single", generator="PyO3")
        verdict = judge(replace(made, guards=(Evidence("generator-guard", text),))).verdict
        assert verdict is not None
        return verdict.multiple_module_objects.summary

    assert "refuses to be loaded twice" in says(
        "PyO3 modules may only be initialized once per interpreter process"
    )
    assert "same module object" in says("PyO3 modules do not yet support subinterpreters")

"""Classes of pybind11, and the tables of cffi and SWIG."""

import pytest
from compiled import compile_fixture

from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.binary.runtime_types.cxx import readable
from isoview.inspectors.binary.runtime_types.initializers import initializers
from isoview.inspectors.binary.runtime_types.shared import Code, open_code
from isoview.inspectors.facts import Facts


def facts_of(source: str, *flags: str) -> Facts:
    with load(str(compile_fixture(source, *flags))) as loaded:
        return code(loaded, shape(loaded))


@pytest.fixture(scope="module")
def records() -> Facts:
    return facts_of("runtime_types/records.c")


def test_classes_have_their_python_and_their_c_plus_plus_name(records: Facts) -> None:
    found = {entry.name: entry.native for entry in records.types if entry.kind == "built"}
    assert found == {
        "Shape": "geometry::Shape",
        "Circle": "geometry::Circle",
        "Text": "Text",
        "BigBox": "Joined",
    }


def test_a_class_named_at_run_time_is_counted_with_its_c_plus_plus_type(records: Facts) -> None:
    (table,) = [table for table in records.tables if "named at run time" in table.kind]
    assert table.names == ("Built",)
    assert "1 more gets a name" in str(records.completeness.types.reason)


def test_base_and_doc_are_read_where_the_code_shows_them(records: Facts) -> None:
    found = {entry.name: (entry.base, entry.doc) for entry in records.types}
    assert found["Circle"] == ("Shape", None)
    assert found["Shape"] == (None, "A shape.")


def test_a_name_that_is_an_argument_is_asked_of_the_caller_and_another_stays_open(
    records: Facts,
) -> None:
    names = [entry.name for entry in records.types]
    assert "Text" in names
    assert "One" not in names
    assert "Two" not in names


def test_a_single_class_is_read_where_the_compiler_put_pybind11s_function_into_its_caller() -> None:
    facts = facts_of("runtime_types/single_class.c")
    (made,) = [entry for entry in facts.types if entry.kind == "built"]
    assert (made.name, made.native) == ("Solver", "mine::Solver")
    assert "in the function that makes" in made.evidence[0].text


def test_names_put_together_by_strings_and_streams_are_read_or_left_open_but_never_halved() -> None:
    facts = facts_of("runtime_types/joined_names.c")
    found = {entry.native: entry.name for entry in facts.types if entry.kind == "built"}
    assert found == {
        "Added": "TwelveLettrsBox",
        "Streamed": "Stream12",
        "Behind": "FrontBox",
        "Ended": "BoxCorr",
        "Formatted": "Kind_flt_32",
        "Quiet": "QuietBox",
        "Plain": "Plain",
    }


def test_the_toolchain_has_a_range_of_versions_and_the_whole_key(records: Facts) -> None:
    toolchain = records.toolchains[0]
    assert (toolchain.name, toolchain.version) == ("pybind11", "3.0")
    assert "__pybind11_internals_v11_system_libstdcpp_gxx_abi_1xxx__" in toolchain.evidence[0].text


@pytest.fixture(scope="module")
def tables() -> Facts:
    return facts_of("runtime_types/tables.c")


def test_cffi_names_are_exact(tables: Facts) -> None:
    found = {table.kind: table.names for table in tables.tables if table.generator == "cffi"}
    assert found == {
        "cffi library": ("ANSWER", "open_it", "shut_it"),
        "cffi structs": ("point",),
        "cffi typedefs": ("handle_t", "size_type"),
    }


def test_swig_types_are_shown_as_swig_shows_them(tables: Facts) -> None:
    (found,) = [table.names for table in tables.tables if table.generator == "SWIG"]
    assert found == ("char *", "geometry::Circle *")


@pytest.mark.parametrize(
    ("mangled", "expected"),
    [
        ("N8geometry5ShapeE", "geometry::Shape"),
        ("4Text", "Text"),
        ("St9exception", "std::exception"),
        ("N12_GLOBAL__N_16HiddenE", "(anonymous namespace)::Hidden"),
        (".?AVShape@geometry@@", "geometry::Shape"),
        ("St6vectorIdSaIdEE", "St6vectorIdSaIdEE"),  # templates stay as they are
        ("9Text", "9Text"),  # longer than what is there
    ],
)
def test_plain_c_plus_plus_names_are_made_readable(mangled: str, expected: str) -> None:
    assert readable(mangled) == expected


MARKS = {
    "nanobind": (r"\0__nb_internals_%s_%s__\0v19_system_libstdcpp_gxx_abi_1xxx", "2.12"),
    "Pythran": (r"\0000.18.1\0(ss)\0__pythran__", "0.18.1"),
    "Cython": (r"\0cython_runtime", None),
    "Boost.Python": (r"Boost.Python.class", None),
}


@pytest.mark.parametrize("name", MARKS)
def test_a_generator_is_told_by_its_marks_with_evidence(name: str) -> None:
    text, version = MARKS[name]
    facts = facts_of("runtime_types/mark.c", f'-DMARK="{text}"')
    toolchain = facts.toolchains[0]
    assert (toolchain.name, toolchain.version) == (name, version)
    assert toolchain.evidence


def test_no_mark_is_no_generator() -> None:
    facts = facts_of("runtime_types/mark.c", '-DMARK="plain"')
    assert facts.generator in ("C", "C++")


def test_the_maker_of_pybind11_classes_is_found_though_its_message_stands_apart() -> None:
    with load(str(compile_fixture("runtime_types/records.c"))) as loaded:
        how = open_code(loaded.image, Functions(loaded.image), 100_000)
        assert how is not None
        names = {how.functions.at(start).name for start in initializers(how, nanobind=False) or ()}
        assert names == {"initialize"}
        (said,) = [f for f in how.functions if f.name == "initialize.cold"]
        assert said.start not in range(*how.functions.at(_start(how, "initialize"))[:2])


def _start(how: Code, name: str) -> int:
    return next(function.start for function in how.functions if function.name == name)

"""What SIP, f2py and Boost.Python leave in a file: the tables, and the calls that make classes."""

from collections.abc import Iterator

import pytest
from compiled import compile_fixture

from isoview.inspectors.binary.code.functions import Functions
from isoview.inspectors.binary.inspect import Loaded, load, shape
from isoview.inspectors.binary.runtime_types.f2py import f2py_tables
from isoview.inspectors.binary.runtime_types.records_facts import add_boost
from isoview.inspectors.binary.runtime_types.shared import open_code
from isoview.inspectors.binary.runtime_types.sip import sip_modules
from isoview.inspectors.binary.runtime_types.table_facts import add_tables
from isoview.inspectors.facts import Facts, Toolchain
from isoview.inspectors.record import replace


@pytest.fixture(scope="module")
def generated() -> Iterator[Loaded]:
    with load(str(compile_fixture("runtime_types/generated.c"))) as loaded:
        yield loaded


def test_both_layouts_of_sip_are_read_with_scopes_and_methods(generated: Loaded) -> None:
    modules = {module.abi: module for module in sip_modules(generated.image)}
    assert modules.keys() == {"13.8", "12.15"}
    new, old = modules["13.8"], modules["12.15"]
    assert [(t.kind, t.name, t.native) for t in new.types] == [
        ("class", "pkg.mod.ns.Shape", "ns::Shape"),
        ("enum", "pkg.mod.ns.Shape.Kind", "ns::Kind"),
    ]
    assert [method.name for method in new.types[0].methods] == ["area", "name"]
    assert [(t.kind, t.name) for t in old.types] == [
        ("class", "pkg.mod.Shape"),
        ("enum", "pkg.mod.Shape.Kind"),
    ]
    assert (new.external, old.external) == (0, 1)


def test_sip_classes_are_facts_with_the_version_and_the_place(generated: Loaded) -> None:
    facts = replace(shape(generated), toolchains=(Toolchain("SIP", None),))
    facts = add_tables(generated.image, facts, ["SIP"])
    built = {entry.name: entry for entry in facts.types if entry.kind == "built"}
    assert built["pkg.mod.Shape"].evidence[0].address is not None
    assert facts.toolchains[0].version in {"ABI 13.8", "ABI 12.15"}
    assert facts.completeness.types.level == "partial"
    assert "SIP's table of types for pkg.mod" in str(facts.completeness.types.reason)
    assert ("pkg.mod.ns.Shape.Kind",) in [table.names for table in facts.tables]


def test_f2py_functions_and_variables_are_exact(generated: Loaded) -> None:
    found = {table.kind: table.names for table in f2py_tables(generated.image)}
    assert found == {"f2py functions": ("solve", "step"), "f2py variables": ("count", "grid")}


@pytest.fixture(scope="module")
def boost(generated: Loaded) -> Facts:
    code = open_code(generated.image, Functions(generated.image), 100_000)
    assert code is not None
    return add_boost(code, shape(generated))


def test_boost_classes_have_names_types_bases_and_docs(boost: Facts) -> None:
    found = {e.name: (e.native, e.base, e.doc) for e in boost.types if e.kind == "built"}
    assert found == {
        "Animal": ("zoos::Animal", None, "Any animal."),
        "Dog": ("zoos::Dog", "Animal", None),
        "Colour": (None, "Boost.Python.enum", None),
    }


def test_boost_is_never_said_to_be_complete(boost: Facts) -> None:
    assert boost.completeness.types.level == "partial"
    assert "3 classes of Boost.Python are read" in str(boost.completeness.types.reason)

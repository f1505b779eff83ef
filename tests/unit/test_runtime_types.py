"""PyO3's classes, functions, cells and guard, read from small files of the same shape."""

from pathlib import Path

import pytest
from compiled import FIXTURES, compile_fixture

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Cells, Facts, Method, Type

AARCH64 = FIXTURES / "runtime_types" / "classes-aarch64.so"


def facts_of(path: Path, limit: int = 1_000_000) -> Facts:
    with load(str(path)) as loaded:
        return code(loaded, shape(loaded), limit)


@pytest.fixture(params=["x86-64", "aarch64"], scope="module")
def facts(request: pytest.FixtureRequest) -> Facts:
    if request.param == "aarch64":
        return facts_of(AARCH64)
    return facts_of(compile_fixture("runtime_types/classes.c"))


def built(facts: Facts) -> dict[str, Type]:
    return {entry.name: entry for entry in facts.types if entry.kind == "built"}


def test_every_class_is_found_by_its_full_name(facts: Facts) -> None:
    assert sorted(built(facts)) == ["builtins.Shape", "pkg.core.Queue"]


def test_what_a_class_is_made_with(facts: Facts) -> None:
    queue = built(facts)["pkg.core.Queue"]
    assert queue.base == "object"
    assert queue.basicsize == 56
    assert (queue.subclassable, queue.has_dict, queue.has_weakrefs) == (True, False, True)
    assert queue.flag_names == ("BASETYPE", "HAVE_GC")
    assert queue.doc == "A queue."
    assert queue.slots_set == ("tp_new", "tp_traverse", "tp_clear")
    assert queue.module_tied is False
    assert queue.flags is None  # the words that the class ends up with are not in the file


def test_methods_and_attributes_are_told_apart(facts: Facts) -> None:
    queue = built(facts)["pkg.core.Queue"]
    assert queue.methods == (Method("push", 8), Method("pop", 4))
    assert queue.getters == ("size",)


def test_a_class_without_module_belongs_to_builtins_and_can_have_an_exception_as_base(
    facts: Facts,
) -> None:
    shape_class = built(facts)["builtins.Shape"]
    assert shape_class.base == "PyExc_ValueError"
    assert shape_class.subclassable is False
    assert shape_class.has_dict is True
    assert shape_class.has_weakrefs is None  # an exception's own base may have them


def test_evidence_names_the_call(facts: Facts) -> None:
    queue = built(facts)["pkg.core.Queue"]
    assert queue.address is None
    (evidence,) = queue.evidence
    assert evidence.kind == "call"
    assert evidence.address is not None


def test_functions_and_exceptions(facts: Facts) -> None:
    names = {table.kind: table.names for table in facts.tables}
    assert names == {"functions": ("solve",), "exceptions": ("pkg.core.SolveError",)}


def test_process_wide_cells_are_counted(facts: Facts) -> None:
    assert facts.cells == Cells(classes=2, interned=1, imports=1)


def test_capsules_are_told_with_their_call_sites(facts: Facts) -> None:
    found = {(capsule.name, capsule.role) for capsule in facts.capsules}
    assert found == {("pkg.core._C_API", "published"), ("datetime.datetime_CAPI", "imported")}
    assert all(capsule.address for capsule in facts.capsules)


def test_types_are_never_said_to_be_complete(facts: Facts) -> None:
    level = facts.completeness.types
    assert level.level == "partial"
    assert "2 classes of PyO3" in (level.reason or "")


def test_a_budget_that_is_too_small_is_said_and_nothing_is_invented() -> None:
    facts = facts_of(AARCH64, limit=1)
    assert facts.budget.reached
    assert built(facts) == {}
    assert "the budget was reached" in (facts.completeness.types.reason or "")


def test_files_of_other_generators_have_no_such_facts() -> None:
    facts = facts_of(compile_fixture("static_type_good.c"))
    assert built(facts) == {}
    assert facts.cells is None
    assert facts.tables == ()
    assert facts.capsules == ()

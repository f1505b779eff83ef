"""Records are frozen dataclasses, whoever asks."""

import copy
import pickle
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass
from dataclasses import replace as standard_replace

import pytest

from isoview.inspectors.facts import Artifact, Budget, CApiUse, Evidence, Facts
from isoview.inspectors.record import MANY, Record, kept, replace

EVIDENCE = Evidence("call", "PyType_Ready called", 0x40)


def test_equal_by_class_and_fields() -> None:
    same = Evidence(text="PyType_Ready called", kind="call", address=64)
    assert same == EVIDENCE
    assert hash(same) == hash(EVIDENCE)
    assert same != Evidence("call", "PyType_Ready called")
    assert Budget(1) != (1, False)
    assert len({same, EVIDENCE}) == 1


def test_fields_stand_in_their_order_however_they_are_given() -> None:
    assert list(vars(Evidence(function="f", text="t", kind="k"))) == [
        "kind", "text", "address", "function",
    ]  # fmt: skip
    assert repr(Budget(reached=True)) == "Budget(limit=0, reached=True)"


@pytest.mark.parametrize(
    ("values", "named"),
    [(("call",), {}), (("call", "t", 1, "f", 2), {}), (("call", "t"), {"place": 1}), ((), {})],
)
def test_wrong_fields_are_refused(values: tuple[object, ...], named: dict[str, object]) -> None:
    with pytest.raises(TypeError, match="Evidence"):
        Evidence(*values, **named)  # type: ignore[arg-type]


def test_nothing_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        EVIDENCE.kind = "other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del EVIDENCE.kind


@pytest.mark.parametrize("how", [replace, standard_replace])
def test_replace(how: type[object]) -> None:
    changed = how(EVIDENCE, function="init")  # type: ignore[call-arg]
    assert changed == Evidence("call", "PyType_Ready called", 0x40, "init")
    assert EVIDENCE.function is None
    with pytest.raises(TypeError, match="Evidence"):
        how(EVIDENCE, place=1)  # type: ignore[call-arg]


def test_dataclasses_knows_them() -> None:
    facts = Facts(Artifact("a.so"), "shape")
    assert is_dataclass(facts)
    assert [entry.name for entry in fields(Budget)] == ["limit", "reached"]
    assert fields(Budget)[0].default == 0
    assert asdict(facts)["completeness"]["types"] == {"level": "none", "reason": None}


def test_copies() -> None:
    assert pickle.loads(pickle.dumps(EVIDENCE)) == EVIDENCE
    assert copy.deepcopy(EVIDENCE) == EVIDENCE


def test_the_many_that_are_made_later_are_as_the_first() -> None:
    class Stand(Record):
        place: str
        state: int
        values: tuple[int, ...] = ()
        named: str = "none"

    made = [Stand("here", index, named="so") for index in range(MANY * 2)]
    assert [record.state for record in made] == list(range(MANY * 2))
    assert {(record.place, record.values, record.named) for record in made} == {("here", (), "so")}
    with pytest.raises(TypeError):
        Stand("here")  # type: ignore[call-arg]


def test_a_class_of_many_records_gets_a_method_of_its_own_and_stays_the_same() -> None:
    class Place(Record):
        name: str
        line: int = 1

    first = Place("a")
    for _ in range(MANY):
        latest = Place("a")
    assert Place.__init__ is not Record.__init__
    assert latest == first
    assert list(vars(latest)) == ["name", "line"]
    with pytest.raises(TypeError, match="Place"):
        Place()  # type: ignore[call-arg]


def test_what_a_record_computed_is_not_the_changed_ones() -> None:
    facts = Facts(Artifact("a.so"), "shape", libraries=())
    assert facts.own_init is None
    changed = replace(facts, stage="code")
    assert vars(changed).keys() == vars(Facts(Artifact("a.so"), "code")).keys()


def test_what_is_computed_of_a_record_is_kept_in_it_and_in_no_other() -> None:
    asked: list[str] = []

    @kept
    def stage(facts: Facts) -> str | None:
        """The stage."""
        asked.append(facts.stage)
        return None if facts.stage == "code" else facts.stage

    facts = Facts(Artifact("a.so"), "shape")
    changed = replace(facts, stage="code")
    assert [stage(facts), stage(facts), stage(changed), stage(changed)] == ["shape"] * 2 + [
        None
    ] * 2
    assert asked == ["shape", "code"]
    assert stage.__doc__ == "The stage."
    assert facts == Facts(Artifact("a.so"), "shape")
    assert stage(replace(facts, stage="other")) == "other"


@pytest.mark.parametrize("names", [("PyErr_Clear", "Py_", "Py_Is", "_Py_x"), ("Py_", "Py", "Pz")])
@pytest.mark.parametrize("start", ["Py_", "_Py", "P", "Pz"])
def test_imports_are_found_by_how_they_begin(names: tuple[str, ...], start: str) -> None:
    used = CApiUse((*names, start + "\U0010ffff\U0010ffff"))
    expected = sorted(name for name in used.imports if name.startswith(start))
    assert used.like(start) == expected
    assert used.has_like("nothing", start)
    assert not used.has_like(start + "1")
    assert not CApiUse().like(start)

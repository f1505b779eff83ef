"""The file beside the loaded module: each kind of agreement and of difference."""

from typing import Any

from isoview.compare_live import Compared, compare
from isoview.inspectors.facts import Artifact, Definition, Facts, Init, Method, Slot, Type

DEFINITION = Definition(
    kind="moduledef", address=0x4000, origin="static", own=True, token=None, m_name="m",
    m_doc=None, m_size=16, methods=(Method("f", 4),),
    slots=(Slot(2, "Py_mod_exec", function=0x1000), Slot(3, "Py_mod_multiple_interpreters", 2)),
    has_traverse=True, has_clear=True, has_free=False,
)  # fmt: skip
INIT = Init("PyInit_m", "m", own=True, phase="multi", phase_source="code", definition=0x4000)
LIVE_DEFINITION = {
    "kind": "moduledef", "address": 0x7F0000004000, "link_address": 0x4000, "token": None,
    "m_name": "m", "m_doc": None, "m_size": 16, "methods": [{"name": "f", "flags": 4}],
    "slots": [
        {"id": 2, "name": "Py_mod_exec", "value": None, "function": 0x1000, "source": "live"},
        {"id": 3, "name": "Py_mod_multiple_interpreters", "value": 2, "function": None, "source": "live"},
    ],
    "has_traverse": True, "has_clear": True, "has_free": False,
}  # fmt: skip


def facts(**changes: Any) -> Facts:
    given: dict[str, Any] = {"init": (INIT,), "definitions": (DEFINITION,), **changes}
    return Facts(artifact=Artifact("m.so"), stage="code", **given)


def info(**changes: Any) -> dict[str, Any]:
    return {"phase": "multi", "definition": LIVE_DEFINITION, "types": [], **changes}


def live_type(name: str, **changes: Any) -> dict[str, Any]:
    given = {"name": name, "address": 0x7F0000000000 + hash(name) % 0x1000, "link_address": None,
             "static": False, "module_tied": None}  # fmt: skip
    return {**given, **changes}


def others(compared: tuple[Compared, ...]) -> list[tuple[str, str | None, str | None, str]]:
    return [(c.subject, c.file, c.live, c.kind) for c in compared if c.kind != "same"]


def test_agreement() -> None:
    compared = compare(facts(), info())
    assert others(compared) == []
    assert {"phase", "definition", "m_name", "m_size", "methods"} <= {c.subject for c in compared}


def test_no_answer_is_nothing_to_compare() -> None:
    assert compare(facts(), {"status": "crashed"}) == ()


def test_differences_of_the_definition() -> None:
    live = {**LIVE_DEFINITION, "link_address": 0x4100, "m_size": -1, "has_free": True}
    assert others(compare(facts(), info(definition=live, phase="single"))) == [
        ("phase", "multi", "single", "differs"),
        ("definition", "0x4000", "0x4100", "differs"),
        ("m_size", "16", "-1", "differs"),
        ("free", "no", "yes", "differs"),
    ]


def test_slots() -> None:
    one, two = LIVE_DEFINITION["slots"]  # type: ignore[misc]
    live = {**LIVE_DEFINITION, "slots": [one, {**two, "value": 0}]}
    assert others(compare(facts(), info(definition=live))) == [
        ("slot Py_mod_multiple_interpreters", "2", "0", "differs")
    ]
    live = {**LIVE_DEFINITION, "slots": [one]}
    assert others(compare(facts(), info(definition=live))) == [
        ("slot Py_mod_multiple_interpreters", "2", "absent", "differs")
    ]
    live = {**LIVE_DEFINITION, "slots": [one, one, two]}
    assert others(compare(facts(), info(definition=live))) == [
        ("slot Py_mod_exec #2", "absent", "set", "differs")
    ]


def test_what_an_address_slot_holds_is_not_compared_as_a_number() -> None:
    from dataclasses import replace

    abi = Slot(109, "Py_mod_abi", value=0x5000)
    definition = replace(DEFINITION, slots=(abi,))
    seen = {"id": 109, "name": "Py_mod_abi", "value": None, "function": None, "source": "live"}
    live = {**LIVE_DEFINITION, "slots": [seen]}
    assert others(compare(facts(definitions=(definition,)), info(definition=live))) == []


def test_a_definition_that_only_the_interpreter_has() -> None:
    compared = compare(facts(definitions=(), init=()), info())
    assert {c.kind for c in compared} == {"live-only"}
    assert {"definition", "m_size", "methods"} <= {c.subject for c in compared}


def test_methods_by_name() -> None:
    live = {**LIVE_DEFINITION, "methods": [{"name": "f", "flags": 1}, {"name": "g", "flags": 4}]}
    assert others(compare(facts(), info(definition=live))) == [
        ("method f", "flags 0x4", "flags 0x1", "differs"),
        ("method g", None, "flags 0x4", "live-only"),
    ]


def test_static_types_by_address_then_by_name() -> None:
    types = (
        Type(0x5000, "m.A", "static"),
        Type(0x5200, "m.Wrong", "static"),
        Type(0x5400, "m.Unused", "static"),
    )
    seen = [
        live_type("m.A", static=True, link_address=0x5000),
        live_type("m.B", static=True, link_address=0x5200),
        live_type("m.C", static=True, link_address=0x5600),
    ]
    assert others(compare(facts(types=types), info(types=seen))) == [
        ("type m.B", "static, named m.Wrong", "static, named m.B", "differs"),
        ("type m.Unused", "static", None, "file-only"),
        ("type m.C", None, "static", "live-only"),
    ]


def test_heap_types_by_the_last_part_of_their_names() -> None:
    types = (
        Type(0x5000, "A", "spec", module_tied=True),
        Type(0x5100, "m.B", "spec", module_tied=True),
        Type(0x5200, "m.Never", "spec"),
    )
    seen = [
        live_type("pkg.m.A", module_tied=True),
        live_type("m.B", module_tied=False),
        live_type("m.Error", module_tied=False),
    ]
    assert others(compare(facts(types=types), info(types=seen))) == [
        ("type m.B", "heap, tied to its module", "heap, not tied", "differs"),
        ("type m.Never", "heap", None, "file-only"),
        ("type m.Error", None, "heap", "live-only"),
    ]

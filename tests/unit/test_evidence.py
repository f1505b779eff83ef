"""Which fact a finding is about, and the bytes behind it."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from app_reports import DEFINITION, FACTS, FINDINGS, STATICS, TYPES
from compiled import compile_fixture

from isoview.capi_groups import grouped
from isoview.evidence import EvidenceSource, Subjects, only_set
from isoview.inspectors.binary.inspect import load, shape
from isoview.inspectors.facts import Init


def test_findings_are_tied_to_facts_by_address_name_or_module() -> None:
    subjects = Subjects(FACTS, FINDINGS)
    about = [subjects.of(finding) for finding in FINDINGS]
    assert isinstance(about[0], Init)
    assert about[1] is STATICS[0]
    assert about[2:5] == list(TYPES)
    assert about[5] == "PyGILState_Ensure"
    assert subjects.findings(TYPES[1]) == (FINDINGS[3],)
    assert subjects.findings("PyGILState_Ensure") == (FINDINGS[5],)
    assert subjects.findings(DEFINITION) == ()
    assert subjects.findings(None) == ()


def test_a_definition_is_decoded_with_its_tables() -> None:
    path = str(compile_fixture("static_type_bad.c"))
    with load(path) as loaded:
        facts = shape(loaded)
    definition = facts.own_definition
    assert definition is not None
    with EvidenceSource(path) as source:
        kinds = [found.kind for found in source.decode_for(facts, definition)]
        assert kinds[0] == "PyModuleDef"
        assert "PyModuleDef_Slot[]" in kinds or definition.slots == ()
        first = next(entry for entry in facts.types if entry.kind == "static")
        (found,) = source.decode_for(facts, first)
    assert found.kind == "PyTypeObject"
    by_name = {field.name: field for field in found.fields}
    assert by_name["tp_name"].meaning == f'→ "{first.name}"'
    assert by_name["tp_basicsize"].meaning == str(first.basicsize)
    shown = {field.name for field in only_set(found).fields}
    assert "tp_flags" in shown
    assert "tp_traverse" in shown, "its zero says something"
    assert "tp_weaklistoffset" not in shown


def test_the_file_is_opened_once_when_it_is_first_asked_and_closed() -> None:
    seen: list[str] = []

    @contextmanager
    def opening(path: str) -> Iterator[Any]:
        seen.append(f"open {path}")
        with load(str(compile_fixture("static_type_bad.c"))) as loaded:
            yield SimpleNamespace(image=loaded.image)
        seen.append("closed")

    with EvidenceSource("x.so", opening) as source:
        assert seen == []
        source.decode_for(FACTS, STATICS[0])
        source.decode_for(FACTS, STATICS[1])
        assert source.decode_for(FACTS, "PyGILState_Ensure") == ()
        assert seen == ["open x.so"]
    assert seen == ["open x.so", "closed"]


def test_imports_are_grouped_by_what_they_say() -> None:
    names = (
        "PyType_Ready",
        "PyGILState_Ensure",
        "PyModule_GetState",
        "_PyObject_New",
        "PyLong_Type",
    )
    assert grouped(names) == {
        "one per process": ("PyType_Ready",),
        "assumes one interpreter": ("PyGILState_Ensure",),
        "per-module state": ("PyModule_GetState",),
        "private": ("_PyObject_New",),
        "everything else": ("PyLong_Type",),
    }

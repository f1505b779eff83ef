"""The JSON document: the form that scripts rely on."""

import json
from dataclasses import fields, replace
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from samples import VARIANTS, full_report

from isoview.codec import report_from_data, report_to_data
from isoview.inspectors.errors import BadConfig
from isoview.inspectors.facts import Artifact, Facts
from isoview.model import Report, TargetError
from isoview.reports.json import document

SCHEMA = json.loads((files("isoview.schemas") / "report-1.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
HOSTILE = "\x1b]0;x\x07\x9b31m\u202eevil\x7f\n[bold]\udcff"


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_report_comes_back_from_json_as_it_was(variant: int) -> None:
    report = full_report(variant)
    data = json.loads(document([report], []))["artifacts"][0]
    assert report_from_data(data) == report


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_value_of_every_field_is_in_the_schema(variant: int) -> None:
    errors = [TargetError("a", "b", "c")]
    VALIDATOR.validate(json.loads(document([full_report(variant)], errors)))


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def _objects(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all fields in ``data``, but in maps with free names."""
    found: list[tuple[Any, ...]] = []
    if isinstance(data, dict):
        for name, value in data.items():
            found.append((*path, name))
            if name not in {"scorecard", "live"}:
                found += _objects(value, (*path, name))
    elif isinstance(data, list) and data:
        found += _objects(data[0], (*path, 0))
    return found


def test_no_field_can_be_renamed_or_left_out_unnoticed() -> None:
    text = document([full_report(0)], [TargetError("a", "b", "c")])
    paths = _objects(json.loads(text))
    assert len(paths) > 150
    for path in paths:
        data = json.loads(text)
        place = data
        for step in path[:-1]:
            place = place[step]
        place["renamed"] = place.pop(path[-1])
        assert not VALIDATOR.is_valid(data), f"{path} can be renamed"


def test_every_field_that_is_written_is_documented() -> None:
    closed = json.loads(json.dumps(SCHEMA))

    def close(schema: Any) -> None:
        if isinstance(schema, dict):
            if "properties" in schema and schema["properties"].keys() != {"schema"}:
                schema["additionalProperties"] = False
            for value in schema.values():
                close(value)
        elif isinstance(schema, list):
            for value in schema:
                close(value)

    close(closed)
    data = json.loads(document([full_report(0)], [TargetError("a", "b", "c")]))
    jsonschema.Draft202012Validator(closed).validate(data)


def test_the_document_is_one_of_printable_ascii_with_one_line_end() -> None:
    text = document([full_report(0, HOSTILE)], [TargetError(HOSTILE, HOSTILE, HOSTILE)])
    assert all(character == "\n" or " " <= character <= "~" for character in text)
    assert text.endswith("}\n")
    assert not text.endswith("\n\n")


def test_bytes_of_a_path_that_are_no_text_reach_json_as_an_escape() -> None:
    report = full_report(0)
    artifact = replace(report.facts.artifact, path="a\udcff.so")
    report = replace(report, facts=replace(report.facts, artifact=artifact))
    path = json.loads(document([report], []))["artifacts"][0]["path"]
    assert path == "a\\udcff.so"
    path.encode()


def test_later_versions_may_add_fields() -> None:
    report = full_report(0)
    data = report_to_data(report) | {"invented_later": 1}
    data["types"][0]["invented_later"] = 2
    assert report_from_data(data) == report


def test_fields_added_since_take_their_defaults() -> None:
    report = full_report(0)
    data = report_to_data(report)
    del data["guards"], data["rules_run"]
    back = report_from_data(data)
    assert back.facts.guards == ()
    assert back.rules_run == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("path", 1),
        ("size", "big"),
        ("size", True),
        ("types", {}),
        ("types", [1]),
        ("findings", [{}]),
        ("verdict", {"own_gil": "yes"}),
        ("completeness", None),
        ("scorecard", []),
    ],
)
def test_what_is_no_report_is_refused(field: str, value: object) -> None:
    data = report_to_data(full_report(0)) | {field: value}
    with pytest.raises(BadConfig):
        report_from_data(data)


def test_the_top_level_is_the_artifact_the_facts_and_the_judgement() -> None:
    data = report_to_data(full_report(0))
    expected = {entry.name for kind in (Artifact, Facts, Report) for entry in fields(kind)}
    assert set(data) == expected - {"artifact", "facts"}

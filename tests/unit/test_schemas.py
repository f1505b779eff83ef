"""The documents of several commands against their schemas, which say what they promise."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import speedups

from isoview.rules import EVERY

BUILT = Path(__file__).parent.parent / "fixtures" / "built" / "elf-x86-64"
SINGLE = BUILT / "single_311.cpython-311-x86_64-linux-gnu.so"
SYMBOLS = BUILT / "symbols_311.cpython-311-x86_64-linux-gnu.so"


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((files("isoview.schemas") / name).read_text())
    return found


def written(*arguments: str | Path) -> Any:
    shown = subprocess.run(
        [sys.executable, "-m", "isoview", *map(str, arguments), "--format", "json"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    return json.loads(shown.stdout)


NAMES = sorted(entry.name for entry in files("isoview.schemas").iterdir() if ".json" in entry.name)


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"].endswith((name, name.removesuffix(".json")))


def test_a_plan_is_what_its_schema_says() -> None:
    document = written("plan", SINGLE, SYMBOLS, speedups())
    jsonschema.validate(document, schema("plan-1.json"))
    assert [bool(entry["steps"]) for entry in document] == [True] * 3
    assert {step["state"] for entry in document for step in entry["steps"]} > {"next", "done"}
    document[0]["steps"][0]["state"] = "begun"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("plan-1.json"))


def test_what_modules_share_is_what_its_schema_says() -> None:
    document = written("sharing", BUILT)
    jsonschema.validate(document, schema("sharing-1.json"))
    assert set(document["files"]) == set(document["modules"])
    document["files"]["one"] = None
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("sharing-1.json"))


def test_the_rules_are_what_their_schema_says() -> None:
    document = written("rules")
    jsonschema.validate(document, schema("rules-1.json"))
    assert [rule["code"] for rule in document] == [rule.code for rule in EVERY]
    document[0]["code"] = "101"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("rules-1.json"))


@pytest.mark.skipif(sys.platform != "linux", reason="processes are listed on Linux")
def test_the_list_of_processes_is_what_its_schema_says() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        document = written("attach")
        child.communicate(b"\n")
    jsonschema.validate(document, schema("processes-1.json"))
    assert child.pid in [entry["pid"] for entry in document["processes"]]
    document["processes"][0].pop("problem")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("processes-1.json"))


def test_an_environment_is_what_its_schema_says() -> None:
    document = written("env", "--quick", "--python", sys.executable)
    jsonschema.validate(document, schema("env-1.json"))
    names = {entry["name"].lower() for entry in document["distributions"]}
    assert "markupsafe" in names
    document["distributions"][0].pop("answers")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("env-1.json"))


@pytest.mark.parametrize(
    ("old", "new"), [(SINGLE, SYMBOLS), (SINGLE, speedups()), (BUILT, BUILT / ".." / "elf-i686")]
)
def test_a_comparison_is_what_its_schema_says(old: Path, new: Path) -> None:
    document = written("diff", old, new)
    jsonschema.validate(document, schema("diff-1.json"))
    assert document["modules"]
    document["same"] = -1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema("diff-1.json"))

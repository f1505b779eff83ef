"""The documents of ``env`` and ``diff`` against their schemas, which say what they promise."""

import json
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import speedups

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


@pytest.mark.parametrize("name", ["report-1", "live-1", "process-1", "env-1", "diff-1"])
def test_every_schema_is_one(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(f"{name}.json"))


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

"""``isoview attach`` end to end: text, JSON in its schema, the list."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
from command import isoview
from process.targets import LINUX, target
from waiting import until

pytestmark = LINUX
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "isoview/schemas/process-1.json").read_text()
)


def closed(schema: Any) -> Any:
    """The schema with every object closed: nothing is written that it does not name."""
    if isinstance(schema, dict):
        made = {key: closed(value) for key, value in schema.items()}
        if "properties" in made and "allOf" not in made:
            made.setdefault("additionalProperties", False)
        return made
    return [closed(entry) for entry in schema] if isinstance(schema, list) else schema


def test_the_schema_itself_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_json_is_in_the_schema(tmp_path: Path) -> None:
    with target(sys.executable, "three", tmp_path, "_json", "_decimal") as child:
        done = isoview("attach", str(child.pid), "--format", "json", "--pause", "auto")
        truth = child.ask("stable")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()
    data = json.loads(done.stdout)
    jsonschema.validate(data, SCHEMA)
    strict = closed(SCHEMA)
    for name in ("shared", "interpreter", "module", "static", "audit"):
        if name != "shared":  # extended by its users
            assert strict["$defs"][name]["additionalProperties"] is False
    strict["$defs"]["shared"].pop("additionalProperties")
    jsonschema.validate(data, strict)
    assert data["pid"] == child.pid
    assert [entry["id"] for entry in data["interpreters"]] == [0, 1, 2]
    modules = {m["name"]: m for m in data["interpreters"][0]["modules"]}
    assert {name: modules[name]["address"] for name in truth} == truth
    files = {entry["file"] for entry in data["files"]}
    assert {entry["file"] for entry in data["audits"]} == files
    assert all(entry["verdict"] for entry in data["audits"])
    assert {entry["file"] for entry in data["statics"]} <= files
    assert data["consistency"]["entries_unread"] == 0


def test_text(tmp_path: Path) -> None:
    with target(sys.executable, "three", tmp_path, "_json", "_decimal") as child:
        done = isoview("attach", str(child.pid))
        short = isoview("attach", str(child.pid), "--no-audit", "--pause", "always")
    assert done.returncode == 0, done.stderr
    for said in (
        f"process {child.pid}  CPython {'.'.join(map(str, sys.version_info[:3]))}",
        "interpreter 0 (main)", "interpreter 2 (sub)", "the process was never stopped",
        "shared between interpreters", "the mapped files: declared/evidence",
    ):  # fmt: skip
        assert said in done.stdout
    assert "the mapped files" not in short.stdout
    assert "the process was stopped for" in short.stdout


def test_the_list_names_python_processes(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path, "_json") as child:
        text = isoview("attach")
        done = isoview("attach", "--format", "json")
    assert str(child.pid) in text.stdout
    rows = {row["pid"]: row for row in json.loads(done.stdout)["processes"]}
    row = rows[child.pid]
    assert (row["interpreters"], row["problem"]) == (1, None)
    assert row["version"] == ".".join(map(str, sys.version_info[:3]))
    assert "target.py plain" in row["command"]


def test_the_list_says_what_cannot_be_read(tmp_path: Path) -> None:
    from isoview.inspectors.process.pythons import look_at

    program = tmp_path / "python3"
    program.write_bytes(Path("/bin/sleep").read_bytes())
    program.chmod(0o755)
    with subprocess.Popen([program, "30"]) as process:
        try:
            # In the middle of exec it is this process's copy, or nothing that can be read.
            words = Path(f"/proc/{process.pid}/cmdline")
            until(lambda: words.read_bytes().startswith(bytes(program)), "exec")
            found = look_at(process.pid)
        finally:
            process.kill()
    assert found is not None
    assert found.problem is not None
    assert "without the symbols" in found.problem


def test_a_slip_is_said() -> None:
    done = isoview("attach", "notanumber")
    assert done.returncode == 2
    assert "notanumber" in done.stderr
    assert isoview("attach", "4711", "--app").returncode == 2

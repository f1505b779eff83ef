"""The probe: what it may be written in, where it runs, and what it says of known modules."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from live.interpreters import Interpreter, find

from isoview.inspectors.live import probe
from isoview.inspectors.live.probe.memory import Memory
from isoview.inspectors.live.runner import run

FOLDER = Path(probe.__file__).parent
FILES = sorted(FOLDER.glob("*.py"))
FOUND, _ = find()


def info(target: str, python: str | None = None) -> dict[str, Any]:
    outcome: dict[str, Any] = run(target, python=python)["runs"][0]["experiments"]["info"]
    return outcome


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_parses_with_the_grammar_of_3_9(path: Path) -> None:
    ast.parse(path.read_text(), str(path), feature_version=(3, 9))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_needs_the_standard_library_only(path: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            assert node.module is not None
            imported.add(node.module.partition(".")[0])
    # What each version calls its own module for sub-interpreters; no list has them.
    assert imported <= sys.stdlib_module_names | {"_interpreters", "_xxsubinterpreters"}


@pytest.mark.parametrize("interpreter", FOUND, ids=lambda entry: entry.label)
def test_it_runs_where_isoview_is_not_installed(interpreter: Interpreter) -> None:
    answer = info("_ctypes" if interpreter.version >= (3, 9) else "_json", interpreter.executable)
    assert answer["status"] == "ok", answer
    assert answer["phase"] in {"single", "multi"}
    assert answer["definition"]["m_name"] in {"_ctypes", "_json"}
    assert answer["types"]
    assert answer["stderr"] == ""


@pytest.mark.parametrize("interpreter", FOUND, ids=lambda entry: entry.label)
def test_slots_and_flags_of_3_15_and_before(interpreter: Interpreter) -> None:
    if interpreter.version[1] == 15:
        answer = info("xxlimited", interpreter.executable)
        if answer["status"] == "not-run":
            pytest.skip("this build has no xxlimited")
        assert answer["phase"] == "export"
        assert answer["definition"]["kind"] == "slot-array"
        assert answer["definition"]["m_name"] == "xxlimited"
        assert answer["definition"]["m_size"] == answer["state"]["size"] == answer["m_size"] > 0
        assert {method["name"] for method in answer["definition"]["methods"]} == {"foo", "new"}
        assert answer["definition"]["has_traverse"]
        return
    answer = info("_struct", interpreter.executable)
    by_name = {slot["name"]: slot["value"] for slot in answer["slots"]}
    minor = interpreter.version[1]
    assert by_name.get("Py_mod_multiple_interpreters") == (2 if minor >= 12 else None)
    assert by_name.get("Py_mod_gil") == (1 if minor >= 13 else None)
    if minor >= 10:
        assert answer["phase"] == "multi"
        assert all("HEAPTYPE" in entry["flag_names"] for entry in answer["types"])


def test_addresses_are_those_of_the_file() -> None:
    """What stands at the link address in the file is what the interpreter reads in memory."""
    from elftools.elf.elffile import ELFFile

    target = "_datetime" if _is_extension("_datetime") else "markupsafe._speedups"
    answer = info(target)
    assert answer["load_bias"] is not None
    definition = answer["definition"]
    assert definition["address"] == definition["link_address"] + answer["load_bias"]
    with open(answer["file"], "rb") as stream:
        sections = [
            range(section["sh_addr"], section["sh_addr"] + section["sh_size"])
            for section in ELFFile(stream).iter_sections()
            if section.name in {".data", ".data.rel.ro", ".bss"}
        ]
    addresses = [definition["link_address"]]
    addresses += [entry["link_address"] for entry in answer["types"] if entry["static"]]
    assert all(any(address in span for span in sections) for address in addresses)


def _is_extension(name: str) -> bool:
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import find_spec

    spec = find_spec(name)
    return spec is not None and isinstance(spec.loader, ExtensionFileLoader)


def test_types_named_after_another_module_belong_to_the_one_that_made_them() -> None:
    import decimal

    c_decimal = sys.modules.get("_decimal")
    assert c_decimal is not None
    answer = probe.inspect(c_decimal)
    assert {"decimal.Decimal", "decimal.Context"} <= {entry["name"] for entry in answer["types"]}
    assert decimal.Decimal(1) == 1  # still alive: nothing lost a reference


def test_looking_leaves_no_reference_behind_and_takes_none() -> None:
    """PyType_GetModule gives a borrowed reference: releasing it would free the module."""
    import _queue

    probe.inspect(_queue)
    before = sys.getrefcount(_queue), sys.getrefcount(_queue.SimpleQueue)
    for _ in range(50):
        probe.inspect(_queue)
    after = sys.getrefcount(_queue), sys.getrefcount(_queue.SimpleQueue)
    assert after == before


def test_a_module_without_definition_is_said_to_be_none() -> None:
    answer = probe.inspect(json)
    assert (answer["kind"], answer["phase"], answer["definition"]) == ("python", "unknown", None)
    json.dumps(answer)


def test_what_is_no_module_is_looked_at_without_being_asked() -> None:
    class Proxy:
        def __getattribute__(self, name: str) -> Any:
            if name == "__dict__":
                return {}
            raise AssertionError(f"its code ran for {name}")

    answer = probe.inspect(Proxy())
    assert answer["phase"] == "unknown"
    assert "no module" in answer["phase_reason"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self/mem is Linux's")
def test_memory_that_is_not_there_is_refused() -> None:
    with Memory() as memory:
        for address in (0, 8, 4096, 1 << 47, (1 << 63) + 8, (1 << 64) - 8):
            assert memory.word(address) is None
            assert memory.text(address) is None
        assert memory.word(id(memory) + 1) is None  # unaligned


def test_other_implementations_and_old_versions_get_a_sentence(tmp_path: Path) -> None:
    """The start file is run as is, with what it looks at replaced."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "if os.environ.get('PRETEND') == 'pypy': sys.implementation.name = 'pypy'\n"
        "if os.environ.get('PRETEND') == 'old': sys.version_info = (3, 6, 15, 'final', 0)\n"
    )
    for pretend, words in (("pypy", "this is pypy"), ("old", "this is Python 3.6")):
        done = subprocess.run(
            [sys.executable, str(FOLDER / "__main__.py")],
            env={**os.environ, "PYTHONPATH": str(tmp_path), "PRETEND": pretend},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert words in done.stderr
        assert "Traceback" not in done.stderr

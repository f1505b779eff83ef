"""Which statics hold objects, and who writes the others: read from code of our own."""

import shutil
import subprocess
from pathlib import Path

import pytest
from compiled import compile_fixture

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Facts, Global

SOURCE = "code/statics_in_code.c"
HOLDERS = {
    "cache": "result of PyDict_New stored",
    "error": "result of PyErr_NewException stored",
    "replaced": "result of PyTuple_New stored",
    "handed_on": "which returns result of PyDict_New",
    "through_pointer": "result of PyUnicode_FromString",
    "names": "result of PyUnicode_InternFromString stored",
    "only_used": "passed to PyObject_GetItem as o",
    "filled": "filled by PyArg_ParseTuple",
    "known_type": "address of PyList_Type stored",
    "lazy": "result of PyLong_FromLong stored",
    "value_error": "value of PyExc_ValueError stored",
}
LEVELS = ("-O0", "-O1", "-O2", "-O3", "-Os")


def read(*flags: str) -> Facts:
    path = compile_fixture(SOURCE, *flags)
    with load(str(path)) as loaded:
        return code(loaded, shape(loaded))


def by_name(facts: Facts) -> dict[str, Global]:
    return {entry.symbol: entry for entry in facts.globals if entry.symbol}


def said(entry: Global, kind: str | None = None) -> str:
    return "\n".join(e.text for e in entry.evidence if kind is None or e.kind == kind)


@pytest.mark.parametrize("level", LEVELS)
def test_every_holder_is_found_with_its_reason_and_nothing_else(level: str) -> None:
    found = by_name(read(level))
    objects = {name for name, entry in found.items() if entry.kind == "object"}
    assert objects == set(HOLDERS)
    for name, words in HOLDERS.items():
        assert words in said(found[name]), name


@pytest.mark.parametrize("level", LEVELS)
def test_other_statics_are_what_they_are(level: str) -> None:
    found = by_name(read(level))
    kinds = {name: entry.kind for name, entry in found.items()}
    assert kinds["memory"] == "buffer"
    assert kinds["buffer"] == "buffer"
    assert kinds["flag"] == "scalar"
    assert kinds["lock"] == "lock"
    assert kinds["methods"] == kinds["slots"] == "table"
    assert kinds["definition"] == "definition"
    for name in ("counter", "length", "callback", "capsule_table"):
        assert kinds[name] == "unknown", name
    assert "result of malloc stored" in said(found["memory"])
    assert "result of PyCapsule_Import stored" in said(found["capsule_table"], "capsule")


@pytest.mark.parametrize("level", LEVELS)
def test_who_writes(level: str) -> None:
    found = by_name(read(level))
    written = {
        name: {e.kind for e in entry.evidence if e.kind.startswith("write")}
        for name, entry in found.items()
    }
    for name in ("counter", "length", "buffer"):
        assert written[name] == {"write"}, name
    for name in ("flag", "callback", "memory", "capsule_table", "prepared"):
        assert written[name] == {"write-init"}, name
    assert not written["never_written"]
    counter = next(e for e in found["counter"].evidence if e.kind == "write")
    assert counter.function == "method_count"
    assert f"{counter.address:#x} (+" in counter.text


def test_all_elements_of_an_array_count() -> None:
    names = by_name(read("-O2"))["names"]
    assert names.size == 56
    assert names.evidence[0].text == "7 of 7 words hold objects"


@pytest.mark.parametrize("level", LEVELS)
def test_a_stripped_file_says_as_much_by_address(level: str) -> None:
    named = by_name(read(level))
    stripped = {entry.address: entry for entry in read(level, "-s").globals}
    assert not any(entry.symbol for entry in stripped.values())
    shift = next(e.address for e in stripped.values() if e.kind == "definition")
    shift -= named["definition"].address
    for name in HOLDERS:
        entry = stripped[named[name].address + shift]
        assert (entry.kind, entry.size) == ("object", named[name].size), name
        assert "of the function at 0x" in said(entry), name
    for name, kind in (("counter", "write"), ("flag", "write-init"), ("callback", "write-init")):
        entry = stripped[named[name].address + shift]
        assert kind in {e.kind for e in entry.evidence}, name
        assert entry.kind != "object", name
    assert stripped[named["lock"].address + shift].kind == "lock"


def test_a_stripped_list_is_said_to_be_partial() -> None:
    level = read("-O2", "-s").completeness.globals
    assert level.level == "partial"
    assert level.reason is not None
    assert "no symbol table" in level.reason


def test_debug_information_gives_type_file_and_line() -> None:
    found = by_name(read("-O2", "-g"))
    lines = (Path(__file__).parents[1] / "fixtures" / SOURCE).read_text("utf-8").splitlines()
    for name, declared in (
        ("cache", "PyObject *"),
        ("names", "PyObject *[]"),
        ("known_type", "PyTypeObject *"),
        ("callback", "long int (*)()"),
        ("counter", "long int"),
        ("methods", "PyMethodDef[]"),
    ):
        entry = found[name]
        assert said(entry, "declared") == f"declared as {declared}"
        assert entry.source is not None
        assert entry.source.file.endswith("statics_in_code.c")
        assert name in lines[entry.source.line - 1], name
    assert {name for name, entry in found.items() if entry.kind == "object"} == set(HOLDERS)


def test_debug_information_may_lie_beside_the_file(tmp_path: Path) -> None:
    objcopy = shutil.which("objcopy")
    if objcopy is None:
        pytest.skip("no objcopy here (it comes with binutils)")
    built = compile_fixture(SOURCE, "-O2", "-g", "-Wl,--build-id")
    target = tmp_path / built.name
    debug = tmp_path / f"{built.name}.debug"
    subprocess.run([objcopy, "--only-keep-debug", built, debug], check=True)
    subprocess.run([objcopy, "--strip-debug", built, target], check=True)
    with load(str(target)) as loaded:
        found = by_name(code(loaded, shape(loaded)))
    assert said(found["cache"], "declared") == "declared as PyObject *"
    debug.write_bytes(compile_fixture(SOURCE, "-O1", "-g", "-Wl,--build-id").read_bytes())
    with load(str(target)) as loaded:  # of another build: not believed
        found = by_name(code(loaded, shape(loaded)))
    assert not said(found["cache"], "declared")


def test_the_budget_is_kept_and_reported() -> None:
    path = compile_fixture(SOURCE, "-O2")
    with load(str(path)) as loaded:
        facts = code(loaded, shape(loaded), 40)
    assert facts.budget.limit == 40
    assert facts.budget.reached
    level = facts.completeness.globals
    assert level.level == "partial"
    assert level.reason is not None
    assert "budget of instructions" in level.reason
    assert "were not read" in level.reason

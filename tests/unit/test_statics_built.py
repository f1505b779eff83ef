"""The one static that holds an object, in the built objects of every format that is read."""

from pathlib import Path

import pytest

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Facts

BUILT = Path(__file__).parents[1] / "fixtures" / "built"
# GCC leaves the static out of what it optimises (elf-x86-64): it is written and never read.
READ = ("elf-x86-64-musl", "elf-aarch64", "pe-x86-64", "pe-aarch64", "macho-arm64",
        "macho-x86-64")  # fmt: skip
NOT_READ = ("elf-armv7", "elf-i686", "elf-ppc64", "elf-s390x", "elf-riscv64", "pe-i686")


def read(path: str) -> Facts:
    with load(str(BUILT / path)) as loaded:
        return code(loaded, shape(loaded))


def files(*folders: str) -> list[str]:
    found = (path for folder in folders for path in (BUILT / folder).glob("multi_3*"))
    return sorted(path.relative_to(BUILT).as_posix() for path in found)


def odd(*modules: str, folders: tuple[str, ...] = READ) -> list[str]:
    found = (p for m in modules for folder in folders for p in (BUILT / folder).glob(f"{m}.*"))
    return sorted(path.relative_to(BUILT).as_posix() for path in found)


@pytest.mark.parametrize("path", files(*READ) + odd("free_313", "limited_39", "chained_313"))
def test_the_kept_class_is_found(path: str) -> None:
    facts = read(path)
    objects = [entry for entry in facts.globals if entry.kind == "object"]
    assert [entry.size for entry in objects] == [8]
    stored = [e for e in objects[0].evidence if e.kind == "stored"]
    assert [e.text.startswith("result of PyType_FromSpec stored at 0x") for e in stored] == [True]
    if not facts.artifact.stripped:
        assert (objects[0].symbol or "").lstrip("_") == "kept"
        assert stored[0].function is not None


@pytest.mark.parametrize("path", odd("stripped_313", "bare_313", "single_313", "dense_bare_313"))
def test_stripped_files_say_in_which_function(path: str) -> None:
    objects = [entry for entry in read(path).globals if entry.kind == "object"]
    assert len(objects) == 1
    assert "result of PyType_FromSpec stored at 0x" in objects[0].evidence[0].text
    assert " of " in objects[0].evidence[0].text


def test_unoptimised_code_is_followed_through_the_stack() -> None:
    (path,) = odd("unoptimised_311", folders=("elf-x86-64",))
    objects = [entry.symbol for entry in read(path).globals if entry.kind == "object"]
    assert objects == ["kept"]


@pytest.mark.parametrize("path", odd("symbols_313", "export_315") + files("elf-x86-64"))
def test_files_without_an_object_claim_none(path: str) -> None:
    assert [entry.symbol for entry in read(path).globals if entry.kind == "object"] == []


@pytest.mark.parametrize("path", files(*NOT_READ))
def test_other_processors_are_said_not_to_be_read(path: str) -> None:
    facts = read(path)
    assert facts.completeness.globals.level == "partial"
    assert "are not read" in (facts.completeness.globals.reason or "")
    assert not [entry for entry in facts.globals if entry.kind == "object"]

"""What judges the corpus must see a lie: its measures are tried on facts that were falsified."""

from dataclasses import replace
from pathlib import Path

import pytest
from corpus.bare import without_section_headers, without_symbols
from corpus.platforms import differences, pairings
from corpus.runtime import Score, loads_on
from corpus.sweep import sweep
from corpus.wheels import SUPPORT, Module, Wheel, manifest
from live.interpreters import Interpreter
from live.truth_compare import Check, Result

from isoview.inspectors.binary.inspect import load, read_image, shape
from isoview.inspectors.facts import Facts

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"
LINUX = BUILT / "elf-x86-64" / "multi_313.cpython-313-x86_64-linux-gnu.so"
WINDOWS = BUILT / "pe-x86-64" / "multi_313.cp313-win_amd64.pyd"


def facts_of(path: Path) -> Facts:
    with load(str(path)) as loaded:
        return shape(loaded)


def wheel(platform: str) -> Wheel:
    return Wheel("fixture", "1", "cp313", "cp313", platform, "0" * 64)


def test_the_manifests_name_real_rows() -> None:
    rows = [*manifest(), *manifest(SUPPORT)]
    assert len({row.sha256 for row in rows}) == len(rows)
    assert all(len(row.sha256) == 64 for row in rows)


@pytest.mark.parametrize(
    ("platform", "system"),
    [
        ("manylinux_2_28_x86_64.manylinux2014_x86_64", "linux_x86_64"),
        ("manylinux1_i686", "linux_i686"),
        ("musllinux_1_2_aarch64", "musl_aarch64"),
        ("macosx_11_0_arm64", "macos_arm64"),
        ("win_amd64", "win_amd64"),
    ],
)
def test_platforms_are_told_without_versions(platform: str, system: str) -> None:
    assert wheel(platform).system == system


def test_a_wheel_is_imported_where_it_belongs() -> None:
    python = Interpreter("python3.13", (3, 13, 0), free_threaded=False, path=())
    assert loads_on(wheel("manylinux1_x86_64"), python)
    assert not loads_on(wheel("win_amd64"), python)
    assert not loads_on(replace(wheel("manylinux1_x86_64"), abi="cp313t"), python)


def test_the_same_source_on_two_platforms_is_equal() -> None:
    linux = Module(wheel("manylinux1_x86_64"), LINUX, "multi_313")
    windows = Module(wheel("win_amd64"), WINDOWS, "multi_313")
    facts = {linux: facts_of(LINUX), windows: facts_of(WINDOWS)}
    (pairing,) = pairings(facts)
    assert (pairing.pairs, pairing.equal, pairing.differences) == (1, 1, [])


def test_a_lost_type_and_a_lost_slot_are_seen() -> None:
    linux = facts_of(LINUX)
    (definition,) = linux.definitions
    poorer = replace(
        linux,
        types=linux.types[1:],
        definitions=(replace(definition, slots=definition.slots[:-1]),),
    )
    said = list(differences(poorer, linux))
    assert [what.split()[0] for what in said] == ["slots", "static"]


def test_an_unreadable_module_is_counted(tmp_path: Path) -> None:
    broken = tmp_path / "broken.so"
    broken.write_bytes(b"\x7fELF")
    swept = sweep([Module(wheel("manylinux1_x86_64"), broken, "broken")])
    assert swept.modules == 1
    assert [why.partition(":")[0] for _, why in swept.errors] == ["UnsupportedFormat"]


def test_bare_files_are_bare() -> None:
    data = LINUX.read_bytes()
    assert not read_image(memoryview(data)).stripped
    assert read_image(memoryview(without_symbols(data))).stripped
    assert not any(
        r.name == ".text" for r in read_image(memoryview(without_section_headers(data))).regions
    )


def checks(**wrong: str) -> list[Check]:
    names = ("init symbol", "phase", "definition", "m_name", "m_size", "methods", "slots")
    return [Check(name, 1, 1, wrong.get(name.replace(" ", "_"), "right")) for name in names]


def test_the_score_tells_wrong_from_unknown() -> None:
    score = Score()
    score.add("3.13", Result("right", checks()), verbose=False)
    score.add("3.13", Result("lied", checks(slots="wrong")), verbose=False)
    score.add("3.13", Result("shy", checks(phase="unknown", definition="unknown")), verbose=False)
    score.add("3.13", Result("lost", checks(definition="unknown")), verbose=False)
    score.add("3.13", Result("absent", skipped="no such library"), verbose=False)
    assert (score.modules, score.skipped) == (5, 1)
    assert (score.init_right, score.init_unknown, score.init_wrong) == (3, 1, 0)
    assert (score.definitions_right, score.definitions_wrong) == (1, 1)
    assert (score.definitions_missed, score.definitions_elsewhere) == (1, 1)
    assert score.talk == ["3.13 lied: slots wrong: 1, not 1"]

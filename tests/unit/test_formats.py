"""Every built object gives exactly the facts its source says, whatever its format and processor."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest

from isoview.inspectors.binary.inspect import load, load_all, shape
from isoview.inspectors.facts import Definition, Facts, Init, Slot, Type

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"
EXPECTED: dict[str, dict[str, Any]] = json.loads((BUILT / "expected.json").read_text())
ELF = [name for name in EXPECTED if name.startswith("elf-")]


def facts_of(path: Path) -> Facts:
    with load(str(path)) as loaded:
        return shape(loaded)


def as_told(facts: Facts) -> dict[str, Any]:
    """``facts`` in the form of ``expected.json``."""
    artifact = facts.artifact
    return {
        "artifact": {
            "format": artifact.format,
            "arch": artifact.arch,
            "bits": artifact.bits,
            "endian": artifact.endian,
            "free_threaded_layout": artifact.free_threaded_layout,
            "is_extension": artifact.is_extension,
            "stripped": artifact.stripped,
        },
        "init": [_init(entry) for entry in facts.init],
        "definitions": sorted(
            (_definition(entry, artifact.arch) for entry in facts.definitions),
            key=lambda definition: definition["address"],
        ),
        "types": sorted((_type(entry) for entry in facts.types), key=lambda t: t["address"]),
    }


def _init(entry: Init) -> dict[str, Any]:
    names = ("symbol", "module", "own", "phase", "definition")
    return {name: getattr(entry, name) for name in names}


def _definition(entry: Definition, arch: str) -> dict[str, Any]:
    names = (
        "kind", "address", "origin", "token", "m_name", "m_doc", "m_size", "slots_complete",
        "has_traverse", "has_clear", "has_free",
    )  # fmt: skip
    told: dict[str, Any] = {name: getattr(entry, name) for name in names}
    told["methods"] = [[method.name, method.flags] for method in entry.methods]
    told["slots"] = [_slot(slot, arch) for slot in entry.slots]
    if entry.kind == "slot-array":
        told["abi_flags"], told["abi_version"] = entry.abi_flags, entry.abi_version
    return told


def _slot(slot: Slot, arch: str) -> dict[str, Any]:
    told: dict[str, Any] = {"id": slot.id, "name": slot.name}
    if isinstance(slot.function, int):
        # Bit 0 of a Thumb function's address chooses the instruction set.
        told["function"] = slot.function & ~1 if arch == "armv7" else slot.function
    elif slot.value is not None:
        told["value"] = slot.value
    elif slot.address is not None and slot.id not in (100, 101):  # where a name's text stands
        told["address"] = slot.address
    return told


def _type(entry: Type) -> dict[str, Any]:
    names = ("kind", "name", "address", "basicsize", "itemsize", "flags", "base", "module_tied")
    told: dict[str, Any] = {name: getattr(entry, name) for name in names}
    told["methods"] = [[method.name, method.flags] for method in entry.methods]
    told["slots_set"] = sorted(entry.slots_set)
    return told


@pytest.mark.parametrize("name", EXPECTED)
def test_built_object_gives_its_facts(name: str) -> None:
    assert as_told(facts_of(BUILT / name)) == EXPECTED[name]


@pytest.mark.parametrize("name", ELF)
def test_section_headers_are_not_needed(name: str, tmp_path: Path) -> None:
    data = bytearray((BUILT / name).read_bytes())
    wide, order = data[4] == 2, "<" if data[5] == 1 else ">"
    struct.pack_into(order + ("Q" if wide else "I"), data, 40 if wide else 32, 0)  # e_shoff
    struct.pack_into(order + "HH", data, 60 if wide else 48, 0, 0)  # e_shnum, e_shstrndx
    bare = tmp_path / Path(name).name
    bare.write_bytes(data)
    told = as_told(facts_of(bare))
    expected = json.loads(json.dumps(EXPECTED[name]))
    expected["artifact"]["stripped"] = True
    assert told == expected


def test_each_slice_of_a_universal_file_gives_its_facts() -> None:
    name = "multi_313.cpython-313-darwin.so"
    slices = load_all(str(BUILT / "macho-universal" / name))
    told = [as_told(shape(loaded)) for loaded in slices]
    parts = [EXPECTED[f"{folder}/{name}"] for folder in ("macho-x86-64", "macho-arm64")]
    assert told == parts


def test_no_object_is_left_out() -> None:
    """Each committed object has its facts (the universal file's are its two parts')."""
    built = {
        path.relative_to(BUILT).as_posix()
        for path in BUILT.glob("*/*.*")
        if path.suffix in (".so", ".pyd")
    }
    assert built - set(EXPECTED) == {"macho-universal/multi_313.cpython-313-darwin.so"}
    assert set(EXPECTED) <= built

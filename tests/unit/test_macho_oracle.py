"""The built Mach-O objects as another reader sees them: lief, where it is installed."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from isoview.inspectors.binary import macho
from isoview.inspectors.binary.image import Image

lief = pytest.importorskip("lief")

BUILT = Path(__file__).resolve().parent.parent / "fixtures" / "built"
FILES = sorted(path.relative_to(BUILT).as_posix() for path in BUILT.glob("macho-*/*.so"))
TARGET = (1 << 36) - 1  # without the tag in the bits above (dyld_chained_ptr_64.high8)


@cache
def parsed(name: str) -> Any:
    """lief's reading, kept: what it hands out points into it."""
    return lief.MachO.parse(BUILT / name)


def pairs(name: str) -> list[tuple[Image, Any]]:
    """Each slice as isoview and as lief reads it."""
    ours = macho.read_slices(memoryview((BUILT / name).read_bytes()))
    return [(image, theirs) for (_, image), theirs in zip(ours, parsed(name), strict=True)]


def plain(name: str) -> str:
    return name.removeprefix("_")


def test_there_are_objects_of_both_encodings() -> None:
    kinds = {theirs.has_dyld_chained_fixups for name in FILES for _, theirs in pairs(name)}
    assert kinds == {False, True}


@pytest.mark.parametrize("name", FILES)
def test_pointers_and_imports(name: str) -> None:
    for image, theirs in pairs(name):
        bound = {
            entry.address: plain(entry.symbol.name) for entry in theirs.bindings if entry.symbol
        }
        rebased = {
            entry.address
            for entry in theirs.relocations
            if isinstance(entry, lief.MachO.RelocationFixup | lief.MachO.RelocationDyld)
        }
        assert image.imports_at == bound
        assert set(image.pointers) == rebased - set(bound)
        for entry in theirs.relocations:
            if isinstance(entry, lief.MachO.RelocationFixup) and entry.address not in bound:
                assert image.pointers[entry.address] == entry.target & TARGET


@pytest.mark.parametrize("name", FILES)
def test_names(name: str) -> None:
    for image, theirs in pairs(name):
        exported = {plain(symbol.name): symbol.value for symbol in theirs.exported_symbols}
        assert image.exports == exported
        assert image.imported == {plain(symbol.name) for symbol in theirs.imported_symbols}
        assert image.libraries == tuple(
            library.name
            for library in theirs.libraries
            if library.command != lief.MachO.LoadCommand.TYPE.ID_DYLIB
        )


@pytest.mark.parametrize("name", FILES)
def test_functions_and_identity(name: str) -> None:
    for image, theirs in pairs(name):
        starts = [theirs.imagebase + offset for offset in theirs.function_starts.functions]
        assert list(image.function_starts) == starts
        identity = bytes(theirs.uuid.uuid).hex() if theirs.has_uuid else None
        assert image.build_id == identity


@pytest.mark.parametrize("name", FILES)
def test_sections(name: str) -> None:
    for image, theirs in pairs(name):
        told = {
            f"{section.segment.name},{section.name}": (section.virtual_address, section.size)
            for section in theirs.sections
            if section.size
        }
        assert {r.name: (r.address, r.size) for r in image.regions} == told

"""How the bytes of a file come into memory: copied, or mapped where nobody builds it."""

import mmap
from pathlib import Path

import pytest

from isoview.inspectors.binary import source
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.record import replace

BUILT = Path(__file__).parents[1] / "fixtures" / "built"
BINARIES = sorted(path for path in BUILT.glob("*/*") if path.suffix in {".so", ".pyd"})


def is_mapped(path: Path) -> bool:
    return isinstance(source.read_file(str(path)).obj, mmap.mmap)


@pytest.mark.parametrize(
    ("folder", "size", "mapped"),
    [
        ("numpy.libs", source.BROUGHT_LIMIT + 1, True),
        ("PIL/.dylibs", source.BROUGHT_LIMIT + 1, True),
        ("numpy.libs", source.BROUGHT_LIMIT, False),
        ("build/lib", source.BROUGHT_LIMIT + 1, False),
        ("libs", source.BROUGHT_LIMIT + 1, False),
    ],
)
def test_libraries_that_wheels_bring_are_mapped(
    tmp_path: Path, folder: str, size: int, mapped: bool
) -> None:
    path = tmp_path / folder / "libx-0123abcd.so.1"
    path.parent.mkdir(parents=True)
    path.write_bytes(BINARIES[0].read_bytes().ljust(size, b"\0"))
    assert path.stat().st_size == size
    assert is_mapped(path) is mapped


@pytest.mark.parametrize("path", BINARIES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_mapped_file_says_what_a_copied_one_says(path: Path, tmp_path: Path) -> None:
    """Also a module, which is read in every way: what it holds is found in a mapping too."""
    raw = path.read_bytes().ljust(source.BROUGHT_LIMIT + 1, b"\0")
    facts = []
    for folder in ("x.libs", "build"):
        copy = tmp_path / folder / path.name
        copy.parent.mkdir()
        copy.write_bytes(raw)
        assert is_mapped(copy) is (folder == "x.libs")
        with load(str(copy)) as loaded:
            found = code(loaded, shape(loaded))
        facts.append(replace(found, artifact=replace(found.artifact, path="")))
    assert facts[0] == facts[1]

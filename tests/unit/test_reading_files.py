"""How the bytes of a file come into memory: copied, or mapped where nobody writes to it."""

import mmap
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from isoview.inspectors.binary import source
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.record import replace
from isoview.model import Complete
from isoview.parallel import spread
from isoview.targets import Place

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


def leases_are_given(folder: Path) -> bool:
    """Whether the system gives leases of files there (some file systems and containers do not)."""
    if sys.platform != "linux":
        return False
    import fcntl

    with (folder / "probe").open("wb"):
        pass
    with (folder / "probe").open("rb") as file:
        try:
            fcntl.fcntl(file, fcntl.F_SETSIG, 0)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError:
            return False
    return True


@pytest.fixture
def leased(tmp_path: Path) -> Path:
    """A module that is large enough to be mapped under a lease."""
    if not leases_are_given(tmp_path):
        pytest.skip("this system gives no leases of files")
    path = tmp_path / "large.so"
    path.write_bytes(BINARIES[0].read_bytes().ljust(source.LEASED_FROM, b"\0"))
    return path


def opens_for_writing(path: Path) -> bool:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except BlockingIOError:
        return False
    return True


def test_nobody_writes_to_a_file_while_it_is_mapped_briefly(leased: Path) -> None:
    """As this process is still here: who tries is announced by a signal, which might end it."""
    held = source.read_file(str(leased), brief=True)
    assert isinstance(held.obj, mmap.mmap)
    assert not opens_for_writing(leased)
    assert bytes(held) == leased.read_bytes()
    del held
    assert opens_for_writing(leased)


def test_a_file_that_somebody_writes_to_is_copied(leased: Path) -> None:
    with leased.open("r+b"):
        assert isinstance(source.read_file(str(leased), brief=True).obj, bytes)


def test_who_keeps_what_is_read_gets_a_copy(leased: Path) -> None:
    assert isinstance(source.read_file(str(leased)).obj, bytes)
    small = leased.with_name("small.so")
    small.write_bytes(leased.read_bytes()[:-1])
    assert isinstance(source.read_file(str(small), brief=True).obj, bytes)


def test_a_file_is_let_go_of_before_its_report_is_handed_on(leased: Path) -> None:
    """Who reads the report may take hours."""
    listed = [Place(str(leased), size=leased.stat().st_size)]

    def events() -> Iterator[Complete]:
        for event in spread(listed, None, quick=True, jobs=1):
            if isinstance(event, Complete):
                yield event

    for event in events():
        assert event.report.facts.artifact.size == source.LEASED_FROM
        assert opens_for_writing(leased)
        break
    else:
        pytest.fail("there was no report")

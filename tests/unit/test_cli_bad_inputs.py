"""What cannot be analysed: one line, one hint, exit 3, and everything else still reported."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import isoview, speedups

from isoview.commands import ExitCode

# An unprivileged user, where the tests run as root (whom no permission stops).
_NOBODY = 65534


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("#!/bin/sh\necho I am a script\n")


def _half(path: Path) -> None:
    path.write_bytes(speedups().read_bytes()[:40])


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _nothing(path: Path) -> None:
    del path


BAD = {
    "missing": _nothing,
    "empty": Path.touch,
    "a text file": _text,
    "a FIFO": os.mkfifo,
    "a folder": _folder,
    "half an ELF header": _half,
    "a link to itself": _loop,
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD.keys())
def test_a_bad_target_is_one_line_and_one_hint(make: object, own_surroundings: Path) -> None:
    assert callable(make)
    make(Path("bad.so"))
    shown = isoview("check", "bad.so")
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert shown.stdout == ""
    what, hint = shown.stderr.splitlines()
    assert what.startswith("isoview: bad.so")
    assert hint.startswith("  ")
    assert len(hint) > 10


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no /dev/zero here")
def test_a_device_is_refused_at_once() -> None:
    shown = isoview("check", "/dev/zero")
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "device" in shown.stderr


def test_the_others_are_still_reported_in_their_order() -> None:
    Path("empty.so").touch()
    shown = isoview("check", "missing.so", speedups(), "empty.so", speedups())
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert shown.stdout.count("PyInit__speedups") == 2
    assert len(shown.stderr.splitlines()) == 4


def test_what_cannot_be_analysed_wins_over_findings() -> None:
    shown = isoview("check", "--require", "free-threaded", "missing.so", speedups())
    assert shown.returncode == ExitCode.NOT_ANALYSED


def test_an_elf_file_that_is_no_extension_is_no_error() -> None:
    program = Path(sys.executable).resolve()
    assert program.read_bytes()[:4] == b"\x7fELF", (
        "the interpreter is an ELF program on this system"
    )
    shown = isoview("check", program)
    assert (shown.returncode, shown.stderr) == (ExitCode.CLEAN, "")
    assert "This is no extension module" in shown.stdout


def test_a_module_of_the_interpreter_itself_is_said_to_be_one() -> None:
    shown = isoview("check", "sys")
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "sys is compiled into the interpreter" in shown.stderr


@pytest.mark.parametrize("seconds", ["nan", "inf", "0"])
def test_a_time_limit_is_a_number_within_bounds(seconds: str) -> None:
    for command in (("live", speedups()), ("survey", "wheels", "--output", "there")):
        shown = isoview(*command, "--timeout", seconds)
        assert shown.returncode == ExitCode.USAGE
        assert "--timeout" in shown.stderr


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach (pytest's own are closed to others)."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


# The interpreter and the checkout may be out of an unprivileged user's reach, so everything is
# loaded before the privileges go.
_AS_NOBODY = """
import os, sys
from isoview.cli import main, run
good, bad, user = sys.argv[1], sys.argv[2], int(sys.argv[3])
assert run(["check", good]) == 0
os.chdir("/")
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
main(["check", bad, good])
"""


def test_a_file_that_this_user_may_not_read(open_folder: Path) -> None:
    good, bad = open_folder / "good.so", open_folder / "bad.so"
    for path in (good, bad):
        shutil.copy(speedups(), path)
    good.chmod(0o644)
    bad.chmod(0o000)
    shown = subprocess.run(
        [sys.executable, "-c", _AS_NOBODY, str(good), str(bad), str(_NOBODY)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert shown.returncode == ExitCode.NOT_ANALYSED, shown.stderr
    what, hint = shown.stderr.splitlines()
    assert what.startswith(f"isoview: {bad}")
    assert "ermi" in what + hint
    assert shown.stdout.count("good.so") == 2, "the readable file is reported before and after"

"""The manual page says what the help says, and shells complete commands and options."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from isoview.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "man" / "isoview.1"


def test_the_manual_page_is_current(tmp_path: Path) -> None:
    made = tmp_path / "isoview.1"
    script = ROOT / "docs" / "man" / "build.py"
    subprocess.run([sys.executable, script, made], check=True, stdout=subprocess.DEVNULL)
    assert made.read_text("utf-8") == PAGE.read_text("utf-8"), "run `make manual`"
    for name in COMMANDS:
        assert f".SS isoview {name}" in made.read_text("utf-8")


@pytest.mark.skipif(shutil.which("groff") is None, reason="no groff here to set the page with")
def test_the_manual_page_is_set_without_a_warning() -> None:
    command = ["groff", "-man", "-Tascii", "-ww", "-z", str(PAGE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def complete(shell: str, line: str) -> str:
    """What the program answers a shell that completes the last word of ``line``."""
    words = line.split(" ")
    asked = {
        "_ISOVIEW_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words) - 1),
    }
    return subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv = ['isoview']; import isoview.cli as c; c.main()"],
        capture_output=True, text=True, check=True, env={**os.environ, **asked},
    ).stdout  # fmt: skip


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_commands_are_completed(shell: str) -> None:
    shown = complete(shell, "isoview ch")
    assert "check" in shown
    assert "guide" not in shown
    assert complete(shell, "isoview check mod").startswith("file")


def test_options_and_their_values_are_completed() -> None:
    assert complete("bash", "isoview check --fail").split() == ["plain,--fail-on"]
    assert complete("bash", "isoview check --format sa").split() == ["plain,sarif"]
    assert complete("bash", "isoview explain ISO10").split()[:2] == ["plain,ISO101", "plain,ISO102"]


@pytest.mark.parametrize(
    "line",
    [
        "isoview mod", "isoview a.so mod", "isoview check mod", "isoview check --baseline mod",
        "isoview live mod", "isoview plan mod", "isoview diff a.so mod", "isoview sharing mod",
        "isoview triage set mod", "isoview survey mod", "isoview env -r mod",
    ],
)  # fmt: skip
def test_where_a_file_may_stand_files_are_completed(line: str) -> None:
    assert complete("bash", line) == "file,mod\n"


def test_fish_shows_help_to_its_end() -> None:
    """click's script cuts what it is told at commas."""
    for row in complete("fish", "isoview ").splitlines():
        kind, said = row.split(",")
        assert kind == "plain"
        assert said.endswith(".")


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_takes_the_line_from_the_readme() -> None:
    (line,) = [
        line for line in (ROOT / "README.md").read_text("utf-8").splitlines()
        if "_ISOVIEW_COMPLETE=bash_source" in line
    ]  # fmt: skip
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = (
        f"{line}\nCOMP_WORDS=(isoview che) COMP_CWORD=1\n"
        'export COMP_WORDS; _isoview_completion isoview; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("check\n", "")

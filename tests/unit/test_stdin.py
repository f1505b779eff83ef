"""``-``: a module, requirements or a baseline from standard input."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from isoview.commands import ExitCode

BUILT = Path(__file__).parent.parent / "fixtures" / "built" / "elf-x86-64"
SINGLE = BUILT / "single_311.cpython-311-x86_64-linux-gnu.so"


def fed(raw: bytes, *arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "isoview", *map(str, arguments)],
        input=raw, capture_output=True, check=False, timeout=60,
    )  # fmt: skip


def reported(shown: subprocess.CompletedProcess[bytes]) -> dict[str, Any]:
    (artifact,) = json.loads(shown.stdout)["artifacts"]
    assert isinstance(artifact, dict)
    return artifact


def test_a_module_is_read_from_standard_input() -> None:
    """It says what the file does, but for what the file's name tells."""
    shown = fed(SINGLE.read_bytes(), "check", "--format", "json", "-")
    assert shown.returncode == ExitCode.FINDINGS, shown.stderr
    piped = reported(shown)
    named = reported(fed(b"", "check", "--format", "json", SINGLE))
    assert (piped["path"], piped["tag"]) == ("-", None)
    assert piped["definitions"] == named["definitions"]
    assert piped["types"] == named["types"]
    assert piped["init"] == named["init"]
    prints = [finding["fingerprint"] for finding in piped["findings"]]
    assert set(prints) <= {finding["fingerprint"] for finding in named["findings"]}
    assert {name.partition(":")[0] for name in prints} > {"ISO101", "ISO201"}


def test_a_plan_is_made_for_what_is_piped() -> None:
    shown = fed(SINGLE.read_bytes(), "plan", "--format", "json", "-")
    (entry,) = json.loads(shown.stdout)
    assert entry["steps"][0]["findings"][0] == "ISO101:single_311:module"


@pytest.mark.parametrize(
    ("raw", "arguments", "code", "said"),
    [
        (b"", ("-",), ExitCode.NOT_ANALYSED, b"standard input is empty"),
        (b"hello", ("-",), ExitCode.NOT_ANALYSED, b"-: a text file"),
        (b"x", ("-", SINGLE), ExitCode.USAGE, b"is read alone"),
        (b"x", ("--live", "-"), ExitCode.USAGE, b"need a file"),
        (b"x", ("--hash", "-"), ExitCode.USAGE, b"need a file"),
        (b"\xff\xfe", ("-r", "-"), ExitCode.USAGE, b"- is not UTF-8 text"),
        (b"[]", ("--baseline", "-", SINGLE), ExitCode.USAGE, b"- is no report"),
    ],
)
def test_what_cannot_be_read_is_said(
    raw: bytes, arguments: tuple[str | Path, ...], code: ExitCode, said: bytes
) -> None:
    shown = fed(raw, "check", *arguments)
    assert shown.returncode == code, shown.stderr
    assert said in shown.stderr
    assert shown.stderr.count(b"\n") == 2


@pytest.mark.parametrize("others", [(), ("--python", sys.executable), (SINGLE,)])
def test_the_app_does_not_read_standard_input(others: tuple[str | Path, ...]) -> None:
    shown = fed(b"x", *others, "-")
    assert shown.returncode == ExitCode.USAGE
    assert b"`isoview check -` can" in shown.stderr


def test_requirements_are_read_from_standard_input() -> None:
    shown = fed(b"markupsafe>=1\n", "check", "--format", "json", "-r", "-")
    assert reported(shown)["path"].endswith(".so")
    assert "markupsafe" in reported(shown)["path"]


def test_a_baseline_is_read_from_standard_input() -> None:
    before = fed(b"", "check", "--format", "json", SINGLE).stdout
    shown = fed(before, "check", "--format", "json", "--baseline", "-", SINGLE)
    assert shown.returncode == ExitCode.CLEAN
    assert not reported(shown)["findings"]


def test_a_file_of_that_name_is_given_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "-").write_bytes(SINGLE.read_bytes())
    shown = subprocess.run(
        [sys.executable, "-m", "isoview", "check", "--format", "json", "./-"],
        cwd=tmp_path, capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert reported(shown)["path"] == "./-"

"""The README's five minutes, typed as they stand, and its commands, which exist."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import textwrap
from pathlib import Path

import pytest
from compiled import FIXTURES, compiler, missing

from isoview.commands import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
STEPS = [textwrap.dedent(text) for text in re.findall(r"^ *```sh\n(.*?)^ *```$", README, re.DOTALL | re.MULTILINE)]  # fmt: skip


def build(source: str, target: Path) -> None:
    """A module of the name ``module``, from a fixture."""
    command = compiler()
    assert command is not None
    text = (FIXTURES / f"{source}.c").read_text("utf-8").replace(source, "module")
    file = target.with_suffix(".c")
    file.write_text(text)
    flags = ["-shared", "-fPIC", "-O1", "-w", f"-I{sysconfig.get_path('include')}", f"-I{FIXTURES}"]
    subprocess.run([*command, *flags, str(file), "-o", str(target)], check=True)


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
@pytest.mark.skipif(shutil.which("sh") is None, reason="the page is for a shell")
def test_the_five_minutes_work_as_they_are_written(own_surroundings: Path) -> None:
    build("static_type_bad", own_surroundings / "module.so")
    build("static_type_good", own_surroundings / "new.so")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    commands = [line for step in STEPS for line in step.splitlines() if line.strip()]
    assert len(commands) == 6
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "PATH": path},
        )  # fmt: skip
        assert done.returncode in {0, 1}, f"{command}\n{done.stdout}{done.stderr}"
        assert done.stdout.strip(), command
        assert not done.stderr.strip(), f"{command}\n{done.stderr}"
    assert "never subclassed or changed" in Path("isoview.toml").read_text("utf-8")


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"(?:^|`|^ +)isoview ([a-z]+)(?=[ `\n])", README, re.MULTILINE))
    assert named >= set(COMMANDS) - {"rules", "serve"}
    assert named - {"opens"} <= set(COMMANDS)

"""Running the command as a user would: in a process of its own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path


def isoview(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``isoview ARGUMENTS`` without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "isoview", *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
    )  # fmt: skip


def python(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A script in the interpreter of the tests."""
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip


def speedups() -> Path:
    """A real extension that is clean: markupsafe's (the tests depend on it)."""
    import markupsafe._speedups as module

    assert module.__file__ is not None
    return Path(module.__file__)

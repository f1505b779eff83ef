"""Starting real processes to look into, and asking them what is true."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from live.interpreters import Interpreter, find

TARGET = Path(__file__).parent / "target.py"
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="attaching is for Linux")


@cache
def readable() -> tuple[Interpreter, ...]:
    """The interpreters of this machine that can be read from outside, the running one first."""
    found, _missing = find()
    return tuple(entry for entry in found if entry.version >= (3, 11))


def everyone() -> pytest.MarkDecorator:
    """Once for each interpreter; versions that are not here are said as skipped tests."""
    rows: list[Any] = [pytest.param(entry, id=entry.label) for entry in readable()]
    here = {(entry.version[1], entry.free_threaded) for entry in readable()}
    for minor, free_threaded in [(11, False), (12, False), (13, False), (14, False), (15, False),
                                 (13, True)]:  # fmt: skip
        if (minor, free_threaded) not in here:
            label = f"3.{minor}{'t' if free_threaded else ''}"
            mark = pytest.mark.skip(
                reason=f"no CPython {label} here (PATH, pyenv, ISOVIEW_PYTHONS)"
            )
            rows.append(pytest.param(None, id=label, marks=mark))
    return pytest.mark.parametrize("interpreter", rows)


class Child:
    """A running target."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.pid = process.pid

    def said(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the target ended"
        return json.loads(line)

    def ask(self, request: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self.said()


@contextmanager
def target(
    executable: str, scenario: str, folder: Path, *modules: str,
    options: Sequence[str] = (), prefix: Sequence[str] = (), **settings: Any,
) -> Iterator[Child]:  # fmt: skip
    """A target that is ready."""
    process = subprocess.Popen(
        [*prefix, executable, *options, str(TARGET), scenario, str(folder), *modules],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **settings,
    )  # fmt: skip
    child = Child(process)
    try:
        while child.said() != "ready":
            pass
        yield child
    finally:
        process.kill()
        process.communicate()

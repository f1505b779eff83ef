"""The interpreters of this machine, found the way a person would: PATH, pyenv, a variable.

``ISOVIEW_PYTHONS`` holds more of them: executables, or folders with ``bin/python3*`` in them,
separated as in PATH.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MINORS = range(8, 16)
_ASK = (
    "import json, sys; print(json.dumps([sys.implementation.name, list(sys.version_info[:3]),"
    " 't' in getattr(sys, 'abiflags', ''), sys.path]))"
)


@dataclass(frozen=True)
class Interpreter:
    executable: str
    version: tuple[int, int, int]
    free_threaded: bool
    path: tuple[str, ...]

    @property
    def label(self) -> str:
        return ".".join(map(str, self.version)) + ("t" if self.free_threaded else "")

    @property
    def running(self) -> bool:
        return self.executable == sys.executable


@dataclass(frozen=True)
class Missing:
    label: str
    reason: str


def find() -> tuple[list[Interpreter], list[Missing]]:
    """(found, not found): one of each version and build, the running one first."""
    found: dict[tuple[int, bool], Interpreter] = {}
    broken: list[Missing] = []
    for executable in _candidates():
        interpreter = ask(executable)
        if isinstance(interpreter, Missing):
            broken.append(interpreter)
        elif interpreter is not None and interpreter.version[1] in MINORS:
            found.setdefault((interpreter.version[1], interpreter.free_threaded), interpreter)
    absent = [
        Missing(f"3.{minor}", "not on the PATH, not in pyenv, not in ISOVIEW_PYTHONS")
        for minor in MINORS
        if (minor, False) not in found
    ]
    first, *rest = found.values()
    return [first, *sorted(rest, key=lambda item: (item.version, item.free_threaded))], [
        *broken,
        *absent,
    ]


def ask(executable: str) -> Interpreter | Missing | None:
    """What the executable says of itself; None: it is no CPython."""
    try:
        done = subprocess.run(
            [executable, "-c", _ASK], capture_output=True, timeout=30, check=True, cwd="/"
        )
        name, version, free_threaded, path = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        return Missing(executable, f"does not run: {error}")
    if name != "cpython":
        return None
    return Interpreter(executable, tuple(version), free_threaded, tuple(path))


def _candidates() -> Iterator[str]:
    yield sys.executable
    for entry in filter(None, os.environ.get("ISOVIEW_PYTHONS", "").split(os.pathsep)):
        path = Path(entry)
        if path.is_dir():
            yield from map(str, sorted(path.glob("bin/python3.*[0-9t]")))
        elif found := shutil.which(entry):
            yield found
    for minor in MINORS:
        for build in ("", "t"):
            found = shutil.which(f"python3.{minor}{build}")
            # pyenv's shims answer for versions that are not selected; the real ones come below.
            if found and "shims" not in Path(found).parts:
                yield found
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for version in sorted(root.glob("versions/3.*/bin/python")):
        yield str(version)

"""The Python processes that run now: a quick look at each, for a list to choose from."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from isoview.inspectors.errors import AttachRefused, IsoviewError
from isoview.inspectors.process.maps import Maps, parse_maps
from isoview.inspectors.process.memory import Forbidden, Unread, Vanished
from isoview.inspectors.process.session import Session
from isoview.inspectors.process.target import describe, has_ended, need_linux
from isoview.inspectors.process.walk import Walker

_PYTHON = re.compile(
    rb"(?:^|/)(?:lib)?python\d?(?:[.\d]+)?t?(?:\.so[.\d]*)?$|/lib-dynload/|\.cpython-\d"
)


class PythonProcess(NamedTuple):
    """One line of the list."""

    pid: int
    version: str | None
    free_threaded: bool
    command: str
    interpreters: int | None
    extensions: int
    age: float | None  # seconds
    problem: str | None  # why it cannot be attached to


def list_pythons() -> list[PythonProcess]:
    """Python processes that we can see, newest first; this process is not among them."""
    need_linux()
    own = os.getpid()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != own:
            process = look_at(int(entry.name))
            if process is not None:
                found.append(process)
    return sorted(found, key=lambda process: (process.age is None, process.age, process.pid))


def look_at(pid: int) -> PythonProcess | None:
    """The process, where it is a Python process; None for every other."""
    if has_ended(pid):
        return None
    try:
        raw = Path(f"/proc/{pid}/maps").read_bytes()
    except PermissionError:
        return _by_name(pid)
    except OSError:
        return None
    maps = Maps(pid, parse_maps(raw))
    if not any(_PYTHON.search(os.fsencode(file.path)) for file in maps.files):
        return None
    paths = {file.path for file in maps.files}
    extensions = sum(".cpython-" in path or ".abi3." in path for path in paths)
    described = describe(pid)
    try:
        session = Session(pid)
        walker = Walker(session.memory, session.interpreter, maps)
        count = len(walker.heads())
    except (IsoviewError, Unread, Vanished, Forbidden) as error:
        message = error.message if isinstance(error, AttachRefused) else "it cannot be read"
        return PythonProcess(
            pid, None, False, described.command, None, extensions, described.age, message
        )
    interpreter = session.interpreter
    return PythonProcess(
        pid, interpreter.version, interpreter.free_threaded, described.command, count, extensions,
        described.age, None,
    )  # fmt: skip


def _by_name(pid: int) -> PythonProcess | None:
    """A process whose memory map is not ours to read: known by its command only."""
    described = describe(pid)
    program = described.command.partition(" ")[0]
    if not _PYTHON.search(os.fsencode(program)):
        return None
    return PythonProcess(
        pid, None, False, described.command, None, 0, described.age, "not ours to read"
    )

"""``--mode remote-exec``: the probe run inside the target through ``sys.remote_exec`` (PEP 768).

The call has to come from an interpreter of the target's own minor version: this one, the target's
own program, or one on the PATH. The script waits until the target's main thread runs Python code
again; a thread that is blocked in a call leaves it pending.
"""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.process.agent_client import MALFORMED, MODULE_LIMIT, checked
from isoview.inspectors.process.memory import Unread
from isoview.inspectors.process.session import Session

FIRST_MINOR = 14
WAIT_SECONDS = 2.0
"""A target that runs Python code takes the script within some 300 ms."""
RUN_SECONDS = 60.0
"""Longest wait for the answer of a script that has begun."""
CALL_SECONDS = 30.0
"""Longest wait for the interpreter that calls ``sys.remote_exec``."""
ANSWER_LIMIT = 64 << 20
_CALL = "import sys; sys.remote_exec(int(sys.argv[1]), sys.argv[2])"
_LEAVE = "import shutil; shutil.rmtree({folder!r}, ignore_errors=True)\n"
_BEGIN = "open({marker!r}, 'x').close()\n"


class Question(NamedTuple):
    """What is about to be run where, for the person who has to say yes."""

    pid: int
    minor: int
    caller: str  # the interpreter that calls sys.remote_exec
    session: Session
    warning: str


class Inside(NamedTuple):
    """How it ended: ``ok``, ``pending``, ``failed``; the modules as the probe saw them."""

    status: str
    message: str | None
    hint: str
    python: dict[str, Any] | None
    modules: list[dict[str, Any]]


def check(pid: int) -> Question:
    """Whether the target can take a script. Raises :class:`AttachRefused`; nothing is run yet."""
    session = Session(pid)
    interpreter = session.interpreter
    if interpreter.minor < FIRST_MINOR:
        raise AttachRefused(
            f"process {pid} runs CPython {interpreter.version}: remote-exec needs 3.14 or later",
            "Attach read-only, or use `--mode agent` in the process.",
        )
    if not _enabled(session):
        raise AttachRefused(
            f"process {pid} does not take scripts: remote debugging is disabled in it",
            "Start it without -X disable-remote-debug and PYTHON_DISABLE_REMOTE_DEBUG; "
            "attaching read-only works without that.",
        )
    caller = _caller(session)
    warning = (
        f"remote-exec runs isoview's probe inside process {pid} "
        f"({session.target.description.command[:60]}): its main thread is interrupted, and the "
        "probe imports standard modules there if they are not loaded yet"
    )
    return Question(pid, interpreter.minor, caller, session, warning)


def _enabled(session: Session) -> bool:
    """The interpreter's own setting (``config.remote_debug``), read from outside."""
    interpreter = session.interpreter
    if interpreter.debugger is None:
        return False
    try:
        main = session.main_interpreter()
        return bool(session.memory.read(main + interpreter.debugger.enabled, 1)[0])
    except Unread:
        return True  # then the call itself says so


def _caller(session: Session) -> str:
    """An interpreter of the target's minor version and build that can be started here."""
    minor, free_threaded = session.interpreter.minor, session.interpreter.free_threaded
    candidates = []
    if sys.version_info[:2] == (3, minor) and sys.executable:
        candidates.append(sys.executable)
    executable = session.target.description.executable or ""
    candidates += [executable.removesuffix(" (deleted)")]
    candidates += [shutil.which(f"python3.{minor}{'t' if free_threaded else ''}") or ""]
    for candidate in filter(None, candidates):
        if _is_python(candidate, minor):
            return candidate
    raise AttachRefused(
        f"no CPython 3.{minor} was found here to call sys.remote_exec with",
        f"Put a python3.{minor} on the PATH, or attach read-only.",
    )


def _is_python(executable: str, minor: int) -> bool:
    code = "import sys; print(sys.version_info[:2], hasattr(sys, 'remote_exec'))"
    try:
        done = subprocess.run(
            [executable, "-I", "-c", code], capture_output=True, timeout=20, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return False
    return done.stdout.strip() == b"(3, %d) True" % minor


def run(question: Question, wait: float = WAIT_SECONDS) -> Inside:
    """Run the probe in the target and read its answer."""
    pid = question.pid
    root = Path(f"/proc/{pid}/root")
    folder = _folder(question)
    inside = "/" + str(folder.relative_to(root))
    pending = False
    try:
        _fill(folder, inside, question)
        refused = _call(question, f"{inside}/script.py")
        if refused is not None:
            return refused
        outcome = _await(folder, wait)
        pending = outcome.status == "pending"
        return outcome
    finally:
        if pending:
            # It runs at the next wake all the same: then it only clears up after itself.
            (folder / "script.py").write_text(_LEAVE.format(folder=inside), encoding="utf-8")
            shutil.rmtree(folder / "probe", ignore_errors=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _call(question: Question, script: str) -> Inside | None:
    """Have the script taken; what went wrong, if anything did."""
    command = [question.caller, "-I", "-c", _CALL, str(question.pid), script]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=CALL_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        return _refused(f"{question.caller} did not come back: {error}")
    return _refused(done.stderr.decode("utf-8", "replace")) if done.returncode else None


def _folder(question: Question) -> Path:
    """A folder that the target can read and write, seen through its own root."""
    pid = question.pid
    for place in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108 - made with mkdtemp
        try:
            if not _is_plain(pid, place):
                continue
            found = Path(tempfile.mkdtemp(prefix="isoview-", dir=f"/proc/{pid}/root{place}"))
        except OSError:
            continue
        uid, gid = _owner(pid)
        if (uid, gid) != (os.geteuid(), os.getegid()):
            os.chown(found, uid, gid)
        return found
    raise AttachRefused(
        f"process {pid} has no temporary folder to put the probe in",
        "Attach read-only, or use `--mode agent` in the process.",
    )


def _is_plain(pid: int, place: str) -> bool:
    """Whether no part of the path is a symbolic link: an absolute one would lead out of the target's
    root, into ours, where we are about to write.
    """
    path = Path(f"/proc/{pid}/root")
    for part in place.strip("/").split("/"):
        path /= part
        if not stat.S_ISDIR(path.lstat().st_mode):
            return False
    return True


def _owner(pid: int) -> tuple[int, int]:
    """The ids that the target acts on files with."""
    ids = {"Uid": os.geteuid(), "Gid": os.getegid()}
    for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
        name, _, values = line.partition(":")
        if name in ids:
            ids[name] = int(values.split()[3])  # real, effective, saved, file system
    return ids["Uid"], ids["Gid"]


def _fill(folder: Path, inside: str, question: Question) -> None:
    """The script and the probe, readable by the target."""
    here = Path(__file__).parent
    shutil.copytree(
        here.parent / "live" / "probe", folder / "probe",
        ignore=shutil.ignore_patterns("__pycache__"),
    )  # fmt: skip
    begin = _BEGIN.format(marker=f"{inside}/begun")
    script = (here / "remote_script.py").read_text(encoding="utf-8")
    text = begin + script.replace('FOLDER = ""', f"FOLDER = {inside!r}", 1)
    (folder / "script.py").write_text(text, encoding="utf-8")
    uid, gid = _owner(question.pid)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o700 if path.is_dir() else 0o600)
        if (uid, gid) != (os.geteuid(), os.getegid()):
            os.chown(path, uid, gid)


def _refused(stderr: str) -> Inside:
    last = stderr.strip().splitlines()[-1] if stderr.strip() else "no reason was given"
    return Inside("failed", last[:300], "Attach read-only: nothing runs in the process then.",
                  None, [])  # fmt: skip


def _await(folder: Path, wait: float) -> Inside:
    """Wait for the script to begin, then for its answer."""
    begun, answer = folder / "begun", folder / "answer.json"
    start = time.monotonic()
    while not begun.exists():
        if time.monotonic() - start > wait:
            return Inside(
                "pending",
                f"the main thread did not run Python code within {wait:.0f} s (it is blocked in a "
                "call, or in a long computation)",
                "The script is withdrawn: when the thread wakes, it only removes its own folder.",
                None,
                [],
            )
        time.sleep(0.01)
    while not answer.exists():
        if time.monotonic() - start > RUN_SECONDS:
            return Inside(
                "failed", f"the probe did not answer within {RUN_SECONDS:.0f} s",
                "See the process's stderr, where CPython reports a script that failed.", None, [],
            )  # fmt: skip
        time.sleep(0.01)
    return _read(answer)


def _read(path: Path) -> Inside:
    """The answer, every field of it checked."""
    try:
        with path.open("rb") as stream:
            data = json.loads(stream.read(ANSWER_LIMIT))
        python = {
            "version": str(data["version"])[:40],
            "free_threaded": bool(data["free_threaded"]),
        }
        modules = [
            checked(str(entry.get("name")), entry) for entry in data["modules"][:MODULE_LIMIT]
        ]
    except MALFORMED as error:
        return Inside(
            "failed", f"the answer makes no sense: {error}", "Attach read-only.", None, []
        )
    if data.get("error"):
        return Inside("failed", str(data["error"])[:300], "Attach read-only.", python, modules)
    return Inside("ok", None, "", python, modules)

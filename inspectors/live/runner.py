"""Runs experiments on a module: one child process each, and what it came to.

``run`` returns plain data in the form ``isoview.live/1``. Whatever the module does (crash, hang,
fork, exit, lie) ends as a status of its experiment; only what concerns the interpreter or the
target itself is raised.
"""

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isoview.inspectors.errors import NotFound, ProbeFailed, Unreadable
from isoview.inspectors.live import EXPERIMENTS
from isoview.inspectors.live.answers import Answer, parse
from isoview.inspectors.live.spawn import Ended, run_child

SCHEMA = "isoview.live/1"
PROBE = Path(__file__).parent / "probe" / "__main__.py"
CRASH_RUNS = 3
"""How often a crash is tried altogether: some come only now and then."""
MEMORY_LEAST, MEMORY_MOST = 1 << 30, 8 << 30
EXTENSION_ENDS = (".so", ".pyd", ".dylib")


def run(
    target: str,
    experiments: Sequence[str] = EXPERIMENTS,
    python: str | None = None,
    timeout: float = 20.0,
) -> dict[str, Any]:
    """Run ``experiments`` on a module name or an extension file, under one interpreter.

    ``python`` is an executable, a command on the PATH, or a virtual environment's folder; None
    is the interpreter we run on. ``timeout`` is for each child, in seconds.
    """
    unknown = [name for name in experiments if name not in EXPERIMENTS]
    if unknown:
        raise ValueError(f"no such experiment: {', '.join(unknown)}")
    kind, resolved = resolve(target)
    executable = find_python(python)
    outcomes: dict[str, dict[str, Any]] = {}
    interpreter: dict[str, Any] | None = None
    for name in experiments:
        greeting, outcomes[name] = _experiment(executable, name, kind, resolved, timeout)
        interpreter = interpreter or greeting
    looked = next((entry for entry in outcomes.values() if entry.get("module")), {})
    return {
        "schema": SCHEMA,
        "module": resolved if kind == "name" else looked.get("module"),
        "file": looked.get("file") or (resolved if kind == "file" else None),
        "target": target,
        "runs": [{"python": interpreter, "experiments": outcomes}],
    }


def find_python(python: str | None) -> str:
    """The executable that is meant."""
    if python is None:
        if not sys.executable:
            raise ProbeFailed(
                "this interpreter does not know its own executable",
                "Name one with --python.",
            )
        return sys.executable
    path = Path(python)
    if path.is_dir():
        inside = path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if inside.exists():
            return str(inside)
    found = shutil.which(python)
    if found is None:
        raise ProbeFailed(
            f"there is no Python interpreter {python}",
            "Give --python the path of an executable, a command, or a virtual environment's folder.",
        )
    # Not resolved: a virtual environment is known by the path its python is called by.
    return str(Path(found).absolute())


def resolve(target: str) -> tuple[str, str]:
    """("name" | "file", what to hand to the child); nothing is imported."""
    path = Path(target)
    separators = {os.sep, os.altsep or os.sep}
    if separators & set(target) or target.endswith(EXTENSION_ENDS):
        if not path.exists():
            raise NotFound(
                f"no such file: {target}", "Give the path of an extension, or a module's name."
            )
        if not path.is_file():
            raise Unreadable(
                f"not a regular file: {target}", "Give one extension file, or a module's name."
            )
        if not os.access(path, os.R_OK):
            raise Unreadable(f"not allowed to read {target}", "Run as a user that may read it.")
        return "file", str(path.absolute())
    if all(part.isidentifier() for part in target.split(".")):
        return "name", target
    raise NotFound(
        f"neither a module's name nor a path: {target}",
        "A module is named as in an import statement; a path holds a slash.",
    )


def _experiment(
    executable: str, name: str, kind: str, target: str, timeout: float
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What the interpreter said of itself, and the experiment's outcome."""
    if os.name == "nt":
        return None, _not_run("live runs need POSIX process groups and descriptors")
    greeting, outcome = _once(executable, name, kind, target, timeout)
    crashes = runs = 1
    if outcome["status"] == "crashed":
        while runs < CRASH_RUNS:
            again = _once(executable, name, kind, target, timeout)[1]
            crashes += again["status"] == "crashed"
            runs += 1
    outcome["repeats"] = f"{crashes}/{runs}"
    return greeting, outcome


def _once(
    executable: str, name: str, kind: str, target: str, timeout: float
) -> tuple[dict[str, Any], dict[str, Any]]:
    def command(descriptor: int) -> list[str]:
        options = {
            "fd": descriptor,
            "experiment": name,
            "kind": kind,
            "target": target,
            "memory": _memory_limit(),
            "timeout": timeout,
            "folder": _working_folder(),
        }
        # -B: no bytecode of another version is left in our folder or in the user's packages.
        arguments = [f"{key}={value}" for key, value in options.items()]
        return [executable, "-B", str(PROBE), *arguments]

    try:
        ended = run_child(command, _environment(executable), timeout)
    except OSError as error:
        raise ProbeFailed(
            f"{executable} cannot be started: {error.strerror or error}",
            "Give --python a Python interpreter that runs on this machine.",
        ) from None
    answer = parse(ended.said, name)
    if answer.python is None:
        raise _no_greeting(executable, ended)
    return answer.python, judge(ended, answer)


def _environment(executable: str) -> dict[str, str]:
    """The user's environment, less what would keep the child from ending or starting."""
    dropped = {"PYTHONINSPECT", "PYTHONBREAKPOINT"}
    if executable != sys.executable:
        dropped |= {"PYTHONHOME", "__PYVENV_LAUNCHER__"}  # this interpreter's, not that one's
    return {key: value for key, value in os.environ.items() if key not in dropped}


def _working_folder() -> str:
    """Searched last, so that a module built in place is found and nothing is shadowed."""
    try:
        return str(Path.cwd())
    except OSError:  # it was removed under us
        return ""


def _memory_limit() -> int:
    """Half of the machine, within bounds: generous for a module, harmless for the user."""
    try:
        half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (ValueError, OSError):
        return MEMORY_MOST
    return max(MEMORY_LEAST, min(MEMORY_MOST, half))


def _no_greeting(executable: str, ended: Ended) -> ProbeFailed:
    last = next((line for line in reversed(ended.stderr.splitlines()) if line.strip()), None)
    if ended.timed_out:
        why = f"it did not start within {ended.seconds:.0f} s"
    elif last is not None:
        why = last.removeprefix("isoview: ").strip()
    else:
        why = f"it ended with status {ended.returncode} and said nothing"
    return ProbeFailed(
        f"{executable} did not start the probe: {why}",
        "Give --python a CPython interpreter, 3.9 or later.",
    )


def _not_run(reason: str) -> dict[str, Any]:
    return {
        "status": "not-run", "message": reason, "signal": None, "stage": None, "recognised": None,
        "repeats": "0/0", "seconds": 0.0, "stderr": "", "stdout_bytes": 0,
    }  # fmt: skip


def judge(ended: Ended, answer: Answer) -> dict[str, Any]:
    """The outcome of one child: its answer *and* how it ended. A crash after the answer is one."""
    result = answer.result or {
        "status": "failed",
        "message": None,
        "recognised": None,
        "stage": None,
        "data": None,
    }
    status, message = result["status"], result["message"]
    told = stage = answer.stage or "start"  # where the process was, and where the answer was made
    number = -ended.returncode if ended.returncode is not None and ended.returncode < 0 else None
    after = " after it had answered" if answer.result else ""
    if ended.timed_out:
        status, message = (
            "timed-out",
            f"not done within {ended.seconds:.0f} s at stage {stage}{after}",
        )
    elif ended.flooded:
        status, message = "failed", f"said far too much at stage {stage}"
    elif number is not None:
        status, message = "crashed", f"ended by {signal_name(number)} at stage {stage}{after}"
    elif ended.returncode != 0:
        status = "failed"
        message = f"the process ended with status {ended.returncode} at stage {stage}{after}"
    elif answer.result is not None:
        told = str(result["stage"])
    else:
        status = "failed"
        message = (
            f"the answer makes no sense: {answer.broken}"
            if answer.broken
            else f"the process ended at stage {stage} without an answer"
        )
    return {
        "status": status,
        "message": message,
        "signal": None if number is None else signal_name(number),
        "stage": None if status == "ok" else told,
        "recognised": result["recognised"] if status == "refused" else None,
        "repeats": "1/1",
        "seconds": round(ended.seconds, 3),
        "stderr": ended.stderr,
        "stdout_bytes": ended.stdout_bytes,
        **(result["data"] or {}),
    }


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

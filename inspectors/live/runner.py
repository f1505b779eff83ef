"""Runs experiments on a module: one child process each, and what it came to.

``run`` returns plain data in the form ``isoview.live/1``. Whatever the module does (crash, hang,
fork, exit, lie) ends as a status of its experiment; only what concerns the interpreter or the
target itself is raised.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isoview.inspectors.binary.source import open_regular
from isoview.inspectors.errors import BadConfig, NotFound, ProbeFailed, Unreadable
from isoview.inspectors.live import EXPERIMENTS, PARTS
from isoview.inspectors.live.answers import parse
from isoview.inspectors.live.outcome import joined, judge, not_run, repeated
from isoview.inspectors.live.pythons import find_python
from isoview.inspectors.live.spawn import Ended
from isoview.inspectors.live.symbols import name_statics

if sys.platform == "win32":  # not tried: see there
    from isoview.inspectors.live.spawn_windows import run_child
else:
    from isoview.inspectors.live.spawn import run_child

SCHEMA = "isoview.live/1"
PROBE = Path(__file__).parent / "probe" / "__main__.py"
CRASH_RUNS = 3
"""How often a crash is tried altogether: some come only now and then."""
TIMEOUT = 10.0
"""Seconds for one child: twice of what the slowest of 1,700 took on two busy processors."""
JOBS = 2
"""Children at once, if the machine has as many processors."""
MEMORY_LEAST, MEMORY_MOST = 1 << 30, 8 << 30
EXTENSION_ENDS = (".so", ".pyd", ".dylib")


@dataclass(frozen=True)
class Job:
    """What every child of one interpreter is told."""

    executable: str
    kind: str
    target: str
    timeout: float
    exercise: str | None = None
    repeat: int = 1


Progress = Callable[[int, str, dict[str, Any] | None], None]
"""Told of each experiment: the interpreter's place in the list, the name, and the outcome; None
when it begins. Called from several threads."""


def run(
    target: str,
    experiments: Sequence[str] = ("info",),
    python: str | Sequence[str] | None = None,
    timeout: float = TIMEOUT,
    *,
    exercise: str | None = None,
    repeat: int = 1,
    jobs: int | None = None,
    progress: Progress | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Any]:
    """Run ``experiments`` on a module name or an extension file, under one or more interpreters.

    ``python`` is an executable, a command on the PATH, or a virtual environment's folder, or
    several of them; None is the interpreter we run on. ``timeout`` is for each child, in seconds;
    ``exercise`` a file with Python code that uses the module (as ``module``); ``jobs`` how many
    children run at once. When ``stop`` is set, what runs is ended and the rest is not run.
    """
    unknown = [name for name in experiments if name not in EXPERIMENTS]
    if unknown:
        raise ValueError(f"no such experiment: {', '.join(unknown)}")
    kind, resolved = resolve(target)
    pythons = [python] if python is None or isinstance(python, str) else list(python)
    plans = [
        Job(find_python(each), kind, resolved, timeout, _exercise(exercise), max(repeat, 1))
        for each in pythons
    ]
    tell = progress or (lambda _index, _name, _outcome: None)
    runs: list[dict[str, Any]] = [{"python": None, "experiments": {}} for _ in plans]

    def one(cell: tuple[int, str]) -> None:
        index, name = cell
        tell(index, name, None)
        greeting, outcome = _experiment(plans[index], name, stop)
        runs[index]["python"] = runs[index]["python"] or greeting or None
        runs[index]["experiments"][name] = outcome
        tell(index, name, outcome)

    _work([(index, name) for index in range(len(plans)) for name in experiments], one, jobs)
    for each in runs:  # in the order asked for, whichever child was done first
        each["experiments"] = {name: each["experiments"][name] for name in experiments}
        _complete(each["experiments"])
    answers = [entry for each in runs for entry in each["experiments"].values()]
    looked: dict[str, Any] = next((entry for entry in answers if entry.get("module")), {})
    return {
        "schema": SCHEMA,
        "module": resolved if kind == "name" else looked.get("module"),
        "file": looked.get("file") or (resolved if kind == "file" else None),
        "target": target,
        "runs": runs,
    }


def nothing_run(
    target: str,
    experiments: Sequence[str],
    pythons: Sequence[str],
    reason: Callable[[str | None], str],
) -> dict[str, Any]:
    """A live report in which nothing could be run, with the reason for each interpreter."""
    return {
        "schema": SCHEMA,
        "module": None,
        "file": None,
        "target": target,
        "runs": [
            {
                "python": None,
                "experiments": {name: not_run(reason(python)) for name in experiments},
            }
            for python in (pythons or (None,))
        ],
    }


def _work(
    cells: list[tuple[int, str]], one: Callable[[tuple[int, str]], None], jobs: int | None
) -> None:
    """Run every cell, some at once; the first error of ours is raised when all have ended."""
    jobs = jobs or min(JOBS, os.cpu_count() or 1)
    # The first cell alone: an interpreter that cannot be started is said once.
    one(cells[0])
    if jobs == 1 or len(cells) < 3:
        for cell in cells[1:]:
            one(cell)
        return
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(jobs, "isoview-live") as pool:
        waiting = [pool.submit(one, cell) for cell in cells[1:]]
    for future in waiting:
        future.result()


def _experiment(
    job: Job, name: str, stop: threading.Event | None
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """What the interpreter said of itself, and the experiment's outcome."""
    if stop is not None and stop.is_set():
        return None, not_run("stopped before it was begun")
    greeting: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {}
    for part in PARTS.get(name, (name,)):
        said, parts[part] = _part(job, part, stop)
        greeting = greeting or said
    outcome = joined(parts) if len(parts) > 1 else parts[name]
    if name == "statics":
        name_statics(outcome.get("file"), outcome)
    return greeting, outcome


def _part(
    job: Job, name: str, stop: threading.Event | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Run one child as often as asked for; one that crashed, three times at least."""
    greeting: dict[str, Any] = {}
    outcomes: list[dict[str, Any]] = []
    wanted = job.repeat
    while len(outcomes) < wanted and not (outcomes and stop is not None and stop.is_set()):
        said, outcome = _once(job, name, stop)
        greeting = greeting or said
        outcomes.append(outcome)
        if outcome["status"] == "crashed":
            wanted = max(wanted, CRASH_RUNS)
    return greeting, repeated(outcomes) if len(outcomes) > 1 else outcomes[0]


def _complete(outcomes: dict[str, dict[str, Any]]) -> None:
    """What one experiment measured and another has a field for: instances tell of traverse."""
    visits = {
        entry["name"]: entry["traverse_visits_type"]
        for entry in outcomes.get("instances", {}).get("instances", ())
    }
    names = {
        entry["name"]: entry["attribute"] for entry in outcomes.get("info", {}).get("types", ())
    }
    for entry in outcomes.get("info", {}).get("heap_types", ()):
        if entry["traverse_visits_type"] is None:
            entry["traverse_visits_type"] = visits.get(names.get(entry["name"]))


def _exercise(path: str | None) -> str | None:
    """The snippet's absolute path; one that cannot be compiled is our caller's mistake."""
    if path is None:
        return None
    try:
        with open_regular(path) as file:
            compile(file.read(), path, "exec")
    except Unreadable as error:
        raise BadConfig(error.message, "Give --exercise a file with Python code.") from None
    except OSError as error:
        raise BadConfig(
            f"{path} cannot be read: {error.strerror}", "Give --exercise a file with Python code."
        ) from None
    except (SyntaxError, ValueError) as error:
        raise BadConfig(
            f"{path} is no Python code: {error}", "It is run with the module as `module`."
        ) from None
    return str(Path(path).absolute())


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


def _once(
    job: "Job", name: str, stop: threading.Event | None
) -> tuple[dict[str, Any], dict[str, Any]]:
    def command(descriptor: int) -> list[str]:
        options = {
            "fd": descriptor,
            "experiment": name,
            "kind": job.kind,
            "target": job.target,
            "memory": _memory_limit(),
            "timeout": job.timeout,
            "deadline": time.monotonic() + job.timeout,
            "folder": _working_folder(),
            "exercise": job.exercise or "",
        }
        # -B: no bytecode of another version is left in our folder or in the user's packages.
        arguments = [f"{key}={value}" for key, value in options.items()]
        return [job.executable, "-B", str(PROBE), *arguments]

    try:
        ended = run_child(command, _environment(job.executable), job.timeout, stop)
    except OSError as error:
        raise ProbeFailed(
            f"{job.executable} cannot be started: {error.strerror or error}",
            "Give --python a Python interpreter that runs on this machine.",
        ) from None
    if ended.stopped:
        return {}, not_run("stopped before it was done")
    answer = parse(ended.said, name)
    if answer.python is None:
        raise _no_greeting(job.executable, ended)
    return answer.python, judge(ended, answer)


def _environment(executable: str) -> dict[str, str]:
    """The user's environment, less what would keep the child from ending or starting."""
    # PYTHON_GIL would decide what an experiment is there to find out.
    dropped = {"PYTHONINSPECT", "PYTHONBREAKPOINT", "PYTHON_GIL"}
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

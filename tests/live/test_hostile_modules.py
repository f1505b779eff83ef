"""Extension modules that do harm: never to the runner, never left behind, never misreported."""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from live.built import build
from waiting import LIMIT, patiently, until

from isoview.inspectors.live import EXPERIMENTS, runner
from isoview.inspectors.live.runner import run

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
MARK = "ISOVIEW_TEST_MARK"


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> str:
    """A mark in the environment of every process that a test starts."""
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv(MARK, mark)
    monkeypatch.setattr(runner, "CRASH_RUNS", 1)
    monkeypatch.setattr(runner, "_memory_limit", lambda: 200 << 20)
    return mark


def alive(mark: str) -> list[str]:
    """Commands of the processes with this mark; this one has it in no file of its own."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            command = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if f"{MARK}={mark}".encode() in environment and state not in "ZX":
            found.append(command)
    return found


def nothing_is_left(mark: str) -> None:
    """What was ended is gone, as soon as the kernel comes to it: nobody waits for that."""
    until(lambda: not alive(mark), f"the end of {alive(mark)}")


def outcomes(
    do: str, timeout: float = LIMIT, names: tuple[str, ...] = EXPERIMENTS
) -> dict[str, Any]:
    module = build("hostile", f"DO={do}")
    report = run(str(module), names, timeout=timeout)
    found: dict[str, Any] = report["runs"][0]["experiments"]
    return found


EXPECTED = {
    "HANG": ("timed-out", "not done within"),
    "CLOSE": ("failed", "ended with status"),
    "LEAVE": ("failed", "without an answer"),
    "SYSTEM_EXIT": ("failed", "SystemExit: leaving"),
    "EAT": ("failed", "MemoryError"),
    "SIGNALS": ("failed", "without an answer"),
    "LATE_ABORT": ("crashed", "SIGABRT at stage exit after it had answered"),
}


@LINUX
@pytest.mark.parametrize("do", EXPECTED)
def test_what_it_does_is_what_is_reported(do: str, marked: str) -> None:
    status, words = EXPECTED[do]
    if do == "HANG":
        said = patiently(
            lambda timeout: outcomes(do, timeout, ("info",))["info"],
            lambda info: info["stage"] == "import",
        )
    else:
        said = outcomes(do, names=("info",))["info"]
    assert said["status"] == status
    assert words in said["message"]
    nothing_is_left(marked)


@LINUX
@pytest.mark.parametrize("do", ["FORK", "ESCAPE", "PRINT"])
def test_what_does_no_harm_to_the_import_is_ok_and_leaves_nothing(do: str, marked: str) -> None:
    said = outcomes(do, names=("info", "twice"))
    assert {entry["status"] for entry in said.values()} == {"ok"}
    nothing_is_left(marked)
    assert (said["info"]["stdout_bytes"] > 0) == (do == "PRINT")
    assert (said["info"]["strays"] > 0) == (do == "ESCAPE")


@LINUX
def test_one_that_kills_who_watches_over_it_is_ended_all_the_same(marked: str) -> None:
    said = outcomes("KILL_PARENT", names=("info",))["info"]
    assert said["status"] == "failed"
    assert "ended the process that watched over it" in said["message"]
    nothing_is_left(marked)


@LINUX
def test_every_experiment_survives_it(marked: str) -> None:
    for do in ("LEAVE", "SYSTEM_EXIT", "ESCAPE"):
        said = outcomes(do)
        assert set(said) == set(EXPERIMENTS)
        assert all(entry["status"] in {"ok", "failed", "not-run"} for entry in said.values()), said
        nothing_is_left(marked)


@LINUX
def test_when_the_runner_is_told_to_stop_nothing_is_left(marked: str) -> None:
    module = build("hostile", "DO=HANG")
    stop = threading.Event()
    threading.Timer(0.4, stop.set).start()
    # Whoever does not stop hangs for an hour: the module never returns.
    report = run(str(module), ("info", "twice", "lifecycle"), timeout=3600.0, stop=stop)
    said = report["runs"][0]["experiments"]
    assert {entry["status"] for entry in said.values()} == {"not-run"}
    assert all("stopped" in entry["message"] for entry in said.values())
    nothing_is_left(marked)


@LINUX
def test_when_the_runner_itself_is_killed_nothing_is_left(marked: str) -> None:
    import signal
    import subprocess

    module = build("hostile", "DO=HANG")
    program = f"from isoview.inspectors.live.runner import run; run({str(module)!r}, timeout=3600)"
    process = subprocess.Popen([sys.executable, "-c", program])
    until(  # the child and its supervisor
        lambda: sum("probe" in command for command in alive(marked)) >= 2, "the start of the child"
    )
    process.send_signal(signal.SIGKILL)
    process.wait()
    nothing_is_left(marked)

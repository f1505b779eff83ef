"""A target that does not hold still: what is said is true, what is not known is counted."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from live.interpreters import Interpreter
from process.targets import LINUX, Child, everyone, target
from waiting import LIMIT, until

from isoview.inspectors.process.facts import Walk
from isoview.inspectors.process.session import Session

pytestmark = LINUX
PASSING = "passing."


def check(walk: Walk, stable: dict[str, int]) -> None:
    """The modules that stay are all there, and no name is anything but a module's."""
    found = {module.name: module.address for module in walk.interpreters[0].modules}
    assert {name: found.get(name) for name in stable} == stable
    junk = [
        name
        for name in found.keys() - stable.keys()
        if not (name.startswith(PASSING) and name.removeprefix(PASSING).isdigit())
    ]
    assert not junk


def gave_up(walk: Walk) -> bool:
    """Whether the reading says that the table of modules itself could not be had."""
    given_up = not walk.interpreters[0].modules
    assert not given_up or walk.unread_count > 0
    return given_up


@everyone()
def test_no_junk_and_nothing_missing_while_sys_modules_is_rewritten(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    with target(interpreter.executable, "busy", tmp_path, "_json", "_decimal") as child:
        stable = child.ask("stable")
        session = Session(child.pid)
        walks = [session.read() for _ in range(12)]
        # On a busy machine the reader may not get a word in between two changes: then it says so.
        until(lambda: not gave_up(walks[-1]) or walks.append(session.read()), "a whole reading")
    for walk in walks:
        if not gave_up(walk):
            check(walk, stable)


@everyone()
def test_a_paused_reading_leaves_nothing_unread(interpreter: Interpreter, tmp_path: Path) -> None:
    with target(interpreter.executable, "busy", tmp_path, "_json", "_decimal") as child:
        stable = child.ask("stable")
        session = Session(child.pid)
        for _ in range(2):
            walk = session.read("always")
            check(walk, stable)
            assert walk.unread_count == 0
            assert walk.paused_ms > 0
        assert state(child.pid) not in "tT"
        runs_on(child)


def state(pid: int) -> str:
    """The process's state letter (proc(5)): t is stopped by a tracer, T by a signal."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def runs_on(child: Child) -> None:
    """The thread that rewrites sys.modules still does."""
    before = child.ask("count")
    until(lambda: child.ask("count") > before, "another round")


HOLD = """
import sys, time
from isoview.inspectors.process.pause import Pause
with Pause(int(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_target_runs_on_when_isoview_is_killed(tmp_path: Path) -> None:
    with target(sys.executable, "busy", tmp_path) as child:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, str(child.pid)], stdout=subprocess.PIPE
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            assert {state_of(thread) for thread in threads(child.pid)} == {"t"}
            holder.kill()
        until(lambda: state(child.pid) not in "tT", "that the target is let go")
        runs_on(child)


def threads(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())


def state_of(thread: Path) -> str:
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]


def test_a_signal_that_arrives_meanwhile_is_handed_on(tmp_path: Path) -> None:
    from isoview.inspectors.process.pause import Pause

    with target(sys.executable, "busy", tmp_path) as child:
        sender = threading.Thread(target=lambda: flood(child.pid))
        sender.start()
        for _ in range(30):
            with Pause(child.pid):
                pass
        sender.join()
        os.kill(child.pid, signal.SIGTERM)
        assert child.process.wait(LIMIT) == -signal.SIGTERM


def flood(pid: int) -> None:
    for _ in range(200):
        os.kill(pid, signal.SIGCONT)  # ignored by every process that runs
        time.sleep(0.0005)


def test_reading_does_not_slow_the_target(tmp_path: Path) -> None:
    """The judged figure is measured by hand; here only what an outright stop would show."""
    with target(sys.executable, "busy", tmp_path) as child:
        session = Session(child.pid)
        for _ in range(3):
            before = child.ask("count")
            assert session.read().paused_ms == 0
            until(lambda before=before: child.ask("count") > before, "another round")  # type: ignore[misc]

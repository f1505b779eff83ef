"""What goes wrong around a run: no room, no cache, no terminal, Ctrl-C. Nothing is half-written.

A closed pipe, a full device as stdout and a killed worker stand in ``test_cli.py`` and
``test_many_files.py``; a writer of decisions that is killed half way in ``test_triage.py``.
"""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest
from command import python, speedups
from waiting import LIMIT

from isoview.commands import ExitCode

BUILT = Path(__file__).parent.parent / "fixtures" / "built" / "elf-x86-64"
SINGLE = BUILT / "single_311.cpython-311-x86_64-linux-gnu.so"
COMMAND = (sys.executable, "-m", "isoview")
NO_ROOM = """
import resource, signal, sys
sys.dont_write_bytecode = True  # or what has no room is a module's, for everybody after us
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (BYTES, BYTES))
from isoview.cli import main
main(sys.argv[1:])
"""


def without_room(limit: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One run in which no file can grow past ``limit`` bytes, as on a disk that is full."""
    script = NO_ROOM.replace("BYTES", str(limit))
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_no_room_for_a_report_leaves_the_old_one(own_surroundings: Path) -> None:
    report = own_surroundings / "report.json"
    report.write_text("{}")
    arguments = ("check", str(speedups()), "--format", "json", "--output", str(report))
    shown = without_room(1000, *arguments)
    assert shown.returncode == ExitCode.USAGE, shown
    assert "Traceback" not in shown.stderr
    assert str(report) in shown.stderr
    assert report.read_text() == "{}"
    assert [path.name for path in own_surroundings.iterdir()] == ["report.json"]
    assert without_room(10_000_000, *arguments).returncode == ExitCode.CLEAN
    assert json.loads(report.read_text())["schema"] == "isoview.report/1"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_from_the_start_harm_nothing(closed: str) -> None:
    for arguments, code in (
        (("check", str(SINGLE)), ExitCode.FINDINGS),
        (("check", "missing.so"), ExitCode.NOT_ANALYSED),
        ((), ExitCode.CLEAN),
    ):
        line = f'exec "$0" -m isoview "$@" {closed}'
        ended = subprocess.run(
            ["/bin/sh", "-c", line, sys.executable, *arguments],
            capture_output=True, text=True, check=False, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert ended.returncode == code, ended.stderr
        assert "internal error" not in ended.stderr


def test_no_room_for_a_decision_leaves_the_old_ones(own_surroundings: Path) -> None:
    decisions = own_surroundings / "isoview.toml"
    text = '# ours\n[[decision]]\nfingerprint = "ISO301:m:symbol:a"\nstatus = "intended"\n'
    text += 'reason = "one per process"\ncount = 1\n'
    decisions.write_text(text)
    why = ("--reason", "x" * 2000)
    one = ("triage", "set", str(SINGLE), "ISO101", "intended", *why)
    group = ("triage", "group", "intended", "--rule", "ISO301", *why)
    for arguments in (one, group):
        shown = without_room(500, *arguments)
        assert shown.returncode == ExitCode.NOT_ANALYSED, shown
        assert "Traceback" not in shown.stderr
        assert decisions.read_text() == text
        assert [path.name for path in own_surroundings.iterdir()] == ["isoview.toml"]


def test_a_cache_that_cannot_be_written_is_no_concern(own_surroundings: Path) -> None:
    blocked = own_surroundings / "a file"
    blocked.write_text("")
    os.environ["XDG_CACHE_HOME"] = str(blocked)
    old = time.time() - 3600
    module = own_surroundings / speedups().name
    module.write_bytes(speedups().read_bytes())
    os.utime(module, (old, old))
    for limit in (None, 0):
        arguments = ("check", "--jobs", "2", str(module), str(module.parent))
        if limit is None:
            shown = subprocess.run(
                [*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60
            )
        else:
            os.environ["XDG_CACHE_HOME"] = str(own_surroundings / "cache")
            shown = without_room(limit, *arguments)
        assert shown.returncode == ExitCode.CLEAN, shown.stderr
        assert shown.stderr == ""


@pytest.mark.parametrize("screen", [(), ("--python", sys.executable)], ids=("module", "workspace"))
def test_a_terminal_that_goes_away_ends_the_app(screen: tuple[str, ...]) -> None:
    control, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    arguments = screen or (str(speedups()),)
    child = subprocess.Popen(
        [*COMMAND, *arguments], stdin=terminal, stdout=terminal, stderr=terminal,
        start_new_session=True, env={**os.environ, "TERM": "xterm-256color"},
    )  # fmt: skip
    os.close(terminal)
    shown, deadline = b"", time.monotonic() + LIMIT
    while b"isoview" not in shown and time.monotonic() < deadline:
        if select.select([control], [], [], 0.1)[0]:
            shown += os.read(control, 65536)
    os.close(control)
    os.killpg(child.pid, signal.SIGHUP)  # as the kernel tells the session of a terminal
    assert b"isoview" in shown
    child.wait(timeout=LIMIT)
    assert child.returncode != 0


@pytest.mark.parametrize("seconds", [0.06, 0.1, 0.15, 0.25, 0.5])
def test_ctrl_c_at_any_stage_leaves_no_half_report(seconds: float, own_surroundings: Path) -> None:
    report = own_surroundings / "report.json"
    report.write_text("{}")
    child = subprocess.Popen(
        [*COMMAND, "check", "--no-cache", "--jobs", "2", "--format", "json",
         "--output", str(report), "--fail-on", "never", str(speedups()), str(BUILT)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    time.sleep(seconds)
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=LIMIT)
    # Before its first line of ours has run, the interpreter itself says what stopped it.
    assert child.returncode in (ExitCode.CLEAN, ExitCode.INTERRUPTED, -signal.SIGINT, 1)
    assert json.loads(report.read_text()) is not None
    assert [path.name for path in own_surroundings.iterdir()] == ["report.json"]


def test_an_end_of_file_is_a_fault_and_not_taken_for_ctrl_c() -> None:
    """A compiled module that was cut off raises EOFError, which click takes for Ctrl-D."""
    script = """
        import sys, isoview.commands.rules as rules
        rules.rules.callback = lambda **_: exec("raise EOFError('cut off')")
        from isoview.cli import main
        main(["rules"])
    """
    shown = python(script)
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "internal error: EOFError: cut off" in shown.stderr

"""Watches over one child, and leaves nothing of it behind. Run by path, with nothing but the
standard library: ``supervisor.py STATUS CONTROL COMMAND...``

The child leads a session of its own, so killing its group reaches all that stays in it. What
leaves the session (``setsid``, a double fork) becomes a child of this process when its parent
ends: on Linux this process is its "subreaper" (prctl(2)). That is why it is a process of its own:
nobody else's orphans end up here. Elsewhere (macOS: not tried) only the group is reached.

STATUS is a descriptor to report on: ``pid N``, then ``ended WAIT-STATUS STRAYS`` or ``error
ERRNO``. CONTROL is one that is closed when the child has to end, also by the end of whoever
started us.
"""

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
PATIENCE = 3.0
"""Seconds for ending what was left; a process stuck in the kernel is let be."""


def main() -> None:
    """Run the command, wait for its end or for the order to end it, clean up, report."""
    status, control = int(sys.argv[1]), int(sys.argv[2])
    command = sys.argv[3:]
    os.set_inheritable(status, False)
    os.set_inheritable(control, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    ended, note_end = os.pipe()
    os.set_blocking(note_end, False)
    signal.set_wakeup_fd(note_end)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # our own end is told through CONTROL
    child = _start(command, status)
    os.write(status, b"pid %d\n" % child)
    while not _is_over(child):
        readable = select.select([ended, control], [], [])[0]
        if control in readable:
            break
        os.read(ended, 512)
    result, strays = _finish(child)
    os.write(status, b"ended %d %d\n" % (result, strays))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _start(command: list[str], status: int) -> int:
    child = os.fork()  # this process has one thread
    if child:
        return child
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # who kills us does not outlive us
        os.execv(command[0], command)  # noqa: S606 - it is what we are for
    except OSError as error:
        os.write(status, b"error %d\n" % (error.errno or 0))
    os._exit(127)


def _is_over(child: int) -> bool:
    """Whether it has ended; it is not collected yet, so that its number still names its group."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _finish(child: int) -> tuple[int, int]:
    """End the group, then everything that left it: (the child's wait status, how many had left)."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child, signal.SIGKILL)
    result, deadline = -1, time.monotonic() + PATIENCE
    strays: set[int] = set()
    while time.monotonic() < deadline:
        try:
            pid, how = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == child:
            result = how
        if pid:
            continue
        for entry in _children():
            if entry != child and os.getpgid(entry) != child:
                strays.add(entry)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(entry, signal.SIGKILL)
        time.sleep(0.001)
    return result, len(strays)


def _children() -> list[int]:
    """The processes whose parent we are now, as Linux tells it."""
    found = []
    try:
        entries = os.listdir("/proc")  # noqa: PTH208 - no pathlib here: it takes longer to import
    except OSError:
        return []
    own = os.getpid()
    for entry in entries:
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat", "rb") as stream:
                parent = int(stream.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        if parent == own:
            found.append(int(entry))
    return found


if __name__ == "__main__":
    main()

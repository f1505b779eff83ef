"""A pseudo-terminal around the real command: what a person's terminal would receive."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

_ESCAPE = re.compile(
    r"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[()][A-Z0-9]|.)"
)


LEAVE_LIMIT = 60.0
"""Seconds until a command that was told to end counts as one that does not."""


def plain(sent: bytes) -> str:
    """What a terminal was sent, without escape sequences; runs of blanks are one blank."""
    return re.sub(r"\s+", " ", _ESCAPE.sub(" ", sent.decode("utf-8", "replace")))


class Terminal:
    """Runs a command in a pseudo-terminal of a given size."""

    def __init__(self, command: list[str], columns: int = 80, rows: int = 24) -> None:
        self.sent = b""
        self.status = 0
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(command[0], command)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)

    def until(self, text: str, seconds: float = 60) -> None:
        """Wait until ``text`` was painted; raises where it is not within ``seconds``."""
        end = time.monotonic() + seconds
        while text not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"{text!r} was not painted; the screen says:\n{self.text}")

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def close(self) -> int:
        """The exit status, after everything the command still says is read."""
        end = time.monotonic() + LEAVE_LIMIT
        while self._read(end - time.monotonic()):
            if time.monotonic() > end:
                break
        if not self._ended(end):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            os.close(self.descriptor)
            raise AssertionError(f"it does not end; the screen says:\n{self.text}")
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(self.status)

    def _ended(self, end: float) -> bool:
        while time.monotonic() < end:
            pid, self.status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return True
            time.sleep(0.01)
        return False

    @property
    def text(self) -> str:
        """What was sent, without escape sequences; runs of blanks are one blank."""
        return plain(self.sent)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], max(seconds, 0))
        if not ready:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # the command has ended
            return False
        self.sent += data
        return bool(data)

"""A pseudo-terminal around the real command: what a person's terminal would receive."""

import fcntl
import os
import pty
import re
import resource
import select
import struct
import termios
import time
from dataclasses import dataclass

_ESCAPE = re.compile(
    r"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)|[PX^_].*?\x1b\\|[()][A-Z0-9]|.)"
)


@dataclass(frozen=True)
class Painted:
    """CPU seconds of the whole process until a text stood on the screen, and all it had sent."""

    cpu: float
    sent: str


def plain(sent: bytes) -> str:
    """What a terminal was sent, without escape sequences; runs of blanks are one blank."""
    return re.sub(r"\s+", " ", _ESCAPE.sub(" ", sent.decode("utf-8", "replace")))


class Terminal:
    """Runs a command in a pseudo-terminal of a given size."""

    def __init__(self, command: list[str], columns: int = 80, rows: int = 24) -> None:
        self.sent = b""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(command[0], command)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, size)

    def until(self, text: str, seconds: float = 60) -> Painted:
        """Wait until ``text`` was painted; raises where it is not within ``seconds``."""
        end = time.monotonic() + seconds
        while text not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not self._read(left):
                raise AssertionError(f"{text!r} was not painted; the screen says:\n{self.text}")
        return Painted(self._cpu(), self.text)

    def press(self, keys: str) -> None:
        os.write(self.descriptor, keys.encode())

    def close(self) -> int:
        """The exit status, after everything the command still says is read."""
        while self._read(5):
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.descriptor)
        return os.waitstatus_to_exitcode(status)

    @property
    def text(self) -> str:
        """What was sent, without escape sequences; runs of blanks are one blank."""
        return plain(self.sent)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self.descriptor], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self.descriptor, 65536)
        except OSError:  # the command has ended
            return False
        self.sent += data
        return bool(data)

    def _cpu(self) -> float:
        """User and system time of the process so far (proc(5), fields 14 and 15)."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

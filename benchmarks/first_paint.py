"""CPU until the first screen is painted, against a bare Textual app:
``python benchmarks/first_paint.py [FILE]``.

Both run in a pseudo-terminal, in turns; what is read is the processor time that the whole process
has used when a text of its first screen has arrived. Linux only: it comes from /proc.
"""

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import sysconfig
import termios
import time
from pathlib import Path

BAR = 1.3
"""Most times a bare app's CPU until the first paint."""
BARE = [sys.executable, str(Path(__file__).with_name("bare_app.py"))]
_ESCAPE = re.compile(rb"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|[()][A-Z0-9]|.)")


def painted(command: list[str], text: str, columns: int, rows: int) -> float:
    """CPU milliseconds of ``command`` until ``text`` was painted."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    sent, end = b"", time.monotonic() + 60
    try:
        while text.encode() not in _ESCAPE.sub(b"", sent):
            ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0))
            data = os.read(terminal, 65536) if ready else b""
            if not data:
                raise SystemExit(f"{command}: {text!r} was not painted")
            sent += data
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])  # proc(5): utime, stime
        return 1000 * ticks / os.sysconf("SC_CLK_TCK")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def an_extension() -> str:
    """One of this interpreter's own modules."""
    folder = Path(sysconfig.get_path("platstdlib"), "lib-dynload")
    found = sorted(folder.glob("_json*")) or sorted(folder.glob("*.so"))
    return str(found[0]) if found else sys.executable


def main() -> bool:
    """Measure in turns; 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", default=an_extension())
    parser.add_argument("--rounds", type=int, default=11)
    given = parser.parse_args()
    isoview = [sys.executable, "-P", "-m", "isoview", given.file]
    missed = False
    for columns, rows in ((80, 24), (140, 40)):
        bare, ours = [], []
        for _ in range(given.rounds):
            bare.append(painted(BARE, "painted", columns, rows))
            ours.append(painted(isoview, "reading", columns, rows))
        ratio = statistics.median(ours) / statistics.median(bare)
        missed = missed or ratio > BAR
        print(
            f"{columns}x{rows}: bare {statistics.median(bare):.0f} ms of CPU, isoview "
            f"{statistics.median(ours):.0f} ms, ratio {ratio:.2f} (bar {BAR})"
        )
    return missed


if __name__ == "__main__":
    sys.exit(main())

"""A short tour, recorded as asciinema has it: ``python screenshots/tour.py FILE`` writes tour.cast.

The real command runs in a pseudo-terminal on a copy of FILE (an extension with findings; without
one, ``_decimal`` of this interpreter), pressed like a person would. ``asciinema play`` shows it.
"""

import fcntl
import importlib.util
import json
import os
import pty
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
COLUMNS, ROWS = 80, 24
STEPS = (  # keys, and how long one looks at what they show
    ("", 2.5), ("j", 1.5), ("x", 2.0), ("o", 2.5), ("\x1b", 0.8), ("2", 2.0), ("[", 1.2), ("4", 2.5),
    ("1", 1.0), ("a", 1.0), ("i", 0.5), *((letter, 0.05) for letter in "made once"), ("\r", 2.0),
    ("u", 1.5), ("q", 0.5),
)  # fmt: skip


def record(target: str, folder: str) -> list[tuple[float, str]]:
    """What the terminal was sent, and when: as fast as the keys say, not as the machine is."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm-256color", COLORTERM="", XDG_STATE_HOME=folder)
        os.execv(sys.executable, [sys.executable, "-P", "-m", "isoview", target])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    sent: list[tuple[float, str]] = []
    now = 0.0
    for keys, pause in STEPS:
        os.write(terminal, keys.encode())
        data = _until_quiet(terminal, first=6.0 if not keys else 1.5)
        if data:
            sent.append((round(now + 0.05, 2), data.decode("utf-8", "replace")))
        now += pause
    os.kill(pid, signal.SIGKILL)  # where q did not reach it
    os.waitpid(pid, 0)
    os.close(terminal)
    return sent


def _until_quiet(terminal: int, first: float) -> bytes:
    data = b""
    end = time.monotonic() + first + 8
    wait = first
    while time.monotonic() < end and select.select([terminal], [], [], wait)[0]:
        try:
            data += os.read(terminal, 1 << 16)
        except OSError:  # the app has left
            break
        wait = 0.6
    return data


def main(arguments: list[str]) -> None:
    """Record it on a copy, so that it does not show where anything lies."""
    spec = importlib.util.find_spec("_decimal")
    given = arguments[0] if arguments else (spec.origin if spec is not None else None)
    if given is None or not Path(given).is_file():
        sys.exit("give an extension: this interpreter has no _decimal of its own")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(given, folder)
        sent = record(f"./{Path(given).name}", folder)
    head = {"version": 2, "width": COLUMNS, "height": ROWS, "title": "isoview"}
    lines = [json.dumps(head), *(json.dumps([at, "o", data]) for at, data in sent)]
    (FOLDER / "tour.cast").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"tour.cast: {len(sent)} steps, {sent[-1][0]:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1:])

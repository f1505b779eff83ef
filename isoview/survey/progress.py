"""How far along a survey is: rate and time left, on one line or, where nobody looks, now and then."""

import sys
import time
from typing import TextIO

from isoview.visible import visible

_SHOWN_EVERY, _SAID_EVERY = 0.2, 60.0  # seconds: on a terminal, elsewhere
_WIDTH = 78
_RECENT = 120.0  # seconds over which the rate is taken


class SurveyProgress:
    """Counts wheels. ``total`` may grow while it is found out."""

    def __init__(self, what: str, before: int, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._what = what
        self._before = before
        self._terminal = self._stream is not None and self._stream.isatty()
        self.done = 0
        self.began = time.monotonic()
        self._written = self.began if not self._terminal else 0.0
        self._marks = [(self.began, 0)]
        self._shown = False

    def one(self, name: str, total: int) -> None:
        """One more is done."""
        self.done += 1
        now = time.monotonic()
        if now - self._written < (_SHOWN_EVERY if self._terminal else _SAID_EVERY):
            return
        self._written = now
        line = self._line(now, total)
        if self._terminal:
            self._write(f"\r\x1b[K{f'{line}  {visible(name)}'[:_WIDTH]}")
            self._shown = True
        else:
            self._write(f"isoview: {line}\n")

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._write("\r\x1b[K")
            self._shown = False

    def _line(self, now: float, total: int) -> str:
        self._marks.append((now, self.done))
        while len(self._marks) > 2 and self._marks[1][0] < now - _RECENT:
            self._marks.pop(0)
        since, count = self._marks[0]
        rate = (self.done - count) / (now - since) if now > since else 0.0
        finished = self._before + self.done
        words = f"{finished} of {max(total, finished)} {self._what}, {rate:.2f}/s"
        if rate > 0 and total > finished:
            words += f", {duration((total - finished) / rate)} left"
        return words

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return


def duration(seconds: float) -> str:
    """``0:42``, ``3:05:00``."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"

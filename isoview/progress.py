"""How far along a long run is: one line on stderr, written over, where that is a terminal."""

import sys
import time

from isoview.inspectors.hints import TextIO
from isoview.targets import Place
from isoview.visible import visible

_EVERY = 0.1  # seconds between two writings
_WIDTH = 78


class Progress:
    """Counts places and bytes as they are done; :meth:`done` may be called by any thread."""

    def __init__(self, files: int, size: int, stream: TextIO | None = None) -> None:
        from threading import Lock  # seldom is there anybody to see this

        self._stream = sys.stderr if stream is None else stream
        self._files, self._size = files, max(size, 1)
        self._done = self._done_size = 0
        self._began = time.monotonic()
        self._written = 0.0
        self._lock = Lock()
        self._shown = False
        self._write("")

    def done(self, place: Place) -> None:
        """One more is done."""
        with self._lock:
            self._done += 1
            self._done_size += place.size
            now = time.monotonic()
            if now - self._written >= _EVERY:
                self._written = now
                self._write(place.path)

    def clear(self) -> None:
        """Take the line away, before something else is written or at the end."""
        with self._lock:
            if self._shown:
                self._stream.write("\r\x1b[K")
                self._stream.flush()
                self._shown = False

    def _write(self, path: str) -> None:
        share = self._done_size / self._size
        words = f"{self._done} of {self._files} files, {share:.0%}"
        seconds = time.monotonic() - self._began
        if share > 0.02 and seconds > 1:
            left = int(seconds / share - seconds)
            words += f", {left // 60}:{left % 60:02d} left"
        name = visible(path.replace("\\", "/").rpartition("/")[2])
        words = f"{words}  {name}" if name else words
        try:
            self._stream.write(f"\r\x1b[K{words[:_WIDTH]}")
            self._stream.flush()
        except OSError:
            return
        self._shown = True


def progress_for(files: int, size: int) -> Progress | None:
    """A line for a run of several files, where somebody watches; None elsewhere."""
    watched = files > 1 and sys.stderr is not None and sys.stderr.isatty()
    return Progress(files, size) if watched else None

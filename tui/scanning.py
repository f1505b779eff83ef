"""The process that reads many files, from the app's side: batches of lines, and an end to it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from isoview.targets import Scope

Lines = list[dict[str, Any]]
PAUSE = 0.05
"""Seconds between two batches: what arrives meanwhile is shown at once."""
_SHOWN = 300


class Scan(Protocol):
    """Something that gives lines of :mod:`isoview.scan` in batches until it ends or is stopped."""

    def batches(self) -> Iterator[Lines]:
        """The lines, a few at a time; the last one is ``end`` or ``failed``."""

    def stop(self) -> None:
        """End it; may be called from another thread."""


class ScanProcess:
    """``python -P -m isoview.scan`` in a child process."""

    def __init__(self, scope: Scope, *, cache: bool = True) -> None:
        self._request = {
            "targets": list(scope.targets), "python": scope.python, "files": list(scope.files),
            "cache": cache,
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self._lock = Lock()

    def batches(self) -> Iterator[Lines]:
        # -P: the working folder is no place to import from (it may hold anything).
        command = [sys.executable, "-P", "-m", "isoview.scan"]
        with tempfile.TemporaryFile() as said:
            with self._lock:
                if self._stopped:
                    return
                self._process = process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said
                )
            ended = yield from self._read(process)
            code = process.wait()
            if not ended and not self._stopped:
                said.seek(0)
                yield [_fallen(code, said.read().decode("utf-8", "replace"))]

    def _read(self, process: subprocess.Popen[bytes]) -> Generator[Lines, None, bool]:
        """Batches until the process ends; returns whether it said all it had to say."""
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        ended = False
        rest = b""
        try:
            process.stdin.write(json.dumps(self._request).encode() + b"\n")
            process.stdin.close()
        except OSError:  # it fell before it could listen: what it said on stderr tells why
            pass
        with process.stdout as out:
            while data := os.read(out.fileno(), 1 << 20):
                *whole, rest = (rest + data).split(b"\n")
                lines = [json.loads(line) for line in whole]
                ended = ended or any(line["kind"] in {"end", "failed"} for line in lines)
                if lines:
                    yield lines
                time.sleep(PAUSE)
        return ended

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()


def _fallen(code: int, said: str) -> dict[str, Any]:
    last = said.strip().splitlines()[-1:] or [f"exit code {code}"]
    return {
        "kind": "failed",
        "error": f"the process that reads the files ended: {last[0][:_SHOWN]}",
        "hint": "What was read is shown. R reads everything again; `isoview check --debug` with "
        "the same targets shows more.",
    }

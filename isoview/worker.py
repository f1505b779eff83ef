"""One worker process: a place comes in as a line of JSON, its reports go out as a frame of JSON.

Started as ``python -P -m isoview.worker`` by :mod:`isoview.parallel`; a module that brings this
process down takes nothing else with it.
"""

import gc
import json
import os
import signal
import sys
from typing import Any, BinaryIO

from isoview.codec import error_to_data, report_to_data
from isoview.inspectors.binary.source import keep_buffers
from isoview.model import Complete, Failed
from isoview.stream import COLLECT, look
from isoview.targets import Place

HEAD = 8  # bytes of a frame's length, big-endian


def answer(place: Place, *, quick: bool) -> bytes:
    """What was found at ``place``, encoded: reports as the rules left them, and errors."""
    reports: list[dict[str, Any]] = []
    errors: list[dict[str, str]] = []
    for event in look(place, None, quick=quick, brief=quick):
        if isinstance(event, Complete):
            reports.append(report_to_data(event.report))
        elif isinstance(event, Failed):
            errors.append(error_to_data(event.error))
    return json.dumps({"reports": reports, "errors": errors}, separators=(",", ":")).encode()


def main() -> None:
    """Answer until there is nothing more to read."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to deal with
    gc.set_threshold(*COLLECT)
    keep_buffers()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write among the frames
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _send(out, answer(Place(**request["place"]), quick=request["quick"]))


def _send(out: BinaryIO, body: bytes) -> None:
    out.write(len(body).to_bytes(HEAD, "big"))
    out.write(body)
    out.flush()


if __name__ == "__main__":
    main()

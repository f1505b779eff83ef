"""Waiting for what must happen: at once where the machine is free, patiently where it is busy.

No test may depend on speed. What is waited for has a limit only so that a test can fail.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

LIMIT = 60.0
"""Seconds until something that must happen counts as never happening."""
TIMEOUTS = (1.0, 6.0, 36.0)
"""Seconds to let something hang: the first will do, unless the machine is busy with other things."""
_T = TypeVar("_T")


def until(happened: Callable[[], _T], what: str = "it") -> _T:
    """What ``happened`` gives, as soon as that is true."""
    end = time.monotonic() + LIMIT
    while not (found := happened()):
        assert time.monotonic() < end, f"{what} did not happen within {LIMIT:.0f} s"
        time.sleep(0.01)
    return found


def patiently(attempt: Callable[[float], _T], right: Callable[[_T], bool]) -> _T:
    """The first outcome of ``attempt(timeout)`` that is right, or that of the longest timeout.

    For what shows only when a timeout ends it: it must have come that far before, which takes
    longer the more the machine has to do.
    """
    for timeout in TIMEOUTS:
        try:
            outcome = attempt(timeout)
        except Exception:
            if timeout == TIMEOUTS[-1]:
                raise
            continue
        if right(outcome):
            break
    return outcome


def is_gone(pid: int) -> bool:
    """Whether a process has ended; whoever adopted it may not have collected it yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "ZX"

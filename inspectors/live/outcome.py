"""How one child ended and what it said, as one outcome; and several outcomes as one."""

import signal
from collections.abc import Sequence
from typing import Any

from isoview.inspectors.live.answers import Answer
from isoview.inspectors.live.spawn import Ended

WORST = ("crashed", "timed-out", "failed", "refused", "ok", "not-run")
"""The worst first: which of several outcomes speaks for all."""


def judge(ended: Ended, answer: Answer) -> dict[str, Any]:
    """The outcome of one child: its answer *and* how it ended. A crash after the answer is one."""
    result = answer.result or {
        "status": "failed",
        "message": None,
        "recognised": None,
        "stage": None,
        "data": None,
    }
    status, message = result["status"], result["message"]
    told = stage = answer.stage or "start"  # where the process was, and where the answer was made
    number = -ended.returncode if ended.returncode is not None and ended.returncode < 0 else None
    after = " after it had answered" if answer.result else ""
    if ended.stopped:
        status, message = "not-run", "stopped before it was done"
    elif ended.timed_out:
        status, message = (
            "timed-out",
            f"not done within {ended.seconds:.0f} s at stage {stage}{after}",
        )
    elif ended.flooded:
        status, message = "failed", f"said far too much at stage {stage}"
    elif ended.unwatched:
        status = "failed"
        message = f"ended the process that watched over it at stage {stage}{after}"
    elif number is not None:
        status, message = "crashed", f"ended by {signal_name(number)} at stage {stage}{after}"
    elif ended.returncode != 0:
        status = "failed"
        message = f"the process ended with status {ended.returncode} at stage {stage}{after}"
    elif answer.result is not None:
        told = str(result["stage"])
    else:
        status = "failed"
        message = (
            f"the answer makes no sense: {answer.broken}"
            if answer.broken
            else f"the process ended at stage {stage} without an answer"
        )
    return {
        "status": status,
        "message": message,
        "signal": None if number is None else signal_name(number),
        "stage": None if status == "ok" else told,
        "recognised": result["recognised"] if status == "refused" else None,
        "repeats": "1/1",
        "seconds": round(ended.seconds, 3),
        "stderr": ended.stderr,
        "stdout_bytes": ended.stdout_bytes,
        "strays": ended.strays,
        **(result["data"] or {}),
    }


def not_run(reason: str) -> dict[str, Any]:
    """The outcome of an experiment that no child was started for."""
    return {
        "status": "not-run", "message": reason, "signal": None, "stage": None, "recognised": None,
        "repeats": "0/0", "seconds": 0.0, "stderr": "", "stdout_bytes": 0, "strays": 0,
    }  # fmt: skip


def worst(outcomes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The first of the outcomes with the worst status."""
    return min(outcomes, key=lambda outcome: WORST.index(outcome["status"]))


def repeated(outcomes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Several runs of one thing as one outcome: the worst, and how many ended that way."""
    bad = worst(outcomes)
    same = sum(1 for outcome in outcomes if outcome["status"] == bad["status"])
    return {
        **bad,
        "repeats": f"{same}/{len(outcomes)}",
        "seconds": round(sum(outcome["seconds"] for outcome in outcomes), 3),
    }


def joined(parts: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The parts of one experiment as one outcome: the worst speaks, all are kept in ``parts``.

    What one part measured and the speaking one did not is taken from it.
    """
    bad = worst(list(parts.values()))
    whole: dict[str, Any] = {}
    for part in parts.values():
        whole.update(
            (key, value) for key, value in part.items() if key not in whole or not whole[key]
        )
    whole.update((key, bad[key]) for key in ("status", "message", "signal", "stage", "recognised",
                                             "repeats", "stderr"))  # fmt: skip
    whole["seconds"] = round(sum(part["seconds"] for part in parts.values()), 3)
    whole["parts"] = {
        name.partition("/")[2]: {
            key: part.get(key)
            for key in ("status", "message", "signal", "stage", "recognised", "repeats",
                        "interpreters")
        }
        for name, part in parts.items()
    }  # fmt: skip
    return whole


def signal_name(number: int) -> str:
    """``SIGSEGV`` for 11; a number that has no name here stays a number."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

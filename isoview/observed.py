"""What live runs showed, in the terms that rules, verdict and screens share.

A live report (``isoview.live/1``) is plain data; the questions asked of it are asked here, so that
a mark on the screen and a finding never disagree.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Outcome = Mapping[str, Any]

BLOCKS_PER_CYCLE = 8.0
"""Growth up to this is the interpreter's own: for extensions that release everything, 3.11 to 3.15
were measured to keep up to 5 blocks per import."""
BYTES_PER_CYCLE = 4096.0
"""One page: memory is counted in pages, and the bound must lie above one in every cycle."""
KEPT_PER_INSTANCE = 0.9
"""References per instance that a type keeps, where an exact count says 1."""

RAN_BADLY = ("crashed", "timed-out", "failed")


class Seen(NamedTuple):
    """One experiment under one interpreter."""

    python: str  # "3.13.0", "3.13.5t"
    minor: int
    name: str
    outcome: Outcome


def label(python: Mapping[str, Any] | None) -> str:
    """``3.13.0``, ``3.13.5t`` for a free-threaded build."""
    if python is None:
        return "?"
    return f"{python['version']}{'t' if python['free_threaded'] else ''}"


def every(live: Mapping[str, Any] | None, *names: str) -> Iterator[Seen]:
    """The experiments of these names (all without any), under each interpreter in turn."""
    for run in (live or {}).get("runs", ()):
        python = run["python"]
        minor = int(python["version"].split(".")[1]) if python else 0
        for name, outcome in run["experiments"].items():
            if not names or name in names:
                yield Seen(label(python), minor, name, outcome)


def ran(live: Mapping[str, Any] | None, *names: str) -> list[Seen]:
    """Those that were run at all, and got further than any import does.

    Where the module cannot even be imported the plain way (something that it needs is not
    installed), other experiments that end with the same message say nothing about copies or
    interpreters.
    """
    found = []
    for run in (live or {}).get("runs", ()):
        first = run["experiments"].get("info") or {}
        unimportable = first["message"] if first.get("status") == "failed" else None
        for seen in every({"runs": (run,)}, *names):
            failed = seen.outcome["status"] == "failed" and seen.name != "info"
            if failed and unimportable is not None and seen.outcome["message"] == unimportable:
                continue
            if seen.outcome["status"] != "not-run":
                found.append(seen)
    return found


def unstable(outcome: Outcome) -> bool:
    """Whether several runs of the same ended differently."""
    count, runs = outcome["repeats"].split("/")
    return bool(count != runs)


def how(outcome: Outcome) -> str:
    """How it ended, with the count where it was repeated: ``crashed (SIGSEGV, 2 of 3 runs)``."""
    details = [outcome["signal"]] if outcome.get("signal") else []
    count, runs = outcome["repeats"].split("/")
    if runs not in {"0", "1"}:
        details.append(f"{count} of {runs} runs")
    status = str(outcome["status"]).replace("-", " ")
    return f"{status} ({', '.join(details)})" if details else status


def shared(outcome: Outcome) -> tuple[str, ...]:
    """Names of what two module objects have in common: types first."""
    return (*outcome.get("shared_types", ()), *outcome.get("shared_objects", ()))


def shared_words(outcome: Outcome) -> str:
    """``5 of 10 types and 2 of 3 other objects``."""
    parts = []
    for kind, word in (("types", "types"), ("objects", "other objects")):
        number = len(outcome.get(f"shared_{kind}", ()))
        if number:
            parts.append(f"{number} of {outcome.get(f'compared_{kind}', number)} {word}")
    return " and ".join(parts)


def growth(outcome: Outcome) -> str | None:
    """What grows with every cycle, in words; None where nothing provably does."""
    blocks = (outcome.get("blocks_per_cycle") or {}).get("low")
    octets = (outcome.get("bytes_per_cycle") or {}).get("low")
    parts = []
    if blocks is not None and blocks > BLOCKS_PER_CYCLE:
        parts.append(f"at least {blocks:.0f} blocks")
    if octets is not None and octets > BYTES_PER_CYCLE:
        parts.append(f"at least {octets / 1000:.0f} kB")
    return " and ".join(parts) or None


def keeping_types(outcome: Outcome) -> tuple[str, ...]:
    """Types whose every instance leaves a reference to the type behind."""
    return tuple(
        entry["name"]
        for entry in outcome.get("instances", ())
        if (entry["kept_per_instance"] or 0) >= KEPT_PER_INSTANCE
    )


def unvisited_types(outcome: Outcome, *, inherited: bool = False) -> tuple[str, ...]:
    """Types whose traverse does not visit them; those that inherit it (exceptions) on request."""
    return tuple(
        entry["name"]
        for entry in outcome.get("instances", ())
        if entry["traverse_visits_type"] is False
        and (inherited or entry.get("own_traverse") is not False)
    )


def first_only(outcome: Outcome) -> bool:
    """Whether one interpreter got the module and a later one did not."""
    parts = outcome.get("parts") or {"": outcome}
    for part in parts.values():
        states = [entry["status"] for entry in part.get("interpreters") or ()]
        if states[:1] == ["ok"] and any(state != "ok" for state in states[1:]):
            return True
        crashed_later = part.get("status") in {"crashed", "timed-out"} and "second" in str(
            part.get("stage")
        )
        if crashed_later and not states:
            return True
    return False


def turned_gil_on(outcome: Outcome) -> bool:
    return outcome.get("gil_before") is False and outcome.get("gil_after") is True


def fell_back(outcome: Outcome) -> bool:
    return outcome.get("main") == "extension" and outcome.get("sub") == "python"

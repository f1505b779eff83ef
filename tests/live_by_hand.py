"""Live outcomes written by hand: one of each experiment, with something in it to find."""

from typing import Any


def python(version: str = "3.13.0", *, free_threaded: bool = False) -> dict[str, Any]:
    return {
        "executable": f"/pythons/{version}/bin/python", "version": version,
        "implementation": "cpython", "free_threaded": free_threaded,
    }  # fmt: skip


def outcome(status: str = "ok", message: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "status": status, "message": message, "signal": None,
        "stage": None if status == "ok" else "import", "recognised": None, "repeats": "1/1",
        "seconds": 0.1, "stderr": "", "stdout_bytes": 0, "strays": 0, **more,
    }  # fmt: skip


def sharing(
    types: tuple[str, ...] = (), objects: tuple[str, ...] = (), **more: Any
) -> dict[str, Any]:
    return {
        "shared_types": list(types), "compared_types": 2,
        "shared_objects": list(objects), "compared_objects": 3, **more,
    }  # fmt: skip


def info(**more: Any) -> dict[str, Any]:
    return outcome(
        module="sample", file="/somewhere/sample.so", kind="extension", load_bias=0, limits=[],
        phase="single", phase_reason=None, m_size=-1, slots=[],
        definition=None, state={"present": False, "size": 0}, types=[], static_types=[],
        heap_types=[], untied_types=[], foreign_types=[], traverse_reports=0, traverse_kinds=[],
    ) | more  # fmt: skip


def lifecycle(blocks: float = 0.5, octets: float = 0.0, **more: Any) -> dict[str, Any]:
    return outcome(
        module="sample", file=None, module_freed=True, modules_made=40, modules_freed=40,
        types_made=80, types_freed=80, cycles=40,
        blocks_per_cycle={"low": blocks, "high": blocks + 1},
        bytes_per_cycle={"low": octets, "high": octets + 100},
    ) | more  # fmt: skip


def instance(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name, "made": True, "why_not": None, "traverse_visits_type": True,
        "kept_per_instance": 0.0, "own_traverse": True, **more,
    }  # fmt: skip


def instances(*entries: dict[str, Any]) -> dict[str, Any]:
    return outcome(module="sample", file=None, made_of=len(entries), instances=list(entries))


def statics(*symbols: str | None) -> dict[str, Any]:
    return outcome(
        module="sample", file=None, words=100, objects=5, held=[], changed=len(symbols),
        overwritten=[
            {"address": 0x5000 + 8 * index, "symbol": symbol, "type": "type"}
            for index, symbol in enumerate(symbols)
        ],
    )  # fmt: skip


def interpreters(*states: str) -> list[dict[str, Any]]:
    return [
        {"where": f"sub {number}", "status": state, "message": None, "recognised": None}
        for number, state in enumerate(states)
    ]


def report(
    *runs: dict[str, dict[str, Any]], versions: tuple[str, ...] = ("3.13.0",)
) -> dict[str, Any]:
    """A live report: one mapping of outcomes for each interpreter; ``t`` marks free-threaded."""
    return {
        "schema": "isoview.live/1", "module": "mod", "file": "/somewhere/mod.so", "target": "mod",
        "runs": [
            {
                "python": python(version.rstrip("t"), free_threaded=version.endswith("t")),
                "experiments": run,
            }
            for version, run in zip(versions, runs, strict=True)
        ],
    }  # fmt: skip


OUTCOMES: dict[str, dict[str, Any]] = {
    "info": info(),
    "twice": outcome(module="sample", file=None, same_module=False, **sharing(("Item",))),
    "shared-gil": outcome(
        "crashed", "ended by SIGSEGV at stage import", signal="SIGSEGV", repeats="3/3"
    ),
    "own-gil": outcome(
        "refused", "ImportError: module sample does not support loading in subinterpreters",
        recognised="cpython",
    ),
    "free-threaded": outcome("not-run", "this interpreter is not a free-threaded build"),
    "lifecycle": lifecycle(),
    "instances": instances(instance("Item")),
    "statics": statics(),
    "fallback": outcome("not-run", "no Python module was found that could do without sample"),
    "not-run": outcome("not-run", "stopped before it was done"),
}  # fmt: skip

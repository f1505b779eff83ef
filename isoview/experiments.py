"""The experiments in words: what each asks, and what its outcome amounts to in a cell."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from isoview.observed import (
    fell_back,
    growth,
    how,
    keeping_types,
    shared,
    shared_words,
    turned_gil_on,
    unvisited_types,
)

QUESTIONS = {
    "info": "What does the interpreter see of the module?",
    "twice": "Does a second import give a module object of its own?",
    "shared-gil": "Does it work in sub-interpreters that share the GIL?",
    "own-gil": "Does it work in two interpreters with their own GIL, at once?",
    "free-threaded": "Does the GIL stay off when it is imported?",
    "lifecycle": "Is everything freed when a copy is dropped, time after time?",
    "instances": "Do instances show the collector their type, and let go of it?",
    "statics": "Does a second copy overwrite the first one's C statics?",
    "fallback": "Does its package quietly use pure Python in a sub-interpreter?",
}
TITLES = {
    "info": "info",
    "twice": "twice",
    "shared-gil": "shared GIL",
    "own-gil": "own GIL",
    "free-threaded": "free-threaded",
    "lifecycle": "life cycle",
    "instances": "instances",
    "statics": "statics",
    "fallback": "fallback",
}
WHAT = {
    "info": "a first import",
    "twice": "a second import",
    "shared-gil": "import in sub-interpreters that share the GIL",
    "own-gil": "import in interpreters with their own GIL",
    "free-threaded": "import without the GIL",
    "lifecycle": "making and dropping copies",
    "instances": "making instances without arguments",
    "statics": "a second copy",
    "fallback": "use by its package in a sub-interpreter",
}
"""What is done to the module, as the beginning of a sentence."""
GUARDS = {
    "cpython": "CPython's own check",
    "cython": "Cython's guard",
    "pyo3": "PyO3's guard",
    "opt-out": "the documented opt-out",
}
"""Whose refusal it is, in words."""


class Cell(NamedTuple):
    """One outcome: a mark, its tone (good, warning, error, note, quiet), a word, a sentence."""

    mark: str
    tone: str
    word: str
    sentence: str


_STATUS = {
    "refused": ("⊘", "note", "refused"),
    "failed": ("✗", "error", "failed"),
    "crashed": ("✗", "error", "crashed"),
    "timed-out": ("✗", "error", "hung"),
    "not-run": ("-", "quiet", "not run"),
}


def cell(name: str, outcome: Mapping[str, Any]) -> Cell:
    """What one experiment came to."""
    status = str(outcome["status"])
    if status == "ok":
        return _OK[name](outcome)
    mark, tone, word = _STATUS[status]
    message = str(outcome["message"] or "no reason given")
    if status == "refused":
        who = GUARDS.get(outcome.get("recognised") or "", "the module")
        return Cell(mark, tone, word, f"refused by {who}: {message}")
    if status == "not-run":
        return Cell(mark, tone, word, message)
    return Cell(mark, tone, word, f"{how(outcome)}: {message}")


def _info(outcome: Mapping[str, Any]) -> Cell:
    static, heap = len(outcome["static_types"]), len(outcome["heap_types"])
    phase = {"single": "single-phase", "multi": "multi-phase", "export": "PEP 793"}.get(
        outcome["phase"], "phase unknown"
    )
    size = "unknown" if outcome["m_size"] is None else str(outcome["m_size"])
    return Cell(
        "✓", "good", phase,
        f"{phase}, m_size {size}, {static} static and {heap} heap types",
    )  # fmt: skip


def _twice(outcome: Mapping[str, Any]) -> Cell:
    if outcome["same_module"]:
        return Cell("◐", "warning", "same module", "a second import gives the same module object")
    return _sharing(outcome, "a new module object")


def _sharing(outcome: Mapping[str, Any], start: str) -> Cell:
    if not shared(outcome):
        number = outcome["compared_types"] + outcome["compared_objects"]
        return Cell(
            "✓", "good", "isolated", f"{start}; none of the {number} objects compared is shared"
        )
    types = len(outcome["shared_types"])
    word = f"{types}/{outcome['compared_types']} types" if types else "shares"
    return Cell("◐", "warning", word, f"{start}; {shared_words(outcome)} are the same in both")


def _shared_gil(outcome: Mapping[str, Any]) -> Cell:
    return _sharing(outcome, "every interpreter imports it")


def _free_threaded(outcome: Mapping[str, Any]) -> Cell:
    if turned_gil_on(outcome):
        who = outcome["turned_on_by"] or "an import"
        return Cell("✗", "error", "GIL on", f"importing it turned the GIL on (for {who})")
    return Cell("✓", "good", "GIL off", "the GIL stays off")


def _lifecycle(outcome: Mapping[str, Any]) -> Cell:
    grows = growth(outcome)
    cycles = outcome["cycles"]
    freed = f"{outcome['types_freed']} of {outcome['types_made']} types freed"
    if grows is not None:
        return Cell("✗", "error", "grows", f"every cycle leaves {grows} behind; {freed}")
    if outcome["module_freed"] is False:
        return Cell("◐", "warning", "kept", f"dropped copies are not freed; {freed}")
    return Cell("✓", "good", "freed", f"{cycles} copies made and freed, nothing grows; {freed}")


def _instances(outcome: Mapping[str, Any]) -> Cell:
    keep, unvisited = keeping_types(outcome), unvisited_types(outcome)
    if keep:
        return Cell(
            "✗", "error", f"{len(keep)} kept", f"instances keep their type: {', '.join(keep)}"
        )
    if unvisited:
        names = ", ".join(unvisited)
        return Cell("◐", "warning", f"{len(unvisited)} unseen", f"traverse hides the type: {names}")
    made = outcome["made_of"]
    if not made:
        return Cell("-", "quiet", "none made", "no type could be made without arguments")
    return Cell("✓", "good", f"{made} fine", f"instances of {made} types let go of their type")


def _statics(outcome: Mapping[str, Any]) -> Cell:
    over, objects = len(outcome["overwritten"]), outcome["objects"]
    if over:
        return Cell(
            "✗", "error", f"{over} over", f"a second copy overwrote {over} of {objects} objects"
        )
    return Cell(
        "✓", "good", "kept", f"a second copy overwrote none of {objects} objects in statics"
    )


def _fallback(outcome: Mapping[str, Any]) -> Cell:
    if fell_back(outcome):
        return Cell(
            "◐", "warning", "Python", "the package quietly uses pure Python in a sub-interpreter"
        )
    if outcome["sub"] == "failed":
        return Cell("⊘", "note", "fails", "the package fails in a sub-interpreter, and says so")
    return Cell("✓", "good", "same", "the package uses the extension in sub-interpreters, too")


_OK: dict[str, Callable[[Mapping[str, Any]], Cell]] = {
    "info": _info,
    "twice": _twice,
    "shared-gil": _shared_gil,
    "own-gil": _shared_gil,
    "free-threaded": _free_threaded,
    "lifecycle": _lifecycle,
    "instances": _instances,
    "statics": _statics,
    "fallback": _fallback,
}

"""The file beside the loaded module: where they say the same, and where they do not.

The file's addresses are link addresses, and so are the ones a live run gives for what lies in the
file. What the file cannot tell (a definition built at run time) is ``live-only``, no difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from isoview.inspectors.binary.names import INTEGER_SLOTS
from isoview.inspectors.facts import Definition, Facts, Slot, Type

Kind = Literal["same", "file-only", "live-only", "differs"]


@dataclass(frozen=True)
class Compared:
    """One thing both could say. ``file`` and ``live`` are None where that side says nothing."""

    subject: str
    file: str | None
    live: str | None
    kind: Kind


def compare(facts: Facts, info: Mapping[str, Any]) -> tuple[Compared, ...]:
    """``info`` is that experiment's outcome; without an answer in it there is nothing to compare."""
    if "definition" not in info:
        return ()
    found = [_phase(facts, info)]
    found += _definition(_file_definition(facts), info["definition"])
    found += _static_types(facts, info)
    found += _heap_types(facts, info)
    return tuple(found)


def _file_definition(facts: Facts) -> Definition | None:
    """The definition of the file's own init; the only one there is will do."""
    if facts.own_definition is not None:
        return facts.own_definition
    return facts.definitions[0] if len(facts.definitions) == 1 else None


def _pair(subject: str, file: str | None, live: str | None) -> Compared:
    if file is None:
        return Compared(subject, None, live, "live-only")
    if live is None:
        return Compared(subject, file, None, "file-only")
    return Compared(subject, file, live, "same" if file == live else "differs")


def _phase(facts: Facts, info: Mapping[str, Any]) -> Compared:
    init = facts.own_init
    file = None if init is None or init.phase in {"unknown", "delegated"} else init.phase
    return _pair("phase", file, None if info["phase"] == "unknown" else info["phase"])


def _definition(file: Definition | None, live: Mapping[str, Any] | None) -> list[Compared]:
    if file is None and live is None:
        return []
    ours = _file_words(file) if file else {}
    theirs = _live_words(live) if live else {}
    compared = [_pair(name, ours.get(name), theirs.get(name)) for name in {**ours, **theirs}]
    said = [entry for entry in compared if entry.file is not None or entry.live is not None]
    return [*said, *_slots(file, live), *_methods(file, live)]


def _file_words(file: Definition) -> dict[str, str | None]:
    return {
        "definition": _hex(file.address),
        "m_name": file.m_name,
        "m_size": _number(file.m_size),
        "traverse": _yes(file.has_traverse),
        "clear": _yes(file.has_clear),
        "free": _yes(file.has_free),
    }


def _live_words(live: Mapping[str, Any]) -> dict[str, str | None]:
    return {
        "definition": _hex(live["link_address"]),
        "m_name": live["m_name"],
        "m_size": _number(live["m_size"]),
        "traverse": _yes(live["has_traverse"]),
        "clear": _yes(live["has_clear"]),
        "free": _yes(live["has_free"]),
    }


def _slots(file: Definition | None, live: Mapping[str, Any] | None) -> list[Compared]:
    """Slot by slot; a slot that only one side has is a difference if the other read its table."""
    ours = _slot_words(file.slots if file else ())
    theirs = _slot_words(_live_slots(live) if live else ())
    compared = []
    for name in dict.fromkeys([*ours, *theirs]):
        mine, seen = ours.get(name), theirs.get(name)
        entry = _pair(f"slot {name}", mine, seen)
        readable = file is not None and file.origin == "static" and file.slots_complete
        if live is not None and (mine is not None or readable) and mine != seen:
            entry = Compared(entry.subject, mine or "absent", seen or "absent", "differs")
        compared.append(entry)
    return compared


def _live_slots(live: Mapping[str, Any]) -> list[Slot]:
    return [Slot(slot["id"], slot["name"], slot["value"]) for slot in live["slots"]]


def _slot_words(slots: Sequence[Slot]) -> dict[str, str]:
    """Name (numbered where repeated) to what is in it.

    Only numbers are compared: a function that the file imports has no address of its own.
    """
    words: dict[str, str] = {}
    for slot in slots:
        name, again = slot.name, 2
        while name in words:
            name, again = f"{slot.name} #{again}", again + 1
        number = slot.id in INTEGER_SLOTS and slot.value is not None
        words[name] = str(slot.value) if number else "set"
    return words


def _methods(file: Definition | None, live: Mapping[str, Any] | None) -> list[Compared]:
    ours = {method.name: method.flags for method in file.methods} if file else {}
    theirs = {entry["name"]: entry["flags"] for entry in live["methods"]} if live else {}
    if not ours and not theirs:
        return []
    if file is None or live is None:
        return [_pair("methods", _count(ours, file), _count(theirs, live))]
    if ours == theirs:
        return [Compared("methods", str(len(ours)), str(len(theirs)), "same")]
    return [
        _pair(f"method {name}", _flags(ours.get(name)), _flags(theirs.get(name)))
        for name in dict.fromkeys([*ours, *theirs])
        if ours.get(name) != theirs.get(name)
    ]


def _static_types(facts: Facts, info: Mapping[str, Any]) -> list[Compared]:
    """By address where both have one, else by name."""
    ours = [entry for entry in facts.types if entry.kind == "static"]
    theirs = [entry for entry in info["types"] if entry["static"]]
    by_address = {entry["link_address"]: entry for entry in theirs if entry["link_address"]}
    by_name = {entry["name"]: entry for entry in theirs}
    matched: set[int] = set()
    compared = []
    for mine in ours:
        seen = by_address.get(mine.address) or by_name.get(mine.name)
        compared.append(_static_pair(mine, seen))
        if seen is not None:
            matched.add(seen["address"])
    compared += [
        Compared(f"type {entry['name']}", None, "static", "live-only")
        for entry in theirs
        if entry["address"] not in matched
    ]
    return compared


def _static_pair(mine: Type, seen: Mapping[str, Any] | None) -> Compared:
    """A static type that is not readied yet is unknown to the interpreter: ``file-only``."""
    if seen is None:
        return Compared(f"type {mine.name}", "static", None, "file-only")
    same = not mine.name or mine.name == seen["name"]
    file = "static" if same else f"static, named {mine.name}"
    live = "static" if same else f"static, named {seen['name']}"
    return _pair(f"type {seen['name']}", file, live)


def _heap_types(facts: Facts, info: Mapping[str, Any]) -> list[Compared]:
    """Specs and classes built at run time, by the last component of their names.

    Names must do: one spec makes a type per module object, and a file's name may lack the
    module. Several of one name are paired in turn.
    """
    waiting: dict[str, list[Mapping[str, Any]]] = {}
    for entry in info["types"]:
        if not entry["static"]:
            waiting.setdefault(_last(entry["name"]), []).append(entry)
    compared = []
    for mine in facts.types:
        if mine.kind == "static":
            continue
        candidates = waiting.get(_last(mine.name), [])
        if candidates:
            compared.append(_heap_pair(mine, candidates.pop(0)))
        else:
            compared.append(Compared(f"type {mine.name}", "heap", None, "file-only"))
    compared += [
        Compared(f"type {entry['name']}", None, "heap", "live-only")
        for entries in waiting.values()
        for entry in entries
    ]
    return compared


def _heap_pair(mine: Type, seen: Mapping[str, Any]) -> Compared:
    file, live = "heap", "heap"
    if mine.module_tied is not None and seen["module_tied"] not in {None, mine.module_tied}:
        file, live = (f"heap, {_tied(tied)}" for tied in (mine.module_tied, seen["module_tied"]))
    return _pair(f"type {seen['name']}", file, live)


def _tied(tied: bool) -> str:
    return "tied to its module" if tied else "not tied"


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _hex(value: int | None) -> str | None:
    return None if value is None else f"{value:#x}"


def _number(value: int | None) -> str | None:
    return None if value is None else str(value)


def _yes(value: bool | None) -> str | None:
    return None if value is None else ("yes" if value else "no")


def _count(methods: Mapping[str, int], side: object) -> str | None:
    return None if side is None else str(len(methods))


def _flags(flags: int | None) -> str | None:
    return None if flags is None else f"flags {flags:#x}"

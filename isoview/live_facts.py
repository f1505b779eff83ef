"""What the file could not tell, taken from the loaded module and marked as such.

Generators fill definitions and build classes at run time: nothing of that stands in the file. A
live run sees it. What the file does tell is never replaced: where the two disagree, a rule says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from isoview.inspectors.facts import (
    Completeness,
    Definition,
    Evidence,
    Facts,
    Init,
    Item,
    Method,
    Slot,
    Type,
)
from isoview.inspectors.record import replace
from isoview.observed import label


def infos(live: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(interpreter, answer of ``info``) wherever the module could be looked at."""
    return [
        (label(run["python"]), run["experiments"]["info"])
        for run in live["runs"]
        if "definition" in run["experiments"].get("info", {})
    ]


def filled(facts: Facts, live: Mapping[str, Any]) -> Facts:
    """``facts`` with what the first interpreter that could look at the module adds to them."""
    answers = infos(live)
    if not answers or not facts.artifact.is_extension:
        return facts
    python, info = answers[0]
    return replace(
        facts,
        init=tuple(_init(entry, info) for entry in facts.init),
        definitions=_definitions(facts, info),
        types=(*facts.types, *_types(facts, info, python)),
        completeness=_completeness(facts, info, python),
    )


def _init(init: Init, info: Mapping[str, Any]) -> Init:
    if not init.own or init.phase != "unknown" or info["phase"] == "unknown":
        return init
    return replace(init, phase=info["phase"], phase_source="live", reason=None)


def _definitions(facts: Facts, info: Mapping[str, Any]) -> tuple[Definition, ...]:
    live = info["definition"]
    if live is None:
        return facts.definitions
    own = facts.own_definition
    if own is None:
        return (*facts.definitions, _definition(live))
    completed = replace(
        own,
        m_name=own.m_name if own.m_name is not None else live["m_name"],
        m_size=own.m_size if own.m_size is not None else live["m_size"],
        methods=own.methods if own.methods or own.origin == "static" else _methods(live),
        slots=own.slots if own.slots_complete else _slots(own.slots, live),
        slots_complete=True,
        has_traverse=_either(own.has_traverse, live["has_traverse"]),
        has_clear=_either(own.has_clear, live["has_clear"]),
        has_free=_either(own.has_free, live["has_free"]),
    )
    return tuple(completed if entry is own else entry for entry in facts.definitions)


def _either(file: bool | None, live: bool) -> bool:
    return live if file is None else file


def _definition(live: Mapping[str, Any]) -> Definition:
    return Definition(
        kind=live["kind"],
        address=live["link_address"],
        origin="runtime",
        own=True,
        token=live["link_address"] if live["token"] is not None else None,
        m_name=live["m_name"],
        m_doc=live["m_doc"],
        m_size=live["m_size"],
        methods=_methods(live),
        slots=_slots((), live),
        has_traverse=live["has_traverse"],
        has_clear=live["has_clear"],
        has_free=live["has_free"],
    )


def _methods(live: Mapping[str, Any]) -> tuple[Method, ...]:
    return tuple(Method(entry["name"], entry["flags"]) for entry in live["methods"])


def _slots(known: Sequence[Slot], live: Mapping[str, Any]) -> tuple[Slot, ...]:
    """The file's slots, each completed, then those that only the loaded table has."""
    waiting = [
        Slot(entry["id"], entry["name"], entry["value"], entry["function"], "live")
        for entry in live["slots"]
    ]
    slots = []
    for slot in known:
        same = next((entry for entry in waiting if entry.id == slot.id), None)
        if same is not None:
            waiting.remove(same)
        told = slot.value is not None or slot.function is not None
        slots.append(slot if told or same is None else same)
    return (*slots, *waiting)


def _types(facts: Facts, info: Mapping[str, Any], python: str) -> list[Type]:
    """The loaded module's own classes that the file shows nothing of."""
    addresses = {entry.address for entry in facts.types if entry.kind == "static"}
    names: dict[str, int] = {}
    for known in facts.types:
        names[_last(known.name)] = names.get(_last(known.name), 0) + 1
    found = []
    for entry in info["types"]:
        last = _last(entry["name"])
        if entry["static"] and entry["link_address"] in addresses:
            continue
        if names.get(last):
            names[last] -= 1  # one class of the file stands for one of the module
            continue
        if _is_plain_exception(entry):
            continue
        found.append(
            Type(
                address=entry["link_address"],
                name=entry["name"],
                kind="static" if entry["static"] else "built",
                basicsize=entry["basicsize"],
                itemsize=entry["itemsize"],
                flags=entry["flags"],
                flag_names=tuple(entry["flag_names"]),
                module_tied=entry["module_tied"],
                completed_at_runtime=True,
                evidence=(Evidence("live", f"seen in the loaded module under {python}"),),
            )
        )
    return found


def _is_plain_exception(entry: Mapping[str, Any]) -> bool:
    """Exceptions made by ``PyErr_NewException`` are heap types that need no audit of their own."""
    return not entry["static"] and "BASE_EXC_SUBCLASS" in entry["flag_names"]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _completeness(facts: Facts, info: Mapping[str, Any], python: str) -> Completeness:
    read = facts.completeness
    definitions, types = read.definitions, read.types
    if info["definition"] is not None and definitions.level != "full":
        definitions = Item("full")
    if types.level != "full":
        seen = f"classes that exist after import were added from a run under {python}"
        types = Item("partial", f"{types.reason}; {seen}" if types.reason else seen)
    return replace(read, definitions=definitions, types=types)

"""The loaded module beside the file: the ``live`` branch, and marks on lines that differ."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from isoview.compare_live import Compared, compare
from isoview.inspectors.binary.names import method_flag_names
from isoview.inspectors.facts import Facts
from isoview.tui.branch import LIVE_KEY, Branch, size_text, yes_no
from isoview.tui.entry import Entry, Live


def info_of(live: Live) -> Mapping[str, Any] | None:
    """The outcome of the experiment ``info``, if it ran."""
    runs = (live.report or {}).get("runs") or ()
    for run in runs:
        outcome: Mapping[str, Any] | None = run.get("experiments", {}).get("info")
        if outcome is not None:
            return outcome
    return None


def with_live(branches: Iterable[Branch], entry: Entry) -> tuple[Branch, ...]:
    """The outline with the live branch, differing lines marked on both sides."""
    info = info_of(entry.live)
    compared: tuple[Compared, ...] = ()
    if entry.report is not None and info is not None:
        compared = compare(entry.report.facts, info)
    marks = _marks(entry.report.facts, compared) if entry.report else {}
    marked = [_marked(marks, branch) for branch in branches]
    place = next((i for i, branch in enumerate(marked, 1) if branch.key == "capi"), len(marked))
    marked.insert(place, _branch(entry.live, info, compared))
    return tuple(marked)


def _marked(marks: dict[str, str], branch: Branch) -> Branch:
    """``branch`` and what is below it, with what the loaded module says differently."""
    grow = branch.grow
    if not marks:
        return branch
    return replace(
        branch,
        differs=marks.get(branch.key, branch.differs),
        grow=partial(map, partial(_marked, marks), grow()) if grow else None,
    )


def _marks(facts: Facts, compared: Iterable[Compared]) -> dict[str, str]:
    """What the loaded module says, by the key of the file's line that says something else."""
    definition = facts.own_definition
    prefix = f"definition/{definition.m_name or definition.kind}" if definition else "definition"
    init = f"init/{facts.own_init.symbol}" if facts.own_init else "init"
    keys = {"phase": init, "definition": prefix}
    keys |= {name: f"{prefix}/{name}" for name in ("m_name", "m_size", "methods")}
    keys |= {hook: f"{prefix}/m_{hook}" for hook in ("traverse", "clear", "free")}
    for index, slot in enumerate(definition.slots if definition else ()):
        keys[f"slot {slot.name}"] = f"{prefix}/slots/{index}.{slot.name}"
    for entry in facts.types:
        keys[f"type {entry.name}"] = f"types/{entry.name}"
    return {
        keys[pair.subject]: f"loaded: {pair.live}"
        for pair in compared
        if pair.kind == "differs" and pair.subject in keys
    }


def _branch(live: Live, info: Mapping[str, Any] | None, compared: tuple[Compared, ...]) -> Branch:
    if live.state == "running":
        return Branch(LIVE_KEY, "live", "importing in a child process…")
    if info is None:
        value = f"failed: {live.message}" if live.state == "failed" else "not run (l)"
        return Branch(LIVE_KEY, "live", value)
    if "definition" not in info:
        value = f"{info.get('status', 'failed')}: {info.get('message') or 'no reason given'}"
        return Branch(LIVE_KEY, "live", value, None, partial(_outcome, info), unfolded=True)
    number = sum(pair.kind == "differs" for pair in compared)
    value = f"{number} difference{'' if number == 1 else 's'}" if number else "as the file says"
    grow = partial(_loaded, live, info, compared)
    return Branch(LIVE_KEY, "live", value, None, grow, unfolded=True)


def _outcome(info: Mapping[str, Any]) -> Iterator[Branch]:
    """How a run ended that gave no answer."""
    for name in ("status", "stage", "signal", "message", "stderr"):
        if info.get(name):
            yield Branch(f"{LIVE_KEY}/{name}", name, str(info[name]))


def _loaded(
    live: Live, info: Mapping[str, Any], compared: tuple[Compared, ...]
) -> Iterator[Branch]:
    python = (live.report or {})["runs"][0].get("python") or {}
    build = " free-threaded" if python.get("free_threaded") else ""
    yield Branch(f"{LIVE_KEY}/python", "python", f"{python.get('version')}{build}")
    pairs = [pair for pair in compared if not pair.subject.startswith("type ")]
    yield from (_pair(pair) for pair in pairs)
    state = info.get("state") or {}
    if state:
        size = state.get("size")
        value = "present" if state.get("present") else "none"
        shown = f"{value} · {size_text(size)}" if isinstance(size, int) and size > 0 else value
        yield Branch(f"{LIVE_KEY}/state", "state", shown)
    types = info.get("types") or []
    by_name = {pair.subject: pair for pair in compared if pair.subject.startswith("type ")}
    yield Branch(
        f"{LIVE_KEY}/types",
        "types",
        str(len(types)),
        None,
        partial(_types, types, by_name),
        unfolded=True,
    )


def _pair(pair: Compared) -> Branch:
    """One compared value: what the loaded module says, and what the file says if it differs."""
    if pair.kind == "file-only":
        value, differs = "not told", f"file: {pair.file}"
    else:
        value, differs = pair.live or "", None
    if pair.kind == "differs":
        differs = f"file: {pair.file}"
    elif pair.kind == "live-only":
        value = f"{value} (only loaded)"
    name = pair.subject.removeprefix("slot Py_mod_").removeprefix("type ")
    return Branch(f"{LIVE_KEY}/{pair.subject}", name, value, differs=differs)


def _types(types: Iterable[Mapping[str, Any]], pairs: Mapping[str, Compared]) -> Iterator[Branch]:
    """The classes of the loaded module, then the ones that only the file has."""
    seen = set()
    for entry in types:
        name = str(entry["name"])
        pair = pairs.get(f"type {name}")
        seen.add(f"type {name}")
        kind = "static" if entry["static"] else "heap"
        if pair is not None and pair.kind == "live-only":
            kind += " (only loaded)"
        differs = f"file: {pair.file}" if pair is not None and pair.kind == "differs" else None
        key = f"{LIVE_KEY}/types/{name}"
        yield Branch(key, name, kind, None, partial(_type, key, entry), differs=differs)
    for subject, pair in pairs.items():
        if subject not in seen and pair.kind == "file-only":
            yield _pair(pair)


def _type(key: str, entry: Mapping[str, Any]) -> Iterator[Branch]:
    """One class as the interpreter has it."""
    address = f"{entry['address']:#x}"
    if entry.get("link_address") is not None:
        address += f" (file: {entry['link_address']:#x})"
    for name, value in (
        ("address", address),
        ("flags", " ".join(entry.get("flag_names") or ()) or "none"),
        ("module-tied", yes_no(entry.get("module_tied"))),
        ("basicsize", str(entry.get("basicsize"))),
    ):
        yield Branch(f"{key}/{name}", name, value)
    for method in entry.get("methods") or ():
        flags = " ".join(method_flag_names(method["flags"]))
        yield Branch(f"{key}/methods/{method['name']}", str(method["name"]), flags)

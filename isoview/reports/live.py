"""What came out of live runs (``isoview.live/1``), for a person."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

from isoview.experiments import TITLES, cell
from isoview.observed import RAN_BADLY, how, label, shared
from isoview.reports.lines import Line, Span, line
from isoview.reports.words import counted, listed, named

PHASES = {
    "single": "single-phase",
    "multi": "multi-phase",
    "export": "PEP 793 export",
    "unknown": "unknown",
}
TONES = {"good": "good", "warning": "warning", "error": "error", "note": "note", "quiet": "dim"}
_LABEL_WIDTH = 14
_NAMED = 8
_STDERR_LINES = 12
_STACK_BEGINS = ("Fatal Python error", "Timeout (")
"""How faulthandler begins; the innermost frame comes right after."""


def live_lines(report: Mapping[str, Any]) -> list[Line]:
    """Everything in a live report: the matrix where there are several interpreters, then each."""
    lines = [line((str(report["module"] or report["target"]), "title"), wraps=False)]
    if report["file"]:
        place, file = os.path.split(report["file"])
        lines.append(line((f"{file} in {place}", "dim"), indent=2, wraps=False))
    if len(report["runs"]) > 1:
        lines += [line(), *matrix_lines(report)]
    for run in report["runs"]:
        lines += [line(), line((_interpreter(run["python"]), "heading"))]
        for name, outcome in run["experiments"].items():
            lines += outcome_lines(name, outcome)
    return lines


def matrix_lines(report: Mapping[str, Any]) -> list[Line]:
    """One row for each experiment, one column for each interpreter."""
    runs = report["runs"]
    names = list(dict.fromkeys(name for run in runs for name in run["experiments"]))
    labels = [label(run["python"]) for run in runs]
    cells = {
        (name, index): cell(name, run["experiments"][name])
        for index, run in enumerate(runs)
        for name in names
        if name in run["experiments"]
    }
    widths = [
        max([len(labels[index]), *(len(c.word) + 2 for (_, i), c in cells.items() if i == index)])
        for index in range(len(runs))
    ]
    first = max(len(TITLES[name]) for name in names) + 2
    heads = [f"{text:<{width}}  " for text, width in zip(labels, widths, strict=True)]
    rows = [line((" " * first + "".join(heads), "dim"), indent=2, wraps=False)]
    for name in names:
        spans: list[str | Span] = [f"{TITLES[name]:<{first}}"]
        for index, width in enumerate(widths):
            found = cells.get((name, index))
            text = f"{found.mark} {found.word}" if found else ""
            spans.append((f"{text:<{width}}  ", TONES[found.tone] if found else "dim"))
        rows.append(line(*spans, indent=2, wraps=False))
    return rows


def _interpreter(python: Mapping[str, Any] | None) -> str:
    if python is None:
        return "no interpreter was started"
    build = ", free-threaded" if python["free_threaded"] else ""
    return f"CPython {python['version']}{build}: {python['executable']}"


def outcome_lines(name: str, outcome: Mapping[str, Any]) -> list[Line]:
    status = str(outcome["status"])
    found = cell(name, outcome)
    what: list[str | Span] = [
        (f"{found.mark} ", TONES[found.tone]),
        (f"{TITLES[name]:<{_LABEL_WIDTH}}", "plain"),
        (_flow(found.sentence), TONES[found.tone] if status != "ok" else "plain"),
    ]
    lines = [line(*what, indent=2, hang=_LABEL_WIDTH + 4)]
    if "definition" in outcome:
        lines += info_lines(outcome)
    lines += [
        line(detail, indent=_LABEL_WIDTH + 4, hang=_LABEL_WIDTH + 6)
        for detail in details(name, outcome)
    ]
    if status in RAN_BADLY:
        lines += _stderr(outcome["stderr"])
    return lines


def _flow(text: str) -> str:
    """A message of the module's own on one line."""
    return named(" ".join(text.split()), 400)


def details(name: str, outcome: Mapping[str, Any]) -> list[str]:
    """What stands behind the sentence, where it is more than the sentence says."""
    found = []
    if outcome.get("parts"):
        words = {"main-first": "main interpreter first", "in-turn": "two of them in turn"}
        for part, ended in outcome["parts"].items():
            message = f": {_flow(ended['message'])}" if ended["message"] else ""
            found.append(f"{words.get(part, part)}: {how(ended)}{message}")
    names = shared(outcome)
    if names and not outcome.get("same_module"):
        found.append(f"the same in both: {listed([named(entry) for entry in names], _NAMED)}")
    if outcome.get("overwritten"):
        places = [entry["symbol"] or hex(entry["address"]) for entry in outcome["overwritten"]]
        found.append(f"overwritten: {listed([named(place) for place in places], _NAMED)}")
    if name == "lifecycle" and "cycles" in outcome:
        found.append(f"{_bounds(outcome, 'blocks')}; {_bounds(outcome, 'bytes')}")
    found += [
        f"{entry['where'].replace('_', ' ')}: {_flow(entry['message'])}"
        for entry in outcome.get("messages", ())
    ]
    if outcome.get("strays"):
        found.append(f"left its session, and was ended: {counted(outcome['strays'], 'process')}")
    return found


def _bounds(outcome: Mapping[str, Any], what: str) -> str:
    bounds = outcome[f"{what}_per_cycle"]
    if bounds["low"] is None:
        return f"{what} per cycle not measured"
    return f"{what} per cycle: {bounds['low']:.0f} to {bounds['high']:.0f} (95 %)"


def _stderr(text: str) -> list[Line]:
    """The end of what the child left on stderr: from where faulthandler begins, if it did."""
    rows = [row for row in text.splitlines() if row.strip()]
    if not rows:
        return []
    begins = [index for index, row in enumerate(rows) if row.startswith(_STACK_BEGINS)]
    shown = rows[begins[-1] :][:_STDERR_LINES] if begins else rows[-_STDERR_LINES:]
    return [
        line(("the last it wrote to stderr:", "dim"), indent=4),
        *(line((named(row, 160), "code"), indent=6, wraps=False) for row in shown),
    ]


def info_lines(info: Mapping[str, Any]) -> list[Line]:
    """The module as the interpreter sees it."""
    rows = [
        _row("phase", f"{PHASES[info['phase']]}{_because(info['phase_reason'])}"),
        _row("definition", _definition(info["definition"])),
        _row("state", _state(info)),
    ]
    if info["definition"] is not None:
        rows += [
            _row("hooks", _hooks(info["definition"])),
            _row("slots", _slots(info["slots"])),
            _row("methods", _methods(info["definition"]["methods"])),
        ]
    if info["traverse_reports"] is not None:
        found = counted(info["traverse_reports"], "object")
        kinds = [f"{entry['count']} {named(entry['type'])}" for entry in info["traverse_kinds"]]
        which = f": {listed(kinds, _NAMED)}" if kinds else ""
        rows.append(_row("traverse", f"reports {found} beside the module's dict{which}"))
    rows += _types(info["types"])
    if info["foreign_types"]:
        others = listed([named(name) for name in info["foreign_types"]], _NAMED)
        rows.append(_row("re-exports", others))
    rows += [_row("note", limit) for limit in info["limits"]]
    return rows


def _row(label: str, text: str) -> Line:
    return line((label.ljust(_LABEL_WIDTH), "dim"), text, indent=4, hang=4 + _LABEL_WIDTH)


def _because(reason: str | None) -> str:
    return f" ({reason})" if reason else ""


def _definition(definition: Mapping[str, Any] | None) -> str:
    if definition is None:
        return "none that the interpreter keeps"
    kind = "PyModuleDef" if definition["kind"] == "moduledef" else "slot array"
    name = f' "{named(definition["m_name"])}"' if definition["m_name"] is not None else ""
    if definition["link_address"] is not None:
        return f"{kind}{name} at {definition['link_address']:#x} of the file"
    return f"{kind}{name} at {definition['address']:#x} in memory"


def _state(info: Mapping[str, Any]) -> str:
    size = info["m_size"]
    if size is None:
        return "size not known"
    if size < 0:
        return f"m_size {size}: the module keeps its state in C statics"
    if size == 0:
        return "m_size 0: none"
    allocated = "allocated" if info["state"]["present"] else "not allocated"
    return f"m_size {size}: {counted(size, 'byte')} for each module object, {allocated}"


def _hooks(definition: Mapping[str, Any]) -> str:
    names = [hook for hook in ("traverse", "clear", "free") if definition[f"has_{hook}"]]
    return ", ".join(f"m_{hook}" for hook in names) or "none"


def _slots(slots: Sequence[Mapping[str, Any]]) -> str:
    said = [
        slot["name"] if slot["value"] is None else f"{slot['name']} = {slot['value']}"
        for slot in slots
    ]
    return ", ".join(said) or "none"


def _methods(methods: Sequence[Mapping[str, Any]]) -> str:
    if not methods:
        return "none"
    return f"{len(methods)}: {listed([named(method['name']) for method in methods], _NAMED)}"


def _types(types: Sequence[Mapping[str, Any]]) -> list[Line]:
    static = sum(1 for entry in types if entry["static"])
    summary = f"{static or 'no'} static, {len(types) - static or 'none'} on the heap"
    rows = [_row("types", summary if types else "none")]
    width = min(max((len(named(entry["name"])) for entry in types), default=0), 44)
    for entry in types:
        kind, style = ("static", "warning") if entry["static"] else ("heap", "plain")
        rows.append(
            line(
                (named(entry["name"]).ljust(width), "plain"),
                "  ",
                (kind.ljust(6), style),
                "  ",
                ", ".join(_traits(entry)),
                indent=6,
                hang=8,
            )
        )
    return rows


def _traits(entry: Mapping[str, Any]) -> list[str]:
    """What matters of a type for isolation, in words."""
    flags = set(entry["flag_names"])
    traits = []
    if entry["link_address"] is not None:
        traits.append(f"at {entry['link_address']:#x} of the file")
    if entry["module_tied"] is not None and not entry["static"]:
        traits.append("tied to its module" if entry["module_tied"] else "not tied")
    traits.append("GC" if "HAVE_GC" in flags else "no GC")
    if not entry["static"]:
        traits.append("immutable" if "IMMUTABLETYPE" in flags else "mutable")
    traits += ["no instances"] if "DISALLOW_INSTANTIATION" in flags else []
    traits += ["exception"] if "BASE_EXC_SUBCLASS" in flags else []
    return traits

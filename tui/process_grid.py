"""One row of the Processes grid: a module, its interpreters, what it shares, what its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from isoview.tui.ink import Ink, shown
from isoview.tui.process_text import short_claim

if TYPE_CHECKING:
    from isoview.attach import Observed
    from isoview.inspectors.process.facts import Module
    from isoview.tui.process_state import ProcessState, Reading


def columns(reading: Reading, *, wide: bool) -> dict[str, str]:
    """Labels of the columns by their keys."""
    found = {"module": "module"}
    for entry in reading.read.walk.interpreters:
        gil = {"own": " own GIL", "shared": " shared", "off": "", "process": ""}[entry.gil]
        kind = " main" if entry.id == 0 else gil
        found[f"#{entry.id}"] = f"#{entry.id}{kind if wide else ''}"
    # What the file says: the answers to the four questions, in their order.
    return found | {"shared": "shared", "statics": "statics", "audit": "file says"}


def cells(ink: Ink, state: ProcessState, name: str, *, wide: bool) -> list[Text]:
    """The cells of a module's row; none before the first reading."""
    reading = state.now
    if reading is None:
        return []
    modules = [state.module((name, number)) for number in reading.interpreters]
    row = [shown(name, "bold" if state.shares(name) else "", limit=48 if wide else 28)]
    row += [
        _mark(ink, module, state.change((name, number)), shares=state.shares(name))
        for number, module in zip(reading.interpreters, modules, strict=True)
    ]
    first = next((module for module in modules if module is not None), None)
    file = state.file_of(first) if first else None
    row.append(Text(_shared(reading.observed.get(name)), ink.style("error")))
    row.append(Text(_statics(state, file), justify="right"))
    row.append(short_claim(ink, state.audits.get(file) if file else None))
    return row


def _mark(ink: Ink, module: Module | None, change: str, *, shares: bool) -> Text:
    shape = "·" if module is None else "▲" if shares else "●"
    tone = "quiet" if module is None else "error" if shares else "good"
    return Text.assemble((change or " ", ink.style("warning")), (shape, ink.style(tone)))


def _shared(seen: Observed | None) -> str:
    if seen is None or seen.outcome not in {"shares", "same-module"}:
        return ""
    counts = (("type", len(seen.shared_types)), ("object", len(seen.shared_objects)))
    parts = [f"{number} {word}{'s' if number > 1 else ''}" for word, number in counts if number]
    return "▲ " + (", ".join(parts) or "the module itself")


def _statics(state: ProcessState, file: str | None) -> str:
    rows = state.statics_of(file)
    came, went = state.statics_change(file)
    change = f" +{len(came)} -{len(went)}" if came or went else ""
    return "…" if rows is None else f"{len(rows)}{change}"

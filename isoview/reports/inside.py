"""What the probe said inside a process (remote-exec, agent), for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from isoview.reports.lines import Line, line
from isoview.reports.live import info_lines
from isoview.reports.words import counted, named

_HOW = {
    "remote-exec": "the probe ran inside it, once",
    "agent": "its agent answered",
}


def inside_lines(
    pid: int, mode: str, python: Mapping[str, Any] | None, modules: Sequence[Mapping[str, Any]]
) -> list[Line]:
    """Every extension module of the main interpreter, as the process itself sees it."""
    version = str(python["version"]) if python else "?"
    build = " free-threaded" if python and python["free_threaded"] else ""
    said = f"{_HOW[mode]}: {counted(len(modules), 'extension module')} in the interpreter that answered"
    lines = [
        line((f"process {pid}", "title"), f"  CPython {version}{build}"),
        line((said, "dim")),
    ]
    for entry in modules:
        lines += [line(), line((named(entry["name"]), "heading"))]
        if "info" in entry:
            lines += info_lines(entry["info"])
        else:
            lines.append(line(f"could not be looked at: {entry['error']}", indent=4))
    return lines

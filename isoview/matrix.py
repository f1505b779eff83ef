"""Experiments times interpreters for one file: which interpreters fit, and running the cells."""

import shutil
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from isoview.fingerprint import dotted_module
from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.facts import Facts
from isoview.loads_on import FREE_THREADED_FROM, free_threaded, minors

Tell = Callable[[int, str, dict[str, Any] | None], None]
"""Told of each cell: the interpreter's place, the experiment, its outcome (None: it begins)."""


def interpreters(facts: Facts) -> list[str]:
    """Interpreters of this machine that can load the file, the one it is installed for first.

    Found by their names alone: none is started. Without any, the one we run on.
    """
    found = [*_environment_of(Path(facts.artifact.path))]
    fitting = minors(facts)
    if not fitting or sys.version_info.minor in fitting:
        found.append(sys.executable)
    for minor in fitting:
        names = [f"python3.{minor}"]
        if minor >= FREE_THREADED_FROM:
            build = f"python3.{minor}t"
            names = [build] if free_threaded(facts) else names
        found += [path for path in map(shutil.which, names) if path and not _is_shim(path)]
    unique: dict[str, str] = {}
    for path in found:
        unique.setdefault(str(Path(path).resolve()), path)
    return list(unique.values()) or [sys.executable]


def _environment_of(file: Path) -> list[str]:
    """The python of the environment that the file lies in: PREFIX/lib/python3.N/site-packages."""
    for folder in file.absolute().parents:
        if folder.name.startswith("python3.") and folder.parent.name in {"lib", "lib64"}:
            python = folder.parent.parent / "bin" / folder.name
            plain = python.with_name("python")
            return [str(path) for path in (python, plain) if path.exists()][:1]
    return []


def _is_shim(path: str) -> bool:
    """A script of pyenv's in the place of a version that may not be selected."""
    return "shims" in Path(path).parts


def run_matrix(
    facts: Facts,
    pythons: Sequence[str],
    experiments: Sequence[str],
    tell: Tell,
    stop: threading.Event,
) -> dict[str, Any]:
    """Run every cell, one interpreter after the other; the form is ``isoview.live/1``.

    An interpreter that the file is not for imports the module of that name instead, if it has one.
    """
    whole: dict[str, Any] = {}
    for index, python in enumerate(pythons):
        report = _column(facts, index, python, experiments, tell, stop)
        if not whole:
            whole = report
        else:
            whole["runs"] += report["runs"]
            whole["module"] = whole["module"] or report["module"]
            whole["file"] = whole["file"] or report["file"]
    return whole


def _column(
    facts: Facts,
    index: int,
    python: str,
    experiments: Sequence[str],
    tell: Tell,
    stop: threading.Event,
) -> dict[str, Any]:
    from isoview.inspectors.live.runner import nothing_run, run

    path = facts.artifact.path

    def progress(_index: int, name: str, outcome: dict[str, Any] | None) -> None:
        tell(index, name, outcome)

    def some(target: str, names: Sequence[str]) -> dict[str, Any]:
        return run(target, names, python, progress=progress, stop=stop)

    try:
        first = some(path, experiments[:1])
        outcome = first["runs"][0]["experiments"][experiments[0]]
        if "another interpreter" in str(outcome["message"]):
            return some(dotted_module(facts), experiments)
        if len(experiments) == 1:
            return first
        rest = some(path, experiments[1:])
    except IsoviewError as error:
        why = error.message
        report = nothing_run(path, experiments, [python], lambda _: why)
        for name, outcome in report["runs"][0]["experiments"].items():
            tell(index, name, outcome)
        return report
    cells = {**first["runs"][0]["experiments"], **rest["runs"][0]["experiments"]}
    first["runs"][0]["experiments"] = cells
    return first

"""The optional matrix: each wheel installed in a throw-away environment, its modules run.

Foreign code runs here, in the wheel and in all that it needs. Nothing in the other tables comes
from here, and nothing of this is done without ``--live``.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from isoview.inspectors.errors import IsoviewError
from isoview.survey.packing import Packer
from isoview.survey.rows import Row
from isoview.survey.store import columns_of, parts_of
from isoview.survey.worker import Task

_INSTALL = 900  # seconds
_MODULES = 40
"""Modules of one wheel that are tried: each is nine children or more for every interpreter."""
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_.+!-]+\.whl")


def live_tables(task: Task, pythons: Sequence[str]) -> dict[str, bytes]:
    """The rows of one wheel in ``live``: one at least, which says why there is no more."""
    packer = Packer()
    try:
        with TemporaryDirectory(prefix="isoview-live-") as folder:
            path = _wheel(task, folder)
            modules = _modules(path)
            for number, python in enumerate(pythons):
                home = os.path.join(folder, f"env{number}")  # noqa: PTH118
                packer.extend(("live", row) for row in _column(task, path, modules, python, home))
    except (IsoviewError, OSError) as error:
        said = error.message if isinstance(error, IsoviewError) else str(error)
        packer.add("live", _not_run(task, "open", said))
    if not packer.number:
        packer.add("live", _not_run(task, "open", "it holds no extension module"))
    return packer.packed()


def nothing_live(task: Task, why: str) -> dict[str, bytes]:
    """The row of a wheel that brought its worker down."""
    packer = Packer()
    packer.add("live", _not_run(task, "worker", why))
    return packer.packed()


def without_modules(folder: Path) -> set[str]:
    """Wheels that there is nothing to run of."""
    found: set[str] = set()
    for path in parts_of(folder, "distributions"):
        for row in columns_of(path, ["wheel", "kind"]).to_pylist():
            if row["kind"] != "compiled":
                found.add(row["wheel"])
    return found


def _not_run(task: Task, experiment: str, why: str, python: str | None = None) -> Row:
    return (task.wheel, None, python, None, experiment, "not-run", "not run", why, why)


def _wheel(task: Task, folder: str) -> str:
    """Where the wheel lies, under a name that an installer takes."""
    if task.data is None:
        return task.path
    name = task.wheel.rpartition("/")[2]
    if not _PLAIN_NAME.fullmatch(name):
        raise IsoviewError("pip does not accept its file name", "Rename it: NAME-VERSION-TAGS.whl.")
    path = os.path.join(folder, name)  # noqa: PTH118 - the name was looked at
    with open(path, "wb") as file:
        file.write(task.data)
    return path


def _modules(path: str) -> list[str]:
    """Dotted names of the extension modules in a wheel."""
    from isoview.fingerprint import dotted_place
    from isoview.inspectors.binary.inspect import shape
    from isoview.stream import opened
    from isoview.targets import Place
    from isoview.wheels import Wheel

    with Wheel(path) as wheel:
        members = [entry for entry in wheel.contents() if isinstance(entry, str)]
    found = []
    for member in members:
        place = Place(f"{path}/{member}", path, member)
        try:
            extension = any(shape(loaded).artifact.is_extension for loaded in opened(place))
        except IsoviewError:
            continue  # the survey's own tables say why
        if extension:
            found.append(dotted_place(place.path, member))
    return found


def _column(task: Task, path: str, modules: Sequence[str], python: str, home: str) -> Iterator[Row]:
    """Every experiment under one interpreter."""
    from isoview.inspectors.live import EXPERIMENTS
    from isoview.inspectors.live.pythons import find_python
    from isoview.inspectors.live.runner import run

    try:
        executable = _environment(find_python(python), path, home)
    except IsoviewError as error:
        yield _not_run(task, "install", error.message, python)
        return
    for module in modules[:_MODULES]:
        try:
            report = run(module, EXPERIMENTS, executable, jobs=1)
        except IsoviewError as error:
            yield _not_run(task, "start", error.message, python)
            continue
        for each in report["runs"]:
            yield from _cells(task, module, each)
    if len(modules) > _MODULES:
        yield _not_run(task, "rest", f"{len(modules) - _MODULES} more modules were not tried", python)  # fmt: skip


def _cells(task: Task, module: str, column: dict[str, Any]) -> Iterator[Row]:
    from isoview.experiments import cell

    python = column["python"] or {}
    for name, outcome in column["experiments"].items():
        shown = cell(name, outcome)
        yield (
            task.wheel, module, python.get("version"), python.get("free_threaded"), name,
            outcome["status"], shown.word, shown.sentence, outcome.get("message"),
        )  # fmt: skip


def _environment(python: str, wheel: str, home: str) -> str:
    """The python of a new environment with the wheel in it, and what it needs."""
    _must([python, "-I", "-m", "venv", "--without-pip", home], "no environment can be made")
    inner = os.path.join(home, "Scripts" if os.name == "nt" else "bin", "python")  # noqa: PTH118
    options = ["--disable-pip-version-check", "--no-input", "--quiet", "--only-binary=:all:"]
    pip = [sys.executable, "-m", "pip", "--python", inner, "install", *options]
    _must([*pip, wheel], "it cannot be installed")
    return inner


def _must(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="backslashreplace",
            check=False, timeout=_INSTALL, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise IsoviewError(f"{what}: it took more than {_INSTALL} s", "Try it by hand.") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise IsoviewError(f"{what}: {(lines or ['no reason given'])[-1][:300]}", "Try it by hand.")

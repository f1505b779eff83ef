"""What several modules share, as lines: what is wrong, then capsules, then registries.

Plain data, no Textual, from the form that ``isoview sharing --format json`` prints: many modules
are compared in another process, which leaves the keyboard alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from threading import Event as StopEvent
from typing import Any, Literal, NamedTuple

from isoview.inspectors.errors import IsoviewError

Data = dict[str, Any]
_SAID = 300


class Line(NamedTuple):
    """A line: ``title`` and what is ``about`` it; a module under it has a ``path`` to open."""

    kind: Literal["heading", "finding", "capsule", "registry", "module"]
    title: str
    about: Data
    role: str = ""  # of a module in what stands above it
    path: str | None = None


def compare_files(paths: Sequence[str], stop: StopEvent) -> Data:
    """Compare files in a child process, which ends when ``stop`` is set."""
    # -P: the working folder is no place to import from (it may hold anything).
    command = [sys.executable, "-P", "-m", "isoview", "sharing", "--format", "json", "--", *paths]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=said)
        while process.poll() is None:
            if stop.wait(0.05):
                process.kill()
                process.wait()
                raise IsoviewError(
                    "the comparison was stopped", "Open the view again to repeat it."
                )
        out.seek(0)
        try:
            data = json.loads(out.read())
        except ValueError:
            said.seek(0)
            words = said.read().decode("utf-8", "backslashreplace").strip()[-_SAID:]
            raise IsoviewError(
                f"the comparison ended without a result: {words or process.returncode}",
                "`isoview sharing` with the same targets says more.",
            ) from None
        return dict(data)


def lines(data: Data) -> Iterator[Line]:
    """Every line, in the order of what to look at first."""
    files = data["files"]
    if data["findings"]:
        yield Line("heading", "Built twice, or in disagreement", {})
    for finding in data["findings"]:
        yield Line("finding", f"{finding['rule']} {finding['message']}", finding)
    met = [link for link in data["capsules"] if link["published"] and link["imported"]]
    rest = [link for link in data["capsules"] if link not in met]
    for title, links in (
        ("Capsules between these modules", met),
        ("Capsules whose other side is not here", rest),
    ):
        if links:
            yield Line("heading", title, {})
        for link in links:
            yield Line("capsule", link["name"], link)
            for role, names in (("made by", link["published"]), ("taken by", link["imported"])):
                yield from _modules(names, role, link, files)
    if data["registries"]:
        yield Line("heading", "Registries of the whole process", {})
    for registry in data["registries"]:
        yield Line("registry", f"{registry['generator']}  {registry['key']}", registry)
        yield from _modules(registry["modules"], "used by", registry, files)


def _modules(names: Sequence[str], role: str, about: Data, files: dict[str, str]) -> Iterator[Line]:
    for name in names:
        yield Line("module", name, about, role, files.get(name))


def summary(data: Data) -> str:
    """What was compared, in a few words."""
    number = len(data["modules"])
    capsules = sum(bool(link["published"] and link["imported"]) for link in data["capsules"])
    return (
        f"{number} module{'' if number == 1 else 's'}, {len(data['findings'])} in disagreement, "
        f"{capsules} capsule{'' if capsules == 1 else 's'} between them"
    )


def explained(line: Line) -> str:
    """What a line means, for whoever has never heard of it."""
    about = line.about
    if line.kind == "finding":
        return (
            f"{about['message']}.\n\n"
            + "\n".join(about["evidence"])
            + "\n\nObjects of the one are no instances of the other: isinstance says no, and a "
            "function of the other module refuses them."
        )
    if line.kind == "registry" or (line.kind == "module" and "generator" in about):
        users = len(about["modules"])
        return (
            f"{about['generator']} keeps a registry of its types for the whole process under this "
            f"key. {users} module{'' if users == 1 else 's'} here use{'s' if users == 1 else ''} "
            "it: they see each other's types when their keys are equal, and do not when they "
            "differ. The registry outlives every one of them and is shared by all interpreters "
            "that can reach it."
        )
    made, taken = about["published"], about["imported"]
    said = (
        "A capsule hands a C pointer from one module to another, most often to a table of "
        "functions. "
    )
    if made and taken:
        said += "Who takes it depends on the layout of that table in the version that made it."
    elif made:
        said += "No module that is compared here takes it."
    else:
        said += (
            "The module that makes it is not among those compared here; it is looked up when the "
            "taking module starts to use it."
        )
    return said

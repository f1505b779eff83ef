"""The lock: which wheels a survey is about, each with its hash. Lines of JSON, only added to.

The first line says what was asked for. A survey goes on only with the same question; a lock
may itself be the source of another survey, which then is about the very same wheels.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from isoview.inspectors.errors import BadConfig
from isoview.survey.store import append_line

SCHEMA = "isoview.survey-lock/1"
NAME = "lock.jsonl"


class Locked(NamedTuple):
    """One wheel. ``tags`` is which of the asked-for interpreters it was fetched for."""

    wheel: str
    requested: str
    sha256: str
    size: int
    tags: int = 0


class Refused(NamedTuple):
    """Something asked for that there is no wheel of, whatever is tried again."""

    wheel: str
    requested: str
    error: str
    hint: str
    tags: int = 0


class Releases(NamedTuple):
    """What ``--history`` chose of a package."""

    package: str
    releases: list[str]


Entry = Locked | Refused | Releases


class Entries:
    """What a lock holds."""

    def __init__(self) -> None:
        self.locked: dict[str, Locked] = {}
        self.refused: dict[str, Refused] = {}
        self.releases: dict[str, list[str]] = {}
        self.asked: set[tuple[str, int]] = set()
        """(requirement, which interpreter) of everything that has an answer."""

    def take(self, entry: Entry) -> bool:
        """Remember an entry; False where it says nothing new."""
        if isinstance(entry, Releases):
            new = entry.package not in self.releases
            self.releases.setdefault(entry.package, entry.releases)
            return new
        if isinstance(entry, Refused):
            new = entry.wheel not in self.refused
            self.refused.setdefault(entry.wheel, entry)
            self.asked.add((entry.requested, entry.tags))
            return new
        new = (entry.requested, entry.tags) not in self.asked or entry.wheel not in self.locked
        self.locked.setdefault(entry.wheel, entry)  # one wheel may serve two interpreters
        self.asked.add((entry.requested, entry.tags))
        return new


class Lock(Entries):
    """The lock of one survey's folder, read and added to."""

    def __init__(self, folder: Path, question: Mapping[str, Any], engine: str) -> None:
        super().__init__()
        self.path = folder / NAME
        if self.path.exists():
            self._open(question, engine)
        else:
            append_line(self.path, [{"schema": SCHEMA, "engine": engine, "question": question}])

    def _open(self, question: Mapping[str, Any], engine: str) -> None:
        _mend(self.path)
        head, known = read(self.path)
        folder = self.path.parent
        if head.get("question") != json.loads(json.dumps(question)):
            raise BadConfig(
                f"{folder} holds a survey of something else: {_said(head.get('question'))}",
                "Give the same source and options to go on with it, or name another folder.",
            )
        if head.get("engine") != engine:
            raise BadConfig(
                f"{folder} was begun by another isoview ({head.get('engine')}; this is {engine})",
                "Results of two versions do not belong together: name another folder. "
                f"{self.path} as the source surveys the same wheels.",
            )
        vars(self).update(vars(known))

    def add(self, entries: Iterable[Entry]) -> None:
        """Add what is not there yet."""
        new = [entry._asdict() for entry in entries if self.take(entry)]
        if new:
            append_line(self.path, new)


def read(path: Path) -> tuple[dict[str, Any], Entries]:
    """The head and the entries of a lock. Raises :class:`BadConfig`."""
    entries = Entries()
    head: dict[str, Any] = {}
    number = 0
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                data = json.loads(line)
                if number == 1:
                    head = _head(data)
                else:
                    entries.take(_entry(data, head["question"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else error
        raise BadConfig(
            f"{path}, line {number}, is no line of a lock: {why}",
            "Take that line out, or make the lock anew in another folder.",
        ) from error
    if not head:
        raise BadConfig(f"{path} is empty", "Make the lock anew in another folder.")
    return head, entries


def _head(data: dict[str, Any]) -> dict[str, Any]:
    if data["schema"] != SCHEMA:
        raise ValueError(f"it is {data['schema']}")
    question = data["question"]
    _are_texts(question["kind"], question["source"])
    if question["kind"] == "list":
        _are_texts(*question["pythons"], *question["platforms"])
    return data


def _entry(data: dict[str, Any], question: Mapping[str, Any]) -> Entry:
    """One line, with every value of its kind: a lock may come from anywhere."""
    if "releases" in data:
        chosen = Releases(**data)
        _are_texts(chosen.package, *chosen.releases)
        return chosen
    entry = Refused(**data) if "error" in data else Locked(**data)
    numbers = {"size", "tags"}
    _are_texts(*(value for name, value in entry._asdict().items() if name not in numbers))
    if isinstance(entry, Locked) and type(entry.size) is not int:
        raise TypeError(f"{entry.size!r} is no size")
    if type(entry.tags) is not int or entry.tags not in range(len(question.get("pythons", [""]))):
        raise ValueError(f"{entry.tags!r} is none of the interpreters asked for")
    return entry


def _are_texts(*values: Any) -> None:
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{value!r} is no text")


def is_lock(path: Path) -> bool:
    """Whether a file is a lock, by its first line."""
    try:
        with path.open(encoding="utf-8") as file:
            data = json.loads(file.readline(1 << 16))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(data, dict) and data.get("schema") == SCHEMA


def _mend(path: Path) -> None:
    """A kill may have left half a line at the end: it goes, and what it said is found again."""
    body = path.read_bytes()
    whole = body.rfind(b"\n") + 1
    if whole != len(body):
        with path.open("r+b") as file:
            file.truncate(whole)


def _said(question: Any) -> str:
    if not isinstance(question, dict):
        return str(question)
    return ", ".join(f"{name} {value}" for name, value in question.items() if value)

"""The answer for an environment: which distributions block what, and who pulls them in."""

import os
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from isoview.distributions import Installed
from isoview.model import COUNTING, QUESTIONS, Report, TargetError

SCHEMA = "isoview.env/1"
WORST = ("no", "contradiction", "unknown", "yes")
"""Answers from the worst to the best."""


class Row(NamedTuple):
    """One distribution: its worst answers, and the files that have them."""

    name: str
    version: str
    chain: tuple[str, ...]  # from a root to the distribution itself
    toolchains: tuple[str, ...]
    modules: int
    answers: dict[str, str]
    files: dict[str, tuple[str, ...]]  # question: those whose answer is the worst one, if not yes
    findings: int  # that count


class Homes:
    """What each file belongs to: the distribution that lists it, else its top package."""

    def __init__(self, entries: Iterable[Installed], folders: Iterable[str]) -> None:
        self.entries = {entry.key: entry for entry in entries}
        self._owner = {
            os.path.realpath(path): entry.key
            for entry in self.entries.values()
            for path in entry.modules
        }
        self._folders = sorted((os.path.realpath(folder) for folder in folders), key=len)

    def key(self, real: str) -> str:
        """The distribution's key, or the top package in brackets where none lists the file."""
        return self._owner.get(real) or f"({self._top(real)})"

    def inner(self, real: str) -> str:
        """A file's place below the folder it is imported from."""
        for folder in reversed(self._folders):
            if real.startswith(folder + os.sep):
                return os.path.relpath(real, folder).replace(os.sep, "/")
        return real

    def _top(self, real: str) -> str:
        first, inside, _ = self.inner(real).lstrip("/").partition("/")
        return first if inside else first.split(".")[0]


class Gathering:
    """Takes reports one after the other; keeps only what the rows need."""

    def __init__(
        self,
        entries: Iterable[Installed],
        chains: dict[str, tuple[str, ...]],
        folders: Sequence[str],
    ) -> None:
        self._chains = chains
        self._homes = Homes(entries, folders)
        self._entries = self._homes.entries
        self._reports: dict[str, list[_Brief]] = {}

    def add(self, report: Report) -> None:
        """One more module."""
        real = os.path.realpath(report.facts.artifact.path)
        if report.verdict is not None:
            brief = _brief(report, self._homes.inner(real))
            self._reports.setdefault(self._homes.key(real), []).append(brief)

    def rows(self) -> list[Row]:
        """The worst first: by own GIL, then shared GIL, free threading, copies; then by name."""
        return sorted(map(self._row, self._reports), key=_order)

    def _row(self, key: str) -> Row:
        briefs = self._reports[key]
        entry = self._entries.get(key)
        answers: dict[str, str] = {}
        files: dict[str, tuple[str, ...]] = {}
        for question in QUESTIONS:
            worst = min((brief.answers[question] for brief in briefs), key=WORST.index)
            answers[question] = worst
            files[question] = tuple(
                brief.path
                for brief in briefs
                if worst != "yes" and brief.answers[question] == worst
            )
        return Row(
            name=entry.name if entry else key,
            version=entry.version if entry else "",
            chain=self._chains.get(key, ()),
            toolchains=tuple(dict.fromkeys(brief.toolchain for brief in briefs)),
            modules=len(briefs),
            answers=answers,
            files=files,
            findings=sum(brief.findings for brief in briefs),
        )

    def pure(self) -> int:
        """How many distributions have nothing compiled."""
        return sum(not entry.modules for entry in self._entries.values())


class _Brief(NamedTuple):
    path: str
    toolchain: str
    answers: dict[str, str]
    findings: int


def _brief(report: Report, path: str) -> _Brief:
    return _Brief(
        path,
        toolchain(report),
        {question: getattr(report.verdict, question).answer for question in QUESTIONS},
        sum(finding.count for finding in report.findings if finding.status in COUNTING),
    )


def toolchain(report: Report) -> str:
    """What made a module, as a row says it."""
    tool = report.facts.toolchains[0] if report.facts.toolchains else None
    return "C" if tool is None else f"{tool.name} {tool.version}" if tool.version else tool.name


def _order(row: Row) -> tuple[Any, ...]:
    questions = ("own_gil", "shared_gil", "free_threaded", "multiple_module_objects")
    return (*(WORST.index(row.answers[question]) for question in questions), row.name.lower())


def to_data(
    python: dict[str, Any], rows: Sequence[Row], pure: int, errors: Sequence[TargetError]
) -> dict[str, Any]:
    """The document ``isoview.env/1``."""
    from isoview.codec import error_to_data
    from isoview.version import VERSION

    return {
        "schema": SCHEMA,
        "isoview": VERSION,
        "python": python,
        "distributions": [row._asdict() for row in rows],
        "without_modules": pure,
        "errors": [error_to_data(error) for error in errors],
    }

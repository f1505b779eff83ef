"""Many modules at once as the app knows them: what was found, in which order, how far. Plain data.

Lines come from :mod:`isoview.scan`; the Workspace screen shows :meth:`Workspace.rows`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from isoview.targets import Scope
from isoview.tui.words import QUESTIONS

if TYPE_CHECKING:
    from isoview.tui.filtering import Filter

FIELDS = tuple(question[0] for question in QUESTIONS)
WORST = ("no", "contradiction", "unknown", "yes", "")
"""Answers from the worst to the best; none at all (no extension, an error) comes last."""
BLOCKING = frozenset({"no", "contradiction"})
SORTS = ("name", "files", *FIELDS, "open", "toolchain")
VERDICTS = ("blocks", "unknown", "ready")
"""What the verdict filter can keep, for the question that is asked."""


@dataclass
class Module:
    """One compiled file, or one slice of it; ``error`` where it could not be read."""

    path: str
    place: str
    group: str
    toolchain: str = ""
    arch: str = ""
    answers: dict[str, list[str]] = field(default_factory=dict)
    open: dict[str, int] = field(default_factory=dict)
    worst: str = ""
    extension: bool = True
    error: str = ""
    hint: str = ""

    def answer(self, question: str) -> str:
        return self.answers[question][0] if question in self.answers else ""

    @property
    def number(self) -> int:
        """Open findings."""
        return sum(self.open.values())


@dataclass
class Group:
    """What belongs together: a distribution, a wheel, a folder."""

    key: str
    name: str
    version: str = ""
    chain: tuple[str, ...] = ()  # from what somebody asked for to this
    modules: list[Module] = field(default_factory=list)

    @property
    def called(self) -> str:
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class Row:
    """A line of the table: a group, a module of an unfolded one, or both in one."""

    key: str
    group: Group
    modules: tuple[Module, ...]  # those of the group that are kept
    inside: bool = False
    folded: bool = True

    @property
    def module(self) -> Module | None:
        """The one module that the line stands for."""
        return self.modules[0] if len(self.modules) == 1 else None

    def answer(self, question: str) -> str:
        """The worst answer."""
        return min((m.answer(question) for m in self.modules), key=WORST.index)

    def mark_of(self, question: str) -> list[str]:
        """The answer that the mark shows, with what it rests on."""
        worst = min(self.modules, key=lambda m: WORST.index(m.answer(question)))
        return worst.answers.get(question, [])

    @property
    def number(self) -> int:
        return sum(module.number for module in self.modules)

    @property
    def errors(self) -> int:
        return sum(module.open.get("error", 0) for module in self.modules)

    @property
    def toolchains(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(m.toolchain for m in self.modules if m.toolchain))

    @property
    def worst(self) -> str:
        """The finding to name: of a module with errors, if there is one."""
        ranked = (m for m in self.modules if m.worst)
        best = min(ranked, key=lambda m: -m.open.get("error", 0), default=None)
        return best.worst if best else ""


class Workspace:
    """The modules of all targets. Lines change it; the screen reads it."""

    def __init__(self, scope: Scope = Scope()) -> None:  # noqa: B008 - it never changes
        self.scope = scope
        self.sort = "own_gil"
        self.backwards = False
        self.flat = False  # no groups
        self.question = "own_gil"
        self.blockers = False
        self.toolchain = ""
        self.verdict = ""
        self.filter: Filter | None = None
        self.unfolded: set[str] = set()
        self.begin()

    def begin(self) -> None:
        """Forget what was found: it is read anew."""
        self.state = "listing"  # listing, reading, done, failed
        self.title = ""
        self.files = self.size = self.done = self.done_size = 0
        self.skipped: list[tuple[str, str]] = []
        self.problem = ("", "")
        self.groups: dict[str, Group] = {}
        self.began = time.monotonic()
        self.changes = 0
        self._rows: tuple[Any, tuple[Row, ...]] | None = None

    # -- what arrives ---------------------------------------------------------------------------

    def receive(self, lines: Iterable[dict[str, Any]]) -> None:
        """Take in lines of :mod:`isoview.scan`."""
        for line in lines:
            getattr(self, f"_take_{line['kind']}")(line)
        self.changes += 1

    def _take_listed(self, line: dict[str, Any]) -> None:
        self.state = "reading"
        self.title, self.files, self.size = line["title"], line["files"], line["size"]
        self.began = time.monotonic()

    def _take_done(self, line: dict[str, Any]) -> None:
        self.done, self.done_size = line["files"], line["size"]

    def _take_module(self, line: dict[str, Any]) -> None:
        key, name, version = line["group"]
        group = self.groups.setdefault(key, Group(key, name, version, tuple(line["chain"])))
        group.modules.append(
            Module(
                line["at"], line["place"], key, line["toolchain"], line["arch"], line["answers"],
                line["open"], line["worst"], line["extension"],
            )
        )  # fmt: skip

    def _take_error(self, line: dict[str, Any]) -> None:
        path = line["path"]
        # What cannot be read belongs nowhere: each is a line of its own.
        key = f"\0{path}"
        name = path.replace("\\", "/").rpartition("/")[2]
        module = Module(path, name, key, error=line["error"], hint=line["hint"], extension=False)
        self.groups.setdefault(key, Group(key, name)).modules.append(module)

    def _take_skipped(self, line: dict[str, Any]) -> None:
        self.skipped.append((line["path"], line["reason"]))

    def _take_end(self, _line: dict[str, Any]) -> None:
        self.state = "done"
        self.done, self.done_size = self.files, self.size

    def _take_failed(self, line: dict[str, Any]) -> None:
        self.state = "failed"
        self.problem = (line["error"], line["hint"])

    def update(self, path: str, brief: dict[str, Any]) -> None:
        """A module was read again, or decided about, in its own screen."""
        for module in self.modules():
            if module.path == path and module.arch in {"", brief["arch"]}:
                module.answers, module.open = brief["answers"], brief["open"]
                module.worst, module.extension = brief["worst"], brief["extension"]
                module.toolchain, module.error, module.hint = brief["toolchain"], "", ""
                self.changes += 1

    # -- what there is --------------------------------------------------------------------------

    def modules(self) -> list[Module]:
        return [module for group in self.groups.values() for module in group.modules]

    def counts(self, question: str) -> dict[str, int]:
        """How many modules are ready, unknown or block, by their answer to a question."""
        found = dict.fromkeys(VERDICTS, 0)
        for module in self.modules():
            if module.answers:
                found[verdict(module, question)] += 1
        return found

    def toolchains(self) -> list[str]:
        """The makers, without versions, the commonest first."""
        found: dict[str, int] = {}
        for module in self.modules():
            if module.toolchain:
                name = maker(module.toolchain)
                found[name] = found.get(name, 0) + 1
        return sorted(found, key=lambda name: (-found[name], name))

    @property
    def seconds_left(self) -> float | None:
        """How long it will take by what it took so far; None while that says nothing."""
        share = self.done_size / self.size if self.size else 0
        seconds = time.monotonic() - self.began
        return seconds / share - seconds if share > 0.02 and seconds > 1 else None

    # -- rows -----------------------------------------------------------------------------------

    def rows(self) -> tuple[Row, ...]:
        """The lines to show, in their order."""
        state = (
            self.changes, self.sort, self.backwards, self.flat, self.question, self.blockers,
            self.toolchain, self.verdict, self.filter.text if self.filter else "",
            frozenset(self.unfolded),
        )  # fmt: skip
        if self._rows is None or self._rows[0] != state:
            self._rows = (state, tuple(self._make_rows()))
        return self._rows[1]

    def _make_rows(self) -> list[Row]:
        made: list[Row] = []
        for group in self.groups.values():
            kept = tuple(filter(self.keeps, group.modules))
            if self.flat:
                made += [Row(_key(m), group, (m,), inside=True) for m in kept]
            elif kept:
                folded = group.key not in self.unfolded
                single = len(group.modules) == 1
                key = _key(kept[0]) if single else f"group {group.key}"
                made.append(Row(key, group, kept, folded=folded))
        made = self._sorted(made)
        return made if self.flat else [line for row in made for line in self._unfolded(row)]

    def _unfolded(self, row: Row) -> list[Row]:
        if row.folded or len(row.group.modules) == 1:
            return [row]
        inner = [Row(_key(m), row.group, (m,), inside=True) for m in row.modules]
        return [row, *self._sorted(inner)]

    def _sorted(self, rows: list[Row]) -> list[Row]:
        rows.sort(
            key=lambda row: (row.group.name if not row.inside else row.modules[0].place).lower()
        )
        if self.sort == "name":
            rows.sort(key=lambda row: bool(row.modules[0].error))
        elif self.sort == "files":
            rows.sort(key=lambda row: -len(row.modules))
        elif self.sort == "open":
            rows.sort(key=lambda row: (-row.errors, -row.number))
        elif self.sort == "toolchain":
            rows.sort(key=lambda row: (not row.toolchains, row.toolchains))
        else:
            rows.sort(key=self._by_answers)
        if self.backwards:
            rows.reverse()
        return rows

    def _by_answers(self, row: Row) -> tuple[int, ...]:
        """By the chosen question first; what is equal there by the others."""
        others = [name for name in ("own_gil", "shared_gil", "free_threaded", "multiple_module_objects")
                  if name != self.sort]  # fmt: skip
        return tuple(WORST.index(row.answer(name)) for name in (self.sort, *others))

    def keeps(self, module: Module) -> bool:
        """Whether every filter lets a module through."""
        if self.blockers and verdict(module, self.question) != "blocks":
            return False
        if self.toolchain and maker(module.toolchain) != self.toolchain:
            return False
        if self.verdict and verdict(module, self.question) != self.verdict:
            return False
        if self.filter is None:
            return True
        group = self.groups[module.group]
        return self.filter.keeps(
            f"{module.place} {group.called} {module.toolchain} {module.worst} {module.error}"
        )

    @property
    def is_filtered(self) -> bool:
        return bool(self.blockers or self.toolchain or self.verdict or self.filter)


def verdict(module: Module, question: str) -> str:
    """One of :data:`VERDICTS`; empty where there is no answer."""
    answer = module.answer(question)
    if not answer:
        return ""
    return "blocks" if answer in BLOCKING else "ready" if answer == "yes" else "unknown"


def maker(toolchain: str) -> str:
    """A toolchain without its version."""
    return toolchain.partition(" ")[0]


def _key(module: Module) -> str:
    return f"module {module.path} {module.arch}"

"""Where wheels come from: a folder, a list of requirements, or the lock of another survey."""

import os
import re
import stat
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from isoview.inspectors.errors import BadConfig, IsoviewError, NotFound
from isoview.survey.fetching import Fetched, Wanted, fetch, releases
from isoview.survey.lock import Lock, Locked, Refused, Releases, is_lock, read
from isoview.survey.names import wheel_name
from isoview.survey.tags import Tags, wanted
from isoview.survey.worker import digest

_BATCH = 24  # names in one call of pip
_HISTORY_AT_ONCE = 4
_LIST_LIMIT = 256 << 20


class Choice(NamedTuple):
    """What of a list is wanted."""

    pythons: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    history: int = 0
    fetchers: int = 2


class Item(NamedTuple):
    """A wheel that is there, under the name it is locked with."""

    locked: Locked
    path: str


class Source(Protocol):
    """Something that wheels come from."""

    question: dict[str, Any]
    """What tells this source from another: stands at the head of the lock."""
    later: list[tuple[str, str]]
    """(what was asked for, why it could not be had this time)."""
    fetches: bool
    """Whether the wheels are copies of ours, which may go when they are read."""

    def items(self, lock: Lock, done: set[str]) -> Iterator[Item | Refused]:
        """Everything that is not ``done``, locked as it is given."""

    def total(self, lock: Lock) -> int:
        """How many entries there will be, as far as that is known."""


def source_of(path: str, folder: Path, choice: Choice) -> Source:
    """What ``path`` is. Raises :class:`NotFound` or :class:`BadConfig`."""
    place = Path(path)
    listed = choice.pythons or choice.platforms or choice.history
    says_itself = place.is_dir() or path.lower().endswith(".whl")
    if listed and (says_itself or (place.is_file() and is_lock(place))):
        raise BadConfig(
            "--python-version, --platform and --history are about what a list asks for",
            f"{path} says itself which wheels are meant: leave them out.",
        )
    if place.is_dir():
        return Folder(place)
    if not place.exists():
        raise NotFound(
            f"there is no {path}", "Give a folder of wheels, a list of packages, or a lock."
        )
    if not place.is_file():
        raise BadConfig(
            f"{path} is no regular file", "Give a folder of wheels, a list of packages, or a lock."
        )
    if path.lower().endswith(".whl"):
        return Folder(place)
    if is_lock(place):
        return Again(place, folder / "wheels", choice.fetchers)
    return Listed(place, folder / "wheels", choice)


class Folder:
    """All wheels below a folder, or a single one."""

    fetches = False

    def __init__(self, place: Path) -> None:
        self._place = place
        self.question: dict[str, Any] = {"kind": "folder", "source": _said(place.resolve())}
        self.later: list[tuple[str, str]] = []
        self._found = sorted(_wheels(place)) if place.is_dir() else [str(place)]
        if not self._found:
            raise NotFound(
                f"{place} holds no wheel", "Give a folder of .whl files, or a list of packages."
            )

    def total(self, lock: Lock) -> int:  # noqa: ARG002 - others need it
        return len(self._found)

    def items(self, lock: Lock, done: set[str]) -> Iterator[Item | Refused]:
        top = self._place if self._place.is_dir() else self._place.parent
        for path in self._found:
            name = _said(os.path.relpath(path, top).replace(os.sep, "/"))
            if name not in done:
                entry = lock.locked.get(name) or lock.refused.get(name) or _hashed(path, name)
                lock.add([entry])
                yield entry if isinstance(entry, Refused) else Item(entry, path)


class Listed:
    """A file with one requirement a line, fetched with pip."""

    fetches = True

    def __init__(self, file: Path, folder: Path, choice: Choice) -> None:
        self._choice = choice
        self._tags = wanted(choice.pythons, choice.platforms)
        self._folder = folder
        self.question: dict[str, Any] = {
            "kind": "list",
            "source": _said(file.resolve()),
            "pythons": [tags.python for tags in self._tags],
            "platforms": list(self._tags[0].platforms),
            "history": choice.history,
        }
        self.later: list[tuple[str, str]] = []
        self._lines, self._bad = requirements(file)
        if not self._lines:
            raise BadConfig(f"{file} names no package", "Write one package in each line.")

    def total(self, lock: Lock) -> int:
        known = sum(len(lock.releases.get(line, [""])) for line in self._lines)
        return known * len(self._tags) + len(self._bad)

    def items(self, lock: Lock, done: set[str]) -> Iterator[Item | Refused]:
        lock.add(self._bad)
        yield from (each for each in self._bad if each.wheel not in done)
        if self._choice.history:
            self._choose(lock)
        pinned = [
            f"{line}=={release}" if release else line
            for line in self._lines
            for release in lock.releases.get(line, [""])
        ]
        asked = [Wanted(line, number) for number in range(len(self._tags)) for line in pinned]
        yield from Fetching(self._tags, self._folder, self._choice.fetchers, self.later).items(
            asked, lock, done
        )

    def _choose(self, lock: Lock) -> None:
        """Ask for the releases of every package that is listed without one."""
        open_ones = [
            line for line in self._lines
            if line not in lock.releases and re.fullmatch(r"[A-Za-z0-9._-]+", line)
        ]  # fmt: skip

        def ask(name: str) -> tuple[str, list[str], str]:
            try:
                return name, releases(name, self._choice.history), ""
            except IsoviewError as error:
                return name, [], error.message

        with ThreadPoolExecutor(_HISTORY_AT_ONCE) as threads:
            for name, found, why in threads.map(ask, open_ones):
                if found:
                    lock.add([Releases(name, found)])
                else:
                    self.later.append((name, why))


class Again:
    """The wheels of another survey's lock: the same files, or the same hashes through pip."""

    def __init__(self, path: Path, folder: Path, fetchers: int) -> None:
        head, self._entries = read(path)
        asked = head["question"]
        if asked["kind"] == "lock":
            raise BadConfig(
                f"{path} repeats another lock", f"Give that one: {asked['source']}"
            )  # fmt: skip
        self.question: dict[str, Any] = {"kind": "lock", "source": digest(str(path))}
        self.later: list[tuple[str, str]] = []
        self.fetches = asked["kind"] == "list"
        self._asked = asked
        self._folder = folder
        self._fetchers = fetchers

    def total(self, lock: Lock) -> int:  # noqa: ARG002 - others need it
        return len(self._entries.locked) + len(self._entries.refused)

    def items(self, lock: Lock, done: set[str]) -> Iterator[Item | Refused]:
        refused = self._entries.refused.values()
        lock.add(refused)
        yield from (each for each in refused if each.wheel not in done)
        entries = self._entries.locked.values()
        if self._asked["kind"] == "folder":
            lock.add(entries)
            top = Path(self._asked["source"])
            top = top if top.is_dir() else top.parent
            for entry in entries:
                if entry.wheel not in done:
                    yield Item(entry, str(top / entry.wheel))
            return
        tags = wanted(tuple(self._asked["pythons"]), tuple(self._asked["platforms"]))
        asked = []
        for entry in entries:
            name = wheel_name(entry.wheel)
            asked.append(Wanted(f"{name.name}=={name.version}", entry.tags, entry.sha256))
        yield from Fetching(tags, self._folder, self._fetchers, self.later).items(asked, lock, done)


class Fetching:
    """Keeps a few calls of pip ahead of those who read what it brings."""

    def __init__(
        self, tags: Sequence[Tags], folder: Path, fetchers: int, later: list[tuple[str, str]]
    ) -> None:
        self._tags = tags
        self._folder = folder
        self._fetchers = fetchers
        self._later = later

    def items(
        self, asked: Sequence[Wanted], lock: Lock, done: set[str]
    ) -> Iterator[Item | Refused]:
        """What was fetched before and not read, then the rest as it comes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        lost = []
        keys = {(each.requirement, each.tags) for each in asked}
        for entry in list(lock.locked.values()):
            if entry.wheel in done or (entry.requested, entry.tags) not in keys:
                continue
            if (self._folder / entry.wheel).exists():
                yield Item(entry, str(self._folder / entry.wheel))
            else:
                lost.append(Wanted(_pin(entry.wheel), entry.tags, entry.sha256))
        for refused in list(lock.refused.values()):
            if refused.wheel not in done and (refused.requested, refused.tags) in keys:
                yield refused
        fresh = [each for each in asked if (each.requirement, each.tags) not in lock.asked]
        given = set(done)
        for fetched in self._ahead([*lost, *fresh]):
            lock.add([*fetched.locked, *fetched.refused])
            self._later.extend((each.requirement, why) for each, why in fetched.later)
            yield from fetched.refused
            for entry in fetched.locked:
                if entry.wheel not in given:
                    given.add(entry.wheel)
                    known = lock.locked[entry.wheel]
                    yield Item(known, str(self._folder / entry.wheel))

    def _ahead(self, asked: Sequence[Wanted]) -> Iterator[Fetched]:
        waiting: deque[Future[Fetched]] = deque()
        with ThreadPoolExecutor(self._fetchers, "isoview-fetch") as threads:
            try:
                for batch in _batches(asked):
                    tags = self._tags[batch[0].tags]
                    waiting.append(threads.submit(fetch, batch, tags, self._folder))
                    if len(waiting) > self._fetchers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:
                for future in waiting:
                    future.cancel()


def _batches(asked: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Alike in interpreter and in whether there is a hash: one call of pip each."""
    batch: list[Wanted] = []
    for each in sorted(asked, key=lambda entry: (entry.tags, not entry.sha256)):
        alike = not batch or (batch[0].tags, not batch[0].sha256) == (each.tags, not each.sha256)
        if len(batch) == _BATCH or not alike:
            yield batch
            batch = []
        batch.append(each)
    if batch:
        yield batch


def requirements(file: Path) -> tuple[list[str], list[Refused]]:
    """The requirements in a list, each once; and the lines that are none."""
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        with file.open(encoding="utf-8-sig", errors="backslashreplace") as stream:
            text = stream.read(_LIST_LIMIT)
    except OSError as error:
        raise BadConfig(f"{file} cannot be read: {error.strerror}", "Check the path.") from error
    found: dict[str, None] = {}
    bad: list[Refused] = []
    for number, raw in enumerate(text.replace("\\\n", " ").split("\n"), 1):
        line = re.split(r"\s--hash[= ]", re.sub(r"(^|\s)#.*$", "", raw))[0].strip()
        if not line:
            continue
        try:
            asked = Requirement(line)
        except InvalidRequirement as error:
            said = f"line {number} is no requirement: {str(error).splitlines()[0]}"
            bad.append(Refused(f"line {number}", line[:300], said, "Write a name, or NAME==VERSION."))  # fmt: skip
            continue
        # Its marker is about an environment that is to be installed to, and there is none.
        place = f" @ {asked.url}" if asked.url else str(asked.specifier)
        found[f"{asked.name}{place}"] = None
    return list(found), bad


def _wheels(top: Path) -> Iterator[str]:
    for folder, below, files in os.walk(top):
        below.sort()
        for file in files:
            if file.lower().endswith(".whl") and not file.startswith("."):
                yield os.path.join(folder, file)  # noqa: PTH118 - a path as it came


def _hashed(path: str, name: str) -> Locked | Refused:
    try:
        status = os.stat(path)  # noqa: PTH116 - a path as it came
        if stat.S_ISREG(status.st_mode):
            return Locked(name, name, digest(path), status.st_size)
        why = "is no regular file"
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}"
    return Refused(name, name, f"{name} {why}", "See to the file, or take it out of the folder.")


def _pin(wheel: str) -> str:
    name = wheel_name(wheel)
    return f"{name.name}=={name.version}"


def _said(path: str | Path) -> str:
    """A path as text that any file can hold."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")

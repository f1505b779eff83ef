"""Installed distributions: their files, and who asks for them. Read from metadata only."""

import csv
import os
from collections import deque
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from typing import NamedTuple

from isoview.inspectors.errors import IsoviewError
from isoview.requirements import canonical
from isoview.targets import MODULE_ENDS


class Installed(NamedTuple):
    """One distribution. ``asked_for``: somebody asked an installer for it by name."""

    name: str
    version: str
    folder: str
    modules: tuple[str, ...]  # paths of its compiled files
    requires: tuple[str, ...]  # requirement strings, as its metadata has them
    asked_for: bool

    @property
    def key(self) -> str:
        return canonical(self.name)


class Trouble(NamedTuple):
    """Metadata that cannot be read."""

    path: str
    error: str
    hint: str


def installed(folders: Iterable[str]) -> tuple[list[Installed], list[Trouble]]:
    """The distributions in ``folders`` by name, the first of each name winning as on import."""
    found: dict[str, Installed] = {}
    troubles: list[Trouble] = []
    for distribution in distributions(path=list(folders)):
        place = str(getattr(distribution, "_path", "")) or "a distribution"
        try:
            entry = _installed(distribution, place)
        except (IsoviewError, OSError, ValueError, KeyError, csv.Error) as error:
            said = error.message if isinstance(error, IsoviewError) else str(error)
            troubles.append(
                Trouble(place, f"its metadata cannot be read: {said}", "Install it again.")
            )
            continue
        found.setdefault(entry.key, entry)
    return sorted(found.values(), key=lambda entry: entry.key), troubles


def _installed(distribution: Distribution, place: str) -> Installed:
    metadata = distribution.metadata
    name, version = metadata["Name"], metadata["Version"]
    if not isinstance(name, str) or not name.strip():
        raise IsoviewError("its metadata has no name", "Install it again.")
    folder = str(distribution.locate_file(""))
    return Installed(
        name=name,
        version=version or "unknown",
        folder=folder,
        modules=tuple(_modules(distribution, folder)),
        requires=tuple(metadata.get_all("Requires-Dist") or ()),
        asked_for=os.path.exists(os.path.join(place, "REQUESTED")),  # noqa: PTH110, PTH118
    )


def _modules(distribution: Distribution, folder: str) -> list[str]:
    """Compiled files by the list that was written at installation (RECORD, or pip's own)."""
    record = distribution.read_text("RECORD")
    if record is None:
        listed = distribution.read_text("installed-files.txt") or ""
        rows = [line for line in listed.splitlines() if line]
        folder = str(getattr(distribution, "_path", folder))
    else:
        lines = [line for line in record.splitlines() if ".so" in line or ".pyd" in line]
        rows = [row[0] for row in csv.reader(lines) if row]
    return [
        os.path.normpath(os.path.join(folder, row))  # noqa: PTH118
        for row in sorted(rows)
        if row.lower().endswith(MODULE_ENDS)
    ]


def chains(
    entries: Iterable[Installed], markers: Mapping[str, str], roots: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """The shortest chain of requirements to each distribution: names from a root to itself.

    Roots are ``roots`` where given, else what somebody asked for, and what nobody requires.
    """
    by_key = {entry.key: entry for entry in entries}
    given = [canonical(name) for name in roots]
    asked = given or [key for key, entry in by_key.items() if entry.asked_for]
    found: dict[str, tuple[str, ...]] = {}
    _walk(asked, by_key, markers, found)
    if not given:
        required = {
            target for entry in by_key.values() for target, _extra in _edges(entry, "", markers)
        }
        _walk([key for key in by_key if key not in required], by_key, markers, found)
    # The rest, each its own root: rings that nobody asked for.
    _walk(by_key, by_key, markers, found)
    return found


def reached(
    entries: Iterable[Installed], markers: Mapping[str, str], roots: Iterable[str]
) -> set[str]:
    """Keys of everything that ``roots`` need, themselves among it."""
    by_key = {entry.key: entry for entry in entries}
    found: dict[str, tuple[str, ...]] = {}
    _walk([canonical(name) for name in roots], by_key, markers, found)
    return set(found)


def _walk(
    starts: Iterable[str],
    by_key: Mapping[str, Installed],
    markers: Mapping[str, str],
    found: dict[str, tuple[str, ...]],
) -> None:
    """Breadth first from ``starts``; an extra of a distribution is a place of its own."""
    queue: deque[tuple[str, str, tuple[str, ...]]] = deque(
        (key, "", ()) for key in starts if key not in found
    )
    seen: set[tuple[str, str]] = set()
    while queue:
        key, extra, before = queue.popleft()
        if key not in by_key or (key, extra) in seen:
            continue
        seen.add((key, extra))
        here = (*before, by_key[key].name) if by_key[key].name not in before else before
        found.setdefault(key, here)
        queue += [(target, each, here) for target, each in _edges(by_key[key], extra, markers)]


def _edges(entry: Installed, extra: str, markers: Mapping[str, str]) -> list[tuple[str, str]]:
    """(distribution, extra) of everything that ``entry`` requires when ``extra`` is wanted."""
    from packaging.requirements import InvalidRequirement, Requirement

    edges: list[tuple[str, str]] = []
    for text in entry.requires:
        try:
            requirement = Requirement(text)
            marker = requirement.marker
            holds = marker is None or marker.evaluate({**markers, "extra": extra})
        except (InvalidRequirement, ValueError, KeyError):
            continue  # a chain is an explanation: what cannot be read explains nothing
        if holds:
            key = canonical(requirement.name)
            edges += [(key, ""), *((key, each) for each in sorted(requirement.extras))]
    return edges

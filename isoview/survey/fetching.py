"""Wheels through pip: whatever index it is configured for, for the interpreters asked for.

Nothing is resolved here and nothing built: each name gives one wheel, without what it depends
on, or a line that says why there is none.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from isoview.inspectors.errors import IsoviewError
from isoview.survey.lock import Locked, Refused
from isoview.survey.names import release_order, wheel_name
from isoview.survey.tags import Tags
from isoview.survey.worker import digest

_QUIET = ["--disable-pip-version-check", "--no-input", "--no-color"]
_SECONDS = 3600
# pip has no codes for what went wrong; these lines have been the same for years.
_NONE = re.compile(r"No matching distribution found for|Could not find a version that satisfies")
_NAMED = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)")
_BAD = re.compile(r"Invalid requirement|Expected package name|is not a valid wheel filename")
_UNREACHED = re.compile(
    r"Max retries|[Tt]imed out|NewConnectionError|Temporary failure|ProxyError|HTTP error 5\d\d"
)
_VERSIONS = re.compile(r"^Available versions: (.+)$", re.MULTILINE)


class Wanted(NamedTuple):
    """One line of a list: what pip is asked for, and which of the interpreters it is for."""

    requirement: str
    tags: int = 0
    sha256: str = ""

    @property
    def key(self) -> str:
        """What stands for it where there is no wheel."""
        return f"{self.requirement} #{self.tags}"

    @property
    def name(self) -> str:
        """The canonical name it begins with."""
        from isoview.requirements import canonical

        return canonical(re.split(r"[^A-Za-z0-9._-]", self.requirement, maxsplit=1)[0])


class Fetched(NamedTuple):
    """What one call brought: wheels, what there is none of, and what may work another time."""

    locked: list[Locked]
    refused: list[Refused]
    later: list[tuple[Wanted, str]]


def fetch(wanted: Sequence[Wanted], tags: Tags, folder: Path) -> Fetched:
    """Download ``wanted``, which are all for ``tags``, into ``folder``.

    One name that cannot be had makes pip give up on all: it goes, and the others are asked for
    again. Where pip does not say which it is, they are halved until it is alone.
    """
    fetched = Fetched([], [], [])
    for group in _groups(wanted):
        _fetch(group, tags, folder, fetched)
    return fetched


def _groups(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """Each name once in a call, which is all that pip takes: releases of one package go into several."""
    left = list(wanted)
    while left:
        group: dict[str, Wanted] = {}
        rest = []
        for each in left:
            if each.name in group:
                rest.append(each)
            else:
                group[each.name] = each
        yield list(group.values())
        left = rest


def _fetch(group: list[Wanted], tags: Tags, folder: Path, fetched: Fetched) -> None:
    with TemporaryDirectory(prefix=".fetching-", dir=folder) as aside:
        done = _download(group, tags, aside)
        if done.returncode == 0:
            fetched.locked.extend(_taken(group, Path(aside), folder, fetched))
            return
    if _UNREACHED.search(done.stderr):
        fetched.later.extend((each, _last_error(done.stderr)) for each in group)
        return
    said = _last_error(done.stderr)
    blamed = _blamed(group, done.stderr)
    if blamed is not None:
        if _NONE.search(done.stderr) or _BAD.search(done.stderr):
            fetched.refused.append(_refused(blamed, tags, said))
        else:
            fetched.later.append((blamed, said))
        rest = [each for each in group if each is not blamed]
        if rest:
            _fetch(rest, tags, folder, fetched)
        return
    middle = len(group) // 2
    _fetch(group[:middle], tags, folder, fetched)
    _fetch(group[middle:], tags, folder, fetched)


def _blamed(group: list[Wanted], said: str) -> Wanted | None:
    """Whose fault it is that pip gave up on all: the only one, or the one that it names."""
    from isoview.requirements import canonical

    if len(group) == 1:
        return group[0]
    named = {canonical(name) for name in _NAMED.findall(said)}
    return next((each for each in group if each.name in named), None)


def _refused(wanted: Wanted, tags: Tags, said: str) -> Refused:
    return Refused(
        wanted.key,
        wanted.requirement,
        f"{wanted.requirement}: no wheel for Python {tags.python} on {tags.platforms[0]}: {said}",
        "It may have sources only, or wheels for other interpreters: see its page on the index.",
        wanted.tags,
    )


def _download(group: list[Wanted], tags: Tags, aside: str) -> subprocess.CompletedProcess[str]:
    listed = Path(aside, "wanted.txt")
    lines = [
        f"{each.requirement} --hash=sha256:{each.sha256}" if each.sha256 else each.requirement
        for each in group
    ]
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    hashes = ["--require-hashes"] if group[0].sha256 else []
    command = [
        *_pip(), "download", *_QUIET, "--quiet", "--no-deps", "--only-binary=:all:",
        "--progress-bar=off", *hashes, *tags.options(), "--dest", aside, "--requirement",
        str(listed),
    ]  # fmt: skip
    return _run(command)


def _taken(group: list[Wanted], aside: Path, folder: Path, fetched: Fetched) -> list[Locked]:
    """Move what was downloaded to its place, and say which is which."""
    by_name = {wheel_name(path.name).name: path for path in sorted(aside.glob("*.whl"))}
    found = []
    for each in group:
        path = by_name.get(each.name)
        if path is None:
            fetched.later.append((each, "pip said nothing and brought nothing"))
            continue
        target = folder / path.name
        size, sha256 = path.stat().st_size, digest(str(path))
        shutil.move(path, target)
        found.append(Locked(path.name, each.requirement, sha256, size, each.tags))
    return found


def releases(name: str, number: int) -> list[str]:
    """The newest ``number`` releases of a package, of each X.Y the last.

    Raises :class:`IsoviewError` where the index does not tell.
    """
    done = _run([*_pip(), "index", *_QUIET, "versions", name])
    found = _VERSIONS.search(done.stdout)
    if done.returncode or found is None:
        raise IsoviewError(
            f"{name}: no releases are known: {_last_error(done.stderr)}",
            "Check the name, and that pip's index answers.",
        )
    newest: dict[tuple[str, ...], str] = {}
    versions = [each.strip() for each in found[1].split(",")]
    for version in sorted(versions, key=release_order, reverse=True):
        newest.setdefault(tuple(version.split(".")[:2]), version)
    return list(newest.values())[:number]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, encoding="utf-8", errors="backslashreplace",
            check=False, timeout=_SECONDS, stdin=subprocess.DEVNULL, env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"timed out after {_SECONDS} s")


@cache
def _pip() -> tuple[str, ...]:
    """The pip of this environment, or else the first on the PATH: it only downloads."""
    from importlib.util import find_spec

    if find_spec("pip") is not None:
        return (sys.executable, "-m", "pip")
    found = shutil.which("pip") or shutil.which("pip3")
    if found is None:
        raise IsoviewError(
            "there is no pip to download with", "Install it, or survey a folder of wheels."
        )
    return (found,)


def _last_error(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[-1].removeprefix("ERROR:").strip()[:300]

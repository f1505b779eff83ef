"""Reports of files that have not changed, kept in the user's cache folder.

An entry is found by the file (device, inode, size, times of change), by what it is called, and
by a hash of isoview's own sources: another version of isoview finds nothing. It holds what the
rules said, before any decision. A damaged entry is no entry.
"""

import hashlib
import os
import shutil
import stat
import sys
import time
import zlib
from contextlib import suppress
from pathlib import Path

from isoview.targets import Place

_GENERATIONS = 2  # folders of other versions of isoview that are kept
_SETTLED = 2.0  # seconds: a file that changed just now may change again within one tick


def folder() -> Path:
    """Where the entries are, whether or not there are any."""
    from platformdirs import user_cache_path

    return user_cache_path("isoview", appauthor=False) / "reports"


def clear() -> int:
    """Take away every entry; returns how many bytes that were."""
    where = folder()
    before = _bytes_below(where)
    shutil.rmtree(where, ignore_errors=True)
    return before - _bytes_below(where)


def _bytes_below(where: Path) -> int:
    """What the files there take; others may be writing and clearing at the same time."""
    size = 0
    for path in where.rglob("*"):
        with suppress(OSError):
            status = path.stat()
            size += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return size


class Cache:
    """The entries of this version of isoview."""

    def __init__(self, *, quick: bool) -> None:
        self._quick = quick
        self._home = folder() / own_sources()
        self._ready = False

    def get(self, place: Place) -> bytes | None:
        """The entry for ``place``, if there is one."""
        if not place.identity:
            return None
        try:
            mark, _, body = self._path(place).read_bytes().partition(b"\n")
        except OSError:
            return None
        return body if mark == _mark(body) else None

    def put(self, place: Place, body: bytes) -> None:
        """Keep ``body`` for ``place``. A cache that cannot be written is no concern of anybody."""
        if not place.identity or not _unchanged(place):
            return
        path = self._path(place)
        aside = path.with_name(f"{path.name}.{os.getpid()}-{id(body):x}")
        try:
            self._make_ready()
            path.parent.mkdir(parents=True, exist_ok=True)
            aside.write_bytes(_mark(body) + b"\n" + body)
            aside.replace(path)
        except OSError:
            with suppress(OSError):
                aside.unlink()

    def _path(self, place: Place) -> Path:
        # The dotted name depends on the packages around the file, which its own state does not
        # tell; asking for it here costs a look at each folder above.
        from isoview.fingerprint import dotted_place

        path = os.path.abspath(place.path)  # noqa: PTH100
        called = dotted_place(path, place.member)
        beside = "" if place.container else _changed(os.path.dirname(path))  # noqa: PTH120
        what = "\0".join(
            (place.identity, place.path, called, beside, str(self._quick), str(place.named))
        )
        key = hashlib.sha256(what.encode("utf-8", "surrogateescape")).hexdigest()
        return self._home / key[:2] / f"{key[2:]}.json"

    def _make_ready(self) -> None:
        """Make room once per run: entries of older versions go, but for the newest."""
        if self._ready:
            return
        self._ready = True
        self._home.mkdir(parents=True, exist_ok=True)
        os.utime(self._home)
        others = sorted(
            (path for path in self._home.parent.iterdir() if path != self._home),
            key=lambda path: path.stat().st_mtime,
        )
        for path in others[: -_GENERATIONS or None]:
            shutil.rmtree(path, ignore_errors=True)


def _changed(folder: str) -> str:
    """When something came into a folder, or went: a library that a module there links may lie in
    it, and what the report says of the module hangs on that (:mod:`isoview.linked`).
    """
    try:
        return f"{os.stat(folder).st_mtime_ns:x}"  # noqa: PTH116
    except OSError:
        return ""


def _mark(body: bytes) -> bytes:
    """What a whole entry begins with."""
    return b"%08x" % zlib.crc32(body)


def _unchanged(place: Place) -> bool:
    """Whether the file is still what was listed, and did not change within the last moments."""
    from isoview.targets import identity

    try:
        status = os.stat(place.container or place.path)  # noqa: PTH116
    except OSError:
        return False
    settled = time.time() - status.st_mtime > _SETTLED
    return settled and place.identity.startswith(identity(status))


def own_sources() -> str:
    """A hash of everything in this installation of isoview that a report may depend on."""
    import isoview.inspectors

    digest = hashlib.sha256(sys.version.encode())
    rooms = (Path(__file__).parent, Path(isoview.inspectors.__path__[0]))
    for room in rooms:
        for path in sorted(room.rglob("*")):
            if path.suffix in {".py", ".txt"} and "probe" not in path.parts:
                digest.update(path.read_bytes())
    return digest.hexdigest()[:20]

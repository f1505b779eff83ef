"""Targets that are more than one file: folders, wheels, environments, distributions.

Everything is listed without being opened, except wheels, whose members are listed. A file that
several links lead to is listed once.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from operator import itemgetter

from isoview.inspectors.errors import IsoviewError, NotFound
from isoview.inspectors.hints import TYPE_CHECKING
from isoview.model import TargetError
from isoview.targets import MODULE_ENDS, Found, Place, Skipped, identity

if TYPE_CHECKING:
    from isoview.distributions import Installed
    from isoview.environment import Environment

_PASSED_OVER = frozenset({"__pycache__", "node_modules", "__MACOSX"})
_ENVIRONMENT = "pyvenv.cfg"
"""What stands in the folder of a virtual environment (PEP 405)."""
_ENDS = (*MODULE_ENDS, ".whl")
_Entry = tuple[str, "os.DirEntry[str]", bool]
_ARCHIVES = {
    (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar"): (
        "is a source distribution or another archive",
        "It holds sources, nothing compiled: `pip wheel FILE` makes the wheel to look at.",
    ),
    (".zip", ".egg", ".conda", ".pyz"): (
        "is an archive, and no wheel",
        "Unpack it and give the folder, or give the wheel.",
    ),
}


class Expansion:
    """Expands targets one after the other and remembers what was listed."""

    def __init__(self, environment: "Environment | None" = None) -> None:
        self._environment = environment
        self._seen: set[tuple[int, int]] = set()

    def expand(self, target: str) -> Iterator[Found]:
        """Everything that ``target`` means, sorted by path within each folder."""
        if os.path.isdir(target):  # noqa: PTH112 - paths stay as they came
            yield from self._folder(target)
        elif target.lower().endswith(".whl") and os.path.lexists(target):
            yield from self._wheel(target)
        elif archive_said(target) is not None and os.path.lexists(target):
            what, hint = archive_said(target) or ("", "")
            yield TargetError(target, f"{target} {what}", hint)
        elif ".whl/" in target or ".whl" + os.sep in target:
            yield from self._member(target)
        else:
            yield from self._name(target)

    def remember(self, place: Place) -> None:
        """A file that was named itself: folders need not list it again."""
        try:
            status = os.stat(place.path)  # noqa: PTH116
        except (OSError, ValueError):
            return
        self._seen.add((status.st_dev, status.st_ino))

    # -- folders and environments ---------------------------------------------------------------

    def _folder(self, target: str) -> Iterator[Found]:
        from isoview.environment import ask, is_environment

        if is_environment(target):
            try:
                yield from self.environment(ask(target), target)
            except IsoviewError as error:
                yield TargetError(target, error.message, error.hint)
                yield from self._walk(target, target)
            return
        found = False
        for entry in self._walk(target, target):
            found = True
            yield entry
        if not found:
            yield TargetError(
                target,
                f"{target} is a folder without a compiled module in it",
                "Give the folder that the build writes to, or one extension module.",
            )

    def environment(self, environment: "Environment", called: str) -> Iterator[Found]:
        """Every compiled module that an environment imports from, its standard library aside."""
        found = False
        for folder in environment.folders:
            for entry in self._walk(folder, called):
                found = True
                yield entry
        if not found:
            yield Skipped(called, "holds no compiled module")

    def _walk(self, folder: str, called: str) -> Iterator[Found]:
        """The modules below ``folder``; links are followed, each folder and file counted once."""
        waiting = [folder]
        while waiting:
            current = waiting.pop()
            try:
                with os.scandir(current) as listing:
                    entries = _of_interest(listing)
                    status = os.stat(current)  # noqa: PTH116
            except OSError as error:
                yield TargetError(
                    current, f"{current} cannot be listed: {error.strerror}",
                    "Run isoview as a user who may read it.",
                )  # fmt: skip
                continue
            if current != folder and any(name == _ENVIRONMENT for name, _, _ in entries):
                continue  # another environment: it is a target of its own
            if not self._first_time(status):
                continue
            below: list[str] = []
            for name, entry, is_folder in entries:
                if is_folder:
                    if not name.startswith(".") and name not in _PASSED_OVER:
                        below.append(entry.path)
                elif name.lower().endswith(MODULE_ENDS):
                    yield from self._file(entry)
                elif name != _ENVIRONMENT and called == folder and _is_file(entry):
                    yield from self._wheel(entry.path)
            waiting += reversed(below)

    def _file(self, entry: os.DirEntry[str]) -> Iterator[Found]:
        try:
            status = entry.stat()
        except OSError as error:
            yield TargetError(
                entry.path, f"{entry.path}: {error.strerror or 'cannot be read'}",
                "Remove the link, or mend what it leads to.",
            )  # fmt: skip
            return
        if not stat.S_ISREG(status.st_mode):
            yield TargetError(
                entry.path, f"{entry.path} is no regular file", "Take it out of the folder."
            )  # fmt: skip
        elif self._first_time(status):
            yield Place(entry.path, identity=identity(status), size=status.st_size)

    def _first_time(self, status: os.stat_result) -> bool:
        key = (status.st_dev, status.st_ino)
        if key in self._seen and status.st_ino:  # some Windows file systems number nothing
            return False
        self._seen.add(key)
        return True

    # -- wheels ---------------------------------------------------------------------------------

    def _wheel(self, path: str, only: str | None = None) -> Iterator[Found]:
        from isoview.wheels import Bad, Wheel

        try:
            status = os.stat(path)  # noqa: PTH116
            with Wheel(path) as wheel:
                contents = [
                    (entry, 0 if isinstance(entry, Bad) else wheel.size(entry))
                    for entry in wheel.contents()
                ]
        except (IsoviewError, OSError) as error:
            said, hint = _said(path, error)
            yield TargetError(path, said, hint)
            return
        if only is None and not self._first_time(status):
            return
        found = False
        for entry, size in contents:
            name = entry.member if isinstance(entry, Bad) else entry
            if only is not None and name != only:
                continue
            found = True
            called = f"{path}/{name}" if name else path
            if isinstance(entry, Bad):
                yield TargetError(called, f"{called}: {entry.error}", entry.hint)
            else:
                yield Place(called, path, name, f"{identity(status)}:{name}", size)
        if only is not None and not found:
            yield TargetError(
                f"{path}/{only}", f"{path} has no member {only}", "List it with `unzip -l`."
            )
        elif not found:
            yield Skipped(path, "holds no compiled module")

    def _member(self, target: str) -> Iterator[Found]:
        cut = target.find(".whl") + len(".whl")
        path, member = target[:cut], target[cut + 1 :]
        yield from self._wheel(path, member)

    # -- names ----------------------------------------------------------------------------------

    def _name(self, name: str) -> Iterator[Found]:
        """A module, a distribution or a package that is installed."""
        from isoview.targets import locate

        environment = self._environment
        try:
            path = locate(name, environment)
        except NotFound as error:
            chosen = self._distribution(name)
            if chosen is not None:
                yield from self.distributed(chosen)
                return
            folders = error.folders
            if not folders:
                yield TargetError(name, error.message, error.hint)
                return
            listed = [entry for folder in folders for entry in self._walk(folder, name)]
            yield from listed or [TargetError(name, error.message, error.hint)]
        except IsoviewError as error:
            yield TargetError(name, error.message, error.hint)
        else:
            yield Place(path, named=True)

    def _distribution(self, name: str) -> "Installed | None":
        from isoview.distributions import installed
        from isoview.requirements import canonical

        wanted = canonical(name)
        entries, _troubles = installed(self.folders())
        return next((entry for entry in entries if entry.key == wanted), None)

    def distributed(self, entry: "Installed") -> Iterator[Found]:
        """The compiled files of a distribution, by its own list."""
        found = False
        for path in entry.modules:
            try:
                status = os.stat(path)  # noqa: PTH116
            except OSError as error:
                yield TargetError(
                    path, f"{path}: {error.strerror}, though {entry.name} was installed with it",
                    f"Install {entry.name} again.",
                )  # fmt: skip
                found = True
                continue
            if self._first_time(status):
                found = True
                yield Place(path, identity=identity(status), size=status.st_size)
        if not found:
            yield Skipped(entry.name, "holds no compiled module")

    def required(self, path: str) -> Iterator[Found]:
        """What a requirements or lock file asks for, as far as it is installed."""
        from isoview.distributions import installed
        from isoview.environment import ask
        from isoview.requirements import names

        environment = self._environment or ask()
        entries = {entry.key: entry for entry in installed(environment.folders)[0]}
        missing = []
        for name in names(path, environment.markers):
            if name in entries:
                yield from self.distributed(entries[name])
            else:
                missing.append(name)
        if missing:
            shown = ", ".join(missing[:8]) + (" and others" if len(missing) > 8 else "")
            yield TargetError(
                path,
                f"{path}: not installed in {environment.prefix}: {shown}",
                "Install them there, or name the environment with --python.",
            )

    def folders(self) -> list[str]:
        """The folders that names are looked up in."""
        from isoview.environment import current_folders

        return list(self._environment.folders) if self._environment else current_folders()


def archive_said(target: str) -> tuple[str, str] | None:
    """What an archive that is no wheel is said to be, by its name."""
    low = target.lower()
    return next((said for ends, said in _ARCHIVES.items() if low.endswith(ends)), None)


def _of_interest(listing: Iterable[os.DirEntry[str]]) -> list[_Entry]:
    """Of what stands in a folder the modules, wheels and folders, by name, and whether each is a
    folder. Nearly all else is Python's own files: they are not sorted, or asked anything more.
    """
    found: list[_Entry] = []
    for entry in listing:
        name = entry.name
        try:
            is_folder = entry.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            found.append((name, entry, True))
        elif name.lower().endswith(_ENDS) or name == _ENVIRONMENT:
            found.append((name, entry, False))
    found.sort(key=itemgetter(0))
    return found


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _said(path: str, error: Exception) -> tuple[str, str]:
    if isinstance(error, IsoviewError):
        return error.message, error.hint
    said = getattr(error, "strerror", None) or str(error)
    return f"{path}: {said}", "Check the path."

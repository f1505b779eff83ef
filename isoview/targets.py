"""What a target on the command line means: a file, an installed module's file, or more.

What is more than one file is taken apart by :mod:`isoview.expansion`, and names of modules are
looked up by :mod:`isoview.installed`; both are loaded when they are needed.
"""

import os
import stat
from collections.abc import Iterable, Iterator

from isoview.inspectors.errors import IsoviewError, NotFound
from isoview.inspectors.hints import TYPE_CHECKING, TypeAlias
from isoview.inspectors.record import Record
from isoview.inspectors.stdin import STDIN

if TYPE_CHECKING:
    from isoview.environment import Environment
    from isoview.model import TargetError

_LIBRARY_ENDS = (".so", ".pyd", ".dll", ".dylib")
_CONTAINER_ENDS = (
    ".whl", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar", ".zip", ".egg", ".conda",
    ".pyz",
)  # fmt: skip


MODULE_ENDS = (".so", ".pyd")
"""How the names of compiled modules end."""


class Place(Record):
    """One file to look at, or one member of a wheel.

    ``path`` is what it is called; of a member, the wheel's path and the member's name.
    ``named`` is False for what was found in something larger.
    """

    path: str
    container: str | None = None
    member: str | None = None
    identity: str = ""
    size: int = 0
    named: bool = False


class Skipped(Record):
    """A target with nothing in it that could be looked at, which is no error."""

    path: str
    reason: str


Found: TypeAlias = "Place | TargetError | Skipped"


class Scope(Record):
    """All that a command line names: targets, the interpreter in whose environment names are looked
    up (None: where isoview itself runs), and files of requirements.
    """

    targets: tuple[str, ...] = ()
    python: str | None = None
    files: tuple[str, ...] = ()


def find(
    targets: Iterable[str], environment: "Environment | None" = None, files: Iterable[str] = ()
) -> Iterator[Found]:
    """What ``targets`` mean, in their order, then what requirements ``files`` ask for.

    Names are looked up in ``environment``; None is where isoview itself runs.
    """
    expansion = None
    for target in targets:
        # A name is looked up in the environment that was asked for, not in isoview's own.
        is_file = environment is None or target == STDIN or _is_path(target)
        place = single(target) if is_file else None
        if expansion is None and place is None:
            from isoview.expansion import Expansion

            expansion = Expansion(environment)
        if place is None:
            assert expansion is not None  # noqa: S101 - made above
            yield from expansion.expand(target)
            continue
        if expansion is not None and isinstance(place, Place):
            expansion.remember(place)
        yield place
    if files:
        from isoview.expansion import Expansion

        expansion = expansion or Expansion(environment)
        for file in files:
            yield from expansion.required(file)


def single(target: str) -> "Found | None":
    """The place of a target that means one file; None where it may mean more."""
    if target == STDIN:
        return Place(STDIN, named=True)
    try:
        status = os.stat(target)  # noqa: PTH116 - hot path
    except (OSError, ValueError):
        if ".whl" in target:
            return None
    else:
        if stat.S_ISDIR(status.st_mode) or target.lower().endswith(_CONTAINER_ENDS):
            return None
        return Place(target, identity=identity(status), size=status.st_size, named=True)
    try:
        return Place(locate(target), named=True)
    except NotFound as error:
        if _is_path(target):
            return _wrong(target, error)
        return None
    except IsoviewError as error:
        return _wrong(target, error)


def _wrong(target: str, error: IsoviewError) -> "TargetError":
    from isoview.model import TargetError  # seldom needed, and the app paints before all the rest

    return TargetError(target, error.message, error.hint)


def identity(status: os.stat_result) -> str:
    """What tells a file from every other, and from itself before it was written again.

    The time of the last change of the inode is in it: reproducible builds, ``unzip`` and ``cp -p``
    set the file's own time back, and a rebuilt module often has the very same size.
    """
    times = f"{status.st_mtime_ns:x}-{status.st_ctime_ns:x}"
    return f"{status.st_dev:x}-{status.st_ino:x}-{status.st_size:x}-{times}"


def locate(target: str, environment: "Environment | None" = None) -> str:
    """The path of the file that ``target`` means; whether it can be read is not looked at.

    A path is taken as it is. Raises :class:`NotFound` where neither a file nor an installed
    extension module has that name, :class:`BuiltIn` where it is part of the interpreter.
    """
    if (environment is None and os.path.lexists(target)) or _looks_like_a_path(target):
        return target
    if not all(part.isidentifier() for part in target.split(".")):
        raise NotFound(f"there is no file {target}", "Give the path of an extension module.")
    from isoview.installed import module_file

    return module_file(target, environment)


def _is_path(target: str) -> bool:
    return os.path.lexists(target) or _looks_like_a_path(target)


def _looks_like_a_path(target: str) -> bool:
    separators = [os.sep, os.altsep] if os.altsep else [os.sep]
    return any(mark in target for mark in separators) or target.endswith(_LIBRARY_ENDS)

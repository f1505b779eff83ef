"""What a target on the command line means: a file, an installed module's file, or more.

What is more than one file is taken apart by :mod:`isoview.expansion`, loaded when it is met. A
module is found by looking where the import system would look, with nothing imported: no
parent package's ``__init__`` runs (a package that extends its ``__path__`` in code is
therefore seen as its folder alone).
"""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)

from isoview.inspectors.errors import BuiltIn, IsoviewError, NotFound
from isoview.inspectors.hints import TYPE_CHECKING, TypeAlias
from isoview.inspectors.record import Record

if TYPE_CHECKING:
    from isoview.environment import Environment
    from isoview.model import TargetError

# The loaders of the import system's own file finder, in its order: an extension module wins
# over a source file of the same name (importlib._bootstrap_external, _get_supported_file_loaders).
_SUFFIXES = list(EXTENSION_SUFFIXES)
_SOURCES = (
    (SourceFileLoader, [".py"]),
    (SourcelessFileLoader, [".pyc"]),
)
_LIBRARY_ENDS = (".so", ".pyd", ".dll", ".dylib")
_CONTAINER_ENDS = (
    ".whl", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar", ".zip", ".egg", ".conda",
    ".pyz",
)  # fmt: skip
_SHOWN = 5  # extension modules named in a hint
_VISITED = 2000  # folder entries looked at to name them


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


def find(
    targets: Iterable[str], environment: "Environment | None" = None, files: Iterable[str] = ()
) -> Iterator[Found]:
    """What ``targets`` mean, in their order, then what requirements ``files`` ask for.

    Names are looked up in ``environment``; None is where isoview itself runs.
    """
    expansion = None
    for target in targets:
        # A name is looked up in the environment that was asked for, not in isoview's own.
        place = single(target) if environment is None or _is_path(target) else None
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
    return _module_file(target, environment)


def _is_path(target: str) -> bool:
    return os.path.lexists(target) or _looks_like_a_path(target)


def _looks_like_a_path(target: str) -> bool:
    separators = [os.sep, os.altsep] if os.altsep else [os.sep]
    return any(mark in target for mark in separators) or target.endswith(_LIBRARY_ENDS)


def _module_file(name: str, environment: "Environment | None") -> str:
    if environment is None and name in sys.builtin_module_names:
        raise BuiltIn(
            f"{name} is compiled into the interpreter {sys.executable}",
            "There is no file to open; try another interpreter's copy by its path.",
        )
    spec = _find(name, environment)
    if spec is None:
        asked = environment.executable if environment else sys.executable
        raise NotFound(
            f"no file and no installed module is named {name}",
            f"Looked in the folders of {asked}; give a path for anything else.",
        )
    if spec.origin is not None and isinstance(spec.loader, ExtensionFileLoader):
        return spec.origin
    inside = list(spec.submodule_search_locations or ())
    if inside:
        raise NotFound(
            f"{name} is a package, not an extension module", _name_some(name, inside), inside
        )
    raise NotFound(
        f"{name} is a module written in Python ({spec.origin})",
        "There is no compiled code to look at.",
    )


def _find(name: str, environment: "Environment | None") -> ModuleSpec | None:
    """The spec of a dotted name, each part looked for in the folders of the one before."""
    folders: Iterable[str] = environment.folders if environment else sys.path
    suffixes = list(environment.suffixes) if environment else _SUFFIXES
    spec = None
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        spec = _find_in(".".join(parts[:depth]), folders, suffixes)
        if spec is None:
            return None
        folders = spec.submodule_search_locations or ()
    return spec


def _find_in(name: str, folders: Iterable[str], suffixes: list[str]) -> ModuleSpec | None:
    """The first module or regular package in ``folders``; else the namespace they make up."""
    portions: list[str] = []
    for folder in folders:
        finder = FileFinder(folder or os.curdir, (ExtensionFileLoader, suffixes), *_SOURCES)
        spec = finder.find_spec(name)
        if spec is None:
            continue
        if spec.loader is not None:
            return spec
        portions.extend(spec.submodule_search_locations or ())
    if not portions:
        return None
    namespace = ModuleSpec(name, None, is_package=True)
    namespace.submodule_search_locations = portions
    return namespace


def _name_some(package: str, folders: list[str]) -> str:
    """A hint that names a few extension modules of a package."""
    names: list[str] = []
    visited = 0
    for top in folders:
        for folder, subfolders, files in os.walk(top):
            subfolders.sort()
            visited += len(files)
            inner = os.path.relpath(folder, top).replace(os.sep, ".")
            prefix = package if inner == "." else f"{package}.{inner}"
            names += [f"{prefix}.{stem}" for stem in map(_module_stem, sorted(files)) if stem]
            if len(names) > _SHOWN or visited > _VISITED:
                break
    if not names:
        return "No extension module was found in its folder."
    more = ", and others" if len(names) > _SHOWN else ""
    return f"It has {', '.join(names[:_SHOWN])}{more}: name one of them."


def _module_stem(file: str) -> str | None:
    for suffix in EXTENSION_SUFFIXES:
        if file.endswith(suffix):
            return file[: -len(suffix)]
    return None

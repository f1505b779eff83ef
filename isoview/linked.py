"""Libraries that lie beside a module and speak the C API too: what they keep in their statics, no
reading of the module's own file shows.

They are looked for where the loader would: in the folders that the module names from its own place
(``$ORIGIN`` in DT_RUNPATH, ``@loader_path``), and in its own folder. A library of the system is
none of them.
"""

import os
import posixpath
from collections.abc import Callable, Iterator
from functools import lru_cache

from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.facts import Facts, Library
from isoview.inspectors.hints import TYPE_CHECKING
from isoview.inspectors.record import replace

if TYPE_CHECKING:
    from isoview.inspectors.binary.inspect import Loaded

_OF_THE_SYSTEM = (
    "libc.", "libm.", "libpthread.", "libdl.", "librt.", "libutil.", "libgcc_s", "libstdc++",
    "libc++", "libpython", "python", "ld-linux", "ld-musl", "libsystem", "kernel32", "ntdll",
    "advapi32", "user32", "ws2_32", "shell32", "ole32", "api-ms-win-", "ucrtbase", "vcruntime",
    "msvcp", "msvcrt",
)  # fmt: skip
_ORIGINS = ("$ORIGIN", "${ORIGIN}", "@loader_path", "@rpath")
_MOST, _MOST_FOLDERS = 256, 32
"""Libraries that are looked for, and folders in which they are: a file may name any number."""
_KEPT = 256
"""Libraries whose answer is kept: the modules of a package link the same few."""

Read = Callable[[str], memoryview | None]


def with_linked(facts: Facts, loaded: "Loaded") -> Facts:
    """``facts`` with the libraries beside the file that speak the C API, as not audited."""
    known = {library.name for library in facts.libraries}
    named = dict.fromkeys(facts.linked)
    names = [name for name in named if name not in known and not _is_of_system(name)]
    if not names:
        return facts
    found = tuple(
        Library(name, audited=False)
        for number, name in enumerate(names[: _MOST + 1])
        if number == _MOST or _speaks(name, loaded)  # of what is beyond, one speaks for all
    )
    return replace(facts, libraries=(*facts.libraries, *found)) if found else facts


def _is_of_system(name: str) -> bool:
    return name.rpartition("/")[2].lower().startswith(_OF_THE_SYSTEM)


def _speaks(name: str, loaded: "Loaded") -> bool:
    artifact = loaded.artifact
    for place in _places(name, artifact.member or artifact.path, loaded.image.run_paths):
        if artifact.container is not None:
            said = _member_speaks(artifact.container, place)
        else:
            said = _file_speaks(place)
        if said is not None:
            return said
    return False


def _places(name: str, path: str, run_paths: tuple[str, ...]) -> Iterator[str]:
    """Where a library may lie, as paths beside that of the module."""
    folder, base = posixpath.dirname(path.replace(os.sep, "/")), name.rpartition("/")[2]
    for origin in _ORIGINS:
        if name.startswith(f"{origin}/"):
            yield posixpath.normpath(posixpath.join(folder, name[len(origin) + 1 :]))
    for run_path in run_paths[:_MOST_FOLDERS]:
        for origin in _ORIGINS:
            if run_path.startswith(origin):
                beside = run_path[len(origin) :].lstrip("/")
                yield posixpath.normpath(posixpath.join(folder, beside, base))
    yield posixpath.normpath(posixpath.join(folder, base))


@lru_cache(maxsize=_KEPT)
def _member_speaks(container: str, member: str) -> bool | None:
    """Whether a member of a wheel speaks the C API; None where there is none of that name."""
    from isoview.wheels import read_member

    try:
        return _data_speaks(read_member(container, member))
    except IsoviewError:
        return None


def _file_speaks(path: str) -> bool | None:
    """The same for a file."""
    try:
        status = os.stat(path)  # noqa: PTH116 - no pathlib here: it takes longer to import
    except (OSError, ValueError):
        return None
    return _kept_file_speaks(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=_KEPT)
def _kept_file_speaks(path: str, _changed: int, _size: int) -> bool | None:
    from isoview.inspectors.binary.source import read_file

    try:
        return _data_speaks(read_file(path))
    except IsoviewError:
        return None


def _data_speaks(data: memoryview) -> bool:
    """Whether a library takes something from Python. Raises :class:`UnsupportedFormat`."""
    if bytes(data[:4]) == b"\x7fELF":  # its names alone: some have millions of relocations
        from isoview.inspectors.binary.elf import ElfFile
        from isoview.inspectors.binary.elf_image import dynamic_tables

        names = bytes(dynamic_tables(ElfFile(data))[1])
        return b"\0Py" in names or b"\0_Py" in names
    from isoview.inspectors.binary.inspect import load_bytes
    from isoview.inspectors.binary.toolchain import speaks_c_api

    return any(speaks_c_api(loaded.image) for loaded in load_bytes(data, ""))

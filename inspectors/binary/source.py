"""Opening a target: regular files only, never blocking, every refusal with its reason."""

import errno
import os
import stat
import sys

from isoview.inspectors.errors import Unreadable
from isoview.inspectors.hints import TYPE_CHECKING

if TYPE_CHECKING:
    from io import BufferedReader

COPY_LIMIT = 64 << 20
"""Files up to this many bytes are copied into memory. A mapping would be cheaper, but a build
that truncates the file under it kills the process (SIGBUS), and rebuilding while the app is
open is the maintainer's ordinary loop. Larger files are mapped."""
BROUGHT_LIMIT = 1 << 20
"""The same for libraries that a wheel has brought along: nobody builds those where they are, and pip
puts others in their place without writing to them. Little of such a library is looked at.
"""

LEASED_FROM = 512 << 10
"""Bytes; from here on mapping a file under a lease takes less time than copying it."""

STDIN_LIMIT = 512 << 20
"""Bytes; what comes from a pipe is held in memory."""

_KEPT = 31 << 20
"""Bytes; glibc takes no notice of a block of 32 MiB or more."""

# What the module holds is bytes on every system, and no child gets the descriptor.
_OPEN_FLAGS = getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_KINDS = (
    (stat.S_ISDIR, "is a directory", "Give the path of one extension module inside it."),
    (stat.S_ISFIFO, "is a named pipe", "Give the path of a regular file."),
    (stat.S_ISSOCK, "is a socket", "Give the path of a regular file."),
    (stat.S_ISCHR, "is a character device", "Give the path of a regular file."),
    (stat.S_ISBLK, "is a block device", "Give the path of a regular file."),
)


def read_file(path: str, *, brief: bool = False) -> memoryview:
    """The bytes of the regular file at ``path``.

    ``brief`` says that they are let go of within moments: then a larger file may be mapped under
    a lease, and whoever wants to write to it waits until they are.

    Raises :class:`Unreadable` for anything that is missing, empty, not a regular file or not
    ours to read. Opens without blocking, so that a pipe without a writer is refused at once.
    """
    descriptor = _open(path)
    try:
        return _contents(path, descriptor, brief=brief)
    except OSError as error:
        raise _refusal(path, error) from error
    finally:
        os.close(descriptor)


def read_stdin() -> memoryview:
    """The bytes of standard input, to its end. Raises :class:`Unreadable` for none, and for more
    than any module has.
    """
    raw = sys.stdin.buffer.read(STDIN_LIMIT + 1)
    if not raw:
        raise Unreadable("standard input is empty", "Send it the bytes of a compiled module.")
    if len(raw) > STDIN_LIMIT:
        raise Unreadable(
            f"standard input is longer than {STDIN_LIMIT >> 20} MB", "Give the path of the file."
        )
    return memoryview(raw)


def keep_buffers() -> None:
    """Have the C library keep the memory of one file for the next, who reads many of them.

    glibc gives the memory of large blocks back to the system, and the page faults of the next file
    take a third as long as its reading does. What it gives back is bounded by the largest block that
    was freed so far (mallopt(3), M_MMAP_THRESHOLD), so one is. Others do nothing about it.
    """
    bytes(_KEPT)  # never written to, so that it takes no memory itself


def open_regular(path: str) -> "BufferedReader":
    """The regular file at ``path``, open for reading; refused as :func:`read_file` refuses."""
    descriptor = _open(path)
    try:
        _regular(path, descriptor)
    except Unreadable:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _OPEN_FLAGS)
    except (OSError, ValueError) as error:
        raise _refusal(path, error) from error


def _regular(path: str, descriptor: int) -> os.stat_result:
    status = os.fstat(descriptor)
    for is_kind, what, hint in _KINDS:
        if is_kind(status.st_mode):
            raise Unreadable(f"{path} {what}", hint)
    return status


def _contents(path: str, descriptor: int, *, brief: bool) -> memoryview:
    size = _regular(path, descriptor).st_size
    if brief and size >= LEASED_FROM and _leased(descriptor):
        return _mapped(path, descriptor)
    if size > (BROUGHT_LIMIT if _is_brought(path) else COPY_LIMIT):
        return _mapped(path, descriptor)
    if size == 0:
        raise _empty(path)
    parts = []
    left = size
    while left > 0 and (part := os.read(descriptor, left)):
        parts.append(part)
        left -= len(part)
    return memoryview(b"".join(parts) if len(parts) != 1 else parts[0])


def _mapped(path: str, descriptor: int) -> memoryview:
    import mmap

    try:
        return memoryview(mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ))
    except ValueError:  # somebody has cut it off since its size was asked for
        raise _empty(path) from None


def _leased(descriptor: int) -> bool:
    """Whether nobody can open the file for writing, or cut it off, before it is let go of.

    That is a read lease (fcntl(2), F_SETLEASE): who wants to write waits, 45 seconds at most. It
    belongs to the open file, which a mapping keeps. Only the owner of a file gets one, while
    nobody has it open for writing, and not of every file system.
    """
    if sys.platform != "linux":
        return False
    from fcntl import F_RDLCK, F_SETLEASE, F_SETSIG, fcntl
    from signal import SIGURG

    try:
        # Who waits is announced by a signal. SIGIO would end the process, SIGURG is ignored.
        fcntl(descriptor, F_SETSIG, SIGURG)
        fcntl(descriptor, F_SETLEASE, F_RDLCK)
    except OSError:
        return False
    return True


def _empty(path: str) -> Unreadable:
    return Unreadable(f"{path} is empty", "Check that the build or the download was completed.")


def _is_brought(path: str) -> bool:
    """Whether a library stands where wheels bring theirs: ``numpy.libs``, ``PIL/.dylibs``."""
    folder = os.path.basename(os.path.dirname(path))  # noqa: PTH119, PTH120 - hot path
    return folder.endswith((".libs", ".dylibs"))


def _refusal(path: str, error: OSError | ValueError) -> Unreadable:
    if isinstance(error, ValueError):
        return Unreadable(f"{path} is not a path", "A path cannot hold a NUL character.")
    hints = {
        errno.ENOENT: ("no such file", "Check the path, or give the name of an installed module."),
        errno.ENOTDIR: ("no such file", "A part of the path is a file, not a directory."),
        errno.EACCES: ("permission denied", "Run isoview as a user who may read the file."),
        errno.EPERM: ("permission denied", "Run isoview as a user who may read the file."),
        errno.ENXIO: ("is a socket or has no device behind it", "Give a regular file."),
        errno.ELOOP: (
            "too many levels of symbolic links",
            "Give the path the link should lead to.",
        ),
        errno.ENAMETOOLONG: ("the name is too long", "Check the path."),
    }
    what, hint = hints.get(
        error.errno or 0, (error.strerror or "cannot be read", "Check the file and its disk.")
    )
    return Unreadable(f"{path}: {what}", hint)


SUFFIXES = (".so", ".pyd", ".dylib", ".dll")


def split_name(path: str) -> tuple[str, str | None]:
    """The module's last name component and the tag between it and the ending.

    ``_json.cpython-311-x86_64-linux-gnu.so`` gives ``("_json", "cpython-311-x86_64-linux-gnu")``,
    ``x.abi3.so`` gives ``("x", "abi3")``, ``x.so`` gives ``("x", None)``
    (``importlib.machinery.EXTENSION_SUFFIXES`` on each platform). ``pkg/__init__.so`` is the
    package ``pkg``.
    """
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    *folders, name = parts or [""]
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            name = name[: -len(suffix)]
            break
    stem, _, tag = name.partition(".")
    if stem == "__init__" and folders:
        stem = folders[-1]
    return stem, tag or None

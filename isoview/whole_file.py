"""Writing a file wholly or not at all: aside, to disk, then renamed over what was there."""

import os
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str, aside: str | None = None) -> None:
    """Replace ``path`` by ``text`` (UTF-8, newlines as they are), or leave it as it was.

    A link is followed, the mode of the file is kept, and what is no regular file (a pipe, a
    terminal) is written to as it is. ``aside`` is the name of the new file until it is whole;
    without one, it is one that no other process uses. Raises :class:`OSError`.
    """
    real = path.resolve()
    if real.exists() and not real.is_file():
        with real.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
        return
    new = real.with_name(aside or f".{real.name}.{os.getpid()}.new")
    try:
        # In a folder that others write to, a link of that name is none of ours.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(new, flags, 0o666)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if real.exists():
            new.chmod(real.stat().st_mode & 0o7777)
        new.replace(real)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
    _sync_folder(real.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a power cut, where folders can be synced at all."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

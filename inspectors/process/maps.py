"""``/proc/PID/maps``: what is mapped where, and how to get at the file that was mapped.

Source: proc(5). A file is reached through the process's own root (``/proc/PID/root``), so that one
in another mount namespace is the right one. The file that lies at the path now need not be the one
that was mapped: an upgrade replaces it. Then ``/proc/PID/map_files`` has the old one, where we are
allowed to follow it.
"""

import os
from bisect import bisect_right
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from isoview.inspectors.text import decode

MAPPING_LIMIT = 200_000
DELETED = " (deleted)"


class Mapping(NamedTuple):
    """One line of the table; ``path`` is empty for anonymous memory."""

    start: int
    end: int
    flags: str  # rwxp
    offset: int
    device: str
    inode: int
    path: str
    deleted: bool

    @property
    def readable(self) -> bool:
        """Whether the process itself may read it."""
        return self.flags[0] == "r"

    @property
    def writable(self) -> bool:
        """Whether the process itself may write to it."""
        return self.flags[1] == "w"


class MappedFile(NamedTuple):
    """A file of which something is mapped as a program is: its header first."""

    path: str
    start: int  # where its first page lies: the ELF header
    end: int
    first: Mapping

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def deleted(self) -> bool:
        """Whether the file is gone from its path."""
        return self.first.deleted


def parse_maps(raw: bytes) -> list[Mapping]:
    """The lines of the table that make sense, in the order of their addresses."""
    found: list[Mapping] = []
    for line in raw.splitlines()[:MAPPING_LIMIT]:
        fields = line.split(None, 5)
        if len(fields) < 5:
            continue
        low, _, high = fields[0].partition(b"-")
        try:
            start, end = int(low, 16), int(high, 16)
            offset, inode = int(fields[2], 16), int(fields[4])
        except ValueError:
            continue
        flags = fields[1].decode("ascii", "replace")
        if len(flags) < 4 or start >= end:
            continue
        path = _path(fields[5]) if len(fields) > 5 else ""
        deleted = path.endswith(DELETED)
        path = path.removesuffix(DELETED)
        device = fields[3].decode("ascii", "replace")
        found.append(Mapping(start, end, flags, offset, device, inode, path, deleted))
    return found


def _path(raw: bytes) -> str:
    """The kernel writes a line break in a name as an octal escape, and nothing else."""
    return os.fsdecode(raw.replace(b"\\012", b"\n"))


class Maps:
    """The mappings of one process at one moment."""

    def __init__(self, pid: int, mappings: Sequence[Mapping]) -> None:
        self.pid = pid
        self.mappings = mappings

    @cached_property
    def starts(self) -> list[int]:
        """Run-time addresses at which mappings begin, sorted."""
        return [mapping.start for mapping in self.mappings]

    def at(self, address: int) -> Mapping | None:
        """The mapping that holds ``address``."""
        index = bisect_right(self.starts, address) - 1
        if index < 0:
            return None
        mapping = self.mappings[index]
        return mapping if address < mapping.end else None

    @cached_property
    def files(self) -> list[MappedFile]:
        """Files mapped from their beginning, each time anew; their other parts follow in memory."""
        found: list[MappedFile] = []
        mappings = self.mappings
        for index, mapping in enumerate(mappings):
            if mapping.offset or not mapping.inode or not mapping.readable:
                continue
            end = mapping.end
            for later in mappings[index + 1 :]:
                same = later.inode == mapping.inode and later.path == mapping.path
                if (same and later.offset) or (not later.inode and later.start == end):
                    end = later.end
                else:
                    break
            found.append(MappedFile(mapping.path, mapping.start, end, mapping))
        return found

    @cached_property
    def _file_starts(self) -> list[int]:
        return [file.start for file in self.files]

    def file_at(self, address: int) -> MappedFile | None:
        """The mapped file whose memory holds ``address``."""
        index = bisect_right(self._file_starts, address) - 1
        if index < 0:
            return None
        file = self.files[index]
        return file if address < file.end else None


def read_maps(pid: int) -> Maps:
    """The table as it is now. Raises :class:`OSError`."""
    return Maps(pid, parse_maps(Path(f"/proc/{pid}/maps").read_bytes()))


class OnDisk(NamedTuple):
    """Where the bytes of a mapped file can be had, and in what state its path is."""

    path: str | None  # readable from here; None where it cannot be had
    state: str  # same, replaced, deleted, unreadable


def on_disk(pid: int, file: MappedFile, head: bytes) -> OnDisk:
    """The file that was mapped: at its path, or behind it. ``head`` is its first page in memory."""
    there = f"/proc/{pid}/root{file.path}"
    state = "deleted" if file.deleted else "unreadable"
    if not file.deleted:
        state = _compare(there, file.first, head)
        if state == "same":
            return OnDisk(there, state)
    behind = f"/proc/{pid}/map_files/{file.first.start:x}-{file.first.end:x}"
    return OnDisk(behind if os.access(behind, os.R_OK) else None, state)


def _compare(path: str, mapping: Mapping, head: bytes) -> str:
    """``same`` by inode and by the first page (which holds the headers and, mostly, the build id).

    Device numbers are no help: on overlay and btrfs the table shows others than stat does.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return "deleted"
    except OSError:
        return "unreadable"
    try:
        status = os.fstat(descriptor)
        if status.st_ino != mapping.inode:
            return "replaced"
        return "same" if os.pread(descriptor, len(head), 0) == head else "replaced"
    except OSError:
        return "unreadable"
    finally:
        os.close(descriptor)


def shown_path(path: str) -> str:
    """A path of the target's as text that can be written down."""
    return decode(os.fsencode(path))

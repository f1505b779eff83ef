"""Wheels, read in place: members by name, never unpacked to disk, never past a limit.

A wheel is a zip archive (PEP 427). What it declares is not believed: sizes are limited as
declared and as they turn out, members that share bytes are refused, and a member's name is a
name, never a path that anything is written to.
"""

import os
import zipfile
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple, Self

from isoview.inspectors.binary.source import open_regular
from isoview.inspectors.errors import IsoviewError, Unreadable, UnsupportedFormat
from isoview.targets import MODULE_ENDS

MEMBER_LIMIT = 384 << 20
"""Most bytes of one member: the largest extension modules known have about 250 MB."""
_RATIO, _RATIO_FROM = 60, 16 << 20  # machine code packs 2 to 8 times; a hole much more
MODULES_LIMIT = 5_000  # modules in one wheel; the largest known wheels have some hundreds
_CHUNK = 1 << 20
_PLAIN = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ENCRYPTED = 0x1  # APPNOTE.TXT 4.4.4, bit 0
_LINK = 0o120000  # S_IFLNK in the upper half of the external attributes
_REBUILD = "Download or build the wheel again."


class Bad(NamedTuple):
    """A member that is not looked at, and why."""

    member: str
    error: str
    hint: str


class Wheel:
    """One open wheel. Raises :class:`Unreadable` or :class:`UnsupportedFormat` when opened."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open_regular(path)
        try:
            self._archive = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self._file.close()
            raise _no_archive(path, error) from error
        self._infos = self._archive.infolist()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._archive.close()
        self._file.close()

    def contents(self) -> Iterator[str | Bad]:
        """Names of the extension modules and other libraries in it, sorted; then what is wrong."""
        modules = [info for info in self._infos if info.filename.lower().endswith(MODULE_ENDS)]
        if len(modules) > MODULES_LIMIT:
            yield Bad(
                "",
                f"the wheel holds {len(modules)} modules, more than the {MODULES_LIMIT} that are read",
                "No real wheel has so many; unpack it and give the files that matter.",
            )
            return
        times = Counter(info.filename for info in self._infos)
        shared = _overlapping(self._infos)
        told: set[str] = set()
        sharing = sum(info.header_offset in shared for info in modules)
        if sharing:
            yield Bad(
                "",
                f"{sharing} of its modules share their bytes with other members",
                "That is how zip bombs are made: look where this wheel comes from.",
            )
        for info in sorted(modules, key=lambda entry: entry.filename):
            if info.header_offset in shared:
                continue
            bad = _refusal(info, twice=times[info.filename] > 1)
            if bad is None:
                yield info.filename
            elif info.filename not in told:
                told.add(info.filename)
                yield Bad(info.filename, *bad)
        yield from self._about_the_wheel()

    def _about_the_wheel(self) -> Iterator[Bad]:
        for info in self._infos:
            if info.filename.endswith(".whl"):
                yield Bad(
                    info.filename,
                    "a wheel inside a wheel is not opened",
                    "Installers do not look at it either; take it out and give it by itself.",
                )
        if not any(".dist-info/" in info.filename for info in self._infos):
            yield Bad(
                "",
                "it has no .dist-info folder, so it is no wheel that installs",
                "Its modules are reported all the same; build the wheel again.",
            )

    def size(self, member: str) -> int:
        """What a member says it unpacks to."""
        return self._archive.getinfo(member).file_size

    def read(self, member: str) -> memoryview:
        """The bytes of a member. Raises :class:`Unreadable`."""
        path = f"{self.path}/{member}"
        try:
            info = self._archive.getinfo(member)
        except KeyError:
            raise Unreadable(f"{path}: no such member", "List it with `unzip -l`.") from None
        bad = _refusal(info, twice=False)
        if bad is not None:
            raise Unreadable(f"{path}: {bad[0]}", bad[1])
        try:
            return memoryview(self._content(info))
        except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, ValueError) as error:
            raise Unreadable(f"{path} is damaged: {error}", _REBUILD) from error
        except Exception as error:  # zlib.error has no other base, and is not always there
            if type(error).__module__ != "zlib":
                raise
            raise Unreadable(f"{path} is damaged: {error}", _REBUILD) from error

    def _content(self, info: zipfile.ZipInfo) -> bytes:
        """What is declared and no byte more; a wrong length or checksum is an error."""
        parts: list[bytes] = []
        size = 0
        with self._archive.open(info) as stream:
            # To the end, so that the checksum is compared.
            while part := stream.read(_CHUNK):
                size += len(part)
                if size > info.file_size:
                    raise zipfile.BadZipFile("it is longer than it says")
                parts.append(part)
        if size != info.file_size:
            raise zipfile.BadZipFile("it is shorter than it says")
        return b"".join(parts)


def read_member(container: str, member: str) -> memoryview:
    """The bytes of one member of a wheel."""
    with Wheel(container) as wheel:
        return wheel.read(member)


def _refusal(info: zipfile.ZipInfo, twice: bool) -> tuple[str, str] | None:
    """Why a member is not read: what is wrong, and what to do."""
    name = info.filename.replace("\\", "/")
    if name.startswith("/") or ".." in name.split("/") or name[1:2] == ":":
        return "its name climbs out of the wheel", "Do not install this wheel: look who made it."
    if (info.external_attr >> 16) & 0o170000 == _LINK:
        return "it is a symbolic link", "Wheels hold no links; build the wheel again."
    if info.flag_bits & _ENCRYPTED:
        return "it is encrypted", "Wheels are not; build the wheel again."
    if info.compress_type not in _PLAIN:
        return (
            f"it is packed by method {info.compress_type}",
            "Pack it with deflate, as wheels are.",
        )
    if twice:
        return "the wheel has it twice", "Which one is installed is chance; build the wheel again."
    if info.file_size == 0:
        return "it is empty", "Check that the build was completed."
    if info.file_size > MEMBER_LIMIT:
        return (
            f"it unpacks to {info.file_size >> 20} MB, more than the {MEMBER_LIMIT >> 20} MB that are read",
            "If it is a real module, unpack it and give the file.",
        )
    if info.file_size > _RATIO_FROM and info.file_size > _RATIO * max(info.compress_size, 1):
        return (
            f"it unpacks to {info.file_size // max(info.compress_size, 1)} times its size",
            "That is how zip bombs are made. If it is a real module, unpack it and give the file.",
        )
    return None


def _overlapping(infos: list[zipfile.ZipInfo]) -> set[int]:
    """Header offsets of members that share bytes with another one."""
    found: set[int] = set()
    end, last = 0, -1
    for start, size in sorted((info.header_offset, info.compress_size) for info in infos):
        if start < end:
            found |= {start, last}
        if start + size > end:
            end, last = start + size, start
    return found


def _no_archive(path: str, error: Exception) -> IsoviewError:
    if os.path.getsize(path) == 0:  # noqa: PTH202 - a path as it came
        return Unreadable(f"{path} is empty", "Check that the build or the download was completed.")
    with open(path, "rb") as file:
        start = file.read(4)
    if start == b"PK\x03\x04":
        return Unreadable(f"{path} is a damaged wheel: {error}", _REBUILD)
    return UnsupportedFormat(f"{path} is no wheel: it is no zip archive", _REBUILD)

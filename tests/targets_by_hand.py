"""Wheels, folders and environments with a real extension in them, made by hand."""

import io
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

from command import speedups

TAG = "cp311-abi3-manylinux2014_x86_64"
MEMBER = "pkg/_speedups.abi3.so"


def code() -> bytes:
    """The bytes of a real extension."""
    return speedups().read_bytes()


def archive(members: Iterable[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members:
            info = name if isinstance(name, zipfile.ZipInfo) else zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            made.writestr(info, content)
    return stream.getvalue()


def information(name: str = "pkg") -> list[tuple[str | zipfile.ZipInfo, bytes]]:
    """The members that make an archive a wheel."""
    folder = f"{name}-1.0.dist-info"
    return [
        (f"{folder}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"),
        (f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode()),
        (f"{folder}/RECORD", b""),
    ]


def wheel(
    folder: Path, members: Iterable[tuple[str | zipfile.ZipInfo, bytes]], name: str = "pkg"
) -> Path:
    """A wheel with ``members`` and its information."""
    path = folder / f"{name}-1.0-{TAG}.whl"
    path.write_bytes(archive([*members, *information(name)]))
    return path


def good_wheel(folder: Path, name: str = "pkg") -> Path:
    """A wheel with one real extension."""
    return wheel(folder, [(MEMBER, code())], name)


def installed(
    site: Path, name: str, requires: Iterable[str] = (), modules: Iterable[str] = (), **more: bytes
) -> None:
    """A distribution in ``site`` as an installer leaves it."""
    information_folder = site / f"{name}-1.0.dist-info"
    information_folder.mkdir(parents=True)
    rows = "".join(f"Requires-Dist: {each}\n" for each in requires)
    text = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{rows}"
    (information_folder / "METADATA").write_text(text)
    record = [f"{name}-1.0.dist-info/METADATA,,\n"]
    for module in modules:
        target = site / module
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(speedups(), target)
        record.append(f"{module},,\n")
    (information_folder / "RECORD").write_text("".join(record))
    for file, content in more.items():
        (information_folder / file).write_bytes(content)

"""The corpus: real wheels, pinned by a manifest, and the modules in them.

Wheels are only downloaded and unpacked, never installed.
"""

import csv
import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

MANIFEST = Path(__file__).parent / "manifest.tsv"
SUPPORT = Path(__file__).parent / "support.tsv"
"""What modules of the corpus import: no reader was tuned on these wheels."""


@dataclass(frozen=True)
class Wheel:
    """One row of the manifest."""

    name: str
    version: str
    python: str  # cp311
    abi: str  # cp311, cp314t, abi3, none
    platform: str  # manylinux_2_28_x86_64.manylinux2014_x86_64
    sha256: str

    @property
    def label(self) -> str:
        return f"{self.name}-{self.version}-{self.python}-{self.abi}-{self.system}"

    @property
    def system(self) -> str:
        """The platform without the system's version: ``linux_x86_64``, ``macos_arm64``."""
        first = self.platform.split(".")[0]
        first = re.sub(r"^manylinux(\d+|_\d+_\d+)_", "linux_", first)
        first = re.sub(r"^musllinux_\d+_\d+_", "musl_", first)
        return re.sub(r"^macosx_\d+_\d+_", "macos_", first)

    @property
    def minor(self) -> int:
        """The Python it was built for; for abi3, the oldest it promises."""
        return int(re.sub(r"^(cp|py)3", "", self.python) or 0)


@dataclass(frozen=True)
class Module:
    """A compiled file of a wheel. ``name`` is dotted and without the file-name tag."""

    wheel: Wheel
    path: Path
    name: str


def manifest(path: Path = MANIFEST) -> list[Wheel]:
    with path.open(newline="") as stream:
        rows = csv.DictReader(stream, delimiter="\t")
        return [
            Wheel(
                row["name"], row["version"], row["python_tag"], row["abi_tag"],
                row["platform_tag"], row["sha256"],
            )
            for row in rows
        ]  # fmt: skip


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def by_digest(cache: Path) -> dict[str, Path]:
    """The wheels of a folder by SHA-256; what was computed before is kept beside them."""
    record = cache / "digests.tsv"
    known: dict[tuple[str, str], str] = {}
    if record.exists():
        for line in record.read_text().splitlines():
            name, stamp, value = line.split("\t")
            known[name, stamp] = value
    found: dict[str, Path] = {}
    lines = []
    for path in sorted(cache.glob("*.whl")):
        status = path.stat()
        stamp = f"{status.st_size}-{status.st_mtime_ns}"
        value = known.get((path.name, stamp)) or digest(path)
        found[value] = path
        lines.append(f"{path.name}\t{stamp}\t{value}\n")
    record.write_text("".join(lines))
    return found


def unpacked(wheel: Wheel, archive: Path, cache: Path) -> Path:
    """The folder with the wheel's files, unpacked once."""
    folder = cache / "unpacked" / wheel.sha256[:16]
    if not (folder / ".complete").exists():
        with zipfile.ZipFile(archive) as stream:
            stream.extractall(folder)  # pinned by hash: these are the files we chose
        (folder / ".complete").touch()
    return folder


def modules(wheel: Wheel, folder: Path) -> Iterator[Module]:
    """Every compiled file that has a module's ending, libraries among them."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".so", ".pyd") and path.is_file():
            relative = PurePosixPath(path.relative_to(folder).as_posix())
            parts = [*relative.parts[:-1], relative.name.partition(".")[0]]
            yield Module(wheel, path, ".".join(parts))

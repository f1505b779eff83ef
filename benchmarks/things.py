"""What the benchmarks need: the peers, an environment of packages, a Windows module.

Each is made once, in ``.cache/benchmarks`` of the project, and can be replaced by something that
is there already. What cannot be had is said, and the rows that need it are left out.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"
WORK = HERE.parent / ".cache" / "benchmarks"
_PYD_PACKAGE = "grpcio"  # one .pyd of about 10 MB


class Things:
    """Where everything is; ``missing`` says what is not there, and why."""

    def __init__(
        self, folder: str | None, library: str | None, pyd: str | None, limit: int | None
    ) -> None:
        self._folder, self._library, self._pyd, self._limit = folder, library, pyd, limit
        self.missing: dict[str, str] = {}
        WORK.mkdir(parents=True, exist_ok=True)

    @cached_property
    def isoview(self) -> tuple[str, ...]:
        """The command as a user runs it."""
        script = Path(sys.executable).parent / "isoview"
        return (str(script),) if script.exists() else (sys.executable, "-m", "isoview")

    @cached_property
    def peers(self) -> str | None:
        """The interpreter of the virtual environment with the peers."""
        python = _environment("peers", HERE / "requirements.txt")
        if python is None:
            self.missing["peers in Python"] = "pip could not install requirements.txt"
        return python

    def program(self, name: str) -> str | None:
        """A program of the system or of the peers' environment."""
        beside = Path(self.peers).parent / name if self.peers else None
        found = str(beside) if beside is not None and beside.exists() else shutil.which(name)
        if found is None:
            self.missing[name] = "not on the PATH"
        return found

    @cached_property
    def folder(self) -> Path | None:
        """A folder with many extension modules."""
        if self._folder is not None:
            return Path(self._folder)
        python = _environment("packages", HERE / "packages.txt")
        if python is None:
            self.missing["many files"] = "pip could not install packages.txt"
            return None
        return Path(python).parent.parent

    @cached_property
    def files(self) -> list[Path]:
        """The ELF files in :attr:`folder` that have dynamic symbols; the same work for everyone."""
        if self.folder is None:
            return []
        found = sorted(
            path
            for path in self.folder.rglob("*.so")
            if path.is_file() and not path.is_symlink() and _begins(path, b"\x7fELF\x02")
        )
        return found[: self._limit]

    @cached_property
    def many(self) -> tuple[str, ...]:
        """The same files as the command is given them."""
        return tuple(map(str, self.files))

    @cached_property
    def listed(self) -> str:
        """A file that names them, for the scripts."""
        path = WORK / "files.txt"
        path.write_text("".join(f"{file}\n" for file in self.files))
        return str(path)

    @cached_property
    def small(self) -> Path | None:
        """A module of about 100 kB."""
        modules = [file for file in self.files if "cpython-" in file.name or ".abi3." in file.name]
        return min(modules, key=lambda path: abs(path.stat().st_size - 100_000), default=None)

    @cached_property
    def library(self) -> Path | None:
        """The largest library at hand."""
        if self._library is not None:
            return Path(self._library)
        return max(self.files, key=lambda path: path.stat().st_size, default=None)

    @cached_property
    def pyd(self) -> Path | None:
        """A Windows module of some 10 MB."""
        if self._pyd is not None:
            return Path(self._pyd)
        target = WORK / "module.pyd"
        if not target.exists():
            where = WORK / "windows"
            command = [
                sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
                "--platform", "win_amd64", "--python-version", "3.13", "-d", str(where), _PYD_PACKAGE,
            ]  # fmt: skip
            done = subprocess.run(command, check=False)
            wheel = next(where.glob("*.whl"), None)
            if done.returncode or wheel is None:
                self.missing["a Windows module"] = f"{_PYD_PACKAGE} could not be downloaded"
                return None
            with zipfile.ZipFile(wheel) as archive:
                members = [info for info in archive.infolist() if info.filename.endswith(".pyd")]
                largest = max(members, key=lambda info: info.file_size)
                target.write_bytes(archive.read(largest))
        return target

    @cached_property
    def compiler(self) -> str | None:
        """A C compiler, where this interpreter's headers are there too."""
        found = shutil.which(os.environ.get("CC", "cc"))
        headers = Path(sysconfig.get_paths()["include"]) / "Python.h"
        if found is None or not headers.exists():
            self.missing["growth"] = "no C compiler, or no headers of this interpreter"
            return None
        return found


def _begins(path: Path, magic: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read(len(magic)) == magic


def _environment(name: str, requirements: Path) -> str | None:
    """The interpreter of a virtual environment that has what a file asks for."""
    where = WORK / name
    python = where / "bin" / "python"
    stamp = where / "installed"
    wanted = requirements.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    print(f"making {where.relative_to(HERE.parent)} ...", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(where)], check=True)
    pip = [str(python), "-m", "pip", "install", "-q", "--only-binary=:all:", "-r"]
    if subprocess.run([*pip, str(requirements)], check=False).returncode:
        return None
    subprocess.run([str(python), "-m", "compileall", "-q", str(where / "lib")], check=False)
    stamp.write_text(wanted)
    return str(python)

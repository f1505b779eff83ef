"""What the benchmarks need: the peers, an environment of packages, a Windows module.

Each is made once, in ``.cache/benchmarks`` of the project, and can be replaced by something that
is there already. What cannot be had is said, and the rows that need it are left out.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from functools import cached_property
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"
ROOT = HERE.parent
WORK = ROOT / ".cache" / "benchmarks"
CACHE = WORK / "cache"
"""Where the isoview that is measured keeps its reports."""
PEERS = {
    "abi3audit": "abi3audit", "click": "click", "lief": "lief", "pefile": "pefile",
    "pyelftools": "elftools", "textual": "textual",
}  # fmt: skip
"""Peers in Python, by what pip calls them, and the module that each is."""
_PYD_PACKAGE = "grpcio"  # one .pyd of about 10 MB
_SYMBOLS, _PAYLOAD = 75_000, 400 << 20
"""Of the large library: dynamic symbols, and bytes that have nothing to do with them."""


class Things:
    """Where everything is; ``missing`` says what is not there, and why."""

    def __init__(
        self, folder: str | None, library: str | None, pyd: str | None, limit: int | None
    ) -> None:
        self._folder, self._library, self._pyd, self._limit = folder, library, pyd, limit
        self.missing: dict[str, str] = {}
        WORK.mkdir(parents=True, exist_ok=True)

    @cached_property
    def python(self) -> str:
        """The interpreter that has isoview as a user has it, installed and not in its sources."""
        python = _installed_project()
        if python is None:
            self.missing["isoview as it is installed"] = (
                "pip could not install the project; the one beside this interpreter was measured"
            )
        return python or sys.executable

    @cached_property
    def isoview(self) -> tuple[str, ...]:
        """The command of the same."""
        script = Path(self.python).with_name("isoview")
        return (str(script),) if script.exists() else (self.python, "-m", "isoview")

    @cached_property
    def _peers(self) -> tuple[str, frozenset[str]]:
        """The interpreter of the environment with the peers, and which of them it has."""
        wanted = HERE / "requirements.txt"
        python = _environment("peers", wanted)
        if python is None:  # all at once cannot be had: each that can
            python = str(WORK / "peers" / "bin" / "python")
            for line in wanted.read_text().splitlines():
                if line.strip() and not line.startswith("#"):
                    subprocess.run([*_pip(python), line], check=False)
        look = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if importlib.util.find_spec(n)])"
        done = subprocess.run(
            [python, "-c", look, *PEERS.values()], check=False, capture_output=True, text=True
        )
        there = frozenset(done.stdout.split())
        for name, module in PEERS.items():
            if module not in there:
                self.missing[name] = f"get it with `{' '.join(_pip(python))} {name}`"
        return python, there

    def peer(self, name: str | None = None) -> str | None:
        """The interpreter that has a peer, or (without a name) nothing but its library."""
        python, there = self._peers
        return python if name is None or PEERS[name] in there else None

    def program(self, name: str) -> str | None:
        """A program of the system or of the peers' environment."""
        found = shutil.which(name)
        if found is None:
            self.missing[name] = "not on the PATH; it comes with binutils or coreutils"
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
    def stable(self) -> Path | None:
        """The smallest module for the stable ABI."""
        modules = [file for file in self.files if ".abi3." in file.name]
        return min(modules, key=lambda path: path.stat().st_size, default=None)

    @cached_property
    def library(self) -> Path | None:
        """A library of some 400 MB with many dynamic symbols; without a compiler the largest at
        hand.
        """
        if self._library is not None:
            return Path(self._library)
        compiler = shutil.which(os.environ.get("CC", "cc"))
        if compiler is None:
            self.missing["a library of 400 MB"] = "no C compiler; the largest at hand was taken"
            return max(self.files, key=lambda path: path.stat().st_size, default=None)
        target = WORK / "large.so"
        if not target.exists():
            _build_large(compiler, target)
        return target

    @cached_property
    def pyd(self) -> Path | None:
        """A Windows module of some 10 MB."""
        if self._pyd is not None:
            return Path(self._pyd)
        where = WORK / "windows"
        found = next(where.glob("*.pyd"), None)
        if found is not None:
            return found
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
            target = where / Path(largest.filename).name
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


def _pip(python: str) -> list[str]:
    return [python, "-m", "pip", "install", "-q", "--only-binary=:all:"]


def _environment(name: str, requirements: Path) -> str | None:
    """The interpreter of a virtual environment that has what a file asks for."""
    where = WORK / name
    python = where / "bin" / "python"
    stamp = where / "installed"
    wanted = requirements.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return str(python)
    print(f"making {where.relative_to(ROOT)} ...", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(where)], check=True)
    if subprocess.run([*_pip(str(python)), "-r", str(requirements)], check=False).returncode:
        return None
    subprocess.run([str(python), "-m", "compileall", "-q", str(where / "lib")], check=False)
    stamp.write_text(wanted)
    return str(python)


def _installed_project() -> str | None:
    """The interpreter of an environment in which the project is installed as it is now."""
    parts = ("isoview", "inspectors", "tui")
    sources = [
        path
        for part in parts
        for path in sorted((ROOT / part).rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    sum_ = hashlib.sha256((ROOT / "pyproject.toml").read_bytes())
    for path in sources:
        sum_.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    where = WORK / "installed"
    python, stamp = where / "bin" / "python", where / "sources"
    if stamp.exists() and stamp.read_text() == sum_.hexdigest():
        return str(python)
    print(f"installing the project into {where.relative_to(ROOT)} ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "project")  # pip builds beside the sources
        for part in (*parts, "docs"):  # whose manual is installed
            skip = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / part, copy / part, ignore=skip)
        for path in ROOT.iterdir():
            if path.is_file():
                shutil.copy(path, copy)
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(where)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q"]
        again = ["--force-reinstall", "--no-deps"]
        for options in ([], again):  # what it needs; then itself, whatever its version says
            if subprocess.run([*pip, *options, str(copy)], check=False).returncode:
                return None
    subprocess.run([str(python), "-m", "compileall", "-q", str(where / "lib")], check=False)
    stamp.write_text(sum_.hexdigest())
    return str(python)


def _build_large(compiler: str, target: Path) -> None:
    """Assemble and link a library: named words, and a block of bytes that no symbol names."""
    print(f"building {target.relative_to(ROOT)} ...", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "large.s")
        with source.open("w") as file:
            file.write(".data\n")
            for number in range(_SYMBOLS):
                name = f"_ZN5large{len(str(number)) + 6}member{number}Ev"
                file.write(f".globl {name}\n.type {name}, %object\n")
                file.write(f"{name}: .long {number}\n.size {name}, 4\n")
            file.write(f'.section .payload, "a"\n.fill {_PAYLOAD // 8}, 8, {0x5A5A5A5A}\n')
        command = [compiler, "-shared", "-nostdlib", "-o", str(target), str(source)]
        subprocess.run(command, check=True)

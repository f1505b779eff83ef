"""Compile the C fixtures, each once, with the headers of the running interpreter.

A fixture says in its first line how it wants to be built::

    // isoview: tag=abi3 flags=-DPy_LIMITED_API=0x03080000

``tag``    the file-name tag (``cpython-313`` where nothing is said: layouts are the same from 3.8 to
           3.15, and a fixed tag makes the results the same whatever interpreter runs the tests);
           ``none`` for a plain ``.so``
``name``   the module name of the file, where it is not that of the source
``flags``  more compiler flags, separated by commas
``needs``  the name of a library that the file shall link (an empty one is made)

Slot numbers are written as integers in the sources, because older headers do not have their names.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parent / "fixtures"
CACHE = Path(__file__).parent.parent / ".cache" / "fixtures"
DEFAULT_TAG = "cpython-313"
_FLAGS = ("-shared", "-fPIC", "-O2", "-w")


def compiler() -> list[str] | None:
    """The C compiler to use: ``CC``, else the first usual name on the PATH."""
    named = os.environ.get("CC")
    if named:
        return shlex.split(named)
    return next(([name] for name in ("cc", "gcc", "clang") if shutil.which(name)), None)


def missing() -> str | None:
    """Why no fixture can be compiled here; None when they can."""
    if compiler() is None:
        return "no C compiler here (set CC, or install cc, gcc or clang)"
    include = sysconfig.get_path("include")
    if not (Path(include) / "Python.h").exists():
        return f"no Python.h in {include} (install the interpreter's development headers)"
    return None


def compile_fixture(source: str, *extra: str) -> Path:
    """Path of the compiled fixture ``source`` (``NAME.c``). Skips the test where none can be made.

    ``extra`` are more compiler flags; the same source with other flags is another file.
    """
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    path = FIXTURES / source
    wishes = _wishes(path)
    command = compiler()
    assert command is not None
    include = sysconfig.get_path("include")
    flags = [*_FLAGS, *(wishes["flags"].split(",") if "flags" in wishes else []), *extra]
    texts = [path.read_bytes(), *(header.read_bytes() for header in sorted(FIXTURES.glob("*.h")))]
    key = hashlib.sha256(b"\0".join([*texts, repr((command, flags, include)).encode()]))
    folder = CACHE / key.hexdigest()[:16]
    target = folder / (wishes.get("name", path.stem) + _suffix(wishes.get("tag", DEFAULT_TAG)))
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    libraries = []
    if "needs" in wishes:
        libraries = ["-Wl,--no-as-needed", str(_empty_library(command, folder, wishes["needs"]))]
    built = target.with_name(f"{target.name}.{os.getpid()}")  # tests may run in several processes
    _run([*command, *flags, f"-I{include}", str(path), "-o", str(built), *libraries])
    built.replace(target)
    return target


def _wishes(path: Path) -> dict[str, str]:
    first = path.read_text("utf-8").partition("\n")[0]
    marker, _, rest = first.partition("isoview:")
    if not marker.startswith("//"):
        return {}
    return dict(wish.partition("=")[::2] for wish in rest.split())


def _suffix(tag: str) -> str:
    if tag == "none":
        return ".so"
    if tag.startswith("cpython-"):
        machine = os.uname().machine
        return f".{tag}-{machine}-linux-gnu.so"
    return f".{tag}.so"


def _empty_library(command: list[str], folder: Path, name: str) -> Path:
    library = folder / name
    built = library.with_name(f"{name}.{os.getpid()}")
    flags = ["-shared", "-fPIC", f"-Wl,-soname,{name}", "-x", "c", os.devnull]
    _run([*command, *flags, "-o", str(built)])
    built.replace(library)
    return library


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"{shlex.join(command)}\n{done.stderr}", pytrace=False)

"""An environment: the folders that an interpreter imports from, as it says itself.

Only ``sys.path`` and what goes with it is asked, in a child that imports nothing but what the
interpreter starts with and a few modules of the standard library.
"""

import os
import sys

from isoview.inspectors.errors import IsoviewError, NotFound
from isoview.inspectors.hints import NamedTuple

_SECONDS = 20
_MARK = "\0isoview\0"
"""Before the answer, as anything may print something when an interpreter starts."""
_MARKERS = (
    "os_name", "sys_platform", "platform_machine", "platform_system", "platform_release",
    "platform_version", "platform_python_implementation", "implementation_name",
    "python_version", "python_full_version", "implementation_version",
)  # fmt: skip
# Runs in any Python since 3.8. The markers are those of the specification of dependency
# specifiers, which decide what a requirement means there. `platform` and `json` take as long to load
# as the interpreter does to start, so where they say what others do, they are left alone.
_ASK = """
import sys, os, sysconfig, importlib.machinery as machinery
v = sys.version_info
kind = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name)
if sys.platform in ("linux", "darwin") and kind:
    name = os.uname()
    told = [name.machine, name.sysname, name.release, name.version, kind]
else:
    import platform
    told = [platform.machine(), platform.system(), platform.release(), platform.version(),
            platform.python_implementation()]
version = sys.version.split()[0]
answer = [
    sys.executable, sys.prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"),
    "free-threading" in sys.version and "free-threaded" or "",
    os.name, sys.platform, *told, sys.implementation.name, "%d.%d" % v[:2], version, version,
    str(len(machinery.EXTENSION_SUFFIXES)), *machinery.EXTENSION_SUFFIXES,
    *[path for path in sys.path if isinstance(path, str)]]
sys.stdout.buffer.write(("\\0isoview\\0" + "\\0".join(answer)).encode("utf-8", "surrogatepass"))
"""


class Environment(NamedTuple):
    """Where an interpreter looks for modules, without its standard library."""

    executable: str
    prefix: str
    folders: tuple[str, ...]
    suffixes: tuple[str, ...]
    version: str
    free_threaded: bool
    markers: dict[str, str]


def ask(python: str | None = None) -> Environment:
    """The environment of an interpreter: a path, a command or an environment's folder.

    None is the interpreter that isoview runs on. Raises :class:`NotFound` where there is none
    and :class:`IsoviewError` where it does not answer.
    """
    import subprocess

    from isoview.inspectors.live.pythons import find_python

    executable = find_python(python)
    if python is not None and os.path.isdir(executable):  # noqa: PTH112 - a path as it came
        raise NotFound(f"{python} holds no interpreter", "Name its python, or a folder of modules.")
    try:
        child = subprocess.run(
            [executable, "-I", "-c", _ASK],
            capture_output=True, timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if child.returncode == 0:
            return _environment(child.stdout.decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = _why(error)
        raise _silent(executable, reason) from error
    said = child.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
    raise _silent(executable, said[-1] if said else f"exit code {child.returncode}")


def _why(error: Exception) -> str:
    """Why there is no answer, for a person."""
    import subprocess

    if isinstance(error, subprocess.TimeoutExpired):
        return f"it took more than {_SECONDS} s"
    return getattr(error, "strerror", None) or "what it answers is not what a Python answers"


def is_environment(folder: str) -> bool:
    """Whether a folder is a virtual environment (PEP 405), or laid out as one."""
    return os.path.isfile(os.path.join(folder, "pyvenv.cfg"))  # noqa: PTH113, PTH118


def current_folders() -> list[str]:
    """The folders of the interpreter that isoview runs on, which need not be asked."""
    return list(sys.path)


def _environment(answer: str) -> Environment:
    """What an interpreter has answered. Raises ValueError where that is something else."""
    _, mark, told = answer.rpartition(_MARK)
    executable, prefix, standard, platform_standard, free_threaded, *rest = told.split("\0")
    markers, (many, *rest) = rest[: len(_MARKERS)], rest[len(_MARKERS) :]
    suffixes, path = rest[: int(many)], rest[int(many) :]
    if not mark or not suffixes or not path:
        raise ValueError
    known = {os.path.realpath(folder) for folder in (standard, platform_standard) if folder}
    folders = [
        folder
        for folder in dict.fromkeys(path)
        if folder and os.path.isdir(folder) and not _is_standard(folder, known)  # noqa: PTH112
    ]
    named = dict(zip(_MARKERS, markers, strict=True))
    return Environment(
        executable=executable,
        prefix=prefix,
        folders=tuple(folders),
        suffixes=tuple(suffixes),
        version=named["python_full_version"],
        free_threaded=bool(free_threaded),
        markers=named,
    )


def _is_standard(folder: str, standard: set[str]) -> bool:
    """Whether a folder of ``sys.path`` is the standard library or its ``lib-dynload``."""
    real = os.path.realpath(folder)
    return real in standard or (
        os.path.basename(real) in {"lib-dynload", "DLLs"}  # noqa: PTH119
        and (os.path.dirname(real) in standard or os.name == "nt")  # noqa: PTH120
    )


def _silent(executable: str, reason: str) -> IsoviewError:
    return IsoviewError(
        f"{executable} does not say where it imports from: {reason}",
        "See that it starts, or give its site-packages folder as a target.",
    )

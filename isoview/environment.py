"""An environment: the folders that an interpreter imports from, as it says itself.

Only ``sys.path`` and what goes with it is asked, in a child that imports nothing but what the
interpreter starts with and a few modules of the standard library.
"""

import os
import sys

from isoview.inspectors.errors import IsoviewError, NotFound
from isoview.inspectors.hints import Any, NamedTuple

_SECONDS = 20
# Runs in any Python since 3.8. The markers are those of the specification of dependency
# specifiers, which decide what a requirement means there.
_ASK = """
import sys, os, json, platform, sysconfig, importlib.machinery as machinery
v = sys.version_info
print(json.dumps({
    "executable": sys.executable, "prefix": sys.prefix, "path": sys.path,
    "standard": sorted({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}),
    "suffixes": machinery.EXTENSION_SUFFIXES,
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "markers": {
        "os_name": os.name, "sys_platform": sys.platform,
        "platform_machine": platform.machine(), "platform_system": platform.system(),
        "platform_release": platform.release(), "platform_version": platform.version(),
        "platform_python_implementation": platform.python_implementation(),
        "implementation_name": sys.implementation.name,
        "python_version": "%d.%d" % v[:2], "python_full_version": platform.python_version(),
        "implementation_version": platform.python_version(),
    }}))
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
    import json
    import subprocess

    from isoview.inspectors.live.pythons import find_python

    executable = find_python(python)
    if python is not None and os.path.isdir(executable):  # noqa: PTH112 - a path as it came
        raise NotFound(f"{python} holds no interpreter", "Name its python, or a folder of modules.")
    try:
        child = subprocess.run(
            [executable, "-I", "-c", _ASK],
            capture_output=True, text=True, timeout=_SECONDS, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        told = json.loads(child.stdout) if child.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = _why(error)
        raise _silent(executable, reason) from error
    if not isinstance(told, dict):
        last = child.stderr.strip().splitlines()[-1:] or [f"exit code {child.returncode}"]
        raise _silent(executable, last[0])
    return _environment(told)


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


def _environment(told: dict[str, Any]) -> Environment:
    standard = {os.path.realpath(path) for path in told["standard"] if path}
    folders = [
        folder
        for folder in dict.fromkeys(told["path"])
        if folder and os.path.isdir(folder) and not _is_standard(folder, standard)  # noqa: PTH112
    ]
    return Environment(
        executable=told["executable"],
        prefix=told["prefix"],
        folders=tuple(folders),
        suffixes=tuple(told["suffixes"]),
        version=told["markers"]["python_full_version"],
        free_threaded=told["free_threaded"],
        markers=told["markers"],
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

"""Which interpreters' wheels are wanted: what pip is told of platforms, versions and ABIs."""

import re
import sys
from typing import NamedTuple

from isoview.inspectors.errors import BadConfig

_PYTHON = re.compile(r"3\.(\d{1,2})(t?)")
_GLIBC = re.compile(r"manylinux_2_(\d{1,2})_(\w+)")
_LINUX = re.compile(r"linux_(\w+)")
_NEWEST_GLIBC, _OLDEST_GLIBC = 39, 5
# The names that these versions had before PEP 600.
_OLD_NAMES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_ABI3T_FROM = 15  # PEP 803


class Tags(NamedTuple):
    """One interpreter: its version ("3.13", "3.14t") and the platforms it may take wheels of."""

    python: str
    platforms: tuple[str, ...]

    def options(self) -> list[str]:
        """For ``pip download``."""
        version, free = _version(self.python)
        options = ["--python-version", f"3.{version}", "--implementation", "cp"]
        for platform in self.platforms:
            options += ["--platform", platform]
        if free:
            abis = [f"cp3{version}t", *(["abi3t"] if version >= _ABI3T_FROM else []), "none"]
            options += [word for abi in abis for word in ("--abi", abi)]
        return options


def wanted(pythons: tuple[str, ...], platforms: tuple[str, ...]) -> list[Tags]:
    """One for each version; without any, those of this interpreter and this machine."""
    every = tuple(dict.fromkeys(each for name in platforms for each in expanded(name)))
    if not every:
        from packaging.tags import platform_tags

        every = tuple(platform_tags())
    for python in pythons:
        _version(python)
    own = f"3.{sys.version_info.minor}{'t' if 't' in sys.abiflags else ''}"
    return [Tags(python, every) for python in pythons or (own,)]


def expanded(platform: str) -> list[str]:
    """A platform with those older ones whose wheels run there, too, which pip leaves to us."""
    linux = _LINUX.fullmatch(platform)
    glibc = _GLIBC.fullmatch(platform)
    if linux:
        newest, arch = _NEWEST_GLIBC, linux[1]
    elif glibc:
        newest, arch = int(glibc[1]), glibc[2]
    else:
        return [platform]
    names = []
    for minor in range(newest, _OLDEST_GLIBC - 1, -1):
        names.append(f"manylinux_2_{minor}_{arch}")
        if minor in _OLD_NAMES:
            names.append(f"{_OLD_NAMES[minor]}_{arch}")
    return [*names, *([platform] if linux else [])]


def _version(python: str) -> tuple[int, bool]:
    found = _PYTHON.fullmatch(python)
    if found is None:
        raise BadConfig(
            f"{python} is no version of Python that wheels are tagged for",
            "Write it as 3.13, or 3.14t for the free-threaded build.",
        )
    return int(found[1]), bool(found[2])

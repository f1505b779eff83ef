"""What a file's name and the Python library it links say of its ABI.

Sources: PEP 3149 and ``importlib.machinery.EXTENSION_SUFFIXES`` for names; on Windows a stable-ABI
module is plainly ``name.pyd``, and which ABI it is for is told by the DLL it links: python3.dll
(abi3), python3t.dll (abi3t, PEP 803), python313.dll or python313t.dll for one version, each with
``_d`` in debug builds.
"""

import re
from functools import lru_cache

# Texts: compiled (and kept by re) when a file needs them.
_TAG = r"(?:cpython-|cp|abi)\d|(?:pypy|graalpy|pyston|ironpython|jython)"
_FREE_THREADED = r"c(?:python-|p)3\d+t"
_PYTHON_DLL = r"(?i)(?:lib)?python3(?:\.?(\d+))?(t?)(_d)?\.dll\Z"


@lru_cache(maxsize=64)
def is_abi_tag(text: str) -> bool:
    """Whether this is the tag of an ABI, not just what stands behind a dot in the name of a library
    (``libm-2-dffaabfe.28.so``, ``libSystem.Native.so``, ``libz.so.1``).
    """
    return re.match(_TAG, text) is not None


@lru_cache(maxsize=64)
def names_free_threaded(tag: str | None) -> bool:
    """Whether the tag is that of one free-threaded version (``cpython-313t-...``, ``cp313t-...``)."""
    return tag is not None and re.match(_FREE_THREADED, tag) is not None


def tag_of_libraries(libraries: tuple[str, ...]) -> str | None:
    """``abi3``, ``abi3t``, ``cp313`` or ``cp313t``; None where no Python DLL is linked."""
    for match in _python_dlls(libraries):
        minor, threads, _ = match.groups()
        return f"cp3{minor}{threads}" if minor else f"abi3{threads}"
    return None


def _python_dlls(libraries: tuple[str, ...]) -> list[re.Match[str]]:
    dlls = [name for name in libraries if name.lower().endswith(".dll")]
    return [match for match in (re.match(_PYTHON_DLL, name) for name in dlls) if match]


def module_stem(stem: str, libraries: tuple[str, ...]) -> str:
    """The module's name: Windows' debug builds are called ``name_d``, their init function not."""
    debug = any(match[3] for match in _python_dlls(libraries))
    return stem.removesuffix("_d") if debug else stem

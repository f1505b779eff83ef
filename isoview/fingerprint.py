"""Names for findings that survive a rebuild.

A fingerprint is rule + dotted module + subject, readable by a person and free of addresses:
``ISO201:decimal._decimal:type:decimal.Decimal``. For named subjects it is the same on every
platform the module is built for.
"""

import os.path
import re
from functools import lru_cache

from isoview.inspectors.facts import Facts
from isoview.inspectors.stdin import STDIN

# Patterns are texts: re compiles them when a name needs one.
# What compilers append to the name of a symbol they clone, rename or make local:
# foo.0, foo.lto_priv.3, foo.constprop.0, foo.isra.0, foo.part.1, foo.cold, foo.llvm.1234.
_CLONE = (
    r"(?:\.(?:lto_priv|constprop|isra|part|cold|llvm|clone|local|localalias|warm|hot|\d+)"
    r"(?=\.|$))+$"
)
# A static inside a function: GCC calls it name.0, Clang function.name; both are name here.
_CLANG_LOCAL = r"(?!anon\.)[A-Za-z_]\w*\.([A-Za-z_]\w*)"
_RUST_LEGACY_HASH = r"17h[0-9a-f]{16}E$"  # _ZN...17h<hash>E: the E closes the path
_RUST_V0_CRATE_HASH = r"(?<=C)s[0-9A-Za-z]+_"  # _RNvCs<hash>_5crate...
_INSTALLED = r".*/(?:site|dist)-packages/"
_WHEEL_DATA = r"^[^/]+\.data/(?:platlib|purelib)/"


def fingerprint(rule: str, module: str, subject: str) -> str:
    """``rule:module:subject``, where the subject comes from one of the functions below."""
    return f"{rule}:{module}:{subject}"


def type_subject(name: str) -> str:
    return f"type:{name}" if name else unnamed_subject("type")


@lru_cache(maxsize=1 << 14)
def symbol_subject(symbol: str | None, kind: str = "static") -> str:
    """Subject for a symbol; ``unnamed:KIND`` where the file has no name for it. Many files have
    symbols of the same names.
    """
    name = stable_symbol(symbol) if symbol else ""
    return f"symbol:{name}" if name else unnamed_subject(kind)


def api_subject(name: str) -> str:
    return f"api:{name}"


def unnamed_subject(kind: str) -> str:
    return f"unnamed:{kind}"


def subject_of(name: str) -> tuple[str, str]:
    """(kind, what) that a fingerprint names, as ``("type", "decimal.Decimal")``; its kind is
    ``module`` where it is about the module itself.
    """
    kind, found, what = name.split(":", 2)[-1].partition(":")
    return (kind, what) if found else ("module", "")


def stable_symbol(symbol: str) -> str:
    """``symbol`` without what changes from build to build: clone suffixes and Rust's hashes."""
    dotted = "." in symbol  # in C names only a compiler puts one
    if dotted and symbol[:1] != ".":
        head, _, tail = symbol.rpartition(".")
        if "." not in head and tail.isdigit() and tail.isascii():  # by far the most frequent
            symbol, dotted = head, False
    name = (re.sub(_CLONE, "", symbol) or symbol) if dotted else symbol
    if name.startswith(("_ZN", "__ZN")):
        return re.sub(_RUST_LEGACY_HASH, "E", name) if "17h" in name else name
    if name.startswith(("_R", "__R")):
        return re.sub(_RUST_V0_CRATE_HASH, "", name)
    local = re.fullmatch(_CLANG_LOCAL, name) if dotted else None
    return local[1] if local else name


def dotted_module(facts: Facts) -> str:
    """Dotted name of the module: by its place in the container, else in its package, else by
    the init function.
    """
    kept = facts.__dict__.get(_KEPT)  # asked for by every finding
    if kept is None:
        init = facts.own_init
        name = init.module if init is not None else ""
        path = facts.artifact.path
        kept = facts.__dict__[_KEPT] = (
            name or path if path == STDIN else _dotted(path, facts.artifact.member, name)
        )
    called: str = kept
    return called


_KEPT = "dotted_module"


def dotted_place(path: str, member: str | None) -> str:
    """The dotted name that a place gives; empty where only the init function can tell."""
    return _dotted(path, member, "\0").strip("\0")


@lru_cache(maxsize=64)
def _dotted(path: str, member: str | None, init_name: str) -> str:
    if member:
        return _join(re.sub(_WHEEL_DATA, "", member.replace("\\", "/")).split("/"))
    folder, file = os.path.split(os.path.abspath(path))  # noqa: PTH100 - Path costs more here
    packages = _packages(folder)
    if packages is None:
        return init_name or _join([file])
    return _join([*packages, file])


@lru_cache(maxsize=64)
def _packages(folder: str) -> list[str] | None:
    """The packages whose folder that is, from the outermost in; None where it is no such thing."""
    installed = re.search(_INSTALLED, folder.replace("\\", "/") + "/")
    if installed is not None:
        # As it stood in the wheel, namespace packages (which have no __init__.py) among it.
        return folder.replace("\\", "/")[installed.end() :].split("/")
    packages: list[str] = []
    while folder and os.path.isfile(os.path.join(folder, "__init__.py")):  # noqa: PTH113, PTH118
        folder, package = os.path.split(folder)
        packages.insert(0, package)
    return packages or None


def _join(parts: list[str]) -> str:
    """``pkg/sub/mod.cpython-313-x86_64-linux-gnu.so`` as ``pkg.sub.mod``."""
    *folders, file = [part for part in parts if part not in {"", "."}]
    stem = file.partition(".")[0]
    return ".".join([*folders, stem] if stem != "__init__" or not folders else folders)

"""Where an installed module's file is, found by looking where the import system would look.

Nothing is imported: no parent package's ``__init__`` runs (a package that extends its ``__path__``
in code is therefore seen as its folder alone).
"""

import os
import sys
from collections.abc import Iterable
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
    SourcelessFileLoader,
)
from typing import TYPE_CHECKING

from isoview.inspectors.errors import BuiltIn, NotFound

if TYPE_CHECKING:
    from isoview.environment import Environment

# The loaders of the import system's own file finder, in its order: an extension module wins
# over a source file of the same name (importlib._bootstrap_external, _get_supported_file_loaders).
_SUFFIXES = list(EXTENSION_SUFFIXES)
_SOURCES = (
    (SourceFileLoader, [".py"]),
    (SourcelessFileLoader, [".pyc"]),
)
_SHOWN = 5  # extension modules named in a hint
_VISITED = 2000  # folder entries looked at to name them


def module_file(name: str, environment: "Environment | None") -> str:
    """The path of the extension module ``name``. Raises as :func:`isoview.targets.locate` does."""
    if environment is None and name in sys.builtin_module_names:
        raise BuiltIn(
            f"{name} is compiled into the interpreter {sys.executable}",
            "There is no file to open; try another interpreter's copy by its path.",
        )
    spec = _find(name, environment)
    if spec is None:
        asked = environment.executable if environment else sys.executable
        raise NotFound(
            f"no file and no installed module is named {name}",
            f"Looked in the folders of {asked}; give a path for anything else.",
        )
    if spec.origin is not None and isinstance(spec.loader, ExtensionFileLoader):
        return spec.origin
    inside = list(spec.submodule_search_locations or ())
    if inside:
        raise NotFound(
            f"{name} is a package, not an extension module", _name_some(name, inside), inside
        )
    raise NotFound(
        f"{name} is a module written in Python ({spec.origin})",
        "There is no compiled code to look at.",
    )


def _find(name: str, environment: "Environment | None") -> ModuleSpec | None:
    """The spec of a dotted name, each part looked for in the folders of the one before."""
    folders: Iterable[str] = environment.folders if environment else sys.path
    suffixes = list(environment.suffixes) if environment else _SUFFIXES
    spec = None
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        spec = _find_in(".".join(parts[:depth]), folders, suffixes)
        if spec is None:
            return None
        folders = spec.submodule_search_locations or ()
    return spec


def _find_in(name: str, folders: Iterable[str], suffixes: list[str]) -> ModuleSpec | None:
    """The first module or regular package in ``folders``; else the namespace they make up."""
    portions: list[str] = []
    for folder in folders:
        finder = FileFinder(folder or os.curdir, (ExtensionFileLoader, suffixes), *_SOURCES)
        spec = finder.find_spec(name)
        if spec is None:
            continue
        if spec.loader is not None:
            return spec
        portions.extend(spec.submodule_search_locations or ())
    if not portions:
        return None
    namespace = ModuleSpec(name, None, is_package=True)
    namespace.submodule_search_locations = portions
    return namespace


def _name_some(package: str, folders: list[str]) -> str:
    """A hint that names a few extension modules of a package."""
    names: list[str] = []
    visited = 0
    for top in folders:
        for folder, subfolders, files in os.walk(top):
            subfolders.sort()
            visited += len(files)
            inner = os.path.relpath(folder, top).replace(os.sep, ".")
            prefix = package if inner == "." else f"{package}.{inner}"
            names += [f"{prefix}.{stem}" for stem in map(_module_stem, sorted(files)) if stem]
            if len(names) > _SHOWN or visited > _VISITED:
                break
    if not names:
        return "No extension module was found in its folder."
    more = ", and others" if len(names) > _SHOWN else ""
    return f"It has {', '.join(names[:_SHOWN])}{more}: name one of them."


def _module_stem(file: str) -> str | None:
    for suffix in EXTENSION_SUFFIXES:
        if file.endswith(suffix):
            return file[: -len(suffix)]
    return None

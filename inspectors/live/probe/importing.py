"""Getting the target loaded: by name, or exactly one file."""

import importlib
import os
import sys
from importlib import machinery, util

from .origin import file_of


class NotRunError(Exception):
    """There is nothing to run here, and why."""


def load_target(options):
    """The module that the child's options name, freshly imported. Foreign code runs here."""
    if options["kind"] == "file":
        return load_file(options["target"])
    return import_by_name(options["target"])


def import_by_name(name):
    """The module of that name, as ``import`` gives it."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(error.name + ".")):
            raise NotRunError("this interpreter has no module named %s" % error.name) from None
        raise


def load_file(path):
    """The module in exactly this file: under the dotted name it belongs to, where one is found."""
    suffix = _suffix(path)
    if suffix is None:
        raise NotRunError(
            "by its name the file is for another interpreter: this one loads NAME%s"
            % ", NAME".join(machinery.EXTENSION_SUFFIXES)
        )
    root, name = dotted_name(path, suffix)
    if root is not None:
        if root not in sys.path:
            sys.path.insert(0, root)
        module = import_by_name(name)
        if _is_from(module, path):
            return module
        # Another file wins under this name (another tag, an older copy): load the one asked for.
    return _load(name, path)


def dotted_name(path, suffix):
    """(folder to import from or None, dotted name) of an extension file.

    Folders on ``sys.path`` know best (packages may lack an ``__init__.py``); then parents that
    have one; a file that lies in no package is nobody's submodule.
    """
    folder, base = os.path.realpath(os.path.dirname(path)), os.path.basename(path)
    stem = base[: -len(suffix)]
    for entry in sorted({os.path.realpath(item) for item in sys.path if item}, key=len)[::-1]:
        if folder == entry:
            return entry, stem
        if folder.startswith(entry.rstrip(os.sep) + os.sep):
            parts = os.path.relpath(folder, entry).split(os.sep)
            if all(part.isidentifier() for part in parts):
                return entry, ".".join([*parts, stem])
    parts = [stem]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, parent = os.path.split(folder)
        parts.insert(0, parent)
        if not parent.isidentifier():
            return None, stem
    return (folder, ".".join(parts)) if len(parts) > 1 else (None, stem)


def _suffix(path):
    """The extension suffix of this interpreter that the name ends in.

    What is left must be a module's name: "x.cpython-312-ARCH.so" ends in ".so" everywhere, and is
    for 3.12 only.
    """
    base = os.path.basename(path)
    return next(
        (
            end
            for end in machinery.EXTENSION_SUFFIXES
            if base.endswith(end) and "." not in base[: -len(end)]
        ),
        None,
    )


def _is_from(module, path):
    found = file_of(module)
    try:
        return found is not None and os.path.samefile(found, path)
    except OSError:
        return False


def _load(name, path):
    loader = machinery.ExtensionFileLoader(name, path)
    spec = util.spec_from_file_location(name, path, loader=loader)
    module = util.module_from_spec(spec)
    # As `import` does: generated code looks itself up while it runs.
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
        raise
    return module

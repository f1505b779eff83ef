"""Where a loaded module comes from: its file, and who loaded it."""

import types
from importlib import machinery

from .mapping import file_at
from .objects import namespace_of

_OF_PYTHON = (machinery.SourceFileLoader, machinery.SourcelessFileLoader)


def kind_of(module):
    """``extension``, ``builtin``, ``python``, or ``unknown``: by who loaded it."""
    loader = _loader_of(module)
    if loader is machinery.BuiltinImporter:
        return "builtin"
    if isinstance(loader, machinery.ExtensionFileLoader):
        return "extension"
    if loader is None:
        return "unknown"
    if _is_extension_file(_named_file(module)):
        return "extension"  # another tool's loader
    return "python" if _definition_of(module) is None else "extension"


def file_of(module):
    """The file the module was loaded from: what its spec says, before what it says itself, where
    the definition that it was made from does not say otherwise.
    """
    named = _named_file(module)
    if not _is_extension_file(named):
        address = _definition_of(module)
        if address is not None:
            return file_at(address) or named
    return named


def _loader_of(module):
    return getattr(namespace_of(module).get("__spec__"), "loader", None)


def _named_file(module):
    namespace = namespace_of(module)
    spec = namespace.get("__spec__")
    if getattr(spec, "has_location", False) and isinstance(spec.origin, str):
        return str(spec.origin)
    value = namespace.get("__file__")
    return str(value) if isinstance(value, str) else None


def _is_extension_file(file):
    return bool(file) and file.endswith(tuple(machinery.EXTENSION_SUFFIXES))


def _definition_of(module):
    """Address of the definition of a module with a loader that Python does not have; None without.

    Nuitka's modules put a loader of their own into their spec, and the source that they were
    compiled from into ``__file__``; what they were made from tells that they are extensions.
    """
    loader = _loader_of(module)
    if (
        loader is None
        or loader is machinery.BuiltinImporter
        or loader is machinery.FrozenImporter
        or type(loader) in _OF_PYTHON
        or not issubclass(type(module), types.ModuleType)
    ):
        return None
    try:
        from .interpreter import CApi

        return CApi().definition(module)
    except ImportError:  # no ctypes here
        return None

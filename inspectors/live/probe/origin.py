"""Where a loaded module comes from: its file, and who loaded it."""

from importlib import machinery

from .objects import namespace_of


def kind_of(module):
    """``extension``, ``builtin``, ``python``, or ``unknown``: by who loaded it."""
    loader = getattr(namespace_of(module).get("__spec__"), "loader", None)
    if loader is machinery.BuiltinImporter:
        return "builtin"
    if isinstance(loader, machinery.ExtensionFileLoader):
        return "extension"
    if loader is None:
        return "unknown"
    file = file_of(module)
    if file and file.endswith(tuple(machinery.EXTENSION_SUFFIXES)):
        return "extension"  # another tool's loader
    return "python"


def file_of(module):
    """The file the module was loaded from: what its spec says, before what it says itself."""
    namespace = namespace_of(module)
    spec = namespace.get("__spec__")
    if getattr(spec, "has_location", False) and isinstance(spec.origin, str):
        return str(spec.origin)
    value = namespace.get("__file__")
    return str(value) if isinstance(value, str) else None

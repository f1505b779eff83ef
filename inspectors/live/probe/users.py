"""The Python modules that import an extension and could do without it.

Found by reading their sources: an import of the extension under a ``try``, or its dotted name as
a text (for ``importlib.import_module``). Nothing is imported to find them.
"""

import ast
import os
import re

FILE_LIMIT = 2000
SIZE_LIMIT = 1 << 20
USER_LIMIT = 3
_GUARDS = (b"ImportError", b"ModuleNotFoundError", b"except Exception", b"except:")
_ASIDE = frozenset(("tests", "test", "testing", "conftest", "setup", "_pyinstaller"))
"""Parts of a distribution that do not run in a program that uses it."""
_APART = frozenset(
    ("site-packages", "dist-packages", "test", "tests", "idlelib", "lib2to3", "__pycache__")
)
"""Folders that are not searched."""


def users_of(name, file):
    """Dotted names of up to USER_LIMIT modules that may fall back when ``name`` is not there."""
    found = []
    for root, path in _sources(name, file):
        if len(found) == USER_LIMIT:
            break
        module = _dotted(root, path)
        if not module or module == name or _ASIDE.intersection(module.split(".")):
            continue
        if _may_fall_back(path, name, module):
            found.append(module)
    return found


def _sources(name, file):
    """(folder it is imported from, path) of the Python files that belong to the extension."""
    root = _root(name, file)
    if root is not None:
        recorded = _recorded(root, os.path.relpath(file, root))
        if recorded:
            return [(root, os.path.join(root, item)) for item in recorded]
        if "." in name:
            return _below(root, name.partition(".")[0])
    return _below(os.path.dirname(os.__file__), "")


def _root(name, file):
    """The folder that ``name`` was imported from; None for what belongs to the interpreter."""
    if not file:
        return None
    root = os.path.dirname(file)
    for _ in range(name.count(".")):
        root = os.path.dirname(root)
    return None if os.path.basename(root) == "lib-dynload" else root


def _recorded(root, relative):
    """The Python files of the installed distribution whose RECORD names the extension."""
    wanted = relative.replace(os.sep, "/")
    for entry in sorted(os.listdir(root)):
        if not entry.endswith(".dist-info"):
            continue
        try:
            with open(os.path.join(root, entry, "RECORD"), encoding="utf-8") as stream:
                files = [line.split(",", 1)[0] for line in stream]
        except (OSError, ValueError):
            continue
        if wanted in files:
            return [item for item in files if item.endswith(".py")][:FILE_LIMIT]
    return []


def _below(root, package):
    found = []
    for folder, subfolders, files in os.walk(os.path.join(root, package)):
        subfolders[:] = sorted(name for name in subfolders if name not in _APART)
        found.extend((root, os.path.join(folder, f)) for f in sorted(files) if f.endswith(".py"))
        if len(found) > FILE_LIMIT:
            break
    return found[:FILE_LIMIT]


def _dotted(root, path):
    parts = os.path.relpath(path, root)[: -len(".py")].split(os.sep)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def _may_fall_back(path, name, module):
    last = name.rpartition(".")[2]
    try:
        if os.path.getsize(path) > SIZE_LIMIT:
            return False
        with open(path, "rb") as stream:
            source = stream.read()
        if not _is_worth_parsing(source, name, last):
            return False
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return False
    package = module if os.path.basename(path) == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and node.value == name and "." in name:
            return True
        if isinstance(node, ast.Try) and node.handlers and _imports(node.body, name, package):
            return True
    return False


def _is_worth_parsing(source, name, last):
    """Parsing takes a hundred times as long as looking for what must be there: a guard, and an
    import of that name that is indented, as one under ``try`` always is.
    """
    if name.encode() in source and "." in name:
        return True
    if last.encode() not in source or not any(word in source for word in _GUARDS):
        return False
    parent = name.rpartition(".")[0].rpartition(".")[2] or last
    pattern = (
        rb"(?m)^[ \t]+(?:(?:from|import)[ \t][^\n]*\b%s\b|from[ \t]+[\w.]*\b%s[ \t]+import[ \t]*\()"
    )
    return (
        re.search(pattern % (re.escape(last.encode()), re.escape(parent.encode())), source)
        is not None
    )


def _imports(body, name, package):
    """Whether one of the statements (at any depth) imports the extension."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Import):
                if any(alias.name == name for alias in node.names):
                    return True
            elif isinstance(node, ast.ImportFrom):
                base = _absolute(node, package)
                if base == name or any(_join(base, alias.name) == name for alias in node.names):
                    return True
    return False


def _absolute(node, package):
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - node.level + 1])
    return _join(base, node.module) if node.module else base


def _join(base, name):
    return "%s.%s" % (base, name) if base else name

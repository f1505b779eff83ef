"""isoview: how isolated is a compiled CPython extension module?

``isoview.audit(path)`` returns a :class:`~isoview.model.Report`; ``isoview.stream(targets)``
yields what becomes known as it becomes known; ``isoview.explore(path)`` opens the app.
Importing this package costs nothing: each of these is loaded when it is first used.
"""

TYPE_CHECKING = False  # type checkers know the name; loading typing for it takes 5 ms
if TYPE_CHECKING:
    from isoview.api import audit, explore
    from isoview.inspectors.errors import IsoviewError
    from isoview.model import Report
    from isoview.stream import stream

__all__ = ["IsoviewError", "Report", "audit", "explore", "stream"]

_HOMES = {
    "IsoviewError": "isoview.inspectors.errors",
    "Report": "isoview.model",
    "audit": "isoview.api",
    "explore": "isoview.api",
    "stream": "isoview.stream",
    "VERSION": "isoview.version",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        name = "VERSION"
    if name not in _HOMES:
        raise AttributeError(f"module 'isoview' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

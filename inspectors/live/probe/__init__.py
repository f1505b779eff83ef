"""What runs inside the interpreter under test. Standard library only, Python 3.9's grammar.

The folder is run by path (``python .../probe/__main__.py``), so isoview need not be installed
there; the same files are importable as ``isoview.inspectors.live.probe`` where it is.
:func:`inspect` is the one look at a loaded module that everything live is made of.
"""

from .inspection import UnsupportedError, inspect

__all__ = ["UnsupportedError", "inspect"]

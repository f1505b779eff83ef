"""Which interpreter is meant."""

import os
import sys
from pathlib import Path

from isoview.inspectors.errors import ProbeFailed


def find_python(python: str | None) -> str:
    """The executable that is meant."""
    if python is None:
        if not sys.executable:
            raise ProbeFailed(
                "this interpreter does not know its own executable",
                "Name one with --python.",
            )
        return sys.executable
    path = Path(python)
    if path.is_dir():
        inside = path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        if inside.exists():
            return str(inside)
    import shutil  # it loads every compression there is

    found = shutil.which(python)
    if found is None:
        raise ProbeFailed(
            f"there is no Python interpreter {python}",
            "Give --python the path of an executable, a command, or a virtual environment's folder.",
        )
    # Not resolved: a virtual environment is known by the path its python is called by.
    return str(Path(found).absolute())

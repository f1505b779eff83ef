"""Where a finding is, for reports that are read beside the sources: a path, a line, a name."""

import os
from pathlib import PurePath
from typing import NamedTuple

from isoview.fingerprint import dotted_module
from isoview.model import Finding, Report


class Spot(NamedTuple):
    """A relative path with slashes; ``line`` is None where the file is no source."""

    path: str
    line: int | None


def spot(report: Report, finding: Finding | None = None) -> Spot:
    """The source line where one is known and lies in the project, else the artifact itself."""
    if finding is not None and finding.where.file and finding.where.line:
        source = _inside(finding.where.file)
        if source is not None:
            return Spot(source, finding.where.line)
    return Spot(relative(report.facts.artifact.path), None)


def relative(path: str) -> str:
    """``path`` from the working folder on, with slashes; as it is where it lies elsewhere."""
    inside = _inside(path, must_exist=False)
    if inside is not None:
        return inside
    return PurePath(path).as_posix()


def _inside(path: str, *, must_exist: bool = True) -> str | None:
    here = os.path.abspath(os.curdir)  # noqa: PTH100 - bytes of the path must stay as they are
    full = os.path.abspath(path)  # noqa: PTH100
    if not full.startswith(here + os.sep) or (must_exist and not os.path.isfile(full)):  # noqa: PTH113
        return None
    return full[len(here) + 1 :].replace(os.sep, "/")


def module_name(report: Report) -> str:
    """The dotted name of an artifact's module, with its slice."""
    part = report.facts.artifact.slice
    return dotted_module(report.facts) + (f" ({part})" if part else "")

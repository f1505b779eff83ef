"""Where reports go: one stream of them in, any number of files and forms out."""

import os
import sys
from collections.abc import Iterable, Sequence

from isoview.inspectors.errors import BadConfig
from isoview.inspectors.record import Record
from isoview.model import Report, TargetError

FORMATS = ("text", "json", "sarif", "junit", "markdown", "github", "html")
_ENDS = {
    ".txt": "text", ".json": "json", ".sarif": "sarif", ".xml": "junit", ".md": "markdown",
    ".html": "html", ".htm": "html",
}  # fmt: skip
_PLAIN = ("", ".log", ".out")
_HOMES = {"markdown": "pull_request"}  # the others are called as their forms
FULL = 4
"""Up to this many files, each has its full report; above, a line each."""


class Output(Record):
    """One report to write: its form, and the file (None: stdout)."""

    form: str
    path: str | None


def parse(form: str | None, files: Sequence[str]) -> list[Output]:
    """The outputs that ``--format`` and every ``--output`` mean.

    One FILE has the form of ``--format``. Several have that of their endings, or of a
    ``FORMAT=`` before them; ``-`` is stdout.
    """
    if not files:
        return [Output(form or "text", None)]
    return [_output(form, file, alone=len(files) == 1) for file in files]


def _output(form: str | None, file: str, *, alone: bool) -> Output:
    before, mark, path = file.partition("=")
    if mark and before in FORMATS:
        return Output(before, None if path == "-" else path)
    if alone and form:
        return Output(form, None if file == "-" else file)
    ending = os.path.splitext(file.lower())[1]  # noqa: PTH122 - a path as it came
    if ending not in _ENDS and ending not in _PLAIN:
        raise BadConfig(
            f"--output {file}: no form of report ends in {ending}",
            f"Say which it is, as FORMAT={file}; there is {', '.join(FORMATS)}.",
        )
    return Output(_ENDS.get(ending) or form or "text", None if file == "-" else file)


class Gathered(Record):
    """Everything a report is made of."""

    reports: Sequence[Report]
    errors: Sequence[TargetError]
    stale: Sequence[str] = ()


def document(form: str, gathered: Gathered, *, verbose: bool = False) -> str:
    """The report in one form, as it stands in a file."""
    if form == "text":
        from isoview.reports.lines import plain
        from isoview.reports.overview import all_lines

        return plain(all_lines(gathered.reports, verbose=verbose))
    from importlib import import_module

    home = import_module(f"isoview.reports.{_HOMES.get(form, form)}")
    made: str = home.document(gathered.reports, gathered.errors, gathered.stale)
    return made


def write(outputs: Iterable[Output], gathered: Gathered, *, verbose: bool = False) -> None:
    """Write each of ``outputs``."""
    for output in outputs:
        text = document(output.form, gathered, verbose=verbose)
        if output.path is None:
            sys.stdout.write(text)
        else:
            _save(output.path, text)


def _save(path: str, text: str) -> None:
    import errno
    from pathlib import Path

    from isoview.whole_file import write_whole

    try:
        write_whole(Path(path), text)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise BadConfig(
            f"the report cannot be written to {path}: {error.strerror}",
            "What was there is left as it was: make room, or name another file."
            if full
            else "Name a file in a folder that you may write to.",
        ) from error

"""SQL over a survey's own tables: read only, no other file, no network, as far as DuckDB keeps it.

DuckDB runs in memory. Only the survey's folder is open to it, extensions are not loaded, the
settings are locked, and only one statement that selects is run: it can then write nowhere.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from isoview.inspectors.errors import BadConfig
from isoview.survey import need
from isoview.survey.schema import TABLES
from isoview.survey.store import check_survey, damaged, parts_of
from isoview.visible import visible

_WIDTH = 60  # of a cell in the table that people read
_AT_ONCE = 1000


def connect(folder: Path) -> Any:
    """A connection in which each table is a view of the survey's finished parts."""
    duckdb = need("duckdb")
    check_survey(folder)
    connection = duckdb.connect(":memory:")
    home = str(folder.resolve())
    connection.execute("SET autoinstall_known_extensions = false")
    connection.execute("SET autoload_known_extensions = false")
    connection.execute(f"SET allowed_directories = [{_quoted(home)}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET enable_progress_bar = false")
    connection.execute("SET lock_configuration = true")
    for table in TABLES:
        paths = [str(path) for path in parts_of(folder.resolve(), table)]
        if paths:
            files = ", ".join(map(_quoted, paths))
            view = f"CREATE VIEW {table} AS SELECT * FROM read_parquet([{files}])"
            try:
                connection.execute(view)
            except duckdb.Error as error:
                raise damaged(str(error)) from error
    return connection


def select(folder: Path, sql: str) -> tuple[list[str], Iterator[Sequence[Any]]]:
    """Names of the columns, and the rows, of one SELECT. Raises :class:`BadConfig`."""
    duckdb = need("duckdb")
    connection = connect(folder)
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise BadConfig(
                "a survey is only read: give one SELECT (or WITH ... SELECT)",
                "Its tables are those of docs/survey.md; to change them, copy them first.",
            )
        result = connection.execute(statements[0])
    except duckdb.Error as error:
        raise _refusal(error) from error
    return [column[0] for column in result.description], _rows(result, duckdb.Error)


def _rows(result: Any, error_of_duckdb: type[Exception]) -> Iterator[Sequence[Any]]:
    try:
        while rows := result.fetchmany(_AT_ONCE):
            yield from rows
    except error_of_duckdb as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> BadConfig:
    """What DuckDB says, on one line, without the statement and the arrow below it."""
    said, _, _statement = str(error).partition("\n\nLINE ")
    return BadConfig(" ".join(said.split()), "Its tables are those of docs/survey.md.")


def shown(folder: Path, sql: str, form: str) -> Iterator[str]:
    """The answer as lines of text."""
    names, rows = select(folder, sql)
    if form == "json":
        for row in rows:
            yield json.dumps(dict(zip(names, row, strict=True)), default=str) + "\n"
    elif form == "csv":
        yield _csv(names)
        for row in rows:
            yield _csv([_cell(value) for value in row])
    else:
        yield from _table(names, [[_short(_cell(value)) for value in row] for row in rows])


def _table(names: list[str], rows: list[list[str]]) -> Iterator[str]:
    every = [[_short(visible(name)) for name in names], *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for number, row in enumerate(every):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"  # fmt: skip
        if not number:
            yield "  ".join("-" * width for width in widths) + "\n"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value)
    return visible(str(value))


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"


def _csv(row: Sequence[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow(row)
    return stream.getvalue()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

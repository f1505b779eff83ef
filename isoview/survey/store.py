"""The folder of a survey: parts of tables, written so that a kill at any moment loses no part.

Each part is one Parquet file in the folder of its table. A part of ``distributions`` is put in
its place last: where it is, the others of that number are, too. Whatever else lies there was
not finished and is taken away when the survey goes on.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from isoview.inspectors.errors import BadConfig
from isoview.survey import need
from isoview.survey.packing import unpacked
from isoview.survey.schema import STATIC, arrow_schema

_FULL = 48 << 20
"""Bytes of Arrow data that make a part."""
_ROWS = 200_000  # in a row group: what a reader holds at once


class Store:
    """Writes one group of tables; ``last`` is the table that makes a part count."""

    def __init__(self, folder: Path, tables: Sequence[str] = STATIC, last: str = "distributions") -> None:  # fmt: skip
        self.folder = folder
        self._tables = [*(table for table in tables if table != last), last]
        self._last = last
        self._held: dict[str, list[Any]] = {}
        self._size = 0
        for table in self._tables:
            (folder / table).mkdir(parents=True, exist_ok=True)
        whole = set(self._numbers())
        self._clean(whole)
        self._next = max(whole, default=-1) + 1

    def done(self, key: str = "wheel") -> set[str]:
        """What has its rows in a part."""
        found: set[str] = set()
        for number in self._numbers():
            found.update(columns_of(self._path(self._last, number), [key]).column(key).to_pylist())
        return found

    def add(self, tables: Mapping[str, bytes]) -> bool:
        """Take the rows of one wheel; True where a part was written."""
        for table, body in tables.items():
            rows = unpacked(body)
            self._held.setdefault(table, []).append(rows)
            self._size += max(rows.nbytes, len(body))
        if self._size < _FULL:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Write what is held as one part."""
        if not self._held:
            return
        number = self._next
        for table in self._tables:
            self._write(table, number, self._held.get(table, []))
        for table in self._tables:  # the one that counts comes last
            _aside(self._path(table, number)).replace(self._path(table, number))
        self._held = {}
        self._size = 0
        self._next += 1

    def ensure_readable(self) -> None:
        """An empty part where there is none: every table is there, if empty."""
        if not self._next:
            self._held = {self._last: []}
            self.flush()

    def _write(self, table: str, number: int, rows: list[Any]) -> None:
        arrow, parquet = need("pyarrow"), need("pyarrow.parquet")
        schema = arrow_schema(table)
        whole = arrow.concat_tables(rows) if rows else schema.empty_table()
        parquet.write_table(
            whole.cast(schema), _aside(self._path(table, number)),
            compression="zstd", row_group_size=_ROWS,
        )  # fmt: skip

    def _path(self, table: str, number: int) -> Path:
        return self.folder / table / f"part-{number:06d}.parquet"

    def _numbers(self) -> list[int]:
        return whole_parts(self.folder, self._last)

    def _clean(self, whole: set[int]) -> None:
        keep = {self._path(table, number) for table in self._tables for number in whole}
        for table in self._tables:
            for path in (self.folder / table).iterdir():
                if path.name.startswith((".part-", "part-")) and path not in keep:
                    path.unlink()


def whole_parts(folder: Path, last: str = "distributions") -> list[int]:
    """Numbers of the parts that were finished."""
    found = (path.stem.removeprefix("part-") for path in (folder / last).glob("part-*.parquet"))
    return sorted(int(number) for number in found if number.isdigit())


def parts_of(folder: Path, table: str) -> list[Path]:
    """The files of a table that belong to finished parts."""
    last = "live" if table == "live" else "distributions"
    return [folder / table / f"part-{number:06d}.parquet" for number in whole_parts(folder, last)]


def number_of_rows(folder: Path, table: str) -> int:
    """Rows of a table in all finished parts."""
    return sum(columns_of(path, []).num_rows for path in parts_of(folder, table))


def columns_of(path: Path, names: list[str]) -> Any:
    """Columns of one part, as an Arrow table. Raises :class:`BadConfig`."""
    parquet = need("pyarrow.parquet")
    try:
        return parquet.read_table(path, columns=names, partitioning=None).select(names)
    except (OSError, ValueError, KeyError) as error:  # Arrow's own are kinds of these
        raise damaged(f"{path}: {error}") from error


def damaged(what: str) -> BadConfig:
    """What to say of a part that was finished and can no longer be read."""
    said = " ".join(what.partition("\n\nLINE ")[0].split())  # DuckDB adds the statement
    return BadConfig(
        f"a part of the survey cannot be read: {said}",
        "If the file is damaged, delete the part of its number in distributions/ and give the "
        "survey's command again: those wheels are read anew.",
    )


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}")


class Held:
    """That one process at a time writes to a survey; let go of when the process ends, however."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (folder / "in-use").open("a")
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._file.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadConfig(
                f"another survey is writing to {folder}", "Wait for it, or name another folder."
            ) from error

    def release(self) -> None:
        """Let another process in."""
        self._file.close()


def check_survey(folder: Path) -> Path:
    """``folder`` if a survey is in it. Raises :class:`BadConfig`."""
    if not whole_parts(folder):
        raise BadConfig(
            f"{folder} holds no survey, or one without a finished part",
            "Make one: isoview survey SOURCE --output DIR",
        )
    return folder


def append_line(path: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Add lines of JSON; a line that a power cut loses is found again."""
    with path.open("a", encoding="utf-8", newline="\n") as file:
        for entry in entries:
            file.write(json.dumps(entry, ensure_ascii=True) + "\n")

"""Rows as Arrow: packed by a worker, small enough to be sent; unpacked by whoever writes them."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from isoview.survey import need
from isoview.survey.schema import TABLES, arrow_schema

Row = tuple[Any, ...]
_AT_ONCE = 20_000
"""Rows kept as Python objects at most: a wheel may have millions of statics."""
_SIGNED = range(-(1 << 63), 1 << 63)
_UNSIGNED = range(1 << 64)


class Packer:
    """Takes rows one after the other; gives the bytes of an Arrow stream for each table."""

    def __init__(self) -> None:
        self._arrow = need("pyarrow")
        self._rows: dict[str, list[Row]] = {}
        self._batches: dict[str, list[Any]] = {}
        self.number = 0

    def add(self, table: str, row: Row) -> None:
        """One more row."""
        rows = self._rows.setdefault(table, [])
        rows.append(row)
        self.number += 1
        if len(rows) >= _AT_ONCE:
            self._pack(table)

    def extend(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Several (table, row)."""
        for table, row in rows:
            self.add(table, row)

    def packed(self) -> dict[str, bytes]:
        """Everything that was added."""
        for table in list(self._rows):
            self._pack(table)
        ipc = need("pyarrow.ipc")
        options = ipc.IpcWriteOptions(compression="zstd")
        made = {}
        for table, batches in self._batches.items():
            sink = self._arrow.BufferOutputStream()
            with ipc.new_stream(sink, schema(table), options=options) as writer:
                for batch in batches:
                    writer.write_batch(batch)
            made[table] = sink.getvalue().to_pybytes()
        return made

    def _pack(self, table: str) -> None:
        rows = self._rows.pop(table, [])
        if rows:
            columns = zip(TABLES[table], zip(*rows, strict=True), strict=True)
            arrays = [
                self._arrow.array(_checked(column.kind, values), field.type)
                for (column, values), field in zip(columns, schema(table), strict=True)
            ]
            batch = self._arrow.RecordBatch.from_arrays(arrays, schema=schema(table))
            self._batches.setdefault(table, []).append(batch)


@cache
def schema(table: str) -> Any:
    """The Arrow schema of a table, made once."""
    return arrow_schema(table, described=False)


def packed(rows: Mapping[str, Iterable[Row]]) -> dict[str, bytes]:
    """A few rows, packed."""
    packer = Packer()
    for table, several in rows.items():
        for row in several:
            packer.add(table, row)
    return packer.packed()


def unpacked(body: bytes) -> Any:
    """The Arrow table that a worker packed."""
    return need("pyarrow.ipc").open_stream(body).read_all()


def _checked(kind: str, values: Iterable[Any]) -> list[Any]:
    check = _CHECKS.get(kind)
    return [check(value) for value in values] if check else list(values)


def _within(numbers: range) -> Callable[[Any], int | None]:
    # A damaged file may hold any number; one that fits no column was not told.
    return lambda value: value if value is not None and value in numbers else None


def _text(value: str | None) -> str | None:
    """Bytes of a path that are not UTF-8 reach us as surrogates; no file may get them."""
    if value is None or value.isascii():
        return value
    return value.encode("utf-8", "backslashreplace").decode()


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _within(_SIGNED),
    "address": _within(_UNSIGNED),
    "texts": lambda values: [_text(value) for value in values],
}

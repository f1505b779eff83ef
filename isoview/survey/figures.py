"""The numbers of a report, out of the tables. Everything is counted by DuckDB."""

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from isoview.inspectors.errors import BadConfig
from isoview.survey import need
from isoview.survey.names import release_order
from isoview.survey.query import connect
from isoview.survey.store import damaged
from isoview.text_file import read_text

ORDER = ("pure", "yes", "unknown", "contradiction", "no")
"""Answers as they stand in a bar; ``pure``: Python code only, which no interpreter stumbles on."""
FILES = 50
_CSV_LIMIT = 256 << 20
_RANK = "CASE {0} WHEN 'no' THEN 0 WHEN 'contradiction' THEN 1 WHEN 'unknown' THEN 2 ELSE 3 END"
_NAMES = "['no', 'contradiction', 'unknown', 'yes']"
# What no worker can be blamed for: the package has no wheel that could be read.
_READ = "kind IN ('compiled', 'pure')"


class Share(NamedTuple):
    """One bar: how many, or what weight, has each answer."""

    label: str
    counts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.counts.values())


class Figures:
    """One survey, with a weight for each package."""

    def __init__(self, folder: Path, downloads: Path | None) -> None:
        self._connection = connect(folder)
        self.weighted = downloads is not None
        self._prepare(weights(downloads) if downloads else {})

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to one statement of ours."""
        try:
            found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        except need("duckdb").Error as error:  # the statements are ours: it is the tables
            raise damaged(str(error)) from error
        return found

    def one(self, sql: str) -> Any:
        """The only value of the answer."""
        return self.rows(sql)[0][0]

    def has(self, table: str) -> bool:
        """Whether the survey has a table."""
        return bool(self.rows(f"SELECT 1 FROM duckdb_views() WHERE view_name = '{table}'"))

    def _prepare(self, known: dict[str, float]) -> None:
        """``packages``: weight and newest release; ``newest``: the modules of those releases."""
        arrow = need("pyarrow")
        releases: dict[str, set[str]] = {}
        for name, version in self.rows(
            f"SELECT DISTINCT name, version FROM distributions WHERE {_READ}"
        ):
            releases.setdefault(name, set()).add(version)
        ordered = {name: sorted(each, key=release_order) for name, each in releases.items()}
        names = list(ordered)
        packages = arrow.table(
            {
                "name": arrow.array(names, arrow.string()),
                "version": arrow.array([ordered[name][-1] for name in names], arrow.string()),
                "weight": arrow.array(
                    [known.get(name, 0.0 if known else 1.0) for name in names], arrow.float64()
                ),
            }
        )
        self._connection.register("packages", packages)
        places = [
            (name, version, place)
            for name in names
            for place, version in enumerate(ordered[name])
        ]  # fmt: skip
        self._connection.register(
            "releases",
            arrow.table(
                {
                    "name": arrow.array([each[0] for each in places], arrow.string()),
                    "version": arrow.array([each[1] for each in places], arrow.string()),
                    "place": arrow.array([each[2] for each in places], arrow.int64()),
                }
            ),
        )
        self._connection.execute(
            "CREATE VIEW current AS SELECT d.*, p.weight FROM distributions d "
            f"JOIN packages p USING (name, version) WHERE {_READ}"
        )
        self._connection.execute(
            "CREATE VIEW newest AS SELECT m.*, c.name, c.version, c.weight FROM modules m "
            "JOIN current c ON c.wheel = m.wheel WHERE m.own_gil IS NOT NULL"
        )

    def readiness(self, question: str, *, downloads: bool) -> Share:
        """Packages by the worst answer of the newest release's wheels."""
        amount = "any_value(weight)" if downloads else "1"
        found = self.rows(
            f"SELECT answer, sum(amount) FROM (SELECT coalesce({_NAMES}[min({_RANK.format(question)})"
            f" FILTER (kind = 'compiled') + 1], 'pure') AS answer, {amount} AS amount "
            "FROM current GROUP BY name) GROUP BY answer"
        )
        return Share(question, _ordered(found))

    def modules_by(self, column: str, question: str, most: int, where: str = "true") -> list[Share]:
        """Modules of the newest releases by a column, the most frequent first."""
        found = self.rows(
            f"SELECT coalesce({column}, '(not told)') AS label, {question}, count(*) FROM newest "
            f"WHERE {where} GROUP BY ALL"
        )
        shares: dict[str, list[tuple[str, float]]] = {}
        for label, answer, count in found:
            shares.setdefault(str(label), []).append((answer, count))
        bars = [Share(label, _ordered(counts)) for label, counts in shares.items()]
        return sorted(bars, key=lambda bar: (-bar.total, bar.label))[:most]

    def blocking(self, question: str = "own_gil") -> list[tuple[Any, ...]]:
        """(module, package, release, weight, toolchain, answer, why): the heaviest first."""
        return self.rows(
            f"SELECT module, name, version, any_value(weight), any_value(toolchain), "
            f"{_NAMES}[min({_RANK.format(question)}) + 1], "
            f"arg_min({question}_summary, {_RANK.format(question)}), max(findings) FROM newest "
            f"WHERE {question} IN ('no', 'contradiction') GROUP BY name, version, module "
            f"ORDER BY 4 DESC, 8 DESC, name, module LIMIT {FILES}"
        )

    def history(self, question: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """{(package, kind of wheel): [(release, answer)]} of what has several releases."""
        found = self.rows(
            f"SELECT name, {_LINE}, version, {_NAMES}[min({_RANK.format(question)}) + 1], "
            f"any_value(place) FROM distributions JOIN releases USING (name, version) "
            "WHERE kind = 'compiled' GROUP BY 1, 2, 3 ORDER BY 1, 2, 5"
        )
        lines: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for name, line, version, answer, _place in found:
            lines.setdefault((name, line), []).append((version, answer))
        return {key: several for key, several in lines.items() if len(several) > 1}

    def progress_of_ports(self) -> dict[tuple[str, str, str], tuple[int, int, int]]:
        """{(package, kind of wheel, release): (modules, single-phase ones, static types)}."""
        found = self.rows(
            f"SELECT name, {_LINE}, version, count(DISTINCT module), "
            "count(DISTINCT module) FILTER (phase = 'single'), max(static) FROM "
            "(SELECT *, sum(static_types) OVER (PARTITION BY wheel) AS static FROM modules) "
            "JOIN distributions USING (wheel) GROUP BY 1, 2, 3"
        )
        return {tuple(row[:3]): tuple(row[3:]) for row in found}


# Releases are compared with wheels of the same kind: GIL or free-threaded, system, processor.
_LINE = (
    "concat(CASE WHEN regexp_matches(abi_tag, '^(cp3[0-9]+|abi3)t') THEN 'free-threaded ' ELSE '' END,"
    " regexp_replace(regexp_extract(platform_tag, '^[^.]*'),"
    " '^(manylinux|musllinux|macosx)[0-9]*(_[0-9]+_[0-9]+)?_', '\\1_'))"
)


def weights(path: Path) -> dict[str, float]:
    """Package: downloads, from lines of CSV; a line of headings is passed over."""
    from isoview.requirements import canonical

    found: dict[str, float] = {}
    text = read_text(path, _CSV_LIMIT, "Give a file of PACKAGE,DOWNLOADS.")
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline="")), 1):
            weight = _weight(row)
            if weight is not None:
                found[canonical(row[0].strip())] = weight
            elif row and number > 1:
                raise BadConfig(
                    f"{path}, line {number}, is not PACKAGE,DOWNLOADS",
                    "Write a name and a number in each line.",
                )
    except csv.Error as error:
        raise BadConfig(f"{path} cannot be read: {error}", "Give a file of PACKAGE,DOWNLOADS.") from error  # fmt: skip
    if not found:
        raise BadConfig(f"{path} has no line of PACKAGE,DOWNLOADS", "Leave --downloads out.")
    return found


def _weight(row: list[str]) -> float | None:
    """The number of a row; None where it has none that a package can be weighed with."""
    try:
        weight = float(row[1].replace("_", ""))
    except (IndexError, ValueError):
        return None
    return weight if 0 <= weight < math.inf else None


def _ordered(found: Sequence[tuple[Any, ...]]) -> dict[str, float]:
    counts = {str(answer): float(count) for answer, count in found}
    return {answer: counts[answer] for answer in ORDER if counts.get(answer)}

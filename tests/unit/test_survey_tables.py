"""A survey's tables, its page and its SQL, over good wheels and hostile ones."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from command import isoview
from survey_by_hand import BUILT, MODULES, built, some_wheels, survey, tiny

from isoview.commands import ExitCode
from isoview.inspectors.errors import BadConfig
from isoview.survey.query import select, shown
from isoview.survey.report import write
from isoview.survey.schema import STATIC, TABLES, VERSION
from isoview.survey.store import Held

DOCS = Path(__file__).resolve().parents[2] / "docs" / "survey.md"
HOSTILE_NAME = "evil/<img src=x onerror=alert(1)>\x1b[31m|\u202e`x`/single_311.abi3.so"


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The survey of good wheels and bad ones, made by the command."""
    base = tmp_path_factory.mktemp("survey")
    wheels = some_wheels(base / "wheels")
    tiny(wheels, "evil", "1.0", [(HOSTILE_NAME, built("single")[1])])
    tiny(wheels, "bomb", "1.0", [("bomb/x.abi3.so", b"\x7fELF" + bytes(60_000_000))])
    tiny(wheels, "broken", "1.0", [("broken/x.abi3.so", b"\x7fELF" + bytes(100)), built("elf")])
    (wheels / "not-a-wheel.whl").write_bytes(b"hello")
    whole = tiny(wheels, "half", "1.0", [built("limited")])
    whole.write_bytes(whole.read_bytes()[:200])
    if hasattr(os, "mkfifo"):
        os.mkfifo(wheels / "pipe-1.0-py3-none-any.whl")
    done = survey(wheels, "--output", base / "tables", "--jobs", "1")
    assert done.returncode == ExitCode.NOT_ANALYSED, done.stderr
    assert "Traceback" not in done.stderr
    return base / "tables"


def rows(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in select(folder, sql)[1]]


@pytest.mark.parametrize("what", ["nothing left", "the end is whole"])
def test_a_damaged_part_is_named_and_can_be_made_again(
    what: str, surveyed: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(surveyed, tmp_path / "tables"))
    part = folder / "distributions" / "part-000000.parquet"
    body = part.read_bytes()
    part.write_bytes(
        b"" if what == "nothing left" else bytes(len(body) // 3) + body[len(body) // 3 :]
    )
    wheels = surveyed.parent / "wheels"
    for command in (
        ("survey", "query", folder, "SELECT * FROM distributions"),
        ("survey", "report", folder),
        ("survey", wheels, "--output", folder, "--jobs", "1"),
    ):
        done = isoview(*command)
        assert done.returncode == ExitCode.USAGE, (command, done.stderr)
        assert "a part of the survey cannot be read" in done.stderr, command
        assert part.name in done.stderr or what != "nothing left"
    part.unlink()
    done = survey(wheels, "--output", folder, "--jobs", "1")
    assert done.returncode == ExitCode.NOT_ANALYSED, done.stderr
    count = "SELECT count(*) FROM distributions"
    assert rows(folder, count) == rows(surveyed, count)


def test_every_wheel_has_its_row_and_hostile_ones_stop_nothing(surveyed: Path) -> None:
    kinds = dict(rows(surveyed, "SELECT wheel, kind FROM distributions"))
    short = {wheel.partition("-")[0]: kind for wheel, kind in kinds.items()}
    assert len(kinds) == len(list((surveyed.parent / "wheels").iterdir()))
    assert short["evil"] == short["alpha"] == short["beta"] == short["broken"] == "compiled"
    assert short["bomb"] == short["not"] == short["half"] == "unreadable"
    assert short["pure"] == "pure"
    errors = dict(rows(surveyed, "SELECT wheel, string_agg(error, '; ') FROM errors GROUP BY 1"))
    said = {wheel.partition("-")[0]: error for wheel, error in errors.items()}
    assert "times its size" in said["bomb"]
    assert "no wheel" in said["not"]
    assert not {"alpha", "beta", "gamma", "pure"} & set(said)
    if hasattr(os, "mkfifo"):
        assert "no regular file" in said["pipe"]
    assert not [error for error in errors.values() if str(surveyed.parent) in error]


def test_an_answer_is_not_yes_where_a_module_could_not_be_read(surveyed: Path) -> None:
    ((broken, errors),) = rows(
        surveyed, "SELECT own_gil, errors FROM distributions WHERE name = 'broken'"
    )
    assert (broken, errors) != ("yes", 0)
    assert errors == 1


def test_rows_say_what_check_says(surveyed: Path) -> None:
    member, _content = built("elf")
    path = BUILT / MODULES["elf"]
    (artifact,) = json.loads(isoview("check", "--format", "json", path).stdout)["artifacts"]
    ((module, phase, answer, declared, findings),) = rows(
        surveyed,
        "SELECT module, phase, m.own_gil, own_gil_declared, m.findings FROM modules m "
        f"JOIN distributions USING (wheel) WHERE name = 'alpha' AND member = '{member}'",
    )
    (own,) = [init for init in artifact["init"] if init["own"]]
    verdict = artifact["verdict"]["own_gil"]
    assert (phase, answer, declared) == (own["phase"], verdict["answer"], verdict["declared"])
    assert module == member.partition(".")[0].replace("/", ".")
    assert findings == sum(finding["count"] for finding in artifact["findings"])
    for table in ("types", "definitions", "globals", "findings"):
        ((count,),) = rows(
            surveyed,
            f"SELECT count(*) FROM {table} JOIN distributions USING (wheel) "
            f"WHERE distributions.name = 'alpha' AND member = '{member}'",
        )
        assert count == len(artifact[table])


def test_the_files_have_the_columns_of_the_schema(surveyed: Path) -> None:
    from pyarrow import parquet

    for table in STATIC:
        for path in (surveyed / table).glob("*.parquet"):
            schema = parquet.read_schema(path)
            assert schema.names == [column.name for column in TABLES[table]]
            assert schema.metadata[b"isoview"] == VERSION.encode()
            told = [field.metadata[b"description"].decode() for field in schema]
            assert told == [column.text for column in TABLES[table]]


def test_the_documentation_has_the_columns_of_the_schema() -> None:
    told: dict[str, list[tuple[str, ...]]] = {}
    table = ""
    for line in DOCS.read_text().splitlines():
        if heading := re.fullmatch(r"### `(\w+)`", line):
            table = heading[1]
        elif row := re.fullmatch(r"\| `(\w+)` \| (\w+) \| (.+) \|", line):
            told.setdefault(table, []).append(row.groups())
    assert told == {name: [tuple(column) for column in columns] for name, columns in TABLES.items()}


def test_the_questions_in_the_documentation_can_be_asked(surveyed: Path) -> None:
    asked = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    statements = [each for block in asked for each in block.split(";") if each.strip()]
    assert len(statements) >= 4
    for statement in statements:
        list(shown(surveyed, statement, "table"))


def test_duckdb_and_pandas_read_the_folders_themselves(surveyed: Path) -> None:
    import duckdb
    import pandas as pd

    for table in STATIC:
        frame = pd.read_parquet(surveyed / table)
        relation = duckdb.read_parquet(str(surveyed / table / "*.parquet"))
        assert list(frame.columns) == relation.columns == [c.name for c in TABLES[table]]
        assert duckdb.sql("SELECT count(*) FROM relation").fetchall() == [(len(frame),)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM 'https://example.org/x.parquet'",
        "COPY (SELECT 1) TO '{folder}/x.csv'",
        "ATTACH '{folder}/x.db'",
        "CREATE TABLE t AS SELECT 1",
        "DROP VIEW modules",
        "SET enable_external_access = true",
        "SELECT 1; SELECT 2",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELEC",
        "SELECT nothing FROM modules",
        "",
    ],
)
def test_sql_reaches_nothing_but_the_survey(surveyed: Path, sql: str) -> None:
    before = sorted(surveyed.rglob("*"))
    with pytest.raises(BadConfig):
        list(shown(surveyed, sql.replace("{folder}", str(surveyed)), "table"))
    assert sorted(surveyed.rglob("*")) == before


def test_the_command_answers_and_shows_names_escaped(surveyed: Path) -> None:
    sql = "SELECT member FROM modules WHERE starts_with(member, 'evil')"
    for form in ("table", "csv", "json"):
        done = survey("query", surveyed, sql, "--format", form)
        assert done.returncode == ExitCode.CLEAN, done.stderr
        assert "evil/<img" in done.stdout
        assert "\x1b" not in done.stdout
        assert "\u202e" not in done.stdout
        assert not done.stderr


def test_the_page_holds_everything_and_fetches_nothing(surveyed: Path, tmp_path: Path) -> None:
    counts = tmp_path / "downloads.csv"
    counts.write_text("package,downloads\nAlpha,1000000\nevil,5\n")
    page, text = (path.read_text() for path in write(surveyed, counts, tmp_path))
    assert "default-src 'none'" in page
    assert not re.search(r"(?:src|href)=[\"'](?!#)|url\(|@import|<script|<img", page)
    plots = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert len(plots) >= 4
    for plot in plots:
        assert ET.fromstring(plot).findall("rect")
    for shape in (page, text):
        assert "\x1b" not in shape
        assert "\u202e" not in shape
        assert "\\u202e" in shape.replace("\\\\", "\\")
        assert "landed" in shape or "regressed" in shape  # alpha has two releases
    assert "<img" not in text
    files = text.partition("files that block the most downloads\n")[2].partition("\n## ")[0]
    listed = [line.split(" | ")[1:3] for line in files.splitlines() if line.startswith("| ")]
    assert listed[2] == ["alpha 2.0", "1,000,000"]


def test_without_counts_every_package_weighs_one_and_that_is_said(
    surveyed: Path, tmp_path: Path
) -> None:
    done = survey("report", surveyed, "--output", tmp_path)
    assert done.returncode == ExitCode.CLEAN, done.stderr
    assert done.stdout.split() == [str(tmp_path / "report.html"), str(tmp_path / "report.md")]
    assert "every package weighs 1" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize("text", ["", "a,b\nc,d\n", "only\nnames\n"])
def test_counts_that_are_none_are_said_to_be_so(surveyed: Path, tmp_path: Path, text: str) -> None:
    counts = tmp_path / "downloads.csv"
    counts.write_text(text)
    with pytest.raises(BadConfig, match=r"PACKAGE,DOWNLOADS"):
        write(surveyed, counts, tmp_path)


def test_two_surveys_do_not_write_to_one_folder(surveyed: Path) -> None:
    held = Held(surveyed)
    try:
        done = survey(surveyed.parent / "wheels", "--output", surveyed, "--jobs", "1")
    finally:
        held.release()
    assert done.returncode == ExitCode.USAGE
    assert "another survey is writing" in done.stderr


def test_a_survey_goes_on_only_with_the_same_question(surveyed: Path, tmp_path: Path) -> None:
    shutil.copy(surveyed / "lock.jsonl", tmp_path / "lock.jsonl")
    other = some_wheels(tmp_path / "other")
    done = survey(other, "--output", tmp_path, "--jobs", "1")
    assert done.returncode == ExitCode.USAGE
    assert "a survey of something else" in done.stderr


@pytest.mark.parametrize("arguments", [("report", "nowhere"), ("query", "nowhere", "SELECT 1")])
def test_a_folder_without_a_survey_is_said_to_be_one(arguments: tuple[str, ...]) -> None:
    done = survey(*arguments)
    assert done.returncode == ExitCode.USAGE
    assert "holds no survey" in done.stderr

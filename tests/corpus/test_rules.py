"""Rules on real wheels: for each rule that is known to fire on one, a pinned file that shows it.

``rules.tsv`` names the wheel (its hash stands in ``manifest.tsv``) and the file in it. ``mended.tsv``
does so for what was said wrongly of a file once (docs/precision.md), with words of the message.
``ISOVIEW_CORPUS`` names the folder that ``fetch.py`` filled.
"""

import csv
import os
import zipfile
from pathlib import Path

import pytest

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.judge import judge
from isoview.model import Finding
from isoview.rules import find


def _rows(table: str) -> list[tuple[str, ...]]:
    with (Path(__file__).parent / table).open(encoding="utf-8") as lines:
        return [tuple(row.values()) for row in csv.DictReader(lines, delimiter="\t")]


ROWS = _rows("rules.tsv")
MENDED = _rows("mended.tsv")
LIMIT = 200_000
"""Instructions: enough for what these files show, and the largest stay affordable."""


def _findings(wheel: str, member: str, folder_for: Path) -> tuple[Finding, ...]:
    folder = os.environ.get("ISOVIEW_CORPUS")
    if not folder or not Path(folder, wheel).is_file():
        pytest.skip("ISOVIEW_CORPUS names no folder with this wheel (tests/corpus/fetch.py)")
    with zipfile.ZipFile(Path(folder, wheel)) as archive:
        path = archive.extract(member, folder_for)
    with load(path) as loaded:
        return judge(code(loaded, shape(loaded), LIMIT)).findings


@pytest.mark.parametrize(("rule", "wheel", "member"), ROWS, ids=lambda value: value.split("-")[0])
def test_the_rule_fires(rule: str, wheel: str, member: str, tmp_path: Path) -> None:
    assert rule in {finding.rule for finding in _findings(wheel, member, tmp_path)}


@pytest.mark.parametrize(
    ("rule", "wheel", "member", "said"), MENDED, ids=lambda value: value.split("-")[0]
)
def test_what_was_wrong_is_not_said_again(
    rule: str, wheel: str, member: str, said: str, tmp_path: Path
) -> None:
    wrong = [
        finding.message
        for finding in _findings(wheel, member, tmp_path)
        if finding.rule == rule and said in finding.message
    ]
    assert not wrong


def test_every_row_names_a_rule() -> None:
    assert ROWS
    assert MENDED
    assert all(find(rule) is not None for rule, *_ in (*ROWS, *MENDED))

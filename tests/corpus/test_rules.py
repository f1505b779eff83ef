"""Rules on real wheels: for each rule that is known to fire on one, a pinned file that shows it.

``rules.tsv`` names the wheel (its hash stands in ``manifest.tsv``) and the file in it.
``ISOVIEW_CORPUS`` names the folder that ``fetch.py`` filled.
"""

import csv
import os
import zipfile
from pathlib import Path

import pytest

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.judge import judge
from isoview.rules import find

with (Path(__file__).parent / "rules.tsv").open(encoding="utf-8") as _lines:
    ROWS = [tuple(row.values()) for row in csv.DictReader(_lines, delimiter="\t")]
LIMIT = 200_000
"""Instructions: enough for what these files show, and the largest stay affordable."""


@pytest.mark.parametrize(("rule", "wheel", "member"), ROWS, ids=lambda value: value.split("-")[0])
def test_the_rule_fires(rule: str, wheel: str, member: str, tmp_path: Path) -> None:
    folder = os.environ.get("ISOVIEW_CORPUS")
    if not folder or not Path(folder, wheel).is_file():
        pytest.skip("ISOVIEW_CORPUS names no folder with this wheel (tests/corpus/fetch.py)")
    with zipfile.ZipFile(Path(folder, wheel)) as archive:
        path = archive.extract(member, tmp_path)
    with load(path) as loaded:
        report = judge(code(loaded, shape(loaded), LIMIT))
    assert rule in {finding.rule for finding in report.findings}


def test_every_row_names_a_rule() -> None:
    assert ROWS
    assert all(find(rule) is not None for rule, _, _ in ROWS)

"""A small part of the corpus, held to every bar of ``truth.py``; all of it is that command's work.

``ISOVIEW_CORPUS`` names the folder that ``fetch.py`` filled.
"""

import os
from pathlib import Path

import pytest

from corpus.truth import judge

PART = (
    r"(markupsafe|pyyaml|cffi)-.*cp313|(multidict|pydantic-core|cryptography)-.*cp315|wrapt-.*cp313"
)


@pytest.fixture(scope="module")
def cache() -> Path:
    folder = os.environ.get("ISOVIEW_CORPUS")
    if not folder:
        pytest.skip(
            "ISOVIEW_CORPUS is not set: no wheels to read (tests/corpus/fetch.py gets them)"
        )
    return Path(folder)


def test_every_bar_is_met(cache: Path) -> None:
    outcome = judge(cache, only=PART, with_code=False)
    missed = [f"{row.fact}: {row.measured}" for row in outcome.rows if not row.met]
    assert not missed, "\n".join([*missed, *outcome.talk])
    first = outcome.rows[0].measured
    assert int(first.partition(" ")[0]) >= 30, f"too little of the corpus is there: {first}"

"""Where a survey's wheels come from: folders, lists through pip, and the locks of other surveys."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from survey_by_hand import LINUX, built, some_wheels, surveyed, tables, tiny

from isoview.inspectors.errors import BadConfig, NotFound
from isoview.survey.fetching import Wanted, _groups
from isoview.survey.lock import SCHEMA, Lock, Locked, Refused, read
from isoview.survey.names import wheel_name
from isoview.survey.report import write
from isoview.survey.sources import Choice, Folder, requirements, source_of
from isoview.survey.tags import Tags, expanded, wanted
from isoview.survey.worker import digest

LIST = """\
# what we ship
alpha ; python_version < "3"
beta[extra]==1.0  --hash=sha256:00
!!! what is this
gamma
alpha
"""


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that pip finds everything in."""
    folder = tmp_path_factory.mktemp("index")
    tiny(folder, "alpha", "1.0", [built("single")])
    tiny(folder, "alpha", "2.0", [built("elf")])
    tiny(folder, "alpha", "2.0.1", [built("limited")])
    tiny(folder, "beta", "1.0", [built("pe")], "cp313-cp313-win_amd64")
    tiny(folder, "beta", "1.0", [built("limited")])
    tiny(folder, "gamma", "1.0", [built("free")], f"cp314-cp314t-{LINUX}")
    return folder


@pytest.fixture
def offline(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip, without any index but that folder."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONSTRAINT", "")


def entries(folder: Path) -> list[dict[str, Any]]:
    lines = (folder / "lock.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines[1:]]


CHOICE = Choice(("3.13",), ("linux_x86_64",))


def test_a_list_is_fetched_locked_and_repeated(index: Path, offline: None, tmp_path: Path) -> None:
    listed = tmp_path / "packages.txt"
    listed.write_text(LIST)
    first = tmp_path / "first"
    assert surveyed(listed, first, CHOICE).wheels == 4
    said = {entry["requested"]: entry for entry in entries(first)}
    assert set(said) == {"alpha", "beta==1.0", "gamma", "!!! what is this"}
    assert said["alpha"]["wheel"].startswith("alpha-2.0.1-")
    for name in ("alpha", "beta==1.0"):
        assert said[name]["sha256"] == digest(str(index / said[name]["wheel"]))
    assert "no wheel for Python 3.13" in said["gamma"]["error"]  # it has one for 3.14t alone
    rows = tables(first)
    assert (len(rows["distributions"]), len(rows["errors"])) == (4, 2)
    assert surveyed(listed, first, CHOICE).wheels == 0

    # A newer release appears; the lock stays with what it pinned.
    newer = tiny(index, "alpha", "3.0", [built("elf")])
    try:
        surveyed(first / "lock.jsonl", tmp_path / "second", discard=True)
    finally:
        newer.unlink()
    again = tables(tmp_path / "second")
    assert (again["modules"], again["errors"]) == (rows["modules"], rows["errors"])
    assert not list((tmp_path / "second" / "wheels").glob("*.whl"))


def test_history_takes_the_last_of_each_release(offline: None, tmp_path: Path) -> None:
    listed = tmp_path / "packages.txt"
    listed.write_text("alpha\n")
    summary = surveyed(listed, tmp_path / "t", CHOICE._replace(history=5))
    assert (summary.wheels, summary.errors) == (2, 0)
    found = sorted(wheel_name(entry["wheel"]).version for entry in entries(tmp_path / "t")[1:])
    assert found == ["1.0", "2.0.1"]
    _page, text = write(tmp_path / "t", None, tmp_path)
    assert "| alpha | 1.0 → 2.0.1 |" in text.read_text()


def test_an_index_that_does_not_answer_is_tried_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_RETRIES": "1", "PIP_FIND_LINKS": "", "PIP_CONSTRAINT": "",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    listed = tmp_path / "packages.txt"
    listed.write_text("alpha\nbeta\n")
    summary = surveyed(listed, tmp_path / "t", CHOICE)
    assert [asked for asked, _why in summary.later] == ["alpha", "beta"]
    assert not entries(tmp_path / "t")


def test_a_wheel_that_changed_since_it_was_locked_is_not_taken_for_it(tmp_path: Path) -> None:
    wheels = some_wheels(tmp_path / "wheels")
    changed = next(wheels.glob("beta-*"))
    entry = Locked(changed.name, changed.name, "0" * 64, changed.stat().st_size)
    (tmp_path / "t").mkdir()
    Lock(tmp_path / "t", Folder(wheels).question, "made elsewhere").add([entry])
    surveyed(tmp_path / "t" / "lock.jsonl", tmp_path / "u")
    ((wheel, _member, stage, error, _hint),) = tables(tmp_path / "u")["errors"]
    assert (wheel, stage) == (repr(changed.name), "'worker'")
    assert "changed after it was locked" in error


def test_lines_of_a_list(tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text("\ufeffA_b>=1,<2 # c\r\n\n-r other.txt\nx @ https://example.org/x.whl\na \\\n --hash=sha256:1\n")  # fmt: skip
    found, bad = requirements(listed)
    assert found == ["A_b<2,>=1", "x @ https://example.org/x.whl", "a"]
    assert [entry.wheel for entry in bad] == ["line 3"]


def test_a_lock_survives_half_a_line_and_refuses_nonsense(tmp_path: Path) -> None:
    question = {"kind": "folder", "source": "/x"}
    lock = Lock(tmp_path, question, "e")
    lock.add([Locked("a.whl", "a", "0", 1), Refused("b", "b", "none", "")])
    with lock.path.open("a") as file:
        file.write('{"wheel": "c')
    again = Lock(tmp_path, question, "e")
    assert (list(again.locked), list(again.refused)) == (["a.whl"], ["b"])
    again.add([Locked("a.whl", "a", "0", 1)])
    assert len(lock.path.read_text().splitlines()) == 3
    with pytest.raises(BadConfig, match="another isoview"):
        Lock(tmp_path, question, "another")
    with lock.path.open("a") as file:
        file.write("nonsense\n")
    with pytest.raises(BadConfig, match="line 4"):
        Lock(tmp_path, question, "e")


HEAD = {
    "schema": SCHEMA,
    "engine": "e",
    "question": {"kind": "list", "source": "s", "pythons": ["3.13"], "platforms": ["p"]},
}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([{"schema": SCHEMA}], "line 1"),
        ([{**HEAD, "question": {**HEAD["question"], "platforms": 3}}], "line 1"),
        ([HEAD, {"wheel": 3, "requested": "r", "sha256": "0", "size": 1}], "line 2"),
        ([HEAD, {"wheel": "w", "requested": "r", "sha256": "0", "size": "1"}], "line 2"),
        ([HEAD, {"wheel": "w", "requested": "r", "sha256": "0", "size": 1, "tags": 7}], "line 2"),
        ([HEAD, {"package": "p", "releases": [1]}], "line 2"),
    ],
)
def test_a_lock_of_somebody_else_is_believed_nothing(
    lines: list[dict[str, Any]], said: str, tmp_path: Path
) -> None:
    path = tmp_path / "lock.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(BadConfig) as caught:
        read(path)
    assert said in caught.value.message


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for choice in (Choice(), Choice(history=3)):
        with pytest.raises(BadConfig, match="no regular file"):
            source_of(str(tmp_path / "pipe"), tmp_path, choice)


def test_sources_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no"):
        source_of(str(tmp_path / "none"), tmp_path, Choice())
    with pytest.raises(NotFound, match="holds no wheel"):
        source_of(str(tmp_path), tmp_path, Choice())
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(BadConfig, match="names no package"):
        source_of(str(tmp_path / "empty.txt"), tmp_path, Choice())


def test_only_what_was_fetched_is_discarded(tmp_path: Path) -> None:
    wheels = tmp_path / "t" / "wheels"
    wheels.mkdir(parents=True)
    tiny(wheels, "pure", "1.0", [], "py3-none-any")
    assert surveyed(wheels, tmp_path / "t", discard=True).wheels == 1
    assert len(list(wheels.iterdir())) == 1


def test_what_a_list_is_asked_is_not_asked_of_a_folder(tmp_path: Path) -> None:
    some_wheels(tmp_path)
    with pytest.raises(BadConfig, match="about what a list asks for"):
        source_of(str(tmp_path), tmp_path, Choice(history=3))


def test_tags_are_what_pip_has_to_be_told() -> None:
    assert expanded("manylinux_2_17_x86_64")[:2] == [
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
    ]
    assert {"manylinux1_i686", "linux_i686"} <= set(expanded("linux_i686"))
    assert expanded("win_amd64") == ["win_amd64"]
    free = Tags("3.15t", ("win_amd64",)).options()
    assert [word for word in free if word.startswith(("cp315", "abi3"))] == ["cp315t", "abi3t"]
    assert "--abi" not in Tags("3.13", ("win_amd64",)).options()
    for wrong in ("2.7", "3.13d", "cp313"):
        with pytest.raises(BadConfig, match="no version of Python"):
            wanted((wrong,), ("win_amd64",))


def test_releases_of_one_package_go_into_several_calls() -> None:
    asked = [Wanted("a==1"), Wanted("b"), Wanted("A==2"), Wanted("a>3")]
    assert [[each.requirement for each in group] for group in _groups(asked)] == [
        ["a==1", "b"],
        ["A==2"],
        ["a>3"],
    ]

"""Decisions in ``isoview.toml``: nothing is lost, nothing is guessed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from facts_by_hand import facts, static_type
from samples import full_report

from isoview import decision_file
from isoview.decision_file import add_group, change, remove_group
from isoview.inspectors.errors import BadConfig, IsoviewError
from isoview.judge import judge
from isoview.model import Finding, Report
from isoview.triage import (
    Decision,
    Group,
    apply,
    decide,
    decisions_file,
    load,
    nearest,
    restore,
    with_statuses,
)


def finding(name: str = "T", count: int = 1) -> Finding:
    return Finding(
        "ISO201", "static-type", "warning", "high", "message", "heap-types",
        f"ISO201:pkg:type:{name}", count=count,
    )  # fmt: skip


def report(*findings: Finding) -> Report:
    return replace(full_report(0), findings=findings)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "isoview.toml"


def test_a_decision_is_written_and_read_back(path: Path) -> None:
    assert decide(path, finding(count=3), "intended", 'a "reason"\non two lines') is None
    expected = Decision("ISO201:pkg:type:T", "intended", 'a "reason"\non two lines', 3)
    assert load(path) == {expected.fingerprint: expected}


def test_undo_brings_the_file_back_byte_for_byte(path: Path) -> None:
    decide(path, finding("a"), "confirmed", "first")
    before = path.read_bytes()
    changed = decide(path, finding("a"), "intended", "second")
    made = decide(path, finding("b"), "fixed", "third")
    assert (changed and changed.reason, made) == ("first", None)
    restore(path, finding("b").fingerprint, made)
    restore(path, finding("a").fingerprint, changed)
    assert path.read_bytes() == before


def test_decisions_are_sorted_by_fingerprint(path: Path) -> None:
    for name in "cab":
        decide(path, finding(name), "confirmed", "")
    data = tomllib.loads(path.read_text())
    order = [entry["fingerprint"][-1] for entry in data["decision"]]
    assert order == ["a", "b", "c"]


COMMENTED = '''\
# About this file.

title = "kept"

# about b, which
# has two lines
[[decision]]
fingerprint = "ISO201:pkg:type:b"  # inline
status = "intended"
reason = """
several lines
[[decision]]
# not a comment
"""
count = 1
extra = "kept too"

# about d
[[decision]]
fingerprint = "ISO201:pkg:type:d"
status = "confirmed"
reason = ""
count = 1

# about other things
[other]
list = [
  [1],
  [2],
]
# the end
'''


def test_comments_and_what_is_not_ours_stay_where_they_belong(path: Path) -> None:
    path.write_text(COMMENTED)
    decide(path, finding("c"), "confirmed", "new")
    decide(path, finding("a"), "confirmed", "new")
    text = path.read_text()
    places = [text.index(part) for part in (
        "# About this file.", 'title = "kept"', "type:a", "# about b, which", "type:b", "# inline",
        "# not a comment", "extra =", "type:c", "# about d", "type:d", "# about other", "[other]",
        "# the end",
    )]  # fmt: skip
    assert places == sorted(places)
    restore(path, finding("a").fingerprint, None)
    restore(path, finding("c").fingerprint, None)
    assert path.read_text() == COMMENTED


def test_a_changed_decision_keeps_its_comments(path: Path) -> None:
    path.write_text(COMMENTED)
    decide(path, finding("b", count=5), "false-positive", "because")
    text = path.read_text()
    for kept in ("# about b, which", "# inline", 'extra = "kept too"', "# about d"):
        assert kept in text
    assert load(path)[finding("b").fingerprint].count == 5


def test_line_ends_of_the_file_stay(path: Path) -> None:
    path.write_bytes(COMMENTED.replace("\n", "\r\n").encode())
    decide(path, finding("c"), "confirmed", "new")
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


DAMAGED = {
    "no TOML": "[[decision]\nfingerprint = ",
    "no list": "decision = 3\n",
    "one table": '[decision]\nfingerprint = "a"\n',
    "no tables": "decision = [1]\n",
    "no fingerprint": '[[decision]]\nstatus = "open"\n',
    "unknown status": '[[decision]]\nfingerprint = "a"\nstatus = "maybe"\n',
    "reason is no text": '[[decision]]\nfingerprint = "a"\nstatus = "open"\nreason = 1\n',
    "count is no number": '[[decision]]\nfingerprint = "a"\nstatus = "open"\ncount = true\n',
    "twice": '[[decision]]\nfingerprint = "a"\nstatus = "open"\n' * 2,
}


@pytest.mark.parametrize("text", DAMAGED.values(), ids=DAMAGED.keys())
def test_a_damaged_file_is_refused_with_a_hint_and_left_as_it_was(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(BadConfig) as caught:
        load(path)
    assert str(path) in caught.value.message
    assert caught.value.hint
    with pytest.raises(BadConfig):
        decide(path, finding(), "intended", "because")
    assert path.read_text() == text


def test_bytes_that_are_no_text_are_refused(path: Path) -> None:
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfig):
        load(path)
    assert path.read_bytes() == b"\xff\xfe"


def test_a_form_that_cannot_be_edited_is_left_as_it_was(path: Path) -> None:
    text = 'decision = [{fingerprint = "a", status = "open"}]\n'
    path.write_text(text)
    assert set(load(path)) == {"a"}
    with pytest.raises(BadConfig):
        decide(path, finding(), "intended", "because")
    assert path.read_text() == text


def test_a_folder_or_fifo_in_its_place_is_refused_at_once(path: Path) -> None:
    path.mkdir()
    with pytest.raises(BadConfig):
        load(path)
    path.rmdir()
    os.mkfifo(path)
    with pytest.raises(BadConfig):
        load(path)


def test_the_nearest_file_above_is_used_and_made_here_otherwise(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert decisions_file(inner) == inner / "isoview.toml"
    (tmp_path / "a" / "isoview.toml").touch()
    assert decisions_file(inner) == tmp_path / "a" / "isoview.toml"
    assert nearest(inner) == tmp_path / "a" / "isoview.toml"


def test_decisions_are_laid_over_findings(path: Path) -> None:
    decide(path, finding("a", count=2), "intended", "because")
    found = apply(report(finding("a", count=2), finding("b")), load(path)).findings
    assert [(each.status, each.reason) for each in found] == [
        ("intended", "because"),
        ("open", None),
    ]


def test_what_was_decided_holds_no_section_of_the_guide_open(path: Path) -> None:
    whole = judge(facts(types=(static_type(),)))
    assert whole.scorecard["heap-types"] == "open"
    for each in whole.findings:
        decide(path, each, "intended", "")
    decided = apply(whole, load(path))
    assert decided.scorecard["heap-types"] == "met"
    opened = tuple(replace(f, status="open") for f in decided.findings)
    assert with_statuses(decided, opened).scorecard == whole.scorecard


def test_fewer_subjects_keep_the_decision_and_growth_reopens_it(path: Path) -> None:
    decide(path, finding("a", count=2), "intended", "because")
    fewer, more = (
        apply(report(finding("a", count=count)), load(path)).findings[0] for count in (1, 3)
    )
    assert fewer.status == "intended"
    assert (more.status, more.reason) == ("open", "intended when there were 2, now 3: because")


def test_a_reason_from_a_strange_terminal_is_still_text(path: Path) -> None:
    decide(path, finding(), "intended", "a\udcff\x1b[31m")
    assert load(path)[finding().fingerprint].reason == "a\\udcff\x1b[31m"
    assert b"\x1b" not in path.read_bytes()


def test_the_mode_of_the_file_and_a_link_to_it_stay(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "shared.toml"
    real.touch()
    real.chmod(0o640)
    path.symlink_to(real)
    decide(path, finding(), "confirmed", "")
    assert path.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert len(load(real)) == 1


def _write_many(path: str, writer: int, number: int) -> None:
    for each in range(number):
        decide(Path(path), finding(f"{writer}-{each:02}"), "confirmed", f"by {writer}")


def test_writers_at_once_lose_nothing(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(str(path), n, 8)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 4
    assert len(load(path)) == 32
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["isoview.toml"]


_STOPS = {
    "while writing aside": "os.fsync",
    "before the rename": "pathlib.Path.replace",
    "after the rename": "whole_file._sync_folder",
}


@pytest.mark.parametrize("where", _STOPS.values(), ids=_STOPS.keys())
def test_killed_half_way_the_file_is_whole_and_the_next_writer_goes_on(
    path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(path, finding("a"), "confirmed", "before")
    script = f"""
        import os, pathlib, signal, sys
        from isoview import whole_file
        from isoview.model import Finding
        from isoview.triage import decide
        def stop(*_):
            os.kill(os.getpid(), signal.SIGKILL)
        {where} = stop
        finding = Finding("ISO201", "n", "warning", "high", "m", "g", "ISO201:pkg:type:b")
        decide(pathlib.Path(sys.argv[1]), finding, "intended", "half way")
    """
    killed = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(path)], check=False, timeout=30
    )
    assert killed.returncode == -signal.SIGKILL
    done = {"ISO201:pkg:type:b"} if "_sync_folder" in where else set()
    assert set(load(path)) == {"ISO201:pkg:type:a"} | done
    # The system dropped the lock with its process: whoever has to wait for one gives up.
    monkeypatch.setattr(decision_file, "_PATIENCE", 0.0)
    decide(path, finding("c"), "confirmed", "after")
    assert set(load(path)) == {"ISO201:pkg:type:a", "ISO201:pkg:type:c"} | done
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["isoview.toml"]


def test_a_folder_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(IsoviewError) as caught:
        decide(tmp_path / "missing" / "isoview.toml", finding(), "confirmed", "")
    assert "cannot be written" in caught.value.message


def test_many_decisions_are_one_change_of_the_file(path: Path) -> None:
    decide(path, finding("b"), "confirmed", "")
    before = path.read_bytes()
    wanted = {
        f"ISO201:pkg:type:{name}": Decision(f"ISO201:pkg:type:{name}", "intended", "so", 1)
        for name in "cab"
    }
    previous = change(path, wanted)
    assert [previous[f"ISO201:pkg:type:{name}"] is None for name in "abc"] == [True, False, True]
    assert load(path) == wanted
    change(path, previous)
    assert path.read_bytes() == before


def test_what_another_session_decided_meanwhile_is_left_alone(path: Path) -> None:
    mine = Decision("ISO201:pkg:type:a", "intended", "mine", 1)
    decide(path, finding("a"), "confirmed", "theirs")
    there = change(path, {mine.fingerprint: mine}, seen={mine.fingerprint: None})
    kept = load(path)[mine.fingerprint]
    assert there[mine.fingerprint] == kept
    assert (kept.status, kept.reason) == ("confirmed", "theirs")
    change(path, {mine.fingerprint: mine}, seen=there)
    assert load(path) == {mine.fingerprint: mine}


def test_a_decision_for_a_group_is_taken_back_byte_for_byte(path: Path) -> None:
    group = Group("ISO2*", "*", "type:*", "intended", "generated")
    assert not remove_group(path, group)
    decide(path, finding("a"), "confirmed", "")
    add_group(path, group._replace(rule="ISO3*"))
    before = path.read_bytes()
    add_group(path, group)
    assert load(path).groups[1:] == (group,)
    assert remove_group(path, group)
    assert path.read_bytes() == before

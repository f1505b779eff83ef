"""The engine of surveys: bounded, and nothing lost whoever dies."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from survey_by_hand import Alone, deadly, faulty, plain, some_wheels, surveyed, tables, unseeing
from waiting import is_gone, until

from isoview.survey.crews import Pool
from isoview.survey.engine import Engine, Fallen
from isoview.survey.engine_name import engine
from isoview.survey.packing import unpacked
from isoview.survey.worker import Outcome, Task, fallen


def task(name: str, path: Path | str = "") -> Task:
    return Task(name, str(path), "", 0, name, 60.0)


def test_who_kills_its_worker_is_found_and_nobody_else_is_lost(tmp_path: Path) -> None:
    names = ["a", "once", "b", "killer", "c", "d", "e"]
    pool = Pool(2, deadly)
    try:
        ended = list(Engine(pool).run(task(name, tmp_path / name) for name in names))
    finally:
        pool.stop()
    fell = [each for each in ended if isinstance(each, Fallen)]
    assert [each.task.wheel for each in fell] == ["killer"]
    assert "died" in fell[0].why
    assert sorted(each.wheel for each in ended if isinstance(each, Outcome)) == sorted(
        set(names) - {"killer"}
    )
    (row,) = unpacked(fallen(fell[0].task, fell[0].why)["errors"]).to_pylist()
    assert (row["wheel"], row["stage"]) == ("killer", "worker")


def test_no_more_is_taken_from_the_source_than_is_worked_on() -> None:
    taken = 0

    def source() -> Iterator[Task]:
        nonlocal taken
        for number in range(100):
            taken += 1
            yield task(str(number))

    ended = 0
    for ended, _outcome in enumerate(Engine(Alone(plain)).run(source()), 1):
        assert taken - ended <= 2
    assert (taken, ended) == (100, 100)


def test_workers_without_the_file_are_sent_it(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(4)]
    for path in paths:
        path.write_bytes(b"content")
    crew = Alone(unseeing)
    outcomes = list(Engine(crew).run(task(path.name, path) for path in paths))
    assert sorted(each.wheel for each in outcomes if isinstance(each, Outcome)) == list("0123")
    # Only the first ones come back unread: from then on the bytes go with the task.
    assert crew.here.given <= len(paths) + 2


def test_a_fault_of_ours_at_one_wheel_is_one_error() -> None:
    ended = list(Engine(Alone(faulty)).run(map(task, ["a", "odd", "b"])))
    (fell,) = [each for each in ended if isinstance(each, Fallen)]
    assert fell.why == "internal error: RuntimeError: nobody foresaw this"
    assert len(ended) == 3


def test_a_file_that_is_gone_is_one_error(tmp_path: Path) -> None:
    (ended,) = Engine(Alone(unseeing)).run([task("gone", tmp_path / "gone")])
    assert isinstance(ended, Fallen)
    assert "cannot be read" in ended.why


KILLED = """
import os, signal, sys
from pathlib import Path
from isoview.survey import run
from survey_by_hand import surveyed
run._KEEP_EVERY = 0.0
run.engine = lambda: sys.argv[4]  # whoever edits isoview meanwhile: one version is meant here
left = int(sys.argv[1])
replace = Path.replace
def dying(path, target):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(path, target)
Path.replace = dying
surveyed(Path(sys.argv[2]), Path(sys.argv[3]))
"""
TESTS = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder of wheels, and the survey of it."""
    base = tmp_path_factory.mktemp("whole")
    wheels = some_wheels(base / "wheels")
    surveyed(wheels, base / "tables")
    return wheels, base / "tables"


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("renames", [1, 12, 16])  # before any part, amid the second, after it
def test_a_kill_at_any_moment_loses_nothing(
    uninterrupted: tuple[Path, Path], tmp_path: Path, renames: int
) -> None:
    wheels, whole = uninterrupted
    said = [str(renames), str(wheels), str(tmp_path / "t"), engine()]
    child = subprocess.run([sys.executable, "-c", KILLED, *said], check=False, env=TESTS)
    assert child.returncode == -signal.SIGKILL
    if renames == 12:  # the survey's part was not finished: some of its tables stand there
        assert len(list((tmp_path / "t").glob("*/part-000001.parquet"))) == 3
    assert surveyed(wheels, tmp_path / "t").before == {1: 0, 12: 1, 16: 1}[renames]
    assert tables(tmp_path / "t") == tables(whole)


def test_once_more_does_nothing_and_changes_nothing(uninterrupted: tuple[Path, Path]) -> None:
    wheels, whole = uninterrupted
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")}
    again = surveyed(wheels, whole)
    assert (again.wheels, again.before) == (0, 5)
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")} == before


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_no_worker_outlives_a_killed_survey(tmp_path: Path) -> None:
    script = tmp_path / "killed.py"
    script.write_text(
        "import os, signal, sys\n"
        "from isoview.survey.crews import Pool\n"
        "from survey_by_hand import plain\n"
        "from isoview.survey.worker import Task\n"
        "if __name__ == '__main__':\n"
        "    pool = Pool(1, plain)\n"
        "    task = Task('a', '', '', 0, 'a', 60.0)\n"
        "    print(pool.executor().submit(plain, task).result().modules, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    child = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=False, env=TESTS
    )
    worker = int(child.stdout)
    try:
        until(lambda: is_gone(worker), "the end of the pool's process")
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)

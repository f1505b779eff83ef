"""Several processes, the cache, progress: the same stream as one process gives, in order."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import isoview, speedups
from compiled import compile_fixture
from samples import VARIANTS, full_report
from targets_by_hand import good_wheel
from terminal import Terminal
from waiting import LIMIT

from isoview import cache as cache_module
from isoview import fingerprint
from isoview.cache import Cache
from isoview.codec import report_to_data
from isoview.codec_fast import report_from_own
from isoview.commands import ExitCode
from isoview.crew import Crew
from isoview.model import Complete, Event, Failed
from isoview.parallel import spread
from isoview.progress import Progress
from isoview.targets import Found, Place, find


def test_one_worker_keeps_to_the_order_and_the_others_take_the_largest() -> None:
    places = [Place(f"{size}.so", size=size) for size in (5, 1, 9, 3)]
    crew = Crew(places, quick=False, cache=None, done=lambda _place: None)
    taken = [crew._take(largest=largest) for largest in (False, True, True, False, False)]
    assert taken == [0, 2, 3, 1, None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eight modules, a broken one and a wheel; old enough for the cache."""
    where = tmp_path / "many"
    where.mkdir()
    for number in range(8):
        source = "static_type_bad.c" if number % 3 else "single_phase_init_bad.c"
        shutil.copy(compile_fixture(source), where / f"m{number}.abi3.so")
    (where / "m5x.abi3.so").write_text("text")
    good_wheel(where)
    for path in where.iterdir():
        os.utime(path, (1e9, 1e9))
    return where


def told(events: Iterator[Event]) -> list[object]:
    """Reports as plain data and errors, in their order."""
    return [
        report_to_data(each.report) if isinstance(each, Complete) else each.error
        for each in events
        if isinstance(each, Complete | Failed)
    ]


def serial(listed: list[Found]) -> list[object]:
    from isoview.stream import look

    return told(event for found in listed for event in look(found, None))


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_stream_is_the_same_however_many_work(folder: Path, jobs: int) -> None:
    listed = list(find([str(folder)]))
    assert told(spread(listed, None, jobs=jobs)) == serial(listed)
    assert len(listed) == 10


def test_decoding_our_own_gives_the_very_report() -> None:
    for variant in VARIANTS:
        report = full_report(variant)
        assert report_from_own(json.loads(json.dumps(report_to_data(report)))) == report


def test_a_second_run_starts_no_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = list(find([str(folder)]))
    first = told(spread(listed, None, jobs=2, cache=Cache(quick=False)))

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a worker was started")

    readable = [each for each in listed if not (isinstance(each, Place) and "m5x" in each.path)]
    monkeypatch.setattr(subprocess, "Popen", refuse)
    second = told(spread(readable, None, jobs=2, cache=Cache(quick=False)))
    assert second == [each for each in first if isinstance(each, dict)]


def entries(place: Place) -> bool:
    return Cache(quick=False).get(place) is not None


def test_an_entry_is_for_the_file_as_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "m0.abi3.so"

    def listed() -> list[Place]:
        return [each for each in find([str(folder)]) if isinstance(each, Place)]

    list(spread(listed(), None, jobs=1, cache=Cache(quick=False)))
    assert entries(listed()[1])
    assert Cache(quick=True).get(listed()[1]) is None
    (folder / "__init__.py").touch()  # the modules are called otherwise now
    fingerprint._dotted.cache_clear()
    assert not entries(listed()[1])
    (folder / "__init__.py").unlink()
    fingerprint._dotted.cache_clear()
    os.utime(path, (1e9, 1.1e9))
    place = next(each for each in listed() if each.path == str(path))
    assert not entries(place)
    monkeypatch.setattr(cache_module, "own_sources", lambda: "another version")
    assert not entries(listed()[2])


def test_a_rebuilt_file_of_the_same_size_and_time_is_another_one(folder: Path) -> None:
    """Reproducible builds, `unzip` and `cp -p` set the time back."""
    path = folder / "m0.abi3.so"

    def place() -> Place:
        return next(
            each
            for each in find([str(folder)])
            if isinstance(each, Place) and each.path == str(path)
        )

    Cache(quick=False).put(place(), b"{}")
    assert entries(place())
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:  # the file system's clock ticks every few ms
        path.write_bytes(path.read_bytes())
        os.utime(path, (1e9, 1e9))
    assert not entries(place())


def test_a_file_that_has_just_changed_is_not_kept(folder: Path) -> None:
    path = folder / "m0.abi3.so"
    os.utime(path)
    (place,) = [each for each in find([str(folder)]) if getattr(each, "path", "") == str(path)]
    assert isinstance(place, Place)
    Cache(quick=False).put(place, b"{}")
    assert not entries(place)


def test_a_damaged_entry_is_no_entry(folder: Path) -> None:
    listed = [each for each in find([str(folder)]) if isinstance(each, Place)]
    first = told(spread(listed, None, jobs=1, cache=Cache(quick=False)))
    kept = sorted(cache_module.folder().rglob("*.json"))
    assert len(kept) == len(first) - 1  # all but the broken one
    kept[0].write_bytes(kept[0].read_bytes()[:-40])
    kept[1].write_bytes(kept[1].read_bytes().replace(b"PyInit", b"PyTinI", 1))
    assert told(spread(listed, None, jobs=1, cache=Cache(quick=False))) == first


def test_a_cache_that_cannot_be_written_harms_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = folder.parent / "blocked"
    blocked.touch()
    monkeypatch.setattr(cache_module, "folder", lambda: blocked / "inside")
    listed = list(find([str(folder)]))
    assert told(spread(listed, None, jobs=1, cache=Cache(quick=False))) == serial(listed)


def test_the_cache_is_cleared_from_the_command_line(folder: Path) -> None:
    isoview("check", folder)
    where = Path(isoview("cache", "where").stdout.strip())
    assert list(where.rglob("*.json"))
    assert isoview("cache", "clear").stdout.startswith("Cleared ")
    assert not list(where.rglob("*.json"))
    isoview("check", "--no-cache", folder)
    assert not list(where.rglob("*.json"))


_CRASH = """
import os, signal, sys
import isoview.worker as worker
answer = worker.answer
def crashing(place, *, quick):
    if "m3" in place.path:
        os.kill(os.getpid(), signal.SIGSEGV)
    return answer(place, quick=quick)
worker.answer = crashing
worker.main()
"""


def test_a_worker_that_falls_takes_one_file_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = subprocess.Popen

    def faulty(command: list[str], **options: object) -> object:
        return start([sys.executable, "-c", _CRASH], **options)  # type: ignore[call-overload]

    monkeypatch.setattr(subprocess, "Popen", faulty)
    listed = list(find([str(folder)]))
    events = list(spread(listed, None, jobs=2))
    failed = {each.error.path: each.error.error for each in events if isinstance(each, Failed)}
    assert set(failed) == {str(folder / "m3.abi3.so"), str(folder / "m5x.abi3.so")}
    assert "SIGSEGV" in failed[str(folder / "m3.abi3.so")]
    assert sum(isinstance(each, Complete) for each in events) == 8


def test_many_files_are_a_line_each(folder: Path) -> None:
    shown = isoview("check", folder)
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert shown.stdout.count("PyInit_") == 0
    assert "9 extension modules" in shown.stdout
    assert sum(row.endswith(".abi3.so") for row in shown.stdout.splitlines()) == 9
    assert isoview("check", "-v", folder).stdout.count("Verdict") == 9


def test_progress_counts_on_a_terminal(folder: Path) -> None:
    output = str(folder / "r.json")
    terminal = Terminal(
        [
            sys.executable,
            "-m",
            "isoview",
            "check",
            str(folder),
            "--format",
            "json",
            "--output",
            output,
        ]
    )
    terminal.until("of 10 files")
    assert terminal.close() == ExitCode.NOT_ANALYSED
    assert len(json.loads((folder / "r.json").read_text())["artifacts"]) == 9


def test_the_line_of_progress_fits_and_goes() -> None:
    stream = io.StringIO()
    progress = Progress(2, 100, stream)
    time.sleep(0.12)
    progress.done(Place("/a/\x1b[31m" + "x" * 200, size=50))
    progress.clear()
    rows = stream.getvalue().split("\r\x1b[K")
    assert "1 of 2 files, 50%" in rows[2]
    assert max(map(len, rows)) <= 80
    assert "\x1b" not in "".join(rows)
    assert rows[-1] == ""


_SLOW = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
import isoview.crew as crew
result, following = crew.Crew._result, crew.Crew.next
def slow(self, place, worker):
    if "m4" in place.path:
        time.sleep(600)
    return result(self, place, worker)
def asked(self):
    if self._taken == 4:  # the four before it were handed on, and more is wanted
        print("ready", file=sys.stderr, flush=True)
    return following(self)
crew.Crew._result, crew.Crew.next = slow, asked
from isoview.cli import main
main(["check", "--format", "json", "--jobs", "1", sys.argv[1]])
"""


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to another process here")
def test_ctrl_c_leaves_what_is_done(folder: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _SLOW, str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stderr is not None
    assert child.stderr.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    output, talk = child.communicate(timeout=LIMIT)
    assert child.returncode == ExitCode.INTERRUPTED
    assert "interrupted" in talk
    assert [Path(each["path"]).name for each in json.loads(output)["artifacts"]] == [
        "m0.abi3.so", "m1.abi3.so", "m2.abi3.so", "m3.abi3.so",
    ]  # fmt: skip


def test_a_few_named_files_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import subprocess, sys\n"
        "subprocess.Popen = None\n"
        "from isoview.cli import main\nmain(['check', *sys.argv[1:]])\n"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code, speedups(), speedups()],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert shown.stdout.count("PyInit__speedups") == 2, shown.stderr

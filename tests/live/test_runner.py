"""The runner: whatever a module does to its process is an outcome, and harms nobody else."""

import contextlib
import gc
import json
import os
import sys
import textwrap
import threading
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from waiting import LIMIT, is_gone, patiently, until

from isoview.inspectors.live import runner, spawn
from isoview.inspectors.live.runner import run

SCHEMA = json.loads(files("isoview.schemas").joinpath("live-1.json").read_text())


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a module of the given code and runs ``info`` on it; checks what always holds."""

    def go(code: str, timeout: float = LIMIT, name: str = "hostile") -> dict[str, Any]:
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(runner, "CRASH_RUNS", 2)
        report = run(name, timeout=timeout)
        jsonschema.validate(report, SCHEMA)
        json.dumps(report).encode("utf-8")
        outcome: dict[str, Any] = report["runs"][0]["experiments"]["info"]
        return outcome

    return go


BECOME_EXTENSION = "import sys, _csv; sys.modules[__name__] = _csv\n"
"""The module puts an extension in its place, so that there is something to answer."""


def test_an_extension_is_looked_at(hostile: Any) -> None:
    outcome = hostile(BECOME_EXTENSION)
    assert outcome["status"] == "ok"
    assert outcome["definition"]["m_name"] == "_csv"
    assert (outcome["signal"], outcome["stage"], outcome["repeats"]) == (None, None, "1/1")


def test_a_crash_at_import(hostile: Any) -> None:
    outcome = hostile("import os; os.abort()")
    assert (outcome["status"], outcome["signal"], outcome["stage"]) == (
        "crashed",
        "SIGABRT",
        "import",
    )
    assert outcome["repeats"] == "2/2"
    assert "hostile.py" in outcome["stderr"]  # faulthandler says where


def test_a_crash_after_the_answer_is_a_crash_and_the_answer_is_kept(hostile: Any) -> None:
    outcome = hostile(BECOME_EXTENSION + "import atexit, os; atexit.register(os.abort)")
    assert (outcome["status"], outcome["signal"], outcome["stage"]) == (
        "crashed",
        "SIGABRT",
        "exit",
    )
    assert "after it had answered" in outcome["message"]
    assert outcome["definition"]["m_name"] == "_csv"


def hanging(hostile: Any, code: str, stage: str) -> dict[str, Any]:
    """The outcome of a module that hangs when it has come as far as ``stage``."""
    return patiently(
        lambda timeout: hostile(code, timeout=timeout),
        lambda outcome: outcome["stage"] == stage,
    )


def test_a_hang_is_ended_and_says_where(hostile: Any) -> None:
    outcome = hanging(hostile, "import time\nwhile True: time.sleep(600)", "import")
    assert (outcome["status"], outcome["stage"]) == ("timed-out", "import")
    assert "hostile.py" in outcome["stderr"]


def test_a_hang_that_ignores_signals(hostile: Any) -> None:
    code = """
        import signal, time
        for number in range(1, 32):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: time.sleep(600)
    """
    outcome = hanging(hostile, code, "import")
    assert outcome["status"] == "timed-out"


def test_a_thread_that_keeps_the_process_from_ending(hostile: Any) -> None:
    sleeping = "import threading, time; threading.Thread(target=time.sleep, args=(600,)).start()"
    outcome = hanging(hostile, BECOME_EXTENSION + sleeping, "exit")
    assert (outcome["status"], outcome["stage"]) == ("timed-out", "exit")
    assert outcome["definition"]["m_name"] == "_csv"


@pytest.mark.parametrize("status", [0, 3])
def test_an_exit_without_answer(hostile: Any, status: int) -> None:
    outcome = hostile(f"import os; os._exit({status})")
    assert (outcome["status"], outcome["stage"]) == ("failed", "import")
    assert "at stage import" in outcome["message"]


def test_system_exit_is_what_the_import_raised(hostile: Any) -> None:
    outcome = hostile("raise SystemExit('that was it')")
    assert (outcome["status"], outcome["message"]) == ("failed", "SystemExit: that was it")


def test_an_exception_without_usable_text(hostile: Any) -> None:
    outcome = hostile(
        """
        class Bad(Exception):
            def __str__(self): raise SystemExit
        raise Bad
        """
    )
    assert outcome["status"] == "failed"
    assert outcome["message"].startswith("Bad")


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("module hostile does not support loading in subinterpreters", "cpython"),
        (
            "Interpreter change detected - this module can only be loaded into one interpreter",
            "cython",
        ),
        ("PyO3 modules do not yet support subinterpreters, see ...", "pyo3"),
        ("cannot load module more than once per process", "opt-out"),
    ],
)
def test_a_refusal_is_recognised_by_whose_it_is(hostile: Any, text: str, who: str) -> None:
    outcome = hostile(f"raise ImportError({text!r})")
    assert (outcome["status"], outcome["recognised"]) == ("refused", who)
    assert text in outcome["message"]


def test_another_import_error_is_no_refusal(hostile: Any) -> None:
    outcome = hostile("import no_such_module_anywhere")
    assert (outcome["status"], outcome["recognised"]) == ("failed", None)
    assert "no_such_module_anywhere" in outcome["message"]


def test_what_it_writes_to_stdout_and_stderr_is_its_own_business(hostile: Any) -> None:
    outcome = hostile(
        BECOME_EXTENSION
        + "import os\nos.write(1, b'x' * 300000)\nos.write(2, b'\\xff\\x1b[31m' * 9000)"
    )
    assert outcome["status"] == "ok"
    assert outcome["stdout_bytes"] == 300000
    assert 0 < len(outcome["stderr"].encode()) <= 4 * spawn.STDERR_KEPT


def test_closing_every_descriptor(hostile: Any) -> None:
    outcome = hostile("import os; os.closerange(0, 1000)")
    assert (outcome["status"], outcome["stage"]) == ("failed", "import")


FIND_PIPE = """
import os, stat, sys
def answers():
    for fd in range(3, 100):
        try:
            if stat.S_ISFIFO(os.fstat(fd).st_mode): yield fd
        except OSError: pass
"""


@pytest.mark.parametrize(
    "forged",
    [
        "not json",
        "[1, 2]",
        '{"stage": 5}',
        '{"result": {"status": "ok"}}',
        '{"result": {"status": "splendid", "message": null, "recognised": null, "stage": "x", "data": {}}}',
        '{"result": {"status": "ok", "message": null, "recognised": null, "stage": "x", "data": {"phase": 1}}}',
        "[" * 100000,
        "1" * 5000,
    ],
)
def test_forged_lines_do_not_break_the_runner(hostile: Any, forged: str) -> None:
    outcome = hostile(
        FIND_PIPE
        + f"for fd in answers(): os.write(fd, {forged.encode() + chr(10).encode()!r})\nos._exit(0)"
    )
    assert outcome["status"] == "failed"
    assert "makes no sense" in outcome["message"]


def test_two_answers_are_none(hostile: Any) -> None:
    forged = '{"result": {"status": "failed", "message": null, "recognised": null, "stage": "import", "data": null}}'
    outcome = hostile(
        FIND_PIPE + BECOME_EXTENSION + f"for fd in answers(): os.write(fd, b'{forged}\\n')"
    )
    assert outcome["status"] == "failed"
    assert "more than one answer" in outcome["message"]
    assert "definition" not in outcome


def test_a_forged_answer_with_lone_surrogates_and_controls_is_made_harmless(hostile: Any) -> None:
    line = '{"result": {"status": "failed", "message": "\\\\ud800\\\\u001b[2J", "recognised": null, "stage": "import", "data": null}}\\n'
    outcome = hostile(FIND_PIPE + f"for fd in answers(): os.write(fd, b'{line}')\nos._exit(0)")
    assert outcome["status"] == "failed"
    outcome["message"].encode("utf-8")


def test_a_flood_of_lines_is_cut_short(hostile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "ANSWER_LIMIT", 1 << 20)
    outcome = hostile(
        FIND_PIPE
        + 'while True:\n    for fd in answers(): os.write(fd, b\'{"stage": "x"}\\n\' * 1000)'
    )
    assert outcome["status"] == "failed"
    assert "far too much" in outcome["message"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limit is held on Linux only")
def test_memory_is_limited(hostile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_memory_limit", lambda: 200 << 20)
    outcome = hostile("hoard = []\nwhile True: hoard.append(bytearray(10 << 20))")
    assert (outcome["status"], outcome["message"]) == ("failed", "MemoryError")


def test_a_forked_copy_neither_answers_nor_stays(hostile: Any, tmp_path: Path) -> None:
    mark = tmp_path / "pids"
    outcome = hostile(
        BECOME_EXTENSION
        + f"""
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        with open({str(mark)!r}, 'a') as out: out.write(str(os.getpid()))
        time.sleep(600)
else:
    while not os.path.exists({str(mark)!r}) or not os.path.getsize({str(mark)!r}): time.sleep(0.01)
"""
    )
    assert outcome["status"] == "ok"
    left = int(mark.read_text())
    until(lambda: is_gone(left), "the end of the copy that slept on")


def children() -> set[int]:
    """Processes of ours, also those that ended and were not collected (proc(5))."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(stat.parent.name))
    return found


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


@LINUX
def test_the_runner_keeps_no_descriptor_and_no_zombie(hostile: Any) -> None:
    def count() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    hostile(BECOME_EXTENSION)
    gc.collect()  # what other tests left open is closed now, and not in between
    before, others = count(), children()
    hostile(BECOME_EXTENSION)
    hostile("import os; os.abort()", name="hostile_too")
    assert count() == before
    assert children() <= others


def test_it_works_beside_other_threads() -> None:
    reports: list[dict[str, Any]] = []
    look = partial(run, "_csv", timeout=LIMIT)
    threads = [threading.Thread(target=lambda: reports.append(look())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [r["runs"][0]["experiments"]["info"]["status"] for r in reports] == ["ok"] * 4


def test_without_process_descriptors_it_looks_now_and_then(
    hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(_pid: int) -> int:
        raise OSError

    monkeypatch.setattr(os, "pidfd_open", unavailable)
    assert hostile(BECOME_EXTENSION)["status"] == "ok"
    assert hostile("import os; os.abort()", name="hostile_too")["status"] == "crashed"

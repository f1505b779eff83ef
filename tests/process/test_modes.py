"""The ways in that the process itself answers: the agent, and sys.remote_exec."""

import contextlib
import json
import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from command import isoview
from live.interpreters import Interpreter
from process.targets import LINUX, readable, target
from waiting import LIMIT, until

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.live import agent
from isoview.inspectors.process import remote_exec
from isoview.inspectors.process.agent_client import ask
from isoview.inspectors.process.remote_exec import check, run

pytestmark = LINUX
SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "isoview/schemas/process-1.json").read_text()
)
NEWER = [pytest.param(e, id=e.label) for e in readable() if e.version >= (3, 14)]


# -- the agent ------------------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where agents have their sockets: a folder that leaves room for a path of 107 bytes at most."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.mark.usefixtures("short")
def test_the_agent_answers_about_loaded_extensions(tmp_path: Path) -> None:
    with target(sys.executable, "agent", tmp_path, "_json", "_decimal") as child:
        truth = child.ask("stable")
        answer = ask(child.pid)
    assert answer.python["version"] == "{}.{}.{}".format(*sys.version_info[:3])
    found = {entry["name"]: entry for entry in answer.modules}
    assert {"_json", "_decimal"} <= found.keys() or "_json" in sys.builtin_module_names
    for name, entry in found.items():
        assert entry["address"] == truth[name]
        assert entry["info"]["kind"] == "extension"


@pytest.mark.usefixtures("short")
def test_the_command_talks_to_the_agent(tmp_path: Path) -> None:
    with target(sys.executable, "agent", tmp_path, "_json", "_ctypes") as child:
        done = isoview("attach", str(child.pid), "--mode", "agent", "--format", "json")
        text = isoview("attach", str(child.pid), "--mode", "agent")
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    jsonschema.validate(data, SCHEMA)
    assert (data["mode"], data["status"]) == ("agent", "ok")
    assert "_ctypes" in {module["name"] for module in data["interpreters"][0]["modules"]}
    assert "_ctypes" in text.stdout


def test_no_agent_is_said(tmp_path: Path) -> None:
    with (
        target(sys.executable, "plain", tmp_path) as child,
        pytest.raises(AttachRefused, match="has no agent listening"),
    ):
        ask(child.pid)


@pytest.mark.usefixtures("short")
def test_the_socket_is_the_users_own() -> None:
    path = agent.listen()
    try:
        assert agent.listen() == path
        status = os.lstat(path)
        assert stat.S_ISSOCK(status.st_mode)
        assert stat.S_IMODE(status.st_mode) == 0o600
        assert stat.S_IMODE(Path(path).parent.stat().st_mode) == 0o700
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            assert agent.peer_uid(connection) == os.getuid()
    finally:
        agent.stop(path)
    assert not Path(path).exists()


@pytest.mark.usefixtures("short")
def test_a_folder_of_somebody_elses_is_refused() -> None:
    agent.folder().mkdir(mode=0o777)
    agent.folder().chmod(0o777)
    with pytest.raises(OSError, match="not a folder of this user's own"):
        agent.listen()


@pytest.mark.parametrize("length", [40, 80, 90, 100, 200])
def test_the_socket_has_a_path_that_fits(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """A test run's or a build's folder for what is temporary has a long path."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/" + "d" * length)
    assert len(str(agent.folder() / "agent-4194304.sock")) <= agent.PATH_LIMIT
    assert (agent.folder().parent == Path("/tmp")) is (length > 70)


def test_a_process_that_ends_leaves_no_socket(short: Path) -> None:
    """A fork of it that ends before takes none away."""
    code = (
        "import os, sys\n"
        "from isoview.inspectors.live import agent\n"
        "path = agent.listen()\n"
        "child = os.fork()\n"
        "if not child: sys.exit()\n"
        "os.waitpid(child, 0)\n"
        "print(os.path.exists(path))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT, check=True
    )
    assert done.stdout == "True\n"
    assert list(short.rglob("*.sock")) == []


def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long for a socket"):
        agent.listen(tmp_path / ("a" * 120))


@pytest.mark.parametrize(
    "line",
    [
        b"", b"nonsense\n", b"[1]\n", b'{"ask": "exec", "code": "1"}\n', b"[" * 60000 + b"\n",
        b'{"ask": "inspect", "module": "not loaded"}\n', b'{"ask": "inspect", "module": 7}\n',
    ],
)  # fmt: skip
def test_what_is_no_question_is_not_answered(line: bytes) -> None:
    assert agent.answer_to(line).keys() == {"error"}


def test_another_user_gets_no_answer(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = agent.listen(short / "agent.sock")
    monkeypatch.setattr(agent, "peer_uid", lambda _connection: os.getuid() + 1)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LIMIT)
            connection.connect(path)
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(b'{"ask": "hello"}\n')  # it may be shut already
                assert connection.recv(100) == b""
    finally:
        agent.stop(path)


# -- sys.remote_exec ------------------------------------------------------------------------------


@pytest.mark.parametrize("interpreter", NEWER)
def test_the_probe_runs_inside(interpreter: Interpreter, tmp_path: Path) -> None:
    with target(interpreter.executable, "spin", tmp_path, "_decimal") as child:
        outcome = run(check(child.pid), wait=LIMIT)
    assert (outcome.status, outcome.message) == ("ok", None)
    assert outcome.python == {
        "version": ".".join(map(str, interpreter.version)),
        "free_threaded": interpreter.free_threaded,
    }
    assert "_decimal" in {entry["name"] for entry in outcome.modules if "info" in entry}


@pytest.mark.parametrize("interpreter", NEWER)
def test_a_blocked_target_is_pending_and_nothing_is_left(
    interpreter: Interpreter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    folder = remote_exec._folder

    def remembered(question: remote_exec.Question) -> Path:
        made.append(folder(question))
        return made[-1]

    monkeypatch.setattr(remote_exec, "_folder", remembered)
    with target(interpreter.executable, "plain", tmp_path) as child:
        outcome = run(check(child.pid), wait=0.3)
        assert outcome.status == "pending"
        assert "blocked" in str(outcome.message)
        (left,) = made
        assert left.exists()

        def cleared() -> bool:
            child.ask("stable")  # it wakes, and clears up
            return not left.exists()

        until(cleared, f"that {left} is taken away")


@pytest.mark.parametrize("interpreter", NEWER)
def test_a_target_that_takes_no_scripts(interpreter: Interpreter, tmp_path: Path) -> None:
    options = ["-X", "disable-remote-debug"]
    with (
        target(interpreter.executable, "plain", tmp_path, options=options) as child,
        pytest.raises(AttachRefused) as caught,
    ):
        check(child.pid)
    assert "does not take scripts" in caught.value.message
    assert "disable-remote-debug" in caught.value.hint


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="this interpreter can do it")
def test_older_targets_cannot(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path) as child:
        done = isoview("attach", str(child.pid), "--mode", "remote-exec", "--yes")
    assert done.returncode == 3
    assert "remote-exec needs 3.14 or later" in done.stderr


@pytest.mark.parametrize("interpreter", NEWER)
def test_it_has_to_be_confirmed(interpreter: Interpreter, tmp_path: Path) -> None:
    with target(interpreter.executable, "spin", tmp_path, "_decimal") as child:
        done = isoview("attach", str(child.pid), "--mode", "remote-exec")
        assert done.returncode == 2
        assert "runs isoview's probe inside process" in done.stderr
        assert "--yes" in done.stderr
        sure = ("attach", str(child.pid), "--mode", "remote-exec", "--yes", "--format", "json")

        def answered() -> dict[str, Any] | None:
            data: dict[str, Any] = json.loads(isoview(*sure).stdout)
            jsonschema.validate(data, SCHEMA)
            # On a busy machine the target may not come to it in time: that is no answer yet.
            return data if data["status"] != "pending" else None

        assert until(answered, "an answer")["status"] == "ok"  # type: ignore[index]  # it is true

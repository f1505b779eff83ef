"""Every refusal is one line and one hint, each met with a real process where one can be had."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command import isoview
from compiled import compiler
from live.interpreters import find
from process.targets import LINUX, target
from waiting import LIMIT, is_gone, until

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.process import target as target_module
from isoview.inspectors.process.elf_memory import Header
from isoview.inspectors.process.session import Session
from isoview.inspectors.process.target import denied, need_linux, refuse_header

pytestmark = LINUX
FAKE = Path(__file__).parent / "fake_runtime.c"


def refusal(pid: int) -> tuple[str, str]:
    with pytest.raises(AttachRefused) as caught:
        Session(pid).read()
    assert "\n" not in caught.value.message + caught.value.hint
    assert caught.value.hint
    return caught.value.message, caught.value.hint


@contextmanager
def running(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def fake(folder: Path, name: str, *options: str) -> Iterator[int]:
    """A program of ours under another's name."""
    program = folder / name
    command = compiler() or pytest.skip("no C compiler here (set CC, or install cc, gcc or clang)")
    subprocess.run([*command, "-s", *options, "-o", str(program), str(FAKE)], check=True)
    with running(str(program)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid


def test_a_process_that_is_gone() -> None:
    with running("true") as process:
        process.wait()
        pid = process.pid
    assert refusal(pid)[0] == f"there is no process {pid} (any more)"


def test_a_zombie_is_gone_too() -> None:
    with running("true") as process:
        until(lambda: is_gone(process.pid), "its end")
        assert "there is no process" in refusal(process.pid)[0]


def test_no_python_process() -> None:
    with running("sleep", "30") as process:
        # In the middle of exec a process has no command line, and before that, ours.
        words = Path(f"/proc/{process.pid}/cmdline")
        until(lambda: words.read_bytes().startswith(b"sleep\0"), "exec")
        expected = f"process {process.pid} is not a Python process (sleep 30)"
        assert refusal(process.pid)[0] == expected


def test_a_program_without_the_symbols(tmp_path: Path) -> None:
    with fake(tmp_path, "python3.11") as pid:
        message, _hint = refusal(pid)
    assert message.startswith(f"process {pid} runs Python (python3.11) without the symbols")


def test_pypy(tmp_path: Path) -> None:
    with fake(tmp_path, "pypy3.11") as pid:
        assert "is PyPy" in refusal(pid)[0]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("0x031000F0", "runs CPython 3.16.0, which isoview cannot read"),
        ("0x030F00A3", "runs CPython 3.15.0a3, a pre-release whose structures still change"),
        ("0x030E00F0", "runs a build of CPython 3.14.0 that isoview cannot read: "),
    ],
)
def test_a_version_that_is_not_known_is_refused_by_its_name(
    version: str, said: str, tmp_path: Path
) -> None:
    # Nothing exports _PyRuntime here: it is found by the cookie of its table.
    with fake(tmp_path, "python3", f"-DVERSION={version}") as pid:
        assert said in refusal(pid)[0]


def test_versions_before_3_11(tmp_path: Path) -> None:
    found, _missing = find()
    older = [entry for entry in found if entry.version < (3, 11)]
    if not older:
        pytest.skip("no CPython before 3.11 here (PATH, pyenv, ISOVIEW_PYTHONS)")
    for entry in older:
        command = "print('ready', flush=True); import time; time.sleep(30)"
        with running(entry.executable, "-c", command) as process:
            assert process.stdout is not None
            process.stdout.readline()
            name = "CPython {}.{}".format(*entry.version)
            assert f"runs {name}, which isoview cannot read" in refusal(process.pid)[0]


def test_exec_in_between(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path) as child:
        session = Session(child.pid)
        session.read()
        assert child.process.stdin is not None
        child.process.stdin.write(
            f'["exec", ["{sys.executable}", "-c", "import time; time.sleep(30)"]]\n'
        )
        child.process.stdin.flush()
        with pytest.raises(AttachRefused) as caught:
            read_until_refused(session)
    assert "started another program while it was being read (exec)" in caught.value.message


def read_until_refused(session: Session) -> None:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        session.read()
        time.sleep(0.01)


def test_a_process_that_ends_in_between(tmp_path: Path) -> None:
    with target(sys.executable, "plain", tmp_path) as child:
        session = Session(child.pid)
        child.process.kill()
        child.process.wait()
        with pytest.raises(AttachRefused, match="there is no process"):
            session.read()


def test_another_users_process(tmp_path: Path) -> None:
    """As root, become somebody else in a child; else, root's first process is not ours."""
    if os.geteuid() != 0:
        if Path("/proc/1").stat().st_uid != 0:
            pytest.skip("the first process of this container is not root's")
        message, hint = refusal(1)
        assert "belongs to user root" in message
        assert "sudo" in hint
        return
    with target(sys.executable, "plain", tmp_path) as child:
        message = as_nobody(child.pid)
    if message.startswith(("PermissionError", "OSError")):
        pytest.skip(f"nobody else can be become here: {message}")
    assert message == f"not allowed to read process {child.pid}: it belongs to user root"


def as_nobody(pid: int) -> str:
    """What a child process with another user's id is told."""

    def attempt() -> None:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        Session(pid).read()

    return in_a_child(attempt)


def in_a_child(attempt: Callable[[], object]) -> str:
    """What a fork of ours is told."""
    reading, writing = os.pipe()
    forked = os.fork()
    if forked == 0:
        said = "nothing was refused"
        try:
            attempt()
        except AttachRefused as error:
            said = error.message
        except BaseException as error:  # noqa: BLE001 - the child must say whatever it is
            said = repr(error)
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        said = stream.read()
    os.waitpid(forked, 0)
    return said


def test_yama(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scope").write_text("1\n")
    monkeypatch.setattr(target_module, "YAMA", tmp_path / "scope")
    error = denied(os.getpid())
    assert "ptrace_scope is 1" in error.message
    assert "sysctl -w kernel.yama.ptrace_scope=0" in error.hint


def test_a_container_or_the_process_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_module, "YAMA", tmp_path / "none")
    error = denied(os.getpid())
    assert "a container's security profile" in error.message
    assert "SYS_PTRACE" in error.hint


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (Header(32, True, 3), "is a 32-bit program (i686)"),
        (Header(64, True, 183), "is a program for another processor (aarch64)"),
        (Header(64, False, 22), "is a program for another processor (s390x)"),
    ],
)
def test_other_kinds_of_programs(header: Header, said: str) -> None:
    with pytest.raises(AttachRefused) as caught:
        refuse_header(4711, header, Header(64, True, 62))
    assert said in caught.value.message


def test_a_thread_of_the_kernel() -> None:
    if not Path("/proc/2/stat").exists() or "kthreadd" not in Path("/proc/2/stat").read_text():
        pytest.skip("no kernel threads are visible here (a container)")
    assert refusal(2)[0] == "process 2 is a thread of the kernel, not a Python process"


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(AttachRefused) as caught:
        need_linux()
    assert caught.value.message == "attaching is for Linux so far"
    assert "isoview live" in caught.value.hint
    assert "agent" in caught.value.hint


def test_the_command_says_it_in_two_lines() -> None:
    with running("sleep", "30") as process:
        done = isoview("attach", str(process.pid))
    assert done.returncode == 3
    assert not done.stdout
    assert len(done.stderr.splitlines()) == 2
    assert done.stderr.startswith("isoview: ")


def test_a_process_that_another_traces(tmp_path: Path) -> None:
    from isoview.inspectors.process.pause import Pause

    with target(sys.executable, "plain", tmp_path) as child:
        with Pause(child.pid):
            said = in_a_child(lambda: Session(child.pid).read("always"))
            fine = in_a_child(lambda: Session(child.pid).read("never"))
        assert (
            said
            == f"process {child.pid} is being traced by process {os.getpid()} (a debugger, strace)"
        )
        assert fine == "nothing was refused"

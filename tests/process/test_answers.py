"""Processes that answer nonsense, or not at all; and statics that only a part was read of."""

import ctypes
import io
import os
import subprocess
from pathlib import Path
from typing import Any, Self, cast

import pytest
from process.targets import LINUX

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.live.spawn import read_status
from isoview.inspectors.process import agent_client, remote_exec, statics
from isoview.inspectors.process.elf_memory import Loaded, Segment
from isoview.inspectors.process.memory import Memory
from isoview.inspectors.process.remote_exec import Question

pytestmark = LINUX
NESTED = b'{"python": ' + b"[" * 100_000


class _Peer:
    """The other end of a socket, which says one line, whatever it is asked."""

    def __init__(self, line: bytes) -> None:
        self._line = line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def makefile(self, _mode: str) -> io.BytesIO:
        stream = io.BytesIO(self._line)
        stream.write = len  # type: ignore[assignment,method-assign]
        return stream


@pytest.mark.parametrize("line", [NESTED + b"\n", b"[]\n", b'{"protocol": 1}\n', b"\xff\n", b""])
def test_an_agent_that_answers_nonsense_is_refused(
    line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_client, "_connected", lambda _pid, _path: _Peer(line))
    with pytest.raises(AttachRefused, match="does not answer"):
        agent_client.ask(os.getpid())


@pytest.mark.parametrize("raw", [NESTED, b"[]", b'{"version": 3}', b""])
def test_a_script_that_answers_nonsense_has_failed(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "begun").touch()
    (tmp_path / "answer.json").write_bytes(raw)
    outcome = remote_exec._await(tmp_path, 20)
    assert outcome.status == "failed"
    assert outcome.message is not None
    assert "makes no sense" in outcome.message


def test_a_caller_that_does_not_come_back_has_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(command: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(command, 30)

    monkeypatch.setattr(subprocess, "run", never)
    outcome = remote_exec._call(Question(1, 14, "python3.14", cast("Any", None), ""), "script.py")
    assert outcome is not None
    assert outcome.status == "failed"
    assert "did not come back" in (outcome.message or "")


def statics_of(size: int, sealed: int) -> list[tuple[int, int, int]]:
    """(offset, bytes read, bytes) of the writable parts of one segment in this process."""
    buffer = ctypes.create_string_buffer(size)
    start = ctypes.addressof(buffer)
    loaded = Loaded(start, 0, (Segment(start, size, size, True),), (start, start + sealed), {})
    reader = statics.StaticReader.__new__(statics.StaticReader)
    reader.memory = Memory(os.getpid())
    return [(at - start, len(raw), size) for at, raw, size in reader._writable(loaded)]


def test_statics_right_behind_what_is_sealed_are_looked_at() -> None:
    assert statics_of(8192, 40) == [(40, 8152, 8152)]


def test_what_is_too_large_to_read_counts_as_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statics, "SEGMENT_LIMIT", 4096)
    assert statics_of(8192, 0) == [(0, 4096, 8192)]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (b"pid 12\nended 0 2\n", {"pid": (12,), "ended": (0, 2)}),
        (b"pid 12\nended -1 0\n", {"pid": (12,), "ended": (-1, 0)}),
        (b"error 2\n", {"error": (2,)}),
        (b"pid 12\n\xff\xfe\npid 0\npid\nended x y\nnonsense\nended 9 0\n",
         {"pid": (12,), "ended": (9, 0)}),
        (b"pid 0\npid 1\npid -1\npid 99999999999999999999\n\n", {}),
    ],
)  # fmt: skip
def test_what_a_module_writes_among_the_supervisors_lines(
    raw: bytes, told: dict[str, tuple[int, ...]]
) -> None:
    assert read_status(raw) == told

"""Talking to a process's agent (``isoview.inspectors.live.agent``): finding its socket, asking."""

import json
import os
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.process.target import gone

SECONDS = 20.0
ANSWER_LIMIT = 64 << 20
MODULE_LIMIT = 5000
MALFORMED = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading an answer raises that is cut off, or of another form (nested a thousand times)."""
PATH_LIMIT = 107  # sockaddr_un.sun_path, less its NUL


class Answer(NamedTuple):
    """What the agent said."""

    python: dict[str, Any]
    modules: list[dict[str, Any]]  # {"name", "info" | "error"}


def ask(pid: int, path: str | None = None) -> Answer:
    """Ask the agent of process ``pid`` about every extension. Raises :class:`AttachRefused`."""
    if not hasattr(socket, "AF_UNIX"):
        raise AttachRefused(
            "the agent speaks through Unix sockets, which this system's Python does not have",
            "`isoview live MODULE` looks at a module on every system.",
        )
    if sys.platform.startswith("linux") and not Path(f"/proc/{pid}").exists():
        raise gone(pid)
    connection = _connected(pid, path)
    with connection, cast("BinaryIO", connection.makefile("rwb")) as stream:
        try:
            return _conversation(stream)
        except MALFORMED as error:
            raise AttachRefused(
                f"process {pid}: the agent does not answer ({_why(error)})",
                "A long call into C that holds the GIL keeps it from answering: try again later.",
            ) from error


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing within {SECONDS:.0f} s"
    return str(error) or type(error).__name__


def _connected(pid: int, path: str | None) -> socket.socket:
    tried = [path] if path is not None else list(socket_paths(pid))
    for place in tried:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(SECONDS)
        try:
            connection.connect(place)
            if _is_peer(connection, pid):
                return connection
        except PermissionError as error:
            raise AttachRefused(
                f"process {pid}: its agent belongs to another user",
                "Run isoview as that user, or as root.",
            ) from error
        except OSError:
            pass
        connection.close()
    raise AttachRefused(
        f"process {pid} has no agent listening",
        "Call isoview.inspectors.live.agent.listen() in it, or attach read-only.",
    )


def _is_peer(connection: socket.socket, pid: int) -> bool:
    """Whether the process itself is at the other end, where the system tells."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int(struct.unpack("=iII", raw)[0]) == pid


def socket_paths(pid: int) -> Iterator[str]:
    """Where the agent of a process may listen, as paths from here."""
    own = _number_inside(pid)
    name = f"agent-{own}.sock"
    root = f"/proc/{pid}/root" if Path(f"/proc/{pid}/root").exists() else ""
    for bound in _bound_paths(pid):
        if bound.endswith(f"/{name}") and "/isoview-" in bound:
            yield from _short(root + bound, bound)
    try:
        uid = Path(f"/proc/{pid}").stat().st_uid if root else os.getuid()
    except OSError:
        uid = os.getuid()
    homes = [os.environ.get("XDG_RUNTIME_DIR", ""), f"/run/user/{uid}", "/tmp", os.environ.get("TMPDIR", "")]  # noqa: S108 - where the agent puts it  # fmt: skip
    for home in filter(None, homes):
        bound = f"{home.rstrip('/')}/isoview-{uid}/{name}"
        yield from _short(root + bound, bound)


def _short(*places: str) -> Iterator[str]:
    """Paths that fit a socket's address, seen from the process's own root first."""
    for place in places:
        if len(os.fsencode(place)) <= PATH_LIMIT:
            yield place


def _bound_paths(pid: int) -> list[str]:
    """Paths of all Unix sockets in the process's network namespace (proc_net(5))."""
    try:
        rows = Path(f"/proc/{pid}/net/unix").read_bytes().splitlines()[1:]
    except OSError:
        return []
    fields = (row.split(None, 7) for row in rows)
    return [os.fsdecode(row[7]) for row in fields if len(row) == 8]


def _number_inside(pid: int) -> int:
    """The process's number in its own pid namespace (proc(5), NSpid)."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("NSpid:"):
                return int(line.split()[-1])
    except (OSError, ValueError):
        pass
    return pid


def _conversation(stream: BinaryIO) -> Answer:
    hello = _asked(stream, {"ask": "hello"})
    if hello.get("protocol") != "isoview.agent/1":
        raise ValueError("it speaks another protocol")
    python = {
        "version": str(hello["version"])[:40],
        "free_threaded": bool(hello["free_threaded"]),
    }
    names = _asked(stream, {"ask": "modules"})["modules"]
    modules = []
    for name in names[:MODULE_LIMIT]:
        answer = _asked(stream, {"ask": "inspect", "module": str(name)})
        modules.append(checked(str(name), answer))
    return Answer(python, modules)


def checked(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    """One module's answer, every field of it checked: the process may say anything."""
    from isoview.inspectors.live.answers import DATA, AnswerError, integer, text

    try:
        if "info" in answer:
            return {
                "name": text(name, "name"),
                "address": integer(answer.get("address"), "address"),
                "info": DATA["info"](answer["info"], "info"),
            }
        return {"name": text(name, "name"), "error": text(answer.get("error"), "error")}
    except AnswerError as error:
        return {"name": name[:200], "error": f"the answer makes no sense: {error}"}


def _asked(stream: BinaryIO, request: dict[str, Any]) -> dict[str, Any]:
    stream.write(json.dumps(request).encode("ascii") + b"\n")
    stream.flush()
    line = stream.readline(ANSWER_LIMIT)
    answer = json.loads(line) if line.endswith(b"\n") else None
    if not isinstance(answer, dict):
        raise ValueError("the answer is no JSON object")  # noqa: TRY004 - it is what was said
    return answer

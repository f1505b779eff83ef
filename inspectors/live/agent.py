"""A process that lets isoview look: call :func:`listen` in it, then ``isoview attach PID --mode agent``.

For interpreters and systems where reading from outside is not allowed. The agent answers the
probe's questions about modules that are loaded already, and nothing else: it imports nothing,
runs nothing it is sent, and speaks only with its own user and root. Standard library and the
probe only, because it lives in somebody else's process.

One JSON object a line each way: ``{"ask": "hello"}``, ``{"ask": "modules"}``,
``{"ask": "inspect", "module": NAME}``.
"""

import atexit
import contextlib
import json
import os
import socket
import stat
import struct
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

PROTOCOL = "isoview.agent/1"
REQUEST_LIMIT = 1 << 16
ANSWER_SECONDS = 30.0
PATH_LIMIT = 103 if sys.platform == "darwin" else 107  # sockaddr_un.sun_path, less its NUL
_ROOM = len("/agent-4194304.sock")  # the highest process number there is
_XUCRED = struct.Struct("=IIh")  # macOS, sys/ucred.h: version, uid, number of groups
_running: dict[str, "_Agent"] = {}


def folder() -> Path:
    """Where this user's agents have their sockets: in a folder whose path leaves room for a name."""
    home = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    place = Path(home) / f"isoview-{os.getuid()}"
    if len(os.fsencode(place)) + _ROOM > PATH_LIMIT:
        place = Path("/tmp") / place.name  # noqa: S108 - made for this user only, or refused
    return place


def listen(path: str | os.PathLike[str] | None = None) -> str:
    """Open the socket and answer from a daemon thread; returns the socket's path.

    The socket is readable and writable by this user only (mode 0600), and every peer's user id is
    asked of the system. Calling it again with the same path changes nothing.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise OSError("the agent needs Unix sockets, which this system's Python does not have")
    place = Path(path) if path is not None else _own_folder() / f"agent-{os.getpid()}.sock"
    key = str(place.absolute())
    if len(os.fsencode(key)) > PATH_LIMIT:
        raise OSError(f"{key} is too long for a socket ({PATH_LIMIT} bytes at most): give another")
    running = _running.get(key)
    if running is None or running.pid != os.getpid():  # a fork has no thread of ours
        _running[key] = _Agent(key)
    return key


def stop(path: str | os.PathLike[str]) -> None:
    """Close the socket at ``path`` and remove it."""
    agent = _running.pop(str(Path(path).absolute()), None)
    if agent is not None:
        agent.close()


@atexit.register
def _stop_all() -> None:
    """No socket is left of a process that ends as it should; a fork's are its parent's."""
    for path, running in list(_running.items()):
        if running.pid == os.getpid():
            stop(path)


def _own_folder() -> Path:
    """The folder, made for this user only; somebody else's in its place is refused."""
    place = folder()
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    status = place.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise OSError(f"{place} is not a folder of this user's own: give listen() a path")
    return place


def peer_uid(connection: socket.socket) -> int:
    """The user id at the other end, from the system. Raises :class:`OSError`."""
    if hasattr(socket, "SO_PEERCRED"):
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return int(struct.unpack("=iII", raw)[1])
    if sys.platform == "darwin":
        raw = connection.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED
        return int(_XUCRED.unpack_from(raw)[1])
    raise OSError("this system does not say who is at the other end of a socket")


class _Agent:
    """One listening socket and its thread."""

    def __init__(self, path: str) -> None:
        self.pid = os.getpid()
        self._path = path
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.lstat(path).st_mode):
                Path(path).unlink()  # left by a process of the same number
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            self._socket.bind(path)
        finally:
            os.umask(before)
        Path(path).chmod(0o600)
        self._socket.listen(4)
        threading.Thread(target=self._serve, name="isoview-agent", daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with contextlib.suppress(OSError):
            Path(self._path).unlink()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self._socket.accept()
            except OSError:
                return  # closed
            with connection, contextlib.suppress(OSError, ValueError):
                connection.settimeout(ANSWER_SECONDS)
                if peer_uid(connection) in {0, os.getuid()}:
                    self._talk(connection)

    @staticmethod
    def _talk(connection: socket.socket) -> None:
        with connection.makefile("rwb") as stream:
            while True:
                line = stream.readline(REQUEST_LIMIT)
                if not line.endswith(b"\n"):
                    return
                answer = answer_to(line)
                stream.write(json.dumps(answer).encode("ascii") + b"\n")
                stream.flush()


def answer_to(line: bytes) -> dict[str, Any]:
    """The answer to one request; a request that makes no sense is answered with an error."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return {"error": "not JSON"}
    ask = request.get("ask") if isinstance(request, dict) else None
    if ask == "hello":
        return {
            "protocol": PROTOCOL,
            "pid": os.getpid(),
            "version": "{}.{}.{}".format(*sys.version_info[:3]),
            "free_threaded": "t" in getattr(sys, "abiflags", ""),
        }
    if ask == "modules":
        return {"modules": extension_names()}
    if ask == "inspect":
        return _inspected(request.get("module"))
    return {"error": "no such question"}


def extension_names() -> list[str]:
    """Names of the loaded modules that came from extension files."""
    from isoview.inspectors.live.probe.origin import kind_of

    found = []
    for name, module in list(sys.modules.items()):
        with contextlib.suppress(Exception):  # what stands in sys.modules may be anything
            if isinstance(name, str) and kind_of(module) == "extension":  # type: ignore[no-untyped-call]
                found.append(name)
    return found


def _inspected(name: object) -> dict[str, Any]:
    from isoview.inspectors.live.probe import inspect

    if not isinstance(name, str) or name not in sys.modules:
        return {"error": "no such module is loaded"}
    try:
        return {"address": id(sys.modules[name]), "info": inspect(sys.modules[name])}  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - whatever it is, the process goes on and says so
        return {"error": f"{type(error).__name__}: {error}"}

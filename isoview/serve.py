"""The app in a browser: a page on this machine alone, for whoever started it alone.

textual-serve runs the app in a child process for each page and passes keys and pictures on. It is
bound to the loopback address, and every request must carry a secret that only the printed address
has: another user of the machine, or a page from elsewhere in the same browser, gets nothing.
"""

from __future__ import annotations

import hmac
import secrets
import shlex
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from isoview.inspectors.errors import IsoviewError
from isoview.targets import Scope

if TYPE_CHECKING:
    from aiohttp import web

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HOST = "127.0.0.1"
COOKIE = "isoview"
# The page's own script and styles, its own socket, nothing from anywhere else.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{address}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


def command_line(scope: Scope) -> str:
    """The command for a page's child process, for the shell that starts it."""
    arguments = [sys.executable, "-P", "-m", "isoview"]
    arguments += [] if scope.python is None else ["--python", scope.python]
    arguments += [f"--requirement={file}" for file in scope.files]
    arguments += ["--", *scope.targets] if scope.targets else []
    if sys.platform == "win32":
        return subprocess.list2cmdline(arguments)
    return shlex.join(arguments)


def free_port(wanted: int) -> int:
    """``wanted``, or any port that is free for 0. Raises :class:`IsoviewError` for one in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, wanted))
        except OSError as error:
            raise IsoviewError(
                f"port {wanted} cannot be used: {error.strerror}",
                "Choose another with --port; 0 takes any that is free.",
            ) from error
        port: int = probe.getsockname()[1]
        return port


class Guard:
    """Lets in who knows the secret, from this machine, by the page's own address."""

    def __init__(self, port: int) -> None:
        self._address = f"{HOST}:{port}"
        self._secret = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        """The address to open once; after that the browser has a cookie."""
        return f"http://{self._address}/?key={self._secret}"

    def refuses(self, host: str, origin: str | None, given: str) -> str | None:
        """Why a request is refused, None where it is not.

        A page from elsewhere that has the name of another host lead here (DNS rebinding) sends
        that name as Host; one that opens a socket to this address sends its own Origin.
        """
        if host != self._address:
            return "not by this address"
        if origin is not None and origin != f"http://{self._address}":
            return "not from another page"
        if not hmac.compare_digest(given.encode(), self._secret.encode()):
            return "open the address that isoview printed"
        return None

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A middleware of aiohttp's."""
        from aiohttp import web

        key = request.query.get("key") or request.cookies.get(COOKIE, "")
        why = self.refuses(request.host, request.headers.get("Origin"), key)
        if why is not None:
            return web.Response(status=403, text=f"isoview: {why}\n")
        if request.method == "GET" and "key" in request.query and request.path == "/":
            # The secret leaves the address bar and the history at once.
            response: web.StreamResponse = web.Response(status=303, headers={"Location": "/"})
            response.set_cookie(COOKIE, self._secret, httponly=True, samesite="Strict", path="/")
            return response
        response = await handler(request)
        if not response.prepared:
            response.headers["Content-Security-Policy"] = _POLICY.format(address=self._address)
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def serve(scope: Scope, port: int, say: Callable[[str], None]) -> None:
    """Serve the app until it is interrupted; ``say`` is told the address once it answers."""
    try:
        from aiohttp import web
        from textual_serve.server import Server
    except ImportError as error:
        raise IsoviewError(
            "the app in a browser needs textual-serve, which is not installed",
            "Run `pip install 'isoview-ext[serve]'`.",
        ) from error
    port = free_port(port)
    guard = Guard(port)

    class Page(Server):  # type: ignore[misc, unused-ignore]  # where it is not installed
        """textual-serve's page behind the guard, without its own talk."""

        async def _make_app(self) -> Any:
            app = await super()._make_app()
            app.middlewares.append(web.middleware(guard))
            return app

        async def on_startup(self, app: Any) -> None:  # noqa: ARG002 - its signature
            say(guard.url)

        def initialize_logging(self) -> None:
            """A page that is closed is nothing to write about."""

    Page(command_line(scope), host=HOST, port=port, title="isoview").serve()

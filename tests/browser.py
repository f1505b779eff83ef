"""Headless Chromium through its own protocol (CDP): a page, clicks, keys, a picture of it."""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from terminal import plain

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
    "--disable-dev-shm-usage", "--disable-background-networking", "--remote-debugging-port=0",
    "--window-size=1180,760", "--force-device-scale-factor=1",
)  # fmt: skip


def chromium() -> str | None:
    """The browser, where there is one."""
    return next((found for found in map(shutil.which, NAMES) if found), None)


class Page:
    """One page of a running browser."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._number = 0
        self.requested: list[str] = []
        self.sent = b""  # what the page's socket received: the terminal's bytes

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        while True:
            message = json.loads((await self._socket.receive(timeout=60)).data)
            if message.get("method") == "Network.requestWillBeSent":
                self.requested.append(message["params"]["request"]["url"])
            if message.get("method") == "Network.webSocketFrameReceived":
                frame = message["params"]["response"]
                if frame["opcode"] == 2:
                    self.sent += base64.b64decode(frame["payloadData"])
            if message.get("id") == self._number:
                assert "error" not in message, message
                result: dict[str, Any] = message["result"]
                return result

    async def value(self, expression: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    async def until(self, expression: str, seconds: float = 60) -> Any:
        """Wait until a JavaScript expression is true; returns what it is then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            value = await self.value(expression)
            if value:
                return value
            await asyncio.sleep(0.1)
        raise AssertionError(f"{expression} did not become true")

    async def painted(self, text: str, seconds: float = 60) -> None:
        """Wait until the app has written ``text``."""
        end = time.monotonic() + seconds
        while text not in plain(self.sent):
            assert time.monotonic() < end, f"{text!r} was not painted: {plain(self.sent)[-2000:]}"
            await self.value("1")  # what arrived meanwhile is taken in
            await asyncio.sleep(0.05)

    async def click(self, x: float, y: float) -> None:
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def type(self, text: str) -> None:
        await self.call("Input.insertText", text=text)

    async def picture(self) -> bytes:
        """What the page looks like, as PNG."""
        return base64.b64decode((await self.call("Page.captureScreenshot"))["data"])


@asynccontextmanager
async def page(address: str) -> AsyncIterator[Page]:
    """A browser of its own with ``address`` open in it."""
    import aiohttp

    binary = chromium()
    assert binary is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [binary, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                    tabs = await answer.json(content_type=None)
                tab = next(tab for tab in tabs if tab["type"] == "page")
                url = tab["webSocketDebuggerUrl"]
                async with session.ws_connect(url, max_msg_size=1 << 26) as socket:
                    opened = Page(socket)
                    await opened.call("Network.enable")
                    await opened.call("Page.enable")
                    await opened.call("Page.navigate", url=address)
                    yield opened
        finally:
            child.terminate()
            child.wait(20)


async def _port(file: Path) -> int:
    for _ in range(300):
        if file.exists() and file.read_text().strip():
            return int(file.read_text().splitlines()[0])
        await asyncio.sleep(0.1)
    raise AssertionError("the browser does not start")

"""The app in a browser: who is let in, and one real page with a click in it."""

import asyncio
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import chromium, page
from compiled import compile_fixture

from isoview.inspectors.errors import IsoviewError
from isoview.serve import HOST, Guard, command_line, free_port
from isoview.targets import Scope


def test_only_who_has_the_printed_address_is_let_in() -> None:
    guard = Guard(8710)
    secret = guard.url.rpartition("=")[2]
    here = f"{HOST}:8710"
    assert guard.refuses(here, None, secret) is None
    assert guard.refuses(here, f"http://{here}", secret) is None
    assert guard.refuses(here, None, "") is not None
    assert guard.refuses(here, None, f"{secret}x") is not None
    assert guard.refuses("evil.example:8710", None, secret) is not None, "DNS rebinding"
    assert guard.refuses(here, "https://evil.example", secret) is not None, "another page's socket"
    assert guard.refuses(here, "null", secret) is not None
    assert Guard(8710).url != guard.url


def test_targets_reach_the_child_process_as_they_are() -> None:
    names = ["a b.so", "$(touch x).so", "it's.so", "-v"]
    line = command_line(Scope(tuple(names), "/opt/my env", ("-v.txt", "uv.lock")))
    assert shlex.split(line)[1:] == [
        "-P", "-m", "isoview", "--python", "/opt/my env",
        "--requirement=-v.txt", "--requirement=uv.lock", "--", *names,
    ]  # fmt: skip


def test_a_port_in_use_says_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        with pytest.raises(IsoviewError, match="cannot be used") as caught:
            free_port(taken.getsockname()[1])
    assert "--port" in caught.value.hint
    assert free_port(0) > 0


@contextmanager
def served(*targets: str) -> Iterator[str]:
    """``isoview serve`` on a free port; gives its address."""
    command = [sys.executable, "-m", "isoview", "serve", "--port", "0", *targets]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          start_new_session=True) as child:  # fmt: skip
        assert child.stdout is not None
        try:
            address = child.stdout.readline().strip()
            assert address.startswith(f"http://{HOST}:"), child.stderr and child.stderr.read()
            yield address
        finally:
            os.killpg(child.pid, signal.SIGTERM)


def test_a_real_browser_shows_it_and_a_click_opens_a_module(tmp_path: Path) -> None:
    pytest.importorskip("textual_serve", reason="textual-serve is not installed")
    if chromium() is None:
        pytest.skip("no Chromium on the PATH")
    for fixture in ("single_phase_init_bad.c", "hostile_names.c"):
        shutil.copy(compile_fixture(fixture), tmp_path)

    async def look(address: str) -> None:
        async with page(address) as opened:
            await opened.painted("2 files")
            before = await opened.picture()
            assert before.startswith(b"\x89PNG")
            assert len(before) > 5_000
            assert "key=" not in await opened.value("location.href"), "the secret is gone"
            await opened.click(100, 80)  # the first line: where the cursor stands
            await opened.painted("findings")
            assert await opened.picture() != before
            await opened.type("?")
            await opened.painted("escape closes")
            own = address.partition("?")[0]
            outside = [url for url in opened.requested if not url.startswith((own, "data:"))]
            assert all("fonts.googleapis.com" in url for url in outside), outside

    with served(str(tmp_path)) as address:
        asyncio.run(look(address))

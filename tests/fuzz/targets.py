"""What is fuzzed: every reader of what others wrote. Each entry takes bytes and returns nothing.

A reader may refuse (``IsoviewError`` and what its callers translate into one); everything else
that comes out of it is a fault, and so is an answer that cannot be encoded.
"""

import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from isoview import baseline, config, requirements, triage
from isoview.codec import report_from_data, report_to_data
from isoview.inspectors.binary import inspect
from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.live import answers
from isoview.inspectors.process.maps import parse_maps
from isoview.judge import judge
from isoview.wheels import Bad, Wheel

BUILT = Path(__file__).parents[1] / "fixtures" / "built"
INSTRUCTIONS = 20_000
"""Most instructions that are read in one file: real modules of this size have fewer."""
SEED_LIMIT = 16_384  # bytes of a seed: what is small is tried often


def binary(data: bytes) -> None:
    """ELF, PE and Mach-O files, from bytes to the encoded report, code stage included."""
    with suppress(IsoviewError):
        for loaded in inspect.load_bytes(memoryview(data), "fuzz.cpython-313-x86_64-linux-gnu.so"):
            facts = inspect.code(loaded, inspect.shape(loaded), INSTRUCTIONS)
            json.dumps(report_to_data(judge(facts)))


def wheel(data: bytes) -> None:
    """Wheels: the list of members, and every module's bytes."""
    with _file(data, ".whl") as path, suppress(IsoviewError), Wheel(path) as opened:
        for member in opened.contents():
            if not isinstance(member, Bad):
                with suppress(IsoviewError):
                    opened.read(member)


def answer(data: bytes) -> None:
    """What a probe's child writes: the protocol lines of every experiment."""
    for experiment in answers.DATA:
        answers.parse(data, experiment)


def report(data: bytes) -> None:
    """A JSON report, as ``--baseline`` and the app's callers read it."""
    with suppress(IsoviewError, ValueError, RecursionError):  # what json.loads itself raises
        value = json.loads(data)
        if isinstance(value, dict):
            report_to_data(report_from_data(value))
    with _file(data, ".json") as path, suppress(IsoviewError):
        baseline.load(path)


def decisions(data: bytes) -> None:
    """``isoview.toml``: reading it, and writing one more decision into it."""
    with _file(data, ".toml") as name, suppress(IsoviewError):
        path = Path(name)
        before = triage.load(path)
        new = triage.Decision("ISO301:m:symbol:x", "intended", "because\n\x1b[31m", 1)
        from isoview.decision_file import store

        store(path, new.fingerprint, new)
        after = triage.load(path)
        assert after[new.fingerprint] == new
        assert {**before, new.fingerprint: new} == dict(after)


def settings(data: bytes) -> None:
    """``[tool.isoview]`` in pyproject.toml, requirement and lock files."""
    with tempfile.TemporaryDirectory(dir=_memory()) as folder:
        for name in ("pyproject.toml", "requirements.txt", "uv.lock", "pylock.toml"):
            path = Path(folder, name)
            path.write_bytes(data)
            with suppress(IsoviewError):
                if name == "pyproject.toml":
                    config.load(Path(folder))
                else:
                    requirements.names(str(path), {"python_version": "3.13"})


def maps(data: bytes) -> None:
    """``/proc/PID/maps``, whose paths are anybody's."""
    parse_maps(data)


def memory(data: bytes) -> None:
    """The memory of a process that lies: a real one's, with words of it changed."""
    from isoview.inspectors.process.memory import BLOCK_BITS, Unread
    from isoview.inspectors.process.objects import Torn
    from isoview.inspectors.process.walk import Walker

    session, blocks = _process()
    changed = dict(blocks)
    order = sorted(changed)
    for at in range(0, min(len(data), 16 * 64) - 15, 16):
        which, offset, value = struct.unpack_from("<IIQ", data, at)
        number = order[which % len(order)]
        if value >> 56 == 0xFF:  # another place of the same memory: a pointer that holds
            value = (order[value % len(order)] << BLOCK_BITS) + (value >> 16 & 0xFF8)
        block = bytearray(changed[number])
        place = offset % max(len(block) - 8, 1) & ~7
        block[place : place + 8] = struct.pack("<Q", value)
        changed[number] = bytes(block)
    session.memory._blocks = changed
    session.memory.seal(True)
    try:
        with suppress(Unread, Torn, RecursionError):  # what Session turns into a refusal
            Walker(session.memory, session.interpreter, session.target.maps).walk()
    finally:
        session.memory.seal(False)


@cache
def _process() -> tuple[Any, dict[int, bytes]]:
    """A session on a small process, and the blocks that one reading of it touched."""
    from isoview.inspectors.process.session import Session

    code = "import sys; print(1, flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout is not None
    child.stdout.readline()
    session = Session(child.pid)
    session.read()
    wanted = set(session.memory.touched)
    session.memory.forget()
    session.memory.fetch_blocks(wanted)
    _children.append(child)
    return session, dict(session.memory._blocks)


_children: list[subprocess.Popen[bytes]] = []


def end_process() -> None:
    """End the small process; the next input has another."""
    _process.cache_clear()
    while _children:
        child = _children.pop()
        child.kill()
        child.communicate()


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


class _file:  # noqa: N801 - reads as the function it stands for
    """A file with ``data`` in it, for readers that take a path."""

    def __init__(self, data: bytes, end: str) -> None:
        self._file = tempfile.NamedTemporaryFile(suffix=end, dir=_memory())  # noqa: SIM115
        self._file.write(data)
        self._file.flush()

    def __enter__(self) -> str:
        return self._file.name

    def __exit__(self, *_: object) -> None:
        with suppress(FileNotFoundError):  # a decision file is replaced by its successor
            self._file.close()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "binary": binary,
    "wheel": wheel,
    "answer": answer,
    "report": report,
    "decisions": decisions,
    "settings": settings,
    "maps": maps,
    "memory": memory,
}


def seeds(target: str) -> Iterator[bytes]:
    """Small real inputs of a target."""
    if target == "binary":
        for path in sorted(BUILT.glob("*/*")):
            if path.suffix in {".so", ".pyd"} and path.stat().st_size <= SEED_LIMIT:
                yield path.read_bytes()
    elif target == "wheel":
        from hostile.wheels import bad_wheels

        module = (BUILT / "elf-x86-64" / "export_315.cpython-315-x86_64-linux-gnu.so").read_bytes()
        for _, raw, _ in bad_wheels(module, "export_315", bomb_mb=1):
            if len(raw) <= SEED_LIMIT:
                yield raw
    elif target == "report":
        path = BUILT / "elf-x86-64" / "multi_313.cpython-313-x86_64-linux-gnu.so"
        with inspect.load(str(path)) as loaded:
            found = report_to_data(judge(inspect.code(loaded, inspect.shape(loaded))))
        yield json.dumps(found).encode()
        yield json.dumps({"schema": "isoview.report/1", "artifacts": [found]}).encode()
    elif target == "memory":
        yield bytes(range(256)) * 4
    else:
        yield from _TEXTS[target]


_TEXTS: dict[str, tuple[bytes, ...]] = {
    "answer": (
        (
            b'{"python": {"version": [3, 13, 0], "implementation": "cpython"}}\n{"stage": "import"}\n'
            b'{"result": {"status": "ok", "detail": "", "data": {"modules": []}}}\n'
        ),
        b'{"result": {"status": "crash", "detail": "signal 11", "data": null}}\n',
    ),
    "decisions": (
        (
            b'# why\n[[decision]]\nfingerprint = "ISO301:pkg.mod:symbol:cache"\nstatus = "intended"\n'
            b'reason = "one per process"\ncount = 2\n\n[[group]]\nrule = "ISO301"\nmodule = "pkg.*"\n'
            b'subject = "symbol:__pyx_*"\nstatus = "confirmed"\nreason = "later"\n'
        ),
    ),
    "settings": (
        b'[tool.isoview]\nfail-on = "warning"\nselect = ["ISO3"]\nignore = ["ISO101"]\n',
        b"numpy>=1.26 ; python_version > '3.10'\n-r other.txt\n--hash=sha256:00\nlxml[html]==5 \\\n",
        b'[[package]]\nname = "numpy"\nversion = "2.0"\ndependencies = [{ name = "x" }]\n',
    ),
    "maps": (
        (
            b"7f00-7f80 r-xp 00000000 fe:00 12 /usr/lib/a b.so (deleted)\n"
            b"7f80-7f90 rw-p 00080000 fe:00 12 /usr/lib/a b.so (deleted)\n7ffd-7fff rw-p 0 00:00 0 [stack]\n"
        ),
    ),
}

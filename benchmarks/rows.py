"""The rows: for each piece of work, what isoview runs, what the others run, and the bar.

A bar is a ratio within one run: isoview's median through that of the command it is compared with.
"""

import sys
from collections.abc import Iterator
from typing import NamedTuple

from benchmarks.measure import Command, Cost
from benchmarks.things import SCRIPTS, Things

DONE = (0, 1)  # of `isoview check`: findings are an answer


class Bar(NamedTuple):
    """``of`` of isoview's command ``subject`` is at most ``most`` times that of ``against``."""

    subject: str
    against: str
    most: float
    aim: float | None = None
    of: str = "cpu"  # cpu, wall

    def ratio(self, costs: dict[str, Cost]) -> float:
        mine, theirs = costs[self.subject], costs[self.against]
        return float(getattr(mine, self.of) / max(getattr(theirs, self.of), 1e-9))


class Row(NamedTuple):
    """One piece of work. ``slow`` rows take minutes: they have fewer rounds."""

    key: str
    title: str
    commands: dict[str, Command]
    bars: tuple[Bar, ...]
    slow: bool = False
    peak: int | None = None  # most bytes that isoview's first command may take


def rows(things: Things) -> Iterator[Row]:
    """Every row for which everything is there."""
    for make in (_one_file, _many_quick, _many_full, _again, _library, _windows, _help, _paint):
        row = make(things)
        if row is not None:
            yield row


def _python(things: Things, script: str, *arguments: str) -> Command | None:
    """A script run by the peers' interpreter."""
    if things.peers is None:
        return None
    return Command((things.peers, str(SCRIPTS / script), *arguments))


def _there(commands: dict[str, Command | None]) -> dict[str, Command]:
    return {name: command for name, command in commands.items() if command is not None}


def _row(
    key: str,
    title: str,
    commands: dict[str, Command | None],
    bars: tuple[Bar, ...],
    *,
    slow: bool = False,
    peak: int | None = None,
) -> Row:
    found = _there(commands)
    kept = tuple(bar for bar in bars if bar.subject in found and bar.against in found)
    return Row(key, title, found, kept, slow, peak)


def _one_file(things: Things) -> Row | None:
    if things.small is None or things.peers is None:
        return None
    file = str(things.small)
    return _row(
        "one-file",
        "full check of one module of 100 kB, whole process",
        {
            "isoview check": Command((*things.isoview, "check", file), DONE),
            "import elftools": Command((things.peers, "-c", "import elftools.elf.elffile")),
            "bare Python": Command((things.peers, "-c", "pass")),
        },
        (Bar("isoview check", "import elftools", 2.0, 1.5),),
    )


def _many_quick(things: Things) -> Row | None:
    if not things.files:
        return None
    check = (*things.isoview, "check", "--quick", "--jobs", "1", "--no-cache", *things.many)
    nm, readelf, cat = (things.program(name) for name in ("nm", "readelf", "cat"))
    return _row(
        "many-quick",
        f"--quick over {len(things.files)} files, one process",
        {
            "isoview check --quick": Command(check, DONE),
            "read (Python)": _python(things, "read_files.py", things.listed),
            "cat": Command((cat, *things.many)) if cat else None,
            "mmap and struct": _python(things, "list_symbols.py", things.listed),
            "nm -D": Command((nm, "-D", *things.many)) if nm else None,
            "readelf": Command((readelf, "-W", "--dyn-syms", *things.many)) if readelf else None,
            "lief": _python(things, "lief_parse.py", things.listed),
            "pyelftools": _python(things, "pyelftools_symbols.py", things.listed),
        },
        (
            Bar("isoview check --quick", "read (Python)", 8.0, 4.0),
            Bar("isoview check --quick", "lief", 1.0),
        ),
    )


def _many_full(things: Things) -> Row | None:
    if not things.files:
        return None
    check = (*things.isoview, "check", "--no-cache", "--jobs")
    return _row(
        "many-full",
        f"full check of {len(things.files)} files",
        {
            "isoview check --jobs 1": Command((*check, "1", *things.many), DONE),
            "isoview check --jobs 2": Command((*check, "2", *things.many), DONE),
            "pyelftools": _python(things, "pyelftools_symbols.py", things.listed),
        },
        (
            Bar("isoview check --jobs 1", "pyelftools", 5.0, 2.0),
            Bar("isoview check --jobs 2", "isoview check --jobs 1", 1 / 1.7, of="wall"),
        ),
        slow=True,
    )


def _again(things: Things) -> Row | None:
    if not things.files:
        return None
    check = (*things.isoview, "check", "--jobs", "1")
    return _row(
        "again",
        f"the same {len(things.files)} files again, from the cache",
        {
            "isoview check, again": Command((*check, *things.many), DONE),
            "isoview check, anew": Command((*check, "--no-cache", *things.many), DONE),
        },
        (Bar("isoview check, again", "isoview check, anew", 0.10, 0.03),),
        slow=True,
    )


def _library(things: Things) -> Row | None:
    nm = things.program("nm")
    if things.library is None or nm is None:
        return None
    file = str(things.library)
    size = things.library.stat().st_size / 1e6
    return _row(
        "library",
        f"dynamic symbols of a library of {size:.0f} MB, for the Symbols screen",
        {
            "isoview symbols": Command((sys.executable, str(SCRIPTS / "symbols_screen.py"), file)),
            "nm -D": Command((nm, "-D", file)),
            "mmap and struct": _python(things, "list_symbols.py", _named(file)),
            "lief": _python(things, "lief_parse.py", _named(file)),
        },
        (Bar("isoview symbols", "nm -D", 2.0, 1.2),),
        peak=150 << 20,
    )


def _named(file: str) -> str:
    from benchmarks.things import WORK

    path = WORK / "library.txt"
    path.write_text(f"{file}\n")
    return str(path)


def _windows(things: Things) -> Row | None:
    if things.pyd is None or things.peers is None:
        return None
    file = str(things.pyd)
    return _row(
        "windows",
        f"--quick of a .pyd of {things.pyd.stat().st_size / 1e6:.0f} MB",
        {
            "isoview check --quick": Command((*things.isoview, "check", "--quick", file), DONE),
            "pefile fast": _python(things, "pefile_tables.py", "fast", file),
            "pefile full": _python(things, "pefile_tables.py", "full", file),
        },
        (Bar("isoview check --quick", "pefile fast", 1.5),),
    )


def _help(things: Things) -> Row | None:
    if things.peers is None:
        return None
    return _row(
        "reading",
        "--help, explain, rules",
        {
            "isoview --help": Command((*things.isoview, "--help")),
            "isoview explain": Command((*things.isoview, "explain", "ISO101")),
            "isoview rules": Command((*things.isoview, "rules")),
            "import click": Command((things.peers, "-c", "import click")),
        },
        tuple(
            Bar(subject, "import click", 1.5)
            for subject in ("isoview --help", "isoview explain", "isoview rules")
        ),
    )


def _paint(things: Things) -> Row | None:
    if things.small is None or things.peers is None or not sys.platform.startswith("linux"):
        return None
    bare = (things.peers, str(SCRIPTS / "bare_textual.py"))
    stem = things.small.name.partition(".")[0].encode()
    return _row(
        "first-paint",
        "the app until something is shown",
        {
            "isoview FILE": Command((*things.isoview, str(things.small)), marker=stem),
            "bare Textual app": Command(bare, marker=b"first paint"),
        },
        (Bar("isoview FILE", "bare Textual app", 1.3),),
    )

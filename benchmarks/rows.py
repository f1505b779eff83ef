"""The rows: for each piece of work, what isoview runs, what the others run, and the bar.

A bar is a ratio within one run: isoview's median through that of the command it is compared with.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import Command, Cost
from benchmarks.things import CACHE, SCRIPTS, WORK, Things

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
    for make in (_one_file, _stable, _many_quick, _many_full, _library, _windows, _help, _paint):
        row = make(things)
        if row is not None:
            yield row


def _python(things: Things, peer: str | None, *arguments: str) -> Command | None:
    """What the interpreter is told that has a peer (None: that needs no peer)."""
    python = things.peer(peer)
    return None if python is None else Command((python, *arguments))


def _script(things: Things, peer: str | None, name: str, *arguments: str) -> Command | None:
    return _python(things, peer, str(SCRIPTS / name), *arguments)


def _program(things: Things, name: str, *arguments: str) -> Command | None:
    """A program of the system."""
    path = things.program(name)
    return None if path is None else Command((path, *arguments))


def _row(
    key: str,
    title: str,
    commands: dict[str, Command | None],
    bars: tuple[Bar, ...],
    *,
    slow: bool = False,
    peak: int | None = None,
) -> Row:
    found = {name: command for name, command in commands.items() if command is not None}
    kept = tuple(bar for bar in bars if bar.subject in found and bar.against in found)
    return Row(key, title, found, kept, slow, peak)


def _megabytes(paths: list[Path]) -> str:
    return f"{sum(path.stat().st_size for path in paths) / 1e6:,.0f} MB"


def _one_file(things: Things) -> Row | None:
    if things.small is None:
        return None
    return _row(
        "one-file",
        f"full check of one module of {things.small.stat().st_size / 1e3:.0f} kB, whole process",
        {
            "isoview check": Command((*things.isoview, "check", str(things.small)), DONE),
            "import elftools": _python(things, "pyelftools", "-c", "import elftools.elf.elffile"),
            "bare Python": _python(things, None, "-c", "pass"),
        },
        (Bar("isoview check", "import elftools", 2.0, 1.5),),
    )


def _stable(things: Things) -> Row | None:
    if things.stable is None:
        return None
    file = str(things.stable)
    audit = _python(things, "abi3audit", "-m", "abi3audit", file)
    return _row(
        "stable-abi",
        f"full check of a module for the stable ABI, {things.stable.stat().st_size / 1e3:.0f} kB",
        {
            "isoview check": Command((*things.isoview, "check", file), DONE),
            "abi3audit": audit and audit._replace(accepted=DONE),
        },
        (Bar("isoview check", "abi3audit", 1.0),),
    )


def _many_quick(things: Things) -> Row | None:
    if not things.files:
        return None
    check = (*things.isoview, "check", "--quick", "--jobs", "1", "--no-cache", *things.many)
    return _row(
        "many-quick",
        f"--quick over {len(things.files)} files, {_megabytes(things.files)}, one process",
        {
            "isoview check --quick": Command(check, DONE),
            "read (Python)": _script(things, None, "read_files.py", things.listed),
            "cat": _program(things, "cat", *things.many),
            "mmap and struct": _script(things, None, "list_symbols.py", things.listed),
            "nm -D": _program(things, "nm", "-D", *things.many),
            "readelf": _program(things, "readelf", "-W", "--dyn-syms", *things.many),
            "lief": _script(things, "lief", "lief_parse.py", things.listed),
            "pyelftools": _script(things, "pyelftools", "pyelftools_symbols.py", things.listed),
        },
        (
            Bar("isoview check --quick", "read (Python)", 8.0, 4.0),
            Bar("isoview check --quick", "lief", 1.0),
        ),
    )


def _many_full(things: Things) -> Row | None:
    """Full checks: anew with one and with two processes, then from what the latter has kept."""
    if not things.files:
        return None
    check = (*things.isoview, "check", "--jobs")
    one, two, again = "isoview check --jobs 1", "isoview check --jobs 2", "isoview check, again"
    return _row(
        "many-full",
        f"full check of {len(things.files)} files, {_megabytes(things.files)}",
        {
            one: Command((*check, "1", *things.many), DONE, forget=CACHE),
            two: Command((*check, "2", *things.many), DONE, forget=CACHE),
            again: Command((*check, "1", *things.many), DONE),
            "pyelftools": _script(things, "pyelftools", "pyelftools_symbols.py", things.listed),
        },
        (
            Bar(one, "pyelftools", 5.0, 2.0),
            Bar(two, one, 1 / 1.7, of="wall"),
            Bar(again, one, 0.10, 0.03),
        ),
        slow=True,
    )


def _library(things: Things) -> Row | None:
    if things.library is None:
        return None
    file = str(things.library)
    listed = WORK / "library.txt"
    listed.write_text(f"{file}\n")
    return _row(
        "library",
        f"dynamic symbols of a library of {_megabytes([things.library])}, for the Symbols screen",
        {
            "isoview's symbols": Command((things.python, str(SCRIPTS / "symbols_screen.py"), file)),
            "nm -D": _program(things, "nm", "-D", file),
            "mmap and struct": _script(things, None, "list_symbols.py", str(listed)),
            "lief": _script(things, "lief", "lief_parse.py", str(listed)),
        },
        (Bar("isoview's symbols", "nm -D", 2.0, 1.2),),
        peak=150 << 20,
    )


def _windows(things: Things) -> Row | None:
    if things.pyd is None:
        return None
    file = str(things.pyd)
    return _row(
        "windows",
        f"--quick of a .pyd of {_megabytes([things.pyd])}",
        {
            "isoview check --quick": Command((*things.isoview, "check", "--quick", file), DONE),
            "pefile fast": _script(things, "pefile", "pefile_tables.py", "fast", file),
            "pefile full": _script(things, "pefile", "pefile_tables.py", "full", file),
        },
        (Bar("isoview check --quick", "pefile fast", 1.5),),
    )


def _help(things: Things) -> Row | None:
    return _row(
        "reading",
        "--help, explain, rules",
        {
            "isoview --help": Command((*things.isoview, "--help")),
            "isoview explain": Command((*things.isoview, "explain", "ISO101")),
            "isoview rules": Command((*things.isoview, "rules")),
            "import click": _python(things, "click", "-c", "import click"),
        },
        tuple(
            Bar(subject, "import click", 1.5)
            for subject in ("isoview --help", "isoview explain", "isoview rules")
        ),
    )


def _paint(things: Things) -> Row | None:
    if things.small is None or not sys.platform.startswith("linux"):
        return None
    stem = things.small.name.partition(".")[0].encode()
    least = _script(things, "textual", "bare_textual.py")
    panes = _script(things, "textual", "bare_panes.py")
    return _row(
        "first-paint",
        "the app until something is shown",
        {
            "isoview FILE": Command((*things.isoview, str(things.small)), marker=stem),
            "bare Textual app": least and least._replace(marker=b"first paint"),
            "one with a tree, a table and a footer": panes and panes._replace(marker=b"painted"),
        },
        (Bar("isoview FILE", "bare Textual app", 1.3),),
    )

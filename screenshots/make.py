"""Pictures of the app over real extensions, as SVG into this folder: ``make screenshots``.

The extensions are those of the running interpreter, and lxml's and numpy's where they are installed
or given::

    python screenshots/make.py [NAME=FILE...] [PICTURE...]

The picture of two builds wants the older one given, as ``_decimal.old=FILE``. Names of pictures
alone write those and no others.

``env=FOLDER`` is the environment of the workspace's picture (without one, that which this runs in);
``matrix=FILE`` is the module of the matrix, which takes every interpreter on the PATH: one for the
stable ABI shows more than one column. The processes' picture needs Linux.

Each is copied into a temporary folder first and named relative to it, so that no picture shows
where anything lies on the machine that made it.
"""

import asyncio
import importlib.util
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import tour
from many import pictures
from textual.pilot import Pilot

from isoview.tui.app import IsoviewApp
from isoview.tui.comparing import CompareApp

FOLDER = Path(__file__).resolve().parent
NARROW, WIDE = (80, 24), (140, 40)
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
WAIT_ROUNDS = 1500


@dataclass(frozen=True)
class Picture:
    """One file: which module, how large, and the keys that lead there from the first screen."""

    name: str
    modules: tuple[str, ...]
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    older: str = ""  # the name of an older build to compare with


PICTURES = (
    Picture("module-80x24", ("_decimal", "_speedups"), NARROW),
    Picture("module-140x40", ("_decimal", "_speedups"), WIDE),
    Picture("evidence", ("_decimal", "_speedups"), WIDE,
            ("slash", *"static-type", "enter", "down", "x")),
    Picture("guide", ("etree", "_decimal", "_speedups"), WIDE, ("5", "n", "n", "tab", "tab")),
    Picture("guide-80x24", ("_decimal", "_speedups"), NARROW, ("5",)),
    Picture("guide-face", ("_decimal", "_speedups"), WIDE, ("o",)),
    Picture("plan", ("_decimal", "_speedups"), WIDE, ("4",)),
    Picture("plan-80x24", ("_decimal", "_speedups"), NARROW, ("4", "k", "j")),
    Picture("triage", ("_decimal", "_speedups"), WIDE,
            ("a", "c", *"goes into the module state", "enter",
             "j", "a", "i", *"made once, never changed", "enter",
             "T", "j", "m", "j", "m")),
    Picture("rule", ("_decimal", "_speedups"), NARROW, ("j", "A")),
    Picture("fix", ("etree", "_decimal", "_speedups"), WIDE, ("f",)),
    Picture("decision", ("_decimal", "_speedups"), WIDE,
            ("down", "a", "i", *"the context templates are made once, in init")),
    Picture("live", ("_json", "_speedups"), WIDE, ("l", "y", "shift+tab")),
    Picture("verdict", ("_json", "_speedups"), NARROW, ("tab", "tab")),
    Picture("help", ("_json", "_speedups"), NARROW, ("question_mark",)),
    Picture("numpy", ("_multiarray_umath",), WIDE),
    Picture("lxml", ("etree",), WIDE),
    Picture("symbols", ("etree", "_multiarray_umath"), WIDE,
            ("2", "right", "s", "s", "slash", *"parse", "enter", "j", "j")),
    Picture("symbols-80x24", ("_decimal", "_speedups"), NARROW, ("2", "slash", *"dec", "enter", "j", "j")),
    Picture("statics", ("_multiarray_umath", "_decimal"), WIDE,
            ("2", "s", "s", "g", "j")),
    Picture("bytes", ("_decimal", "_speedups"), WIDE,
            ("slash", *"static-type", "enter", "right", "down", "9", "down", "down")),
    Picture("bytes-80x24", ("_decimal", "_speedups"), NARROW,
            ("slash", *"static-type", "enter", "right", "down", "9", "down")),
    Picture("compare", ("_decimal",), WIDE, ("down", "down"), older="_decimal.old"),
)  # fmt: skip

INSTALLED = (
    "_decimal",
    "_json",
    "markupsafe._speedups",
    "lxml.etree",
    "numpy._core._multiarray_umath",
)


def extensions(given: list[str]) -> Iterator[tuple[str, Path]]:
    """The extensions at hand, by their short names; one that was given comes before an installed."""
    for argument in given:
        name, _, path = argument.partition("=")
        yield name, Path(path)
    for name in INSTALLED:
        try:
            spec = importlib.util.find_spec(name)
        except ModuleNotFoundError:
            continue
        if spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES)):
            yield name.rpartition(".")[2], Path(str(spec.origin))


async def settled(pilot: Pilot[None]) -> None:
    """Wait until nothing is read, decoded or run any more."""
    for _ in range(WAIT_ROUNDS):
        await pilot.pause()
        if not any(worker.is_running for worker in pilot.app.workers):
            break
        await asyncio.sleep(0.02)
    await pilot.pause(0.05)


async def take(picture: Picture, target: str, older: str) -> str:
    """The picture as SVG, with fonts that every machine has."""
    app = CompareApp(older, target) if older else IsoviewApp([target])
    async with app.run_test(size=picture.size) as pilot:
        await settled(pilot)
        for key in picture.keys:
            await pilot.press(key)
            await settled(pilot)
        svg = app.export_screenshot(title="isoview")
    return with_fonts(svg)


def with_fonts(svg: str) -> str:
    """The picture with fonts that every machine has."""
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: ?(\"?)Fira Code\1(, ?monospace)?", f"font-family: {FONTS}", svg)


def copied(path: Path, folder: str = "") -> str:
    """A copy in the working folder, and what to call it there."""
    copy = Path(folder, path.name)
    if not copy.exists():
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, copy)
    return f"./{copy}"


def main() -> None:
    """Write every picture whose module is at hand, and say which were left out."""
    found: dict[str, Path] = {}
    only = [argument for argument in sys.argv[1:] if "=" not in argument]
    for name, path in extensions([argument for argument in sys.argv[1:] if "=" in argument]):
        found.setdefault(name, path.resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for picture in PICTURES:
            if only and picture.name not in only:
                continue
            name = next((name for name in picture.modules if name in found), None)
            if name is None or (picture.older and picture.older not in found):
                wanted = [*picture.modules, *([picture.older] if picture.older else [])]
                print(f"{picture.name}: left out, not all of {', '.join(wanted)} is here")
                continue
            older = copied(found[picture.older], "old") if picture.older else ""
            target = copied(found[name], "new" if older else "")
            Path("isoview.toml").unlink(missing_ok=True)  # what an earlier picture decided
            svg = asyncio.run(take(picture, target, older))
            (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            print(f"{picture.name}.svg: {found[name].name}")
        run = found.get("matrix", found.get("_json"))
        module = Path(copied(run)) if run is not None else None
        environment = str(found["env"]) if "env" in found else None
        for name, taken in pictures(environment, module).items():
            if not only or name in only:
                (FOLDER / f"{name}.svg").write_text(with_fonts(taken()), encoding="utf-8")
                print(f"{name}.svg")
        os.chdir(FOLDER)
    if not only or "tour" in only:
        tour.main([])


if __name__ == "__main__":
    main()

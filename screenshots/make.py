"""Pictures of the app over real extensions, as SVG into this folder: ``make screenshots``.

The extensions are those of the running interpreter, and lxml's and numpy's where they are installed
or given::

    python screenshots/make.py [NAME=FILE...]

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

from textual.pilot import Pilot

from isoview.tui.app import IsoviewApp

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


PICTURES = (
    Picture("module-80x24", ("_decimal", "_speedups"), NARROW),
    Picture("module-140x40", ("_decimal", "_speedups"), WIDE),
    Picture("evidence", ("_decimal", "_speedups"), WIDE,
            ("slash", *"static-type", "enter", "down", "x")),
    Picture("guide", ("_decimal", "_speedups"), WIDE, ("o",)),
    Picture("fix", ("etree", "_decimal", "_speedups"), WIDE, ("f",)),
    Picture("decision", ("_decimal", "_speedups"), WIDE,
            ("down", "a", *"the context templates are made once, in init")),
    Picture("live", ("_json", "_speedups"), WIDE, ("l", "y", "shift+tab")),
    Picture("verdict", ("_json", "_speedups"), NARROW, ("tab", "tab")),
    Picture("help", ("_json", "_speedups"), NARROW, ("question_mark",)),
    Picture("numpy", ("_multiarray_umath",), WIDE),
    Picture("lxml", ("etree",), WIDE),
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


async def take(picture: Picture, target: str) -> str:
    """The picture as SVG, with fonts that every machine has."""
    app = IsoviewApp([target])
    async with app.run_test(size=picture.size) as pilot:
        await settled(pilot)
        for key in picture.keys:
            await pilot.press(key)
            await settled(pilot)
        svg = app.export_screenshot(title="isoview")
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: ?(\"?)Fira Code\1(, ?monospace)?", f"font-family: {FONTS}", svg)


def main() -> None:
    """Write every picture whose module is at hand, and say which were left out."""
    found: dict[str, Path] = {}
    for name, path in extensions(sys.argv[1:]):
        found.setdefault(name, path.resolve())
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for picture in PICTURES:
            name = next((name for name in picture.modules if name in found), None)
            if name is None:
                print(f"{picture.name}: left out, none of {', '.join(picture.modules)} is here")
                continue
            copy = Path(found[name].name)
            if not copy.exists():
                shutil.copyfile(found[name], copy)
            svg = asyncio.run(take(picture, f"./{copy}"))
            (FOLDER / f"{picture.name}.svg").write_text(svg, encoding="utf-8")
            print(f"{picture.name}.svg: {copy}")
        os.chdir(FOLDER)


if __name__ == "__main__":
    main()

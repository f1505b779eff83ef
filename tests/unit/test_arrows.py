"""The walls of the house: who may import whom, and how large a file may grow."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"isoview": "isoview", "inspectors": "isoview.inspectors", "tui": "isoview.tui"}
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]
LINE_LIMIT = 400

# The front doors: what starts the app on request, each inside a function.
_DOORS = {
    "isoview/api.py",
    "isoview/commands/attach.py",
    "isoview/commands/diff.py",  # --app
    "isoview/commands/opening.py",
}
_READERS = {
    "elftools": {"inspectors/binary/elf.py"},
    "pefile": {"inspectors/binary/pe.py"},
}


@cache
def imports(path: Path) -> set[str]:
    """Full names of everything that ``path`` imports, wherever it does."""
    found: set[str] = set()
    room, *inner = path.relative_to(ROOT).with_suffix("").parts
    package = [*ROOMS[room].split("."), *inner][:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def inside(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def test_there_is_something_to_hold() -> None:
    assert len(SOURCES) > 50
    assert {name.partition("/")[0] for name in NAMES} == set(ROOMS)


def offenders(is_wrong: Callable[[str, str], bool]) -> dict[str, list[str]]:
    """Files and what they import against the rule: ``is_wrong(file, imported name)``."""
    found = {
        name: sorted(each for each in imports(ROOT / name) if is_wrong(name, each))
        for name in NAMES
    }
    return {name: wrong for name, wrong in found.items() if wrong}


def test_inspectors_import_inspectors_only() -> None:
    assert not offenders(
        lambda name, imported: (
            name.startswith("inspectors/")
            and imported.startswith("isoview.")
            and not inside(imported, "isoview.inspectors")
        )
    )


def test_nothing_below_the_app_imports_it() -> None:
    assert not offenders(
        lambda name, imported: (
            not name.startswith("tui/") and name not in _DOORS and inside(imported, "isoview.tui")
        )
    )


def test_only_the_app_imports_textual() -> None:
    assert not offenders(
        lambda name, imported: not name.startswith("tui/") and inside(imported, "textual")
    )


@pytest.mark.parametrize("library", _READERS)
def test_one_file_each_touches_a_format_library(library: str) -> None:
    assert not offenders(
        lambda name, imported: name not in _READERS[library] and inside(imported, library)
    )


def test_rooms_are_imported_by_their_full_names() -> None:
    assert not offenders(
        lambda _name, imported: inside(imported, "tui") or inside(imported, "inspectors")
    )


def test_no_file_grows_past_the_limit() -> None:
    lines = {name: (ROOT / name).read_text(encoding="utf-8").count("\n") for name in NAMES}
    assert not {name: number for name, number in lines.items() if number > LINE_LIMIT}


def test_relative_imports_are_seen_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "inspectors" / "binary" / "x.py"
    path.parent.mkdir(parents=True)
    path.write_text("from ... import tui\nfrom . import image\nfrom .elf import read\n")
    assert imports(path) >= {
        "isoview.tui",
        "isoview.inspectors.binary.image",
        "isoview.inspectors.binary.elf.read",
    }

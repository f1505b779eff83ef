"""The walls of the house: who may import whom, and how large a file may grow."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"isoview": "isoview", "inspectors": "isoview.inspectors", "tui": "isoview.tui"}
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
NAMES = [str(path.relative_to(ROOT)) for path in SOURCES]
LINE_LIMIT = 400

# The front doors: what starts the app on request, each inside a function.
_DOORS = {"isoview/api.py", "isoview/commands/open.py"}
_READERS = {
    "elftools": {"inspectors/binary/elf.py"},
    "pefile": {"inspectors/binary/pe.py"},
}


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


@pytest.mark.parametrize("name", NAMES)
def test_arrows_point_one_way(name: str) -> None:
    names = imports(ROOT / name)
    room = name.partition("/")[0]
    if room == "inspectors":
        wrong = {
            each
            for each in names
            if inside(each, "isoview")
            and each != "isoview"
            and not inside(each, "isoview.inspectors")
        }
        assert not wrong, "inspectors import inspectors only"
    if room == "isoview" and name not in _DOORS and name != "isoview/__init__.py":
        assert not {each for each in names if inside(each, "isoview.tui")}


@pytest.mark.parametrize("name", NAMES)
def test_only_the_app_imports_textual(name: str) -> None:
    if not name.startswith("tui/"):
        assert not {each for each in imports(ROOT / name) if inside(each, "textual")}


@pytest.mark.parametrize("name", NAMES)
def test_one_file_each_touches_a_format_library(name: str) -> None:
    names = imports(ROOT / name)
    for library, homes in _READERS.items():
        if name not in homes:
            assert not {each for each in names if inside(each, library)}, f"{library} is elsewhere"


@pytest.mark.parametrize("name", NAMES)
def test_rooms_are_imported_by_their_full_names(name: str) -> None:
    names = imports(ROOT / name)
    assert not {each for each in names if inside(each, "tui") or inside(each, "inspectors")}


@pytest.mark.parametrize("name", NAMES)
def test_no_file_grows_past_the_limit(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").count("\n")
    assert lines <= LINE_LIMIT, f"{lines} lines: split it by what it does"


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

"""The app over real compiled extensions, with nothing in between made up."""

import importlib.util
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from app_pilot import drive, press, said, screen_text
from compiled import compile_fixture, compiler
from terminal import Terminal
from textual.pilot import Pilot

import isoview
from isoview.tui.app import IsoviewApp
from isoview.tui.widgets.detail import DetailPane
from isoview.tui.widgets.faces import EvidenceFace
from isoview.tui.widgets.fact_tree import FactTree
from isoview.tui.widgets.findings import FindingsTable


def real_extension() -> str:
    """An extension of the running interpreter, or markupsafe's where it has none."""
    for name in ("_decimal", "_json", "_struct", "markupsafe._speedups"):
        spec = importlib.util.find_spec(name)
        if spec is not None and (spec.origin or "").endswith(tuple(EXTENSION_SUFFIXES)):
            assert spec.origin is not None
            return spec.origin
    raise AssertionError("neither this interpreter nor markupsafe has an extension module")


def test_a_real_extension_from_open_to_evidence() -> None:
    app = IsoviewApp([real_extension()])

    async def steps(pilot: Pilot[None]) -> None:
        entry = app.entries[0]
        assert entry.complete
        report = entry.report
        assert report is not None
        assert "ELF" in screen_text(app) or "Mach-O" in screen_text(app)
        tree = app.screen.query_one(FactTree)
        tree.focus()
        definition = report.facts.own_definition
        assert definition is not None
        assert tree.reveal_about(definition)
        await press(pilot, "down", "up")
        kinds = [found.kind for found in app.screen.query_one(EvidenceFace).structures]
        assert kinds[0] in {"PyModuleDef", "PySlot[]"}
        assert f"at {definition.address:#x}" in screen_text(app)

    drive(app, steps, (140, 40))


def test_a_compiled_static_type_is_decoded_beside_its_finding() -> None:
    app = IsoviewApp([str(compile_fixture("static_type_bad.c"))])

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "slash", *"ISO201", "enter")
        assert "ISO201" in screen_text(app)
        face = app.screen.query_one(EvidenceFace)
        assert [found.kind for found in face.structures] == ["PyTypeObject"]
        assert "not HEAPTYPE" in " ".join(screen_text(app).split())
        await press(pilot, "f")
        assert app.screen.query_one(DetailPane).face == "fix"

    drive(app, steps, (140, 40))


def test_live_asks_first_and_shows_the_loaded_module_beside_the_file() -> None:
    app = IsoviewApp([real_extension()])

    async def steps(pilot: Pilot[None]) -> None:
        await press(pilot, "l")
        assert "Importing an extension runs its code" in " ".join(screen_text(app).split())
        await press(pilot, "n")
        assert app.entries[0].live.state == "not run"
        await press(pilot, "l", "y")
        assert app.entries[0].live.state == "done"
        tree = app.screen.query_one(FactTree)
        tree.focus()
        assert tree.reveal("live/types")
        assert tree.reveal("live/m_size")
        assert tree.current is not None
        assert tree.current.differs is None, "file and interpreter agree on m_size"

    drive(app, steps, (140, 40))


def test_a_decision_stands_in_isoview_toml_until_it_is_taken_back(own_surroundings: Path) -> None:
    app = IsoviewApp([str(compile_fixture("static_type_bad.c"))])
    file = own_surroundings / "isoview.toml"

    async def steps(pilot: Pilot[None]) -> None:
        row = app.screen.query_one(FindingsTable).current
        assert row is not None
        await press(pilot, "a", "i", *"known", "enter")
        assert row.finding.fingerprint in file.read_text()
        assert 'reason = "known"' in file.read_text()
        await press(pilot, "R")
        report = app.entries[0].report
        assert report is not None
        assert [f.reason for f in report.findings if f.status == "intended"]
        await press(pilot, "u")
        assert not file.exists() or row.finding.fingerprint not in file.read_text()
        file.write_text("this is [no TOML")
        await press(pilot, "a", "c", "enter")
        assert "is not valid TOML" in said(app)

    drive(app, steps)


def test_a_rebuilt_file_shows_what_changed(tmp_path: Path) -> None:
    path = tmp_path / "static_type.so"
    shutil.copy(compile_fixture("static_type_bad.c"), path)
    app = IsoviewApp([str(path)])

    async def steps(pilot: Pilot[None]) -> None:
        assert "ISO201" in screen_text(app)
        path.unlink()
        shutil.copy(compile_fixture("static_type_good.c"), path)
        await press(pilot, "R")
        assert "gone" in screen_text(app)
        path.write_text("half a build")
        await press(pilot, "R")
        assert "not read again" in screen_text(app)

    drive(app, steps, (140, 40))


@pytest.mark.parametrize("content", [b"", b"plain text", b"\x7fELF" + bytes(60)])
def test_what_is_no_extension_says_so_in_place(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.so"
    path.write_bytes(content)
    app = IsoviewApp([str(path)])

    async def steps(pilot: Pilot[None]) -> None:
        entry = app.entries[0]
        assert entry.error is not None or entry.report is not None
        if entry.error is not None:
            assert "R reads it again" in screen_text(app)
        await press(pilot, "y", "x", "R")

    drive(app, steps)


def test_the_app_never_opens_a_file_in_a_widget() -> None:
    """Everything that reads goes through the services; with empty ones nothing is opened."""
    opened: list[str] = []

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and recording and isinstance(arguments[0], str):
            opened.append(arguments[0])

    from app_pilot import app_of

    recording = False
    sys.addaudithook(watch)
    app = app_of()

    async def steps(pilot: Pilot[None]) -> None:
        nonlocal recording
        await press(pilot, "o", "f", "escape", "x")  # imports and the guide's own pages
        recording = True
        await press(pilot, "j", "j", "right", "j", "tab", "tab", "tab", "x", "G", "k")
        recording = False

    drive(app, steps)
    ours = (sys.prefix, sys.base_prefix, str(Path(isoview.__file__).parent.parent))
    assert [name for name in opened if not name.startswith(ours)] == []


def test_leaving_does_not_wait_for_a_child(tmp_path: Path) -> None:
    """A module that never returns from its init must not hold the terminal."""
    source = tmp_path / "sleeper.c"
    source.write_text(SLEEPER)
    module = tmp_path / "sleeper.so"
    build = [*(compiler() or pytest.skip("no C compiler here")), "-shared", "-fPIC"]
    subprocess.run(
        [*build, f"-I{sysconfig.get_path('include')}", str(source), "-o", str(module)], check=True
    )
    terminal = Terminal([sys.executable, "-c", PATIENT, str(module)])
    terminal.until("not run (l)")
    terminal.press("l")
    terminal.until("run the module's code?")
    terminal.press("y")
    terminal.until("importing in a child process")
    terminal.press("q")
    assert terminal.close() == 0  # or this waits for the child, which has an hour


PATIENT = """
import sys
from isoview.inspectors.live import runner
*others, _seconds = runner.run.__defaults__
runner.run.__defaults__ = (*others, 3600.0)
from isoview.cli import main
main(sys.argv[1:])
"""
SLEEPER = """
#include <Python.h>
#include <unistd.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "sleeper", NULL, 0};
PyMODINIT_FUNC PyInit_sleeper(void) { for (;;) sleep(60); return PyModule_Create(&definition); }
"""

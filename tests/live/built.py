"""Builds the C modules of this folder for one interpreter, each once."""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from compiled import compiler

SOURCES = Path(__file__).parent / "modules"
CACHE = Path(__file__).parents[2] / ".cache" / "live"
_ASK = (
    "import json, sysconfig; print(json.dumps([sysconfig.get_path('include'),"
    " sysconfig.get_config_var('EXT_SUFFIX')]))"
)


@cache
def _settings(python: str) -> tuple[str, str]:
    done = subprocess.run([python, "-c", _ASK], capture_output=True, check=True)
    include, suffix = json.loads(done.stdout)
    return include, suffix


def build(source: str, *defines: str, python: str = sys.executable) -> Path:
    """Path of the module ``source`` (a name in ``modules``) built with ``-D`` of each define.

    Skips the test where the interpreter's headers or a compiler are missing.
    """
    command = compiler()
    include, suffix = _settings(python)
    if command is None or not (Path(include) / "Python.h").exists():
        pytest.skip(f"no C compiler, or no Python.h in {include}")
    text = (SOURCES / f"{source}.c").read_bytes()
    key = hashlib.sha256(repr((text, defines, command, include, suffix)).encode()).hexdigest()
    folder = CACHE / key[:16]
    target = folder / f"{source}{suffix}"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        built = target.with_name(f"{target.name}.{os.getpid()}")  # tests may run side by side
        flags = ["-shared", "-fPIC", "-O1", "-w", *(f"-D{define}" for define in defines)]
        done = subprocess.run(
            [*command, *flags, f"-I{include}", f"-I{Path(include).parent}", str(SOURCES / f"{source}.c"), "-o", str(built)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        built.replace(target)
    return target

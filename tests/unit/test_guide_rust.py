"""The guide's Rust snippets compile against PyO3, where cargo and the crates are at hand.

``ISOVIEW_RUST_CRATE`` names the folder of a crate that depends on ``pyo3`` and builds without the
network; without it one is made, which works where cargo has fetched PyO3 before. Each snippet is
checked by rustc with the PyO3 that this crate was built with. Two *before* snippets show what PyO3
has removed: they must fail, and say so.
"""

import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from isoview.guide import find, sections

_CRATE = """
[package]
name = "snippet"
version = "0.1.0"
edition = "2021"

[dependencies]
pyo3 = ">=0.29"

[workspace]
"""
# What the snippets about sharing take from another crate.
_OTHERS = {
    "base_package": """
        use pyo3::prelude::*;
        #[pyclass(subclass)] pub struct Shape {}
        #[pyclass(frozen)] pub struct Series { values: Vec<f64> }
        impl Series { pub fn sum(&self) -> f64 { self.values.iter().sum() } }
    """,
    "base_package_core": """
        use pyo3::prelude::*;
        #[pyclass(frozen)] pub struct SharedSeries { values: Vec<f64> }
        impl SharedSeries { pub fn sum(&self) -> f64 { self.values.iter().sum() } }
        pub fn import_base_package(py: Python<'_>) -> PyResult<()> {
            py.import("base_package").map(|_| ())
        }
    """,
}
REMOVED = {
    ("pyo3-ft-attaching", 0): "with_gil",
    ("pyo3-ft-gilprotected-removed", 0): "GILProtected",
}
SNIPPETS = [
    (section.id, number, snippet)
    for section in sections()
    for number, snippet in enumerate(re.findall(r"(?ms)^```rust\n(.*?)^```$", section.body))
]


@cache
def compiler() -> str:
    """The compiler itself: rustup's stand-in looks for its settings below HOME, which tests change."""
    command = ["rustc", "--print", "sysroot"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return str(Path(done.stdout.strip()) / "bin" / "rustc")


@cache
def pyo3(folder: Path) -> tuple[str, str]:
    """(why there is none, or empty; the built PyO3)."""
    cargo = shutil.which("cargo")
    if cargo is None or shutil.which("rustc") is None:
        return "cargo and rustc are not here", ""
    named = os.environ.get("ISOVIEW_RUST_CRATE")
    crate = Path(named) if named else folder / "crate"
    if not named:
        (crate / "src").mkdir(parents=True)
        (crate / "Cargo.toml").write_text(_CRATE, "utf-8")
        (crate / "src" / "lib.rs").write_text("", "utf-8")
    command = [cargo, "check", "--offline", "--message-format=json"]
    done = subprocess.run(command, cwd=crate, check=False, capture_output=True, text=True)
    if done.returncode:
        last = done.stderr.strip().splitlines()[:1]
        return f"no PyO3 to build with (set ISOVIEW_RUST_CRATE): {' '.join(last)}", ""
    for line in done.stdout.splitlines():
        message = json.loads(line)
        compiler()
        if message["reason"] == "compiler-artifact" and message["target"]["name"] == "pyo3":
            return "", next(name for name in message["filenames"] if name.endswith(".rmeta"))
    return "the crate does not depend on pyo3", ""


def check(source: Path, name: str, library: str, *extern: str) -> str:
    """What rustc finds wrong; empty where it compiles."""
    done = subprocess.run(
        [
            compiler(), "--edition=2021", "--crate-type=lib", f"--crate-name={name}", "--emit=metadata",
            "--out-dir", str(source.parent), "-Awarnings", f"-Ldependency={Path(library).parent}",
            f"--extern=pyo3={library}", *extern, str(source),
        ],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.stderr if done.returncode else ""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> str:
    reason, built = pyo3(tmp_path_factory.mktemp("rust"))
    if reason:
        pytest.skip(f"{len(SNIPPETS)} Rust snippets were not compiled: {reason}")
    return built


@pytest.mark.parametrize(
    ("section", "number", "snippet"), SNIPPETS, ids=[f"{s}-{n}" for s, n, _ in SNIPPETS]
)
def test_a_snippet_compiles(
    section: str, number: int, snippet: str, library: str, tmp_path: Path
) -> None:
    extern = [f"-L{tmp_path}"]
    for name, text in _OTHERS.items():
        if f"use {name}::" in snippet:
            other = tmp_path / f"{name}.rs"
            other.write_text(text, "utf-8")
            assert check(other, name, library) == ""
            extern.append(f"--extern={name}={tmp_path / f'lib{name}.rmeta'}")
    source = tmp_path / "snippet.rs"
    source.write_text(snippet, "utf-8")
    said = check(source, "snippet", library, *extern)
    removed = REMOVED.get((section, number))
    if removed is None:
        assert said == ""
    else:
        assert removed in said


def test_every_removed_name_is_in_its_section() -> None:
    for (section_id, _), name in REMOVED.items():
        section = find(section_id)
        assert section is not None
        assert name in (section.part("Before") or "")

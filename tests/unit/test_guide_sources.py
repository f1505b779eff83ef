"""The guide beyond the HOWTO on isolation: PEPs, free threading, PyO3, the course."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from guide_snippets import SNIPPETS, snippets

from isoview.guide import SOURCES, Section, sections

OUTLINE = {
    "pep": (
        "pep-384-stable-abi",
        "pep-489-multi-phase-initialization",
        "pep-573-module-state-from-methods",
        "pep-630-isolating-extension-modules",
        "pep-683-immortal-objects",
        "pep-684-per-interpreter-gil",
        "pep-687-isolating-the-standard-library",
        "pep-697-extending-opaque-types",
        "pep-703-optional-gil",
        "pep-734-multiple-interpreters",
        "pep-768-external-debugger",
        "pep-793-pymodexport",
        "pep-803-abi3t",
        "pep-820-pyslot",
    ),
    "free-threading": (
        "ft-extensions",
        "ft-identifying-the-build",
        "ft-module-initialization",
        "ft-multi-phase-initialization",
        "ft-single-phase-initialization",
        "ft-general-api-guidelines",
        "ft-container-thread-safety",
        "ft-borrowed-references",
        "ft-memory-allocation",
        "ft-thread-state",
        "ft-protecting-internal-state",
        "ft-critical-sections",
        "ft-how-critical-sections-work",
        "ft-building",
    ),
    "pyo3": (
        "pyo3-sharing-types",
        "pyo3-sharing-background",
        "pyo3-sharing-capsules",
        "pyo3-sharing-api-versioning",
        "pyo3-sharing-pyclass",
        "pyo3-sharing-stable-layouts",
        "pyo3-sharing-errors",
        "pyo3-sharing-limits",
        "pyo3-free-threading",
        "pyo3-ft-special-considerations",
        "pyo3-ft-attaching",
        "pyo3-ft-detaching",
        "pyo3-ft-borrow-errors",
        "pyo3-ft-limited-api",
        "pyo3-ft-single-initialization",
        "pyo3-ft-gilprotected-removed",
        "pyo3-class-thread-safety",
        "pyo3-frozen-classes",
        "pyo3-parallelism",
        "pyo3-modules",
        "pyo3-deadlocks",
        "pyo3-stable-abi",
        "pyo3-multi-phase-initialization",
    ),
    "pyo3-architecture": (
        "pyo3-architecture-overview",
        "pyo3-architecture-low-level-bindings",
        "pyo3-architecture-objects",
        "pyo3-architecture-pyclass",
        "pyo3-architecture-protocol-methods",
        "pyo3-architecture-macros",
        "pyo3-architecture-build",
    ),
    "course": (
        "course-welcome",
        "course-python-extensions",
        "course-modules",
        "course-functions",
        "course-arguments",
        "course-gil",
        "course-output-values",
        "course-exceptions",
        "course-intro-outro",
        "course-classes",
        "course-constructors",
        "course-methods",
        "course-setters-and-getters",
        "course-static-methods",
        "course-inheritance",
        "course-parent-class",
        "course-classes-outro",
        "course-concurrency",
        "course-python-threads",
        "course-gil-problem",
        "course-releasing-the-gil",
        "course-minimize-gil-locking",
        "course-immutable-types",
        "course-concurrency-outro",
    ),
}
PAGES = {
    "pep": "https://peps.python.org/pep-0",
    "free-threading": "https://docs.python.org/3/howto/free-threading-extensions.html",
    "pyo3": "https://pyo3.rs/v0.29.0/",
    "pyo3-architecture": "https://github.com/PyO3/pyo3/blob/main/Architecture.md#",
    "course": "https://rust-exercises.com/rust-python-interop/0",
}
REQUIRED = ["What it asks", "Why", "How isoview checks it"]
GENERATORS = {"C", "Cython", "pybind11", "nanobind", "PyO3", "SWIG", "cffi", "mypyc"}
# What has the form of a section's id between back quotes, and is none.
NO_SECTIONS = {
    "pyo3-ffi",
    "pyo3-build-config",
    "pythoncapi-compat",
    "trim-paths",
    "abi3-py310",
    "abi3t-py315",
    "extension-module",
    "module-name",
}


OTHERS = [section for section in sections() if section.source != "howto"]
by_id = pytest.mark.parametrize("section", OTHERS, ids=lambda section: section.id)
every = pytest.mark.parametrize("section", sections(), ids=lambda section: section.id)


# Tests have a home of their own, and rustup looks for the toolchains in the user's.
RUSTUP = os.environ.get("RUSTUP_HOME") or str(Path.home() / ".rustup")


def prose(section: Section) -> str:
    """The body without its code blocks."""
    return re.sub(r"(?ms)^```.*?^```$", "", section.body)


def test_the_sources_and_their_sections_are_all_there_in_reading_order():
    assert list(SOURCES) == ["howto", *OUTLINE]
    found: dict[str, list[str]] = {}
    for section in OTHERS:
        found.setdefault(section.source, []).append(section.id)
        assert section.order == len(found[section.source]) - 1
    assert {source: tuple(ids) for source, ids in found.items()} == OUTLINE
    assert list(found) == list(OUTLINE)


@by_id
def test_every_part_is_there_and_says_something(section: Section) -> None:
    headings = re.findall(r"^## (.+)$", prose(section), re.MULTILINE)
    expected = list(REQUIRED)
    if "Before" in headings or "After" in headings:
        expected += SNIPPETS
    if "Fix by generator" in headings:
        expected.append("Fix by generator")
    assert headings == expected
    for heading in headings:
        assert len(section.part(heading) or "") > 40, heading


@by_id
def test_the_checks_say_what_cannot_be_checked(section: Section) -> None:
    text = section.part("How isoview checks it") or ""
    if "nothing to check" in text:
        assert "Before" not in prose(section), "what a snippet shows can be looked for"
    else:
        labels = re.findall(r"^- \*\*(.+?)\*\*:", text, re.MULTILINE)
        assert labels == ["In the file", "Loaded", "Not checked"]


@by_id
def test_generators_are_known_and_named_once(section: Section) -> None:
    text = section.part("Fix by generator")
    if text is not None:
        leads = re.findall(r"^- \*\*(.+?)\*\*:", text, re.MULTILINE)
        named = [name for lead in leads for name in lead.split(", ")]
        assert len(leads) == len(text.splitlines())
        assert named
        assert len(named) == len(set(named))
        assert set(named) <= GENERATORS


@by_id
def test_url_leads_to_the_source(section: Section) -> None:
    parts = urlsplit(section.url)
    assert parts.scheme == "https"
    assert section.url.startswith(PAGES[section.source])
    assert not re.search(r"[^\w\-./:#]", section.url)


@by_id
def test_no_rule_code_is_named(section: Section) -> None:
    assert not re.search(r"\bISO\d", section.body)
    assert section.body.isascii()


@every
def test_every_section_that_is_mentioned_exists(section: Section) -> None:
    ids = {entry.id for entry in sections()}
    titles = {entry.title for entry in sections()}
    mentioned = set(re.findall(r"`([a-z0-9]+(?:-[a-z0-9]+)+)`", prose(section)))
    assert mentioned - NO_SECTIONS <= ids
    assert section.id not in mentioned
    if section.source == "howto":  # there, sections go by their titles
        assert set(re.findall(r"\*([A-Z][a-z]+[- ][A-Z][^*]+)\*", prose(section))) <= titles


@every
def test_code_stays_within_80_columns(section: Section) -> None:
    rows = [
        row for block in re.findall(r"(?ms)^```.*?^```$", section.body) for row in block.split("\n")
    ]
    assert max(map(len, rows), default=0) <= 80


@every
def test_every_command_that_is_mentioned_exists(section: Section) -> None:
    from isoview.commands import COMMANDS
    from isoview.experiments import QUESTIONS

    for command in re.findall(r"`isoview ([a-z]+)\b", section.body):
        assert command in COMMANDS
    for chosen in re.findall(r"--only ([a-z,-]+)", section.body):
        assert set(chosen.split(",")) <= set(QUESTIONS)


def test_old_names_of_pyo3_are_told_apart_from_current_ones():
    for section in OTHERS:
        for snippet in snippets(section, "rust"):
            before = snippet in (section.part("Before") or "")
            assert before or not re.search(r"with_gil|allow_threads|GILOnceCell", snippet)


@pytest.mark.parametrize(
    "section",
    [section for section in OTHERS if snippets(section, "rust")],
    ids=lambda section: section.id,
)
def test_rust_snippets_can_be_parsed_and_are_formatted(section: Section) -> None:
    """Their syntax only: types and names would need Cargo and the pyo3 crate."""
    rustfmt = shutil.which("rustfmt")
    if rustfmt is None:
        pytest.skip("no rustfmt")
    surroundings = {**os.environ, "RUSTUP_HOME": RUSTUP}
    # rustup puts a rustfmt on the PATH whether or not there is a toolchain behind it.
    trial = subprocess.run(
        [rustfmt, "--version"], capture_output=True, check=False, env=surroundings
    )
    if trial.returncode:
        pytest.skip("the rustfmt here does not run")
    for snippet in snippets(section, "rust"):
        done = subprocess.run(
            [rustfmt, "--check", "--edition", "2021", "--config", "max_width=76"],
            input=snippet,
            capture_output=True,
            text=True,
            check=False,
            env=surroundings,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_outline_fits_80_columns_and_names_every_source():
    from isoview.commands.guide import guide

    rows = CliRunner().invoke(guide).output.splitlines()
    assert max(map(len, rows)) <= 80
    shown = "\n".join(rows)
    assert all(f"{title}\n  " in shown for title in SOURCES.values())
    assert all(re.search(rf"(?m)^  {section.id}( |$)", shown) for section in sections())

"""ISO503."""

import re
from collections.abc import Iterator

from isoview.core_build import is_core_build
from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule

_LIBPYTHON = r"(?s)(?:.*/)?(?:libpython3(?:\.\d+)?[a-z]*\.(?:so|dylib)|Python\.framework/)"


class LibpythonLinked(Rule):
    """The extension links the interpreter's library.

    What it finds
        An ELF or Mach-O file that names libpython (or Python.framework) as a library it needs.
        On Windows and Android that is how extensions work, and there is no finding.

    Why it matters
        The interpreter that imports the module has the C API already, often linked statically. The
        named library brings a second, uninitialized copy of the runtime with its own statics, and
        the file cannot be loaded where that library is not installed.

    How to fix
        C: Do not link libpython: leave the symbols undefined (`-undefined dynamic_lookup` on
        macOS). With meson use `py.extension_module`, with CMake `Python_add_library(... MODULE)` or
        link `Python::Module` instead of `Python::Python`.

        pybind11: Link `pybind11::module` (or use `pybind11_add_module`), not `pybind11::embed`.

        nanobind: Use `nanobind_add_module`, which does not link libpython.

        PyO3: Enable the `extension-module` feature of pyo3 (or build with maturin 1.9.4 or later,
        which sets it up), and do not link libpython from a build script.

    Guide
        background
    """

    code = "ISO503"
    name = "libpython-linked"
    severity = "warning"
    guide = "background"

    def check(self, facts: Facts) -> Iterator[Finding]:
        artifact = facts.artifact
        if artifact.format not in {"elf", "mach-o"} or is_core_build(facts):
            return
        if "android" in (artifact.tag or ""):
            return
        for library in facts.linked:
            if "ython" in library and re.match(_LIBPYTHON, library):
                yield self.finding(
                    facts,
                    api_subject("libpython"),
                    f"the file links {library}",
                    evidence=(Evidence("library", f"needs {library}"),),
                )

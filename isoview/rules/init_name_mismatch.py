"""ISO106."""

import os.path
from collections.abc import Iterator

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


def file_stem(facts: Facts) -> str:
    """The module name that the file name stands for."""
    return os.path.basename(facts.artifact.member or facts.artifact.path).partition(".")[0]  # noqa: PTH119


class InitNameMismatch(Rule):
    """No init function carries the file's name.

    What it finds
        A file that exports init functions, none of them for the name that the file has.

    Why it matters
        `import` looks for `PyInit_` (or `PyModExport_`) followed by the last part of the module's
        name. Under this file name the import fails with "dynamic module does not define module
        export function"; the file can only be loaded by a loader that is told another name.

    How to fix
        C: Name the init function `PyInit_<name>` after the file's name up to the first dot, or
        rename the file. In a package the last part of the dotted name counts. Where another
        module loads this file on purpose, record that as the decision.

        Cython: The init function is named after the module that is compiled: make the name of the
        Extension and of the .pyx file agree.

        pybind11: The first argument of `PYBIND11_MODULE` must be the file's name.

        nanobind: The first argument of `NB_MODULE` must be the file's name.

        PyO3: The function or module under `#[pymodule]` (or its `name = "..."`) must have the
        file's name; with maturin that is `module-name` in pyproject.toml.

        SWIG: SWIG names the file `_<module>`: build it with the underscore.

        cffi: The name given to `ffi.set_source()` must be the file's name.

    Guide
        course-modules
    """

    code = "ISO106"
    name = "init-name-mismatch"
    severity = "error"
    guide = "course-modules"

    def cannot_run(self, facts: Facts) -> str | None:
        if not file_stem(facts).isidentifier():
            return "the file's name is no module name, so no init function can match it"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        if not facts.init or facts.own_init is not None:
            return
        first = facts.init[0]
        others = len(facts.init) - 1
        more = f" and {others} more" if others else ""
        yield self.finding(
            facts,
            "module",
            f"the file is named {file_stem(facts)} but exports {first.symbol}{more}",
            where=Where(symbol=first.symbol, address=first.address),
            evidence=tuple(
                Evidence("export", f"exported: {entry.symbol}", entry.address)
                for entry in facts.init
            ),
            severity=None if facts.artifact.tag else "warning",
            confidence="high" if facts.artifact.tag else "medium",
        )

"""ISO502."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import imported


class OutsideStableAbi(Rule):
    """The file promises the stable ABI and uses names outside of it.

    What it finds
        A file with an `abi3` or `abi3t` tag that imports a name of the C API that no
        version of the stable ABI has.

    Why it matters
        The tag says that every later version of Python can load the file. A name outside
        the stable ABI can vanish with any release, and the import then fails with an
        undefined symbol.

    How to fix
        C: Define `Py_LIMITED_API` to the oldest version you support, for every source file,
        and replace what no longer compiles; or build a version-specific wheel.

        Cython: Compile with `-DPy_LIMITED_API=0x030B0000` or later and Cython 3.1 or later.

        PyO3: Enable the feature `abi3-py310` (or another version) for `pyo3` and call no
        `pyo3::ffi` function that the feature hides.

        nanobind: Give `nanobind_add_module` the option `STABLE_ABI`, which takes effect from
        Python 3.12 on.

        SWIG: Define `Py_LIMITED_API` when compiling the wrapper (SWIG 4.2 or later).

    Guide
        pep-384-stable-abi
    """

    code = "ISO502"
    name = "outside-stable-abi"
    severity = "error"
    guide = "pep-384-stable-abi"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if not (facts.artifact.tag or "").startswith("abi3") or facts.capi.limited is not None:
            return
        from isoview.inspectors.binary.stable_abi import outside

        for name in outside(facts.capi.imports):
            yield self.finding(
                facts,
                api_subject(name),
                f"{name} is in no version of the stable ABI",
                evidence=imported(name),
            )

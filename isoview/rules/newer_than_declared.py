"""ISO506."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import imported

_STABLE = 1  # PyABIInfo_STABLE


class NewerThanDeclared(Rule):
    """The file needs a later limited API than it is published for.

    What it finds
        A file with an `abi3` or `abi3t` tag that imports a name which entered the stable ABI
        after the version that its wheel names (`cp39-abi3`), or that its own `PyABIInfo` does.

    Why it matters
        Installers choose a wheel by that version: `cp39-abi3` is installed on Python 3.9, where
        the import then fails with an undefined symbol. Later versions load the file, so the
        mistake shows only where nobody tests.

    How to fix
        C: Set `Py_LIMITED_API` and the tag from one place: the tag of the wheel is the version
        that the macro has (`py_limited_api = cp39` beside `0x03090000`), and the compiler then
        refuses what is newer.

        Cython: Compile with the `Py_LIMITED_API` that belongs to the tag; Cython itself asks
        for 3.11 for some features, so publish for that version.

        PyO3: Let the feature `abi3-pyNN` of `pyo3` and the tag name the same version: maturin
        takes the tag from the feature.

        nanobind: Publish for `cp312-abi3`: `STABLE_ABI` needs Python 3.12. In the split mode of
        nanobind 3 (`BACKEND_MODULE`) the version is that of `STABLE_ABI_VERSION`, 3.10 at least.

        SWIG: Define `Py_LIMITED_API` for the wrapper with the version that the tag has.

    Guide
        pep-384-stable-abi
    """

    code = "ISO506"
    name = "newer-than-declared"
    severity = "error"
    guide = "pep-384-stable-abi"

    def cannot_run(self, facts: Facts) -> str | None:
        if _is_stable(facts) and _declared(facts) is None:
            return (
                "only the name of the wheel tells the oldest version that a file is published for"
            )
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        declared = _declared(facts)
        if not _is_stable(facts) or declared is None:
            return
        from isoview.inspectors.binary.stable_abi import newer_than

        for name, (major, minor) in newer_than(facts.capi.imports, declared).items():
            yield self.finding(
                facts,
                api_subject(name),
                f"{name} is in the stable ABI from {major}.{minor} on, but the file is published "
                f"for {declared[0]}.{declared[1]}",
                evidence=imported(name),
            )


def _is_stable(facts: Facts) -> bool:
    return (facts.artifact.tag or "").startswith("abi3")


def _declared(facts: Facts) -> tuple[int, int] | None:
    """The version in the wheel's name, or else in the file's own PyABIInfo."""
    from isoview.inspectors.binary.stable_abi import declared_version

    told = declared_version(facts.artifact)
    own = facts.own_definition
    if told is None and own is not None and (own.abi_flags or 0) & _STABLE and own.abi_version:
        told = (own.abi_version >> 24, own.abi_version >> 16 & 0xFF)
    return told

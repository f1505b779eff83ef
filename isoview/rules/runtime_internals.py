"""ISO504."""

from collections.abc import Iterator

from isoview.core_build import is_core_build
from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.rules.base import Rule

_RUNTIME = "_PyRuntime"


class RuntimeInternals(Rule):
    """The file reaches into the interpreter's runtime structure.

    What it finds
        An import of `_PyRuntime`, the structure that holds everything all interpreters share.
        CPython's own modules may use it and are not counted.

    Why it matters
        Its layout changes with every release, sometimes with a bug-fix release, and whatever is
        read from it belongs to all interpreters of the process or to the main one.

    How to fix
        C: Use the public functions (`PyInterpreterState_Get`, `PyThreadState_Get`, and so on). A
        tool that has to read the structure from outside uses the debug offsets at its beginning
        (3.13 and later).

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO504"
    name = "runtime-internals"
    severity = "warning"
    guide = "making-modules-safe-with-multiple-interpreters"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if _RUNTIME in facts.capi.imports and not is_core_build(facts):
            yield self.finding(
                facts,
                api_subject(_RUNTIME),
                f"{_RUNTIME} is read directly",
                evidence=(Evidence("import", f"imports {_RUNTIME}"),),
            )

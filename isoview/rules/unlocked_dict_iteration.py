"""ISO602."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import declares_gil_free, imported


class UnlockedDictIteration(Rule):
    """A module that declares itself free of the GIL walks through dictionaries without a critical section.

    What it finds
        A file that calls `PyDict_Next`, declares `Py_MOD_GIL_NOT_USED` and imports nothing
        that begins a critical section.

    Why it matters
        `PyDict_Next` takes no lock. If another thread changes the dictionary meanwhile,
        items are missed or returned twice, and the borrowed references can dangle. A
        dictionary that only the caller knows is safe.

    How to fix
        C: Put `Py_BEGIN_CRITICAL_SECTION(dict)` and `Py_END_CRITICAL_SECTION()` around the
        loop (3.13), or walk through a copy made with `PyDict_Copy` or `PyDict_Items`.

    Guide
        ft-container-thread-safety
    """

    code = "ISO602"
    name = "unlocked-dict-iteration"
    severity = "note"
    guide = "ft-container-thread-safety"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if (
            declares_gil_free(facts)
            and "PyDict_Next" in facts.capi.names
            and not facts.capi.has_like("PyCriticalSection")
        ):
            yield self.finding(
                facts,
                api_subject("PyDict_Next"),
                "PyDict_Next is called, and no critical section is begun anywhere in the file",
                evidence=imported("PyDict_Next"),
            )

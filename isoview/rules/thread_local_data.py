"""ISO303."""

from collections.abc import Iterator

from isoview.fingerprint import symbol_subject, unnamed_subject
from isoview.inspectors.facts import Facts, Section
from isoview.inspectors.record import kept
from isoview.model import Finding, Where
from isoview.rules.base import Rule
from isoview.rules.mutable_static import THREAD_LOCAL, octets
from isoview.rules.object_in_static import label, place

_WITH_RUNTIME = frozenset({"C++", "Rust", "PyO3", "pybind11", "nanobind", "Boost.Python"})


class ThreadLocalData(Rule):
    """The module keeps thread-local data of its own.

    What it finds
        Thread-local storage in the file. Where C++ or Rust is compiled in, their run-time
        libraries keep data there too, and the rule speaks only where the file says whose it is.

    Why it matters
        Thread-local is not interpreter-local: one thread can run several interpreters one
        after the other, and all of them, and all module objects, see the same value.

    How to fix
        C: Keep the value in the module state, or in a context variable (`PyContextVar`)
        where it follows the flow of a program. If it is about the thread itself (a
        recursion depth, a buffer for C code), record that it is intended.

        PyO3: `thread_local!` is per thread and not per interpreter: keep no Python object
        in it.

    Guide
        managing-global-state
    """

    code = "ISO303"
    name = "thread-local-data"
    severity = "note"
    guide = "managing-global-state"

    def cannot_run(self, facts: Facts) -> str | None:
        if not _sections(facts) or _of_statics(facts):
            return None
        others = [tool.name for tool in facts.toolchains if tool.name in _WITH_RUNTIME]
        if others:
            return f"thread-local data may belong to the run-time library of {others[0]}"
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        sections = _of_statics(facts)
        named = [entry for entry in facts.globals if entry.section in sections] if sections else []
        for entry in named:
            if entry.kind != "runtime":
                yield self.finding(
                    facts,
                    symbol_subject(entry.symbol, "thread-local"),
                    f"{label(entry)}: {octets(entry.size)} for each thread, whatever interpreter "
                    "runs on it",
                    where=place(entry),
                    evidence=entry.evidence,
                )
        if named:
            return
        for section in _sections(facts):
            yield self.finding(
                facts,
                unnamed_subject("thread-local"),
                f"{octets(section.size)} of data for each thread, whatever interpreter runs on it",
                where=Where(address=section.address, section=section.name),
            )


def _of_statics(facts: Facts) -> set[str]:
    """Sections for thread-local data in which named statics lie."""
    return {name for name in facts.statics_sections if name.startswith(THREAD_LOCAL)}


@kept
def _sections(facts: Facts) -> tuple[Section, ...]:
    """Sections for thread-local data; those of a DLL hold what its C run-time library put there."""
    if facts.artifact.format == "pe":
        return ()
    return tuple(
        [entry for entry in facts.sections if entry.name.startswith(THREAD_LOCAL) and entry.size]
    )

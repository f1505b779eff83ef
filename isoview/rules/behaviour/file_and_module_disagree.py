"""ISO906."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.compare_live import compare
from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.observed import ran
from isoview.rules.behaviour.base import LiveRule, under


class FileAndModuleDisagree(LiveRule):
    """The loaded module has another definition than the file shows.

    What it finds
        Initialization, state size, hooks or slots that the interpreter sees differently from what
        stands in the file, where both can tell.

    Why it matters
        Code changes the definition before it hands it over: a tool that reads files, or a person who
        reads the source, believes the wrong thing. What the interpreter sees is what counts.

    How to fix
        C: Write the definition as constant data, complete, and choose between variants with the
        preprocessor rather than at run time. If the difference is meant, record the decision; if
        the file says what you wrote and the module does not, look for who writes to it.

    Guide
        managing-per-module-state
    """

    code = "ISO906"
    name = "file-and-module-disagree"
    severity = "warning"
    guide = "managing-per-module-state"
    experiments = ("info",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        for entry in ran(live, "info"):
            found = [
                pair
                for pair in compare(facts, entry.outcome)
                if pair.kind == "differs" and _about_definition(pair.subject)
            ]
            if found:
                first = found[0]
                yield self.finding(
                    facts,
                    "module",
                    f"{first.subject}: the file says {first.file}, the loaded module {first.live} "
                    f"{under([entry])}",
                    confidence="medium",
                    evidence=tuple(
                        Evidence("live", f"{pair.subject}: file {pair.file}, loaded {pair.live}")
                        for pair in found
                    ),
                )
                return


def _about_definition(subject: str) -> bool:
    return subject in {"phase", "m_size", "traverse", "clear", "free"} or subject.startswith(
        "slot "
    )

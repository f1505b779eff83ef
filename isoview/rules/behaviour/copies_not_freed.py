"""ISO814."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.behaviour.base import LiveRule, evidence, under


class CopiesNotFreed(LiveRule):
    """Module objects that nobody uses any more are not freed.

    What it finds
        Copies of the module that are still there after they were dropped and the collector ran. The
        last copy is not counted: the interpreter may keep it until the next one comes.

    Why it matters
        A reference that the collector cannot see keeps the module alive, with its classes and its
        state. Each new interpreter or reload adds one more.

    How to fix
        C: Visit everything the state owns in `m_traverse`, everything an instance owns in
        `tp_traverse`, its type included, and give heap types `Py_TPFLAGS_HAVE_GC`.

    Guide
        garbage-collection-protocol
    """

    code = "ISO814"
    name = "copies-not-freed"
    severity = "warning"
    guide = "garbage-collection-protocol"
    experiments = ("lifecycle",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        seen = self.seen(live, lambda outcome: outcome.get("module_freed") is False)
        if seen:
            outcome = seen[0].outcome
            left = outcome["modules_made"] - outcome["modules_freed"]
            yield self.finding(
                facts,
                "module",
                f"{left} of {outcome['modules_made']} dropped module objects are still there {under(seen)}",
                evidence=evidence(
                    seen,
                    lambda said: (
                        f"{said['modules_freed']} of {said['modules_made']} modules and "
                        f"{said['types_freed']} of {said['types_made']} types freed"
                    ),
                ),
            )

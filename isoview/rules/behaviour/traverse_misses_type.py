"""ISO205."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import Seen, unvisited_types
from isoview.rules.behaviour.base import LiveRule, evidence, under


class TraverseMissesType(LiveRule):
    """Instances do not show the garbage collector that they own their type.

    What it finds
        A heap type with GC whose instances' traverse function does not visit the type. Where the
        function is inherited, as with exceptions made from a spec, this is a note.

    Why it matters
        An instance owns a reference to its heap type, and from 3.9 on it is the traverse function
        of the type that shows it. One that the collector does not see makes the cycle of
        instance, type and module impossible to free.

    How to fix
        C: Begin `tp_traverse` with `Py_VISIT(Py_TYPE(self))` (3.9 and later).

    Guide
        garbage-collection-protocol
    """

    code = "ISO205"
    name = "traverse-misses-type"
    severity = "warning"
    guide = "garbage-collection-protocol"
    experiments = ("instances",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        types: dict[str, list[Seen]] = {}
        for entry in self.seen(live, lambda outcome: unvisited_types(outcome, inherited=True)):
            for name in unvisited_types(entry.outcome, inherited=True):
                types.setdefault(name, []).append(entry)
        for name, seen in types.items():
            own = any(name in unvisited_types(entry.outcome) for entry in seen)
            yield self.finding(
                facts,
                type_subject(name),
                f"the traverse function of {name} does not visit the type {under(seen)}",
                severity=None if own else "note",
                evidence=evidence(
                    seen, f"{'its own' if own else 'an inherited'} traverse function"
                ),
            )

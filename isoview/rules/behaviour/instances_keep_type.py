"""ISO809."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.fingerprint import type_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.observed import Seen, keeping_types
from isoview.rules.behaviour.base import LiveRule, evidence, under


class InstancesKeepType(LiveRule):
    """Every instance that dies leaves a reference to its type behind.

    What it finds
        A heap type whose reference count grows with every instance that was made and dropped.

    Why it matters
        An instance of a heap type owns a reference to its type, and its `tp_dealloc` has to give it
        back. One that does not keeps the type alive for ever, with it the module that the type knows,
        and with that the module state. After long enough the count overflows.

    How to fix
        C: In `tp_dealloc`, take `PyTypeObject *tp = Py_TYPE(self)` first, free the instance with
        `tp->tp_free(self)`, then `Py_DECREF(tp)`. A dealloc carried over from a static type always
        lacks the last step.

    Guide
        defining-tp-dealloc
    """

    code = "ISO809"
    name = "instances-keep-type"
    severity = "error"
    guide = "defining-tp-dealloc"
    experiments = ("instances",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        types: dict[str, list[Seen]] = {}
        for entry in self.seen(live, keeping_types):
            for name in keeping_types(entry.outcome):
                types.setdefault(name, []).append(entry)
        for name, seen in types.items():
            yield self.finding(
                facts,
                type_subject(name),
                f"instances of {name} keep their type {under(seen)}",
                evidence=tuple(
                    item for entry in seen for item in evidence([entry], _count(entry, name))
                ),
            )


def _count(seen: Seen, name: str) -> str:
    kept = next(e["kept_per_instance"] for e in seen.outcome["instances"] if e["name"] == name)
    return f"{kept:g} references kept for each instance"

"""ISO803."""

from collections.abc import Iterator, Mapping
from typing import Any

from isoview.fingerprint import symbol_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.observed import Seen
from isoview.rules.behaviour.base import LiveRule, evidence, under


class StaticsOverwritten(LiveRule):
    """A second copy of the module overwrote objects that the first one keeps in C statics.

    What it finds
        Writable words of the file that pointed to one object before a second import and to another
        one after it.

    Why it matters
        From then on the first module object works with the second one's objects: `isinstance` says
        no to its own instances, exceptions are not caught by the name they were imported under, and
        when the second copy is freed, the first one is left with pointers to nothing.

    How to fix
        C: Move the static into the module state, and reach it from the module or the class that a
        function was called on (`PyModule_GetState`, `PyType_GetModuleState`). Until that is done,
        opt out: refuse a second module object.

        Cython: `cdef` variables at module level are C statics. Move them into a `cdef class` or into
        Python variables of the module.

        pybind11: Keep no `py::object` in C++ statics; `py::gil_safe_call_once_and_store` keeps one
        for each interpreter from pybind11 3.0.2 on (Python 3.12 and later).

    Guide
        enter-per-module-state
    """

    code = "ISO803"
    name = "statics-overwritten"
    severity = "error"
    guide = "enter-per-module-state"
    experiments = ("statics",)

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        places: dict[str, list[Seen]] = {}
        kinds: dict[str, str] = {}
        where: dict[str, Where] = {}
        for entry in self.seen(live, lambda outcome: outcome.get("overwritten")):
            for word in entry.outcome["overwritten"]:
                key = symbol_subject(word["symbol"])
                places.setdefault(key, []).append(entry)
                kinds.setdefault(key, word.get("type", "object"))
                where.setdefault(key, Where(symbol=word["symbol"], address=word["address"]))
        for key, seen in places.items():
            name = where[key].symbol or "a static without a name"
            yield self.finding(
                facts,
                key,
                f"a second copy of the module overwrote {name} {under(seen)}",
                where=where[key],
                evidence=evidence(seen, f"another object than the {kinds[key]} before"),
            )

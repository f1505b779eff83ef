"""A rule that is loaded when a file has what it is about.

``when`` is a cheap question to the facts. Where it says no, the rule could find nothing and had
nothing in its way: it counts as run. A test holds every ``when`` to that.
"""

from collections.abc import Callable, Iterator

from isoview.inspectors.facts import Facts
from isoview.inspectors.record import Record
from isoview.loads_on import free_threaded
from isoview.model import Finding
from isoview.rules.base import Rule


class Deferred(Record):
    """Stands for the rule at ``home`` (``module:Class``)."""

    code: str
    guide: str
    home: str
    when: Callable[[Facts], bool]

    def load(self) -> Rule:
        """The rule itself; always the same object."""
        rule = _LOADED.get(self.home)
        if rule is None:
            from importlib import import_module

            module, name = self.home.split(":")
            rule = _LOADED[self.home] = getattr(import_module(f"isoview.rules.{module}"), name)()
        return rule

    def cannot_run(self, facts: Facts) -> str | None:
        return self.load().cannot_run(facts) if self.when(facts) else None

    def check(self, facts: Facts) -> Iterator[Finding]:
        return self.load().check(facts) if self.when(facts) else iter(())


_LOADED: dict[str, Rule] = {}


def imports(*names: str) -> Callable[[Facts], bool]:
    """The file imports one of these."""
    wanted = frozenset(names)
    return lambda facts: not wanted.isdisjoint(facts.capi.imports)


def has_specs(facts: Facts) -> bool:
    """There are heap types, or not every type is known."""
    return facts.completeness.types.level != "full" or any(
        entry.kind == "spec" for entry in facts.types
    )


def is_free_threaded(facts: Facts) -> bool:
    return free_threaded(facts)


def is_pyo3(facts: Facts) -> bool:
    return facts.generator == "PyO3"


def leaves_stable_abi(facts: Facts) -> bool:
    return facts.capi.limited is None and (facts.artifact.tag or "").startswith("abi3")


def has_slot_export(facts: Facts) -> bool:
    return any(entry.phase == "export" for entry in facts.init)

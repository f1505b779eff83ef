"""The same version of a module on other platforms against Linux x86-64: what differs, and where.

Compared as source would have it: sizes only where both have pointers and ``long`` of one width,
and slots by name, since 3.15 renumbered them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from corpus.wheels import Module
from isoview.inspectors.facts import Definition, Facts, Type


@dataclass
class Pairing:
    """One platform's modules beside Linux x86-64's of the same wheel and Python."""

    system: str
    pairs: int = 0
    equal: int = 0
    static_types: int = 0
    specs: int = 0
    differences: list[tuple[str, str]] = field(default_factory=list)  # (module, what)


def pairings(facts: dict[Module, Facts]) -> list[Pairing]:
    """Every platform but Linux x86-64 itself, with what differs from it."""
    reference = {
        _key(module): entry
        for module, entry in facts.items()
        if module.wheel.system == "linux_x86_64"
    }
    found: dict[str, Pairing] = {}
    for module, entry in facts.items():
        system = module.wheel.system
        other = reference.get(_key(module))
        if system == "linux_x86_64" or other is None or not other.artifact.is_extension:
            continue
        pairing = found.setdefault(system, Pairing(system))
        pairing.pairs += 1
        pairing.static_types += sum(t.kind != "spec" for t in entry.types)
        pairing.specs += sum(t.kind == "spec" for t in entry.types)
        unlike = list(differences(entry, other))
        pairing.equal += not unlike
        label = f"{module.wheel.name} {module.wheel.python} {module.name}"
        pairing.differences += [(label, what) for what in unlike]
    return [found[system] for system in sorted(found)]


def _key(module: Module) -> tuple[str, str, str, str, str]:
    wheel = module.wheel
    return wheel.name, wheel.version, wheel.python, wheel.abi, module.name


def differences(mine: Facts, reference: Facts) -> Iterator[str]:
    """What one file says that the other does not, in words."""
    same_width = mine.artifact.bits == reference.artifact.bits
    if not mine.artifact.is_extension:
        yield "not an extension here"
        return
    yield from _init(mine, reference)
    yield from _definition(mine.own_definition, reference.own_definition, same_width=same_width)
    for kind in ("static", "template", "spec"):
        yield from _types(
            [t for t in mine.types if t.kind == kind],
            [t for t in reference.types if t.kind == kind],
            same_width=same_width,
        )


def _init(mine: Facts, reference: Facts) -> Iterator[str]:
    ours = {(i.symbol, i.phase) for i in mine.init if i.own}
    theirs = {(i.symbol, i.phase) for i in reference.init if i.own}
    if ours != theirs:
        yield f"init {sorted(ours)} against {sorted(theirs)}"


def _definition(
    mine: Definition | None, reference: Definition | None, *, same_width: bool
) -> Iterator[str]:
    if mine is None or reference is None:
        if mine is not reference:
            yield f"definition {'missing here' if mine is None else 'found here only'}"
        return
    fields = ["kind", "m_name", "m_doc", "methods", "has_traverse", "has_clear", "has_free"]
    if same_width or not (mine.m_size and reference.m_size):
        fields.append("m_size")
    for name in fields:
        ours, theirs = getattr(mine, name), getattr(reference, name)
        if ours != theirs:
            yield f"{name} {_short(ours)} against {_short(theirs)}"
    ours = [(slot.name, slot.value if slot.function is None else None) for slot in mine.slots]
    theirs = [(s.name, s.value if s.function is None else None) for s in reference.slots]
    numbers = ("Py_mod_multiple_interpreters", "Py_mod_gil", "Py_mod_state_size")
    ours = [(name, value if name in numbers else None) for name, value in ours]
    theirs = [(name, value if name in numbers else None) for name, value in theirs]
    if ours != theirs:
        yield f"slots {ours} against {theirs}"


def _types(mine: list[Type], reference: list[Type], *, same_width: bool) -> Iterator[str]:
    ours, theirs = _by_name(mine), _by_name(reference)
    for name in sorted(set(ours) | set(theirs)):
        here, there = ours.get(name, []), theirs.get(name, [])
        kind = (here or there)[0].kind
        if len(here) != len(there):
            yield f"{kind} type {name}: {len(here)} here, {len(there)} there"
            continue
        fields = ["flags", "itemsize", "basicsize"] if same_width else ["flags"]
        for field_name in fields:
            values = sorted(getattr(t, field_name) or 0 for t in here)
            others = sorted(getattr(t, field_name) or 0 for t in there)
            if values != others:
                yield f"{kind} type {name}: {field_name} {values} against {others}"
        if sorted(sorted(t.slots_set) for t in here) != sorted(sorted(t.slots_set) for t in there):
            unlike = set(here[0].slots_set) ^ set(there[0].slots_set)
            yield f"{kind} type {name}: slots {sorted(unlike)} on one side only"


def _by_name(types: list[Type]) -> dict[str, list[Type]]:
    found: dict[str, list[Type]] = {}
    for entry in types:
        found.setdefault(entry.name, []).append(entry)
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."

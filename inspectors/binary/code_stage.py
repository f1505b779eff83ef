"""What the code stage adds to the facts: statics that hold objects, and how specs are used."""

from dataclasses import replace

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.spec_calls_x86_64 import SpecUse, spec_uses
from isoview.inspectors.binary.statics_x86_64 import stored_objects
from isoview.inspectors.facts import Budget, Evidence, Facts, Global, Item, Type


def read_code(image: Image, facts: Facts, limit: int) -> Facts:
    """``facts`` with what the instructions show, looking at no more than ``limit`` places."""
    specs = frozenset(t.address for t in facts.types if t.kind == "spec" and t.address is not None)
    uses, looked_at_specs = spec_uses(image, specs, limit)
    stored, looked_at_stores = stored_objects(image, max(limit - looked_at_specs, 0))
    looked = looked_at_specs + looked_at_stores
    completeness = facts.completeness
    if looked >= limit:
        level = Item("partial", f"the budget of {limit} places in code was reached")
        completeness = replace(completeness, globals=level)
    return replace(
        facts,
        types=tuple(_with_use(entry, uses) for entry in facts.types),
        globals=_with_objects(image, facts.globals, stored),
        budget=Budget(limit, reached=looked >= limit),
        completeness=completeness,
    )


def _with_use(entry: Type, uses: dict[int, SpecUse]) -> Type:
    use = uses.get(entry.address) if entry.address is not None and entry.kind == "spec" else None
    if use is None:
        return entry
    base = entry.base
    if use.base_is_object and not {"tp_base", "tp_bases"} & set(entry.slots_set):
        base = "object"
    text = f"{use.function} called with it at {use.address:#x}"
    evidence = (*entry.evidence, Evidence("call", text, use.address))
    return replace(entry, module_tied=use.tied, base=base, evidence=evidence)


def _with_objects(
    image: Image, statics: tuple[Global, ...], stored: dict[int, Evidence]
) -> tuple[Global, ...]:
    """The globals, those that hold objects marked; words without a symbol are added."""
    ends = sorted((g.address, g.address + max(g.size, 1), g) for g in statics)
    hits: dict[int, list[Evidence]] = {}
    added: list[Global] = []
    for address, evidence in sorted(stored.items()):
        owner = next((g for low, high, g in ends if low <= address < high), None)
        if owner is None:
            region = image.region_at(address)
            section = region.name if region else ""
            added.append(Global(address, None, section, image.word_size, "object", (evidence,)))
        elif owner.kind not in ("runtime", "type", "definition"):
            hits.setdefault(owner.address, []).append(evidence)
    marked = [
        replace(g, kind="object", evidence=(*g.evidence, *hits[g.address]))
        if g.address in hits
        else g
        for g in statics
    ]
    return tuple(sorted((*marked, *added), key=lambda g: g.address))

"""What the code stage adds to the facts: classes built at run time, statics that hold objects, and
how specs are used.
"""

from isoview.inspectors.binary.globals import STATICS_LIMIT
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.spec_calls_x86_64 import SpecUse, spec_uses
from isoview.inspectors.facts import Budget, Evidence, Facts, Global, Item, Type
from isoview.inspectors.hints import TYPE_CHECKING
from isoview.inspectors.record import replace

if TYPE_CHECKING:
    from isoview.inspectors.binary.code.survey import Survey


def read_code(image: Image, facts: Facts, limit: int) -> Facts:
    """``facts`` with what the instructions show, reading no more than ``limit`` of them."""
    from isoview.inspectors.binary.code.functions import Functions
    from isoview.inspectors.binary.runtime_types import add_built_types

    if image.arch == "x86-64":
        specs = frozenset(t.address for t in facts.types if t.kind == "spec" and t.address)
        uses, _ = spec_uses(image, specs, limit)
        facts = replace(facts, types=tuple(_with_use(entry, uses) for entry in facts.types))
    functions = Functions(image)
    facts, read, short = add_built_types(image, facts, functions, limit)
    if _nothing_to_ask(image, facts):
        return replace(facts, budget=Budget(limit, reached=short))
    from isoview.inspectors.binary.code.describe import Describer
    from isoview.inspectors.binary.code.statics import Statics

    statics = Statics(image, facts, max(limit - read, 0), functions)
    return replace(
        facts,
        globals=Describer(statics).globals(),
        budget=Budget(limit, reached=short or not statics.survey.complete),
        completeness=replace(facts.completeness, globals=_level(image, facts, statics.survey)),
    )


def _nothing_to_ask(image: Image, facts: Facts) -> bool:
    """Whether every static is listed and what it is needs no code to tell: the reading of code,
    which costs more than all the rest of a small file, could add nothing.
    """
    return (
        not image.stripped
        and facts.completeness.globals.level == "full"
        and all(_told_by_shape(entry) for entry in facts.globals)
    )


def _told_by_shape(entry: Global) -> bool:
    """Code can still store objects into a table that only starts out with addresses in it; not
    so into one that belongs to a definition or a type.
    """
    if entry.kind == "table":
        return any(evidence.kind == "shape" for evidence in entry.evidence)
    return entry.kind in ("definition", "runtime", "type")


def _level(image: Image, facts: Facts, survey: "Survey") -> Item:
    """How completely the statics are known."""
    listed = facts.completeness.globals
    if listed.level != "full" and len(facts.globals) >= STATICS_LIMIT:
        return listed  # some are not: that is the better reason
    if not survey.complete:
        return Item(
            "partial",
            f"the budget of instructions was reached: {survey.wanted - survey.followed} of "
            f"{survey.wanted} functions that deal with statics were not read",
        )
    if image.stripped:
        return Item("partial", "no symbol table: statics that no code refers to are not listed")
    return listed


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

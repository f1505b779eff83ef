"""What stands against an answer of the verdict, and how much of the file stands behind "nothing".

A finding on something that module objects or interpreters would share stands against. Where there
is none, the answer rests on how much was read, and on whether every writable static is explained.
"""

from functools import lru_cache

from isoview.inspectors.facts import Facts
from isoview.inspectors.hints import Literal
from isoview.inspectors.record import Record
from isoview.model import Finding

Declared = Literal["yes", "no", "omitted", "cannot-say", "unknown"]
Evidence = Literal["none-found", "partial", "against", "not-analysed"]

_OBJECTS_IN_STATICS = ("ISO301", "ISO306", "ISO310", "ISO311")
_TABLES = "ISO312"
SHARED = frozenset({"ISO201", "ISO202", *_OBJECTS_IN_STATICS, "ISO702", _TABLES})
"""Rules about what all interpreters would share."""
SHARED_BY_COPIES = SHARED | {"ISO304"}
"""Those about what several module objects would share."""
_PLAIN_STATICS = "ISO302"
_CLASSES = ("ISO702",)
_KINDS_SHARED = (
    (("ISO201", "ISO202"), "static type", "static types"),
    (_OBJECTS_IN_STATICS, "Python object in a static", "Python objects in statics"),
    (_CLASSES, "class that PyO3 keeps for the process", "classes that PyO3 keeps for the process"),
    ((_TABLES,), "table of one module object", "tables of one module object"),
    (
        ("ISO304",),
        "module that PyState_FindModule returns",
        "modules that PyState_FindModule returns",
    ),
)


class Found(Record):
    """What the rules found, as an answer weighs it: plain statics, of which there may be thousands,
    are counted once.
    """

    telling: tuple[Finding, ...]  # all but these, in their order
    unexplained: int  # writable statics of which it is not known what they hold and who writes them
    rules: frozenset[str]  # of those that are telling


def found(findings: tuple[Finding, ...]) -> Found:
    """The findings of a file, ready to be weighed."""
    telling = tuple([finding for finding in findings if finding.rule != _PLAIN_STATICS])
    plain = len(findings) - len(telling)
    if plain:
        plain = sum([entry.count for entry in findings if entry.rule == _PLAIN_STATICS])
    return Found(telling, plain, frozenset([finding.rule for finding in telling]))


class Side(Record):
    """One question while it is being weighed."""

    declared: Declared
    evidence: Evidence
    against: tuple[Finding, ...]
    claims: tuple[Finding, ...]  # findings about the claim itself
    classes: int = 0  # that PyO3 keeps for the process


def side_of(
    facts: Facts,
    declared: Declared,
    against: tuple[Finding, ...],
    claims: tuple[Finding, ...],
    seen: Found,
) -> Side:
    evidence: Evidence = "against" if against else _looked(facts, seen)
    classes = 0
    if not seen.rules.isdisjoint(_CLASSES) and any(entry.rule in _CLASSES for entry in against):
        from isoview.rules.process_wide_classes import built_classes

        classes = built_classes(facts)
    return Side(declared, evidence, against, claims, classes)


def _looked(facts: Facts, seen: Found) -> Evidence:
    """How much of the file stands behind "nothing found"."""
    read = facts.completeness
    if facts.libraries and any(not library.audited for library in facts.libraries):
        return "not-analysed"
    if read.types.level == read.globals.level == "none":
        return "not-analysed"
    whole = (
        facts.stage == "code"
        and read.types.level == read.globals.level == read.definitions.level == "full"
        and not facts.budget.reached
        and not facts.damage
    )
    clear = not seen.unexplained and not _unknown_tables(facts, seen)
    return "none-found" if whole and clear else "partial"


def _unknown_tables(facts: Facts, seen: Found) -> int:
    """Statics with another module's table that may be one of several."""
    if _TABLES not in seen.rules:
        return 0
    from isoview.rules.capsule_table_in_static import shares_known_tables_only

    if shares_known_tables_only(facts):
        return 0
    return sum([finding.count for finding in seen.telling if finding.rule == _TABLES])


def gap(facts: Facts, side: Side, seen: Found) -> str:
    """Why the evidence does not settle the question, as the second half of a sentence."""
    if side.evidence == "against":
        return f"they share {shared(side)}, and an experiment has to show what that does"
    if side.evidence == "none-found":
        return "nothing was found that they share, but only an experiment can show that it works"
    unaudited = [library.name for library in facts.libraries if not library.audited]
    if unaudited:
        return f"{unaudited[0]}, which does part of its work, was not analysed"
    if facts.damage:
        return "the file is damaged and could not be read to its end"
    if facts.budget.reached:
        return "the code was not read to its end"
    read = facts.completeness
    for item in (read.types, read.globals, read.definitions):
        if item.level != "full" and item.reason:
            return f"not everything could be read: {item.reason}"
    if facts.stage != "code":
        return "the code was not read"
    left = seen.unexplained
    if not left:
        return "whether another module's table in a static is the same for all is not known"
    return f"what {left} writable static{'s' if left > 1 else ''} hold{'' if left > 1 else 's'} is not known"


def shared(side: Side) -> str:
    """What was found against, in words: "2 static types and 1 Python object in a static"."""
    numbers: dict[str, int] = {}
    for finding in side.against:
        numbers[finding.rule] = numbers.get(finding.rule, 0) + finding.count
    return _in_words(tuple(numbers.items()), side.classes)


@lru_cache(maxsize=256)
def _in_words(found: tuple[tuple[str, int], ...], classes: int) -> str:
    """The same for the numbers by rule: several answers speak of the same."""
    numbers = dict(found)
    counts = {rules: sum([numbers.get(rule, 0) for rule in rules]) for rules, _, _ in _KINDS_SHARED}
    if counts[_CLASSES]:
        counts[_CLASSES] = max(classes, 1)  # one finding speaks for all of them
    return " and ".join(
        f"{counts[rules]} {several if counts[rules] > 1 else one}"
        for rules, one, several in _KINDS_SHARED
        if counts[rules]
    )


def against(seen: Found, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Findings on what would be shared. A table that may be one for the process is no such thing."""
    them = about(seen, rules)
    if _TABLES not in seen.rules:
        return them
    return tuple([each for each in them if each.rule != _TABLES or each.severity != "note"])


def about(seen: Found, rules: frozenset[str]) -> tuple[Finding, ...]:
    """Findings of some rules (not of the one about plain statics)."""
    if rules.isdisjoint(seen.rules):
        return ()
    return tuple([finding for finding in seen.telling if finding.rule in rules])

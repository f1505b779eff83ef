"""The porting checklist: one mark per section of the guide.

Which rules belong to a section is what the rules themselves say (``Rule.guide``). A section is
``open`` where one of its rules found something to act on (a warning or an error), ``not-analysed``
where a rule could not look, saw something that it could not make out (a note that is not sure), or
where nothing here can check the section, ``not-applicable`` where the module has nothing that it
is about, else ``met``.
"""

from collections.abc import Set as AbstractSet
from functools import cache, lru_cache

from isoview.guards import once_per_interpreter, one_interpreter, opt_out
from isoview.inspectors.facts import Facts
from isoview.inspectors.hints import Any
from isoview.inspectors.record import Record
from isoview.loads_on import free_threaded
from isoview.model import COUNTING, Finding, NotRun
from isoview.rules import ASKED, Entry, Rule

OVERVIEW = "isolating-extension-modules"
SECTIONS = (
    OVERVIEW,
    "who-should-read-this",
    "background",
    "enter-per-module-state",
    "isolated-module-objects",
    "surprising-edge-cases",
    "making-modules-safe-with-multiple-interpreters",
    "managing-global-state",
    "managing-per-module-state",
    "opt-out-limiting-to-one-module-object-per-process",
    "module-state-access-from-functions",
    "heap-types",
    "changing-static-types-to-heap-types",
    "defining-heap-types",
    "garbage-collection-protocol",
    "tp-traverse-in-python-3-8-and-lower",
    "delegating-tp-traverse",
    "defining-tp-dealloc",
    "not-overriding-tp-free",
    "avoiding-pyobject-new",
    "module-state-access-from-classes",
    "module-state-access-from-regular-methods",
    "module-state-access-from-slot-methods-getters-and-setters",
    "lifetime-of-the-module-state",
    "open-issues",
    "per-class-scope",
    "lossless-conversion-to-heap-types",
)
"""Sections of "Isolating Extension Modules", in their order."""
_FT_INIT = "ft-module-initialization"
_FT_MULTI, _FT_SINGLE = "ft-multi-phase-initialization", "ft-single-phase-initialization"
FREE_THREADING = (
    _FT_INIT,
    _FT_MULTI,
    _FT_SINGLE,
    "ft-container-thread-safety",
    "ft-borrowed-references",
    "ft-protecting-internal-state",
    "ft-critical-sections",
)
"""Sections of the free-threading HOWTO that ask something a file can show."""

_ASKS_NOTHING = frozenset({
    "who-should-read-this",
    "open-issues",
    "per-class-scope",
    "lossless-conversion-to-heap-types",
})  # fmt: skip
_ABOUT_CLASSES = frozenset({
    "heap-types",
    "changing-static-types-to-heap-types",
    "defining-heap-types",
    "garbage-collection-protocol",
    "tp-traverse-in-python-3-8-and-lower",
    "delegating-tp-traverse",
    "defining-tp-dealloc",
    "not-overriding-tp-free",
    "avoiding-pyobject-new",
    "module-state-access-from-classes",
    "module-state-access-from-regular-methods",
    "module-state-access-from-slot-methods-getters-and-setters",
})  # fmt: skip
_ABOUT_TRAVERSE = frozenset({"tp-traverse-in-python-3-8-and-lower", "delegating-tp-traverse"})
_ABOUT_STATE = frozenset({
    "module-state-access-from-functions",
    "module-state-access-from-classes",
    "module-state-access-from-regular-methods",
    "module-state-access-from-slot-methods-getters-and-setters",
    "lifetime-of-the-module-state",
})  # fmt: skip
# Rules whose own section is another one, and whose findings bear on this one too.
_ALSO = {
    "making-modules-safe-with-multiple-interpreters": frozenset({"ISO101", "ISO704"}),
    "isolated-module-objects": frozenset(
        {
            "ISO201",
            "ISO202",
            "ISO301",
            "ISO302",
            "ISO304",
            "ISO306",
            "ISO310",
            "ISO311",
            "ISO702",
            "ISO704",
        }
    ),
    "enter-per-module-state": frozenset({"ISO302"}),  # what an unexplained static holds
    _FT_MULTI: frozenset({"ISO121", "ISO122"}),
    _FT_SINGLE: frozenset({"ISO121", "ISO122"}),
}
_OPT_OUT = "opt-out-limiting-to-one-module-object-per-process"
# What must have been read to its end before "nothing found" means something.
_RESTS_ON = {
    "enter-per-module-state": "globals",
    "managing-global-state": "globals",
    "managing-per-module-state": "definitions",
    "isolated-module-objects": "definitions",
    "making-modules-safe-with-multiple-interpreters": "definitions",
    **dict.fromkeys((_FT_INIT, _FT_MULTI, _FT_SINGLE), "definitions"),
    **dict.fromkeys(_ABOUT_CLASSES, "types"),
}
# Their rules see the plain cases only: finding nothing does not show that nothing is there.
_NEVER_CLEARED = frozenset({
    "defining-tp-dealloc",
    "module-state-access-from-regular-methods",
    "module-state-access-from-slot-methods-getters-and-setters",
    "ft-container-thread-safety",
    "ft-borrowed-references",
    "ft-protecting-internal-state",
    "ft-critical-sections",
})  # fmt: skip
_READ_IN_CODE = frozenset({"enter-per-module-state", "managing-global-state"})


def scorecard(
    facts: Facts,
    findings: tuple[Finding, ...],
    not_run: tuple[NotRun, ...],
    asked: tuple[Rule | Entry, ...] = ASKED,
) -> dict[str, str]:
    """Mark of each section, by section id; ``asked`` are the rules that had their say."""
    unclear = {entry.rule for entry in not_run}
    acting: set[str] = set()
    for finding in findings:
        if finding.status not in COUNTING:
            continue
        if finding.severity != "note":
            acting.add(finding.rule)
        elif finding.confidence != "high":
            unclear.add(finding.rule)
    case = _case(facts)
    if asked is ASKED:  # most files of an environment are alike in this
        return dict(_marks_of_file(case, frozenset(unclear), frozenset(acting)))
    return _marks(_Case(*case), _by_section(asked), unclear, acting)


class _Case(Record):
    """All that marks ask of a file."""

    stage: str
    phase: str
    levels: tuple[tuple[str, str], ...]  # how completely each kind of fact could be read
    threads: bool  # built for free threading
    classes: bool
    traverses: bool
    stateless: bool
    opts_out: bool


def _case(facts: Facts) -> tuple[Any, ...]:
    """The fields of a file's :class:`_Case`, as what is looked up sooner than a record."""
    init, definition, read = facts.own_init, facts.own_definition, facts.completeness
    size = definition.m_size if definition is not None else None
    return (
        facts.stage,
        init.phase if init is not None else "unknown",
        (
            ("definitions", read.definitions.level),
            ("types", read.types.level),
            ("globals", read.globals.level),
        ),
        free_threaded(facts),
        bool(facts.types),
        any("tp_traverse" in entry.slots_set for entry in facts.types),
        size is not None and size <= 0,
        bool(opt_out(facts) or one_interpreter(facts) or once_per_interpreter(facts)),
    )


@lru_cache(maxsize=256)
def _marks_of_file(
    case: tuple[Any, ...], unclear: frozenset[str], acting: frozenset[str]
) -> dict[str, str]:
    return _marks(_Case(*case), _rules_of_files(), unclear, acting)


def _marks(
    case: _Case,
    rules: dict[str, frozenset[str]],
    unclear: AbstractSet[str],
    acting: AbstractSet[str],
) -> dict[str, str]:
    marks = {
        section: _mark(case, section, rules[section], unclear, acting)
        if case.threads or section not in FREE_THREADING
        else "not-applicable"
        for section in (*SECTIONS, *FREE_THREADING)
    }
    marks[OVERVIEW] = _overall(marks)
    return marks


@cache
def _rules_of_files() -> dict[str, frozenset[str]]:
    return _by_section(ASKED)


def _by_section(asked: tuple[Rule | Entry, ...]) -> dict[str, frozenset[str]]:
    """Codes of the rules that bear on each section."""
    return {
        section: frozenset(rule.code for rule in asked if rule.guide == section)
        | _ALSO.get(section, frozenset())
        for section in (*SECTIONS, *FREE_THREADING)
    }


def _mark(
    case: _Case,
    section: str,
    rules: frozenset[str],
    unclear: AbstractSet[str],
    acting: AbstractSet[str],
) -> str:
    if section in _ASKS_NOTHING or (section in FREE_THREADING and not _asks_threads(case, section)):
        return "not-applicable"
    if rules & acting:
        return "open"
    levels = dict(case.levels)
    if _does_not_apply(case, section, types_read=levels["types"] == "full"):
        return "not-applicable"
    if not rules or rules & unclear or section in _NEVER_CLEARED:
        return "not-analysed"
    if section in _RESTS_ON and levels[_RESTS_ON[section]] != "full":
        return "not-analysed"
    if section in _READ_IN_CODE and case.stage != "code":
        return "not-analysed"
    return "met"


def _does_not_apply(case: _Case, section: str, *, types_read: bool) -> bool:
    if section in _ABOUT_CLASSES and not case.classes:
        return types_read
    if section in _ABOUT_STATE and case.stateless:
        return True
    if section == _OPT_OUT:  # who does not opt out has nothing to do there
        return not case.opts_out
    if section in _ABOUT_TRAVERSE and types_read:
        return not case.traverses
    return False


def _asks_threads(case: _Case, section: str) -> bool:
    """Whether a section on free threading is about a file that may run without the GIL."""
    other_way = {_FT_MULTI: {"single"}, _FT_SINGLE: {"multi", "export"}}.get(section, set())
    return case.phase not in other_way


def _overall(marks: dict[str, str]) -> str:
    """The whole page: open while a section is, met when every section that applies is."""
    rest = [marks[section] for section in SECTIONS if section != OVERVIEW]
    if "open" in rest or marks[OVERVIEW] == "open":
        return "open"
    return "not-analysed" if "not-analysed" in rest else "met"

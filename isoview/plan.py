"""The porting plan: a report's open findings, in the order in which a maintainer does the work.

Each step says what it unlocks. The order is that of the guide and of PEP 687's recipe: an init
that can run more than once, a place for state, the classes, the statics, what frees them, the
declarations, and the experiments that show whether it worked.
"""

from typing import Any, NamedTuple

from isoview.model import COUNTING, Finding, Report


class Step(NamedTuple):
    """One step. ``state`` is ``to do``, ``done``, ``unknown`` (with ``reason``) or ``next``."""

    id: str
    title: str
    unlocks: str
    findings: tuple[Finding, ...]
    state: str
    reason: str | None = None


class _Kind(NamedTuple):
    id: str
    title: str
    unlocks: str
    rules: tuple[str, ...]  # codes, or the beginning of codes


_KINDS = (
    _Kind(
        "init",
        "Multi-phase initialization",
        "the interpreter can make a second module object; state, classes and declarations "
        "have a module to belong to",
        ("ISO101", "ISO102", "ISO105", "ISO106", "ISO107", "ISO904"),
    ),
    _Kind(
        "state",
        "A struct for the module's state",
        "there is a place, one for each module object, for everything that follows",
        ("ISO304", "ISO313", "ISO401"),
    ),
    _Kind(
        "types",
        "Types, one by one",
        "each interpreter has classes of its own, and they can be freed",
        ("ISO2", "ISO402", "ISO403", "ISO702"),
    ),
    _Kind(
        "statics",
        "Statics into the state",
        "module objects share nothing any more",
        ("ISO301", "ISO302", "ISO303", "ISO306", "ISO307", "ISO308", "ISO31", "ISO801", "ISO802",
         "ISO803", "ISO813"),
    ),
    _Kind(
        "hooks",
        "Traverse, clear and free; hooks of the process",
        "module objects can be collected, and nothing of them stays behind in the process",
        ("ISO103", "ISO305", "ISO309", "ISO808", "ISO809", "ISO814"),
    ),
    _Kind(
        "slots",
        "Say what is true now, in the slots",
        "sub-interpreters and free-threaded builds let the module in",
        ("ISO111", "ISO112", "ISO113", "ISO108", "ISO121", "ISO122", "ISO6", "ISO704", "ISO9"),
    ),
    _Kind(
        "experiments",
        "Experiments",
        "the claim rests on what was seen, not on what was read",
        ("ISO8",),
    ),
    _Kind(
        "apart",
        "Apart from isolation",
        "the file loads where its name says, and works with its neighbours",
        ("ISO104", "ISO5", "ISO703", "ISO705", "ISO"),
    ),
)  # fmt: skip
_APART = "apart"
_EXPERIMENTS = "experiments"
_SLOTS = "slots"
_RESTS_ON_STATE = frozenset({"state", "hooks"})
_HOOKS_OF_PROCESS = frozenset({"ISO314", "ISO315", "ISO316"})


def plan(report: Report) -> tuple[Step, ...]:
    """The steps for one report; a file that is no extension has none."""
    if report.verdict is None:
        return ()
    groups: dict[str, list[Finding]] = {kind.id: [] for kind in _KINDS}
    for finding in report.findings:
        if finding.status in COUNTING:
            groups[_step_of(finding.rule)].append(finding)
    steps = []
    started = False
    for kind in _KINDS:
        found = sorted(groups[kind.id], key=_subject) if kind.id == "types" else groups[kind.id]
        state, reason = _state(report, kind, found)
        if state == "to do" and not started and kind.id != _APART:
            state, started = "next", True
        steps.append(Step(kind.id, kind.title, kind.unlocks, tuple(found), state, reason))
    return tuple(steps)


def _step_of(rule: str) -> str:
    if rule in _HOOKS_OF_PROCESS:
        return "hooks"
    best = max(
        ((len(code), -at, kind.id) for at, kind in enumerate(_KINDS) for code in kind.rules
         if rule.startswith(code)),
    )  # fmt: skip
    return best[2]


def _state(report: Report, kind: _Kind, found: list[Finding]) -> tuple[str, str | None]:
    """What is known about a step. Nothing found where a rule could not look is not *done*."""
    if any(finding.severity != "note" for finding in found):
        return "to do", None
    if kind.id in _RESTS_ON_STATE and _lacks_state(report):
        if kind.id == "state":
            return "to do", "the module has no state yet (m_size is not above 0)"
        return "unknown", "there is no module state yet that they could look after"
    if kind.id == _SLOTS:
        init = report.facts.own_init
        if init is not None and init.phase == "single":
            return "to do", "there are no slots before the module has multi-phase initialization"
        if init is None or init.phase in {"unknown", "delegated"}:
            return "unknown", "the file does not show how the module is initialized"
    if kind.id == _EXPERIMENTS and report.live is None:
        return "to do", "not run yet: isoview live, or check --live"
    for entry in report.not_run:
        if _step_of(entry.rule) == kind.id:
            return "unknown", f"{entry.rule} could not look: {entry.reason}"
    if kind.id == "statics" and report.facts.stage != "code":
        return "unknown", "the code was not read"
    return "done", None


def _lacks_state(report: Report) -> bool:
    """Whether something waits for a place of the module's own, and there is none."""
    definition = report.facts.own_definition
    size = definition.m_size if definition is not None else None
    return (
        size is not None
        and size <= 0
        and any(
            finding.status in COUNTING
            and finding.severity != "note"
            and _step_of(finding.rule) in {"types", "statics"}
            for finding in report.findings
        )
    )


def _subject(finding: Finding) -> tuple[str, str]:
    """Findings about one class stand together."""
    return finding.fingerprint.partition(":")[2], finding.rule


def to_data(report: Report) -> dict[str, Any]:
    """The plan as plain data, for ``--format json``."""
    return {
        "path": report.facts.artifact.path,
        "member": report.facts.artifact.member,
        "steps": [
            {
                "id": step.id,
                "title": step.title,
                "state": step.state,
                "reason": step.reason,
                "unlocks": step.unlocks,
                "findings": [finding.fingerprint for finding in step.findings],
            }
            for step in plan(report)
        ],
    }

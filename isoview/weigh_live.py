"""What live runs add to the verdict: how the experiment ended, what it showed, and the answer then.

The worst outcome decides, whichever interpreter it came from, and the sentence names it. An outcome
that only some of several runs had is passed over, unless it is a crash: that one is enough.
"""

from collections.abc import Mapping
from typing import Any, Literal

from isoview.experiments import WHAT, cell
from isoview.inspectors.record import replace
from isoview.model import Answer, Finding
from isoview.observed import Seen, how, ran, shared, turned_gil_on, unstable

Observed = Literal["isolated", "shares", "same-module", "overwrites", "turned-gil-on"]

EXPERIMENTS: Mapping[str, tuple[str, ...]] = {
    "multiple_module_objects": ("twice", "statics", "lifecycle"),
    "shared_gil": ("shared-gil", "statics"),
    "own_gil": ("own-gil", "statics"),
    "free_threaded": ("free-threaded",),
}
"""Which experiments answer which question. Of ``statics`` interpreters are concerned only by what
was overwritten: a second interpreter's copy writes to the same words."""
_RULES: Mapping[str, frozenset[str]] = {
    "multiple_module_objects": frozenset({"ISO801", "ISO802", "ISO803", "ISO904"}),
    "shared_gil": frozenset({"ISO803", "ISO807", "ISO903"}),
    "own_gil": frozenset({"ISO803", "ISO902"}),
    "free_threaded": frozenset({"ISO810", "ISO905"}),
}
_DECIDERS = 25
_BAD = ("crashed", "timed-out", "failed", "refused")
_SHOWN = ("same-module", "overwrites", "shares", "turned-gil-on")
"""What a run can show against the module, the gravest first."""


def weigh(
    question: str, answer: Answer, live: Mapping[str, Any], findings: tuple[Finding, ...]
) -> Answer:
    """The answer with the experiments in it; the same answer where none of them was run."""
    seen = [entry for entry in ran(live, *EXPERIMENTS[question]) if _counts(entry, question)]
    other = question != "multiple_module_objects"
    if not seen or (other and all(entry.name == "statics" for entry in seen)):
        return answer
    worst = min(seen, key=_rank)
    status = worst.outcome["status"]
    observed = _observed(worst)
    fingerprints = (*_decisive(question, findings), *answer.decided_by)
    answer = replace(
        answer,
        experiment=status,
        observed=observed,
        decided_by=tuple(dict.fromkeys(fingerprints))[:_DECIDERS],
    )
    if status in _BAD or observed in _SHOWN:
        summary = _against(worst, answer)
        if answer.declared == "yes":
            return replace(answer, answer="contradiction", summary=summary)
        return replace(answer, answer="no", summary=summary)
    return _in_favour(question, answer, worst, len(seen))


def _counts(entry: Seen, question: str) -> bool:
    outcome = entry.outcome
    if unstable(outcome) and outcome["status"] != "crashed":
        return False
    if entry.name == "statics" and question != "multiple_module_objects":
        return bool(outcome.get("overwritten"))
    # A free-threaded build checks every sub-interpreter like one with its own GIL: what it refuses
    # says nothing about interpreters that share a GIL.
    checked = outcome["status"] == "refused" and outcome.get("recognised") == "cpython"
    return not (question == "shared_gil" and entry.python.endswith("t") and checked)


def _rank(entry: Seen) -> tuple[int, int]:
    status, observed = entry.outcome["status"], _observed(entry)
    ended = _BAD.index(status) if status in _BAD else len(_BAD)
    return ended, _SHOWN.index(observed) if observed in _SHOWN else len(_SHOWN)


def _observed(entry: Seen) -> Observed | None:
    outcome = entry.outcome
    if entry.name == "free-threaded":
        return "turned-gil-on" if turned_gil_on(outcome) else None
    if outcome.get("same_module"):
        return "same-module"
    if outcome.get("overwritten"):
        return "overwrites"
    if shared(outcome):
        return "shares"
    looked = outcome.get("compared_types", 0) + outcome.get("compared_objects", 0)
    return "isolated" if outcome["status"] == "ok" and looked else None


def _decisive(question: str, findings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Fingerprints of the findings that the experiments of this question led to."""
    subjects = tuple(f":experiment:{name}" for name in EXPERIMENTS[question])
    return tuple(
        finding.fingerprint
        for finding in findings
        if finding.rule in _RULES[question]
        or (finding.rule.startswith("ISO8") and finding.fingerprint.endswith(subjects))
    )


def _against(worst: Seen, answer: Answer) -> str:
    """``Declared, yet ...``: what happened, and under which interpreter."""
    outcome = worst.outcome
    if outcome["status"] in _BAD:
        stage = f" at stage {outcome['stage']}" if outcome["status"] != "refused" else ""
        says = f"{WHAT[worst.name]} {_ended(outcome)}{stage} under {worst.python}"
    else:
        says = f"under {worst.python} {cell(worst.name, outcome).sentence}"
    if answer.declared == "yes":
        return f"It is declared, yet {says}."
    return f"{says[0].upper()}{says[1:]}."


def _ended(outcome: Mapping[str, Any]) -> str:
    words = {"refused": "is refused", "failed": "fails", "timed-out": "hangs"}
    return words.get(outcome["status"]) or how(outcome)


def _in_favour(question: str, answer: Answer, best: Seen, number: int) -> Answer:
    """Nothing went wrong: that settles an open question where nothing was found against it."""
    under = f"under {best.python}" if number == 1 else f"in {number} runs"
    if question == "free_threaded":
        says = f"{answer.summary.rstrip('.')}; the GIL stays off {under}."
        return replace(answer, summary=says)
    if answer.answer != "unknown" or answer.evidence == "against":
        return replace(answer, summary=f"{answer.summary.rstrip('.')}; it works {under}.")
    if answer.observed != "isolated":  # nothing was there to compare
        return replace(answer, summary=f"{answer.summary.rstrip('.')}; it loads {under}.")
    start = {"yes": "Declared", "omitted": "Not declared"}.get(answer.declared)
    says = f"no object is shared {under}"
    says = f"{start}, and {says}" if start else f"{says[0].upper()}{says[1:]}"
    return replace(answer, answer="yes", summary=f"{says}.")

"""The verdict: four questions, each as declared / evidence / experiment, an answer and a sentence.

*declared* is what the file claims, *evidence* what was found in it, *experiment* how a run ended
(:mod:`isoview.weigh_live`, where there was one). The answer is ``yes`` only when nothing stands against it and
something beyond the claim supports it; where the file cannot say, the answer is ``unknown`` and
the sentence gives the reason.
"""

from collections.abc import Mapping

from isoview.claims import (
    GIL_NOT_USED,
    GIL_USED,
    NOT_SUPPORTED,
    PER_INTERPRETER_GIL,
    SHARED_GIL,
    Claim,
    gil,
    interpreters,
    is_multi_phase,
    lacks_interpreters_slot,
    unread,
)
from isoview.guards import (
    by_submodules,
    once_per_interpreter,
    once_per_process,
    one_interpreter,
    opt_out,
)
from isoview.inspectors.facts import Facts
from isoview.inspectors.hints import Any, Literal
from isoview.loads_on import FREE_THREADED_FROM, OWN_GIL_FROM, free_threaded, minors
from isoview.model import Answer, Finding, Verdict
from isoview.weighing import (
    SHARED,
    SHARED_BY_COPIES,
    Declared,
    Found,
    Side,
    about,
    against,
    found,
    gap,
    shared,
    side_of,
)

Reply = Literal["yes", "no", "unknown", "contradiction"]

_SET_GIL = "PyUnstable_Module_SetGIL"
_NO_INTERPRETERS = "The module declares that it does not support sub-interpreters"
# Rules about what a file claims in the matter of each question.
_ABOUT_COPIES = frozenset({"ISO101", "ISO102", "ISO108", "ISO704"})
_ABOUT_SHARED_GIL = frozenset({"ISO101", "ISO111", "ISO112", "ISO108", "ISO704"})
_ABOUT_OWN_GIL = _ABOUT_SHARED_GIL | {"ISO901", "ISO113"}
_ABOUT_THREADS = frozenset({"ISO121", "ISO122"})
_DECIDERS = 25
"""At most so many fingerprints stand behind an answer; the sentence has the count."""


def verdict(
    facts: Facts, findings: tuple[Finding, ...], live: Mapping[str, Any] | None = None
) -> Verdict:
    """Weigh facts and findings, and what was seen when the module was run, if it was."""
    seen = found(findings)
    between = against(seen, SHARED)
    answers = {
        "multiple_module_objects": _copies(facts, seen),
        "shared_gil": _shared_gil(facts, seen, between),
        "own_gil": _own_gil(facts, seen, between),
        "free_threaded": _free_threaded(facts, seen),
    }
    if live is not None:
        from isoview.weigh_live import weigh

        answers = {name: weigh(name, answer, live, findings) for name, answer in answers.items()}
    return Verdict(**answers)


def _copies(facts: Facts, seen: Found) -> Answer:
    side = side_of(
        facts,
        copies_declared(facts),
        against(seen, SHARED_BY_COPIES),
        about(seen, _ABOUT_COPIES),
        seen,
    )
    reply: Reply
    if side.declared == "no":
        reply = "no"
        says = _one_module_object(facts)
    elif side.evidence == "against":
        reply = "contradiction" if side.declared == "yes" else "no"
        says = (
            f"Multi-phase init promises independent module objects, but they share {shared(side)}"
            if side.declared == "yes"
            else f"Two module objects would share {shared(side)}"
        )
    elif side.declared == "yes" and side.evidence == "none-found":
        reply, says = (
            "yes",
            "Multi-phase init, and nothing found that two module objects would share",
        )
    else:
        reply = "unknown"
        says = {
            "yes": "Multi-phase init promises independent module objects",
            "omitted": "Single-phase init runs again for a second module object",
        }.get(side.declared, "How the module is initialized is not known")
        says += "; " + gap(facts, side, seen)
    return _answer(side, reply, says, minors(facts))


def _one_module_object(facts: Facts) -> str:
    """How the file keeps to one module object."""
    if opt_out(facts) or once_per_process(facts):
        return "The module refuses to be loaded twice"
    if once_per_interpreter(facts):
        return "The module refuses to be loaded twice in one interpreter"
    if one_interpreter(facts):  # within the first they return the module that they remember
        return "A second import gets the same module object, and other interpreters are refused"
    return "The module declares global state (m_size -1): a second import gets the same objects"


def copies_declared(facts: Facts) -> Declared:
    """Whether the file claims that several module objects can be made of it."""
    remembers = one_interpreter(facts) and not by_submodules(facts)
    if opt_out(facts) or remembers or once_per_interpreter(facts):
        return "no"
    init, definition = facts.own_init, facts.own_definition
    if is_multi_phase(facts):
        return "yes"
    if init is None or init.phase != "single" or definition is None or definition.m_size is None:
        return "unknown"
    return "no" if definition.m_size == -1 else "omitted"


def _shared_gil(facts: Facts, seen: Found, between: tuple[Finding, ...]) -> Answer:
    side = side_of(
        facts,
        _interpreters_declared(facts, own_gil=False),
        between,
        about(seen, _ABOUT_SHARED_GIL),
        seen,
    )
    reply: Reply
    if side.declared == "no":
        reply, says = "no", _NO_INTERPRETERS + _though_clean(side)
    elif one_interpreter(facts) or opt_out(facts):
        reply = "contradiction" if side.declared == "yes" else "no"
        says = "Only the first interpreter of a process can import the module"
    elif side.declared == "yes" and side.evidence == "against":
        reply, says = (
            "contradiction",
            f"Sub-interpreters are declared, but they share {shared(side)}",
        )
    elif side.declared == "yes" and side.evidence == "none-found":
        reply = "yes"
        says = "Sub-interpreters are declared, and nothing found that they would share"
    else:
        reply = "unknown"
        says = _silence(facts, side) + "; " + gap(facts, side, seen)
    return _answer(side, reply, says, minors(facts))


def _own_gil(facts: Facts, seen: Found, between: tuple[Finding, ...]) -> Answer:
    side = side_of(
        facts,
        _interpreters_declared(facts, own_gil=True),
        between,
        about(seen, _ABOUT_OWN_GIL),
        seen,
    )
    loads_on = minors(facts)
    applies_to = tuple(minor for minor in loads_on if minor >= OWN_GIL_FROM)
    reply: Reply
    if side.declared == "no":
        reply, says = "no", _own_gil_refusal(facts) + _though_clean(side)
    elif side.declared == "yes" and (opt_out(facts) or one_interpreter(facts)):
        reply = "contradiction"
        says = "An own GIL is declared, but only the first interpreter can import the module"
    elif side.declared == "yes" and side.evidence == "against":
        reply, says = (
            "contradiction",
            f"An own GIL is declared, but interpreters share {shared(side)}",
        )
    elif side.declared == "yes" and side.evidence == "none-found":
        reply = "yes"
        says = "An own GIL is declared, and nothing found that interpreters would share"
    elif side.declared == "cannot-say" and applies_to and lacks_interpreters_slot(facts):
        reply = "no"
        says = (
            "Nothing is declared, which a file that loads before "
            f"3.{OWN_GIL_FROM} cannot do: interpreters with their own GIL refuse the module"
        )
    elif loads_on and not applies_to:
        reply = "unknown"
        says = (
            f"Interpreters with their own GIL exist from 3.{OWN_GIL_FROM} on; "
            f"this file is for 3.{loads_on[-1]}"
        )
    else:
        reply = "unknown"
        claim = "An own GIL is declared" if side.declared == "yes" else _silence(facts, side)
        says = claim + "; " + gap(facts, side, seen)
    return _answer(side, reply, says, applies_to)


def _own_gil_refusal(facts: Facts) -> str:
    """Why interpreters with their own GIL refuse the module."""
    if not is_multi_phase(facts):
        return "Single-phase init: interpreters with their own GIL refuse the module"
    reasons: dict[Claim, str] = {
        "omitted": "Not declared: interpreters with their own GIL refuse the module",
        NOT_SUPPORTED: _NO_INTERPRETERS,
        SHARED_GIL: "The module declares sub-interpreters only where they share the GIL",
    }
    claim = interpreters(facts)
    return reasons.get(
        claim, f"The declared value {claim} makes interpreters with their own GIL refuse the module"
    )


def _though_clean(side: Side) -> str:
    """The other contradiction: what is declared keeps out more than what was found."""
    clean = side.evidence == "none-found"
    return ", though nothing was found that interpreters would share" if clean else ""


def _interpreters_declared(facts: Facts, *, own_gil: bool) -> Declared:
    """What slot 3 says about interpreters of one kind.

    The interpreter compares as written here (``Python/import.c``): 0 refuses every interpreter
    that checks, anything but 2 refuses those with their own GIL.
    """
    init = facts.own_init
    if init is not None and init.phase == "single":
        return "no" if own_gil else "omitted"
    if not is_multi_phase(facts):
        return "unknown"
    claim = interpreters(facts)
    if claim == "omitted":
        return "no" if own_gil else "omitted"
    if isinstance(claim, str):
        return claim
    allowed = claim == PER_INTERPRETER_GIL if own_gil else claim != NOT_SUPPORTED
    return "yes" if allowed else "no"


def _silence(facts: Facts, side: Side) -> str:
    """What the lack of a clear claim means, as the first half of a sentence."""
    if side.declared == "yes":
        return "Sub-interpreters are declared"
    if side.declared == "omitted":
        what = (
            "Nothing is declared" if is_multi_phase(facts) else "Single-phase init declares nothing"
        )
        return f"{what}, and interpreters that share the GIL import the module all the same"
    if side.declared == "cannot-say":
        loads_on = minors(facts)
        if len(loads_on) == 1:
            return f"The file is for 3.{loads_on[0]}, which knows no such declaration"
        return f"The file may load before 3.{OWN_GIL_FROM}, where there is no such declaration"
    reason = unread(facts, interpreters(facts))
    return "What is declared is not known" + (f" ({reason})" if reason else "")


def _free_threaded(facts: Facts, seen: Found) -> Answer:
    if not free_threaded(facts):
        return _DEFAULT_BUILD
    declared = _gil_declared(facts)
    # Whether code is safe without the GIL is not judged yet: statics that change are a hint only.
    side = Side(declared, "not-analysed", (), about(seen, _ABOUT_THREADS))
    applies_to = tuple(minor for minor in minors(facts) if minor >= FREE_THREADED_FROM)
    says = {
        "no": "Importing the module turns the GIL on: it declares that it needs it",
        "omitted": "Importing the module turns the GIL on: it does not declare that it can do without",
        "yes": "The module declares that it runs without the GIL; its locking was not analysed",
    }.get(declared, "What the module declares about the GIL is not known")
    reply: Reply = "no" if declared in {"no", "omitted"} else "unknown"
    return _answer(side, reply, says, applies_to)


def _gil_declared(facts: Facts) -> Declared:
    init = facts.own_init
    if init is not None and init.phase == "single":
        return "unknown" if _SET_GIL in facts.capi.imports else "omitted"
    if not is_multi_phase(facts):
        return "unknown"
    claim = gil(facts)
    if isinstance(claim, str):
        return claim
    return {GIL_USED: "no", GIL_NOT_USED: "yes"}.get(claim, "unknown")  # type: ignore[return-value]


def _answer(side: Side, reply: Reply, says: str, applies_to: tuple[int, ...]) -> Answer:
    deciding = (
        side.claims if reply == "no" and side.declared == "no" else side.claims + side.against
    )
    fingerprints = tuple([finding.fingerprint for finding in deciding[:_DECIDERS]])
    return Answer(
        side.declared, side.evidence, "not-run", None, reply, applies_to, fingerprints, says + "."
    )


_DEFAULT_BUILD = _answer(
    Side("cannot-say", "not-analysed", (), ()),
    "unknown",
    "The file is for the default build of Python, so it does not say",
    (),
)
"""Whether a file runs without the GIL that is not built for that."""

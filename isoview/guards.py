"""What the guards that the inspectors found in a file mean.

A guard is an init function's own check that refuses a second load. It shows in the binary as
the message it raises; the messages and who writes them are facts about CPython's guide and the
generators (the guide's opt-out text, Cython's ``ModuleSetupCode.c``, PyO3's ``pymodule.rs``).
"""

from isoview.inspectors.facts import Evidence, Facts
from isoview.inspectors.record import kept

OPT_OUT = "cannot load module more than once per process"
"""The text of the guide's opt-out, which numpy and others use word by word."""

_ONE_INTERPRETER = (
    "Interpreter change detected",  # Cython without module state
    "PyO3 modules do not yet support subinterpreters",  # PyO3 0.20 and later
    "may only be initialized once per interpreter process",  # PyO3 0.17 and later
)
_ONCE = _ONE_INTERPRETER[-1]
_ONCE_PER_INTERPRETER = "has already been imported into this interpreter"  # Cython, module state
_PYO3 = "PyO3 modules"
_REACHED = "guard-reached"
"""Kind of evidence for initialization that leads to PyO3's check."""


@kept
def opt_out(facts: Facts) -> tuple[Evidence, ...]:
    """The guide's opt-out: one module object per process."""
    return tuple([guard for guard in facts.guards if OPT_OUT in guard.text])


@kept
def one_interpreter(facts: Facts) -> tuple[Evidence, ...]:
    """Guards of a generator: after the first interpreter, every other one is refused.

    From 0.28 PyO3 keeps its check for submodules only: behind multi-phase init the text says
    something about the module only where it was seen that the module has one.
    """
    if not facts.guards:
        return ()
    unguarded_pyo3 = _is_multi_phase(facts) and not by_submodules(facts)
    return tuple(
        [
            guard
            for guard in facts.guards
            if any(text in guard.text for text in _ONE_INTERPRETER)
            and not (unguarded_pyo3 and _PYO3 in guard.text)
        ]
    )


def _is_multi_phase(facts: Facts) -> bool:
    init = facts.own_init
    return init is not None and init.phase in {"multi", "export"}


@kept
def by_submodules(facts: Facts) -> bool:
    """The module can be made again, but a second interpreter is refused by its submodules."""
    return _is_multi_phase(facts) and any(guard.kind == _REACHED for guard in facts.guards)


def pyo3_unclear(facts: Facts) -> bool:
    """PyO3's check is in the file, and whether the module comes to it was not seen."""
    text = any(_PYO3 in guard.text for guard in facts.guards)
    return text and _is_multi_phase(facts) and not by_submodules(facts)


def once_per_process(facts: Facts) -> bool:
    """A generator's guard counts initializations, not interpreters: it refuses a second module
    object too, where the others give the one that they remember.
    """
    return any(_ONCE in guard.text for guard in one_interpreter(facts))


@kept
def once_per_interpreter(facts: Facts) -> tuple[Evidence, ...]:
    """Guards that refuse a second module object in one interpreter, and allow one in each."""
    return tuple([guard for guard in facts.guards if _ONCE_PER_INTERPRETER in guard.text])

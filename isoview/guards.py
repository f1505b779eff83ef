"""What the guards that the inspectors found in a file mean.

A guard is an init function's own check that refuses a second load. It shows in the binary as
the message it raises; the messages and who writes them are facts about CPython's guide and the
generators (the guide's opt-out text, Cython's ``ModuleSetupCode.c``, PyO3's ``pymodule.rs``).
"""

from isoview.inspectors.facts import Evidence, Facts

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


def opt_out(facts: Facts) -> tuple[Evidence, ...]:
    """The guide's opt-out: one module object per process."""
    return tuple(guard for guard in facts.guards if OPT_OUT in guard.text)


def one_interpreter(facts: Facts) -> tuple[Evidence, ...]:
    """Guards of a generator: after the first interpreter, every other one is refused.

    From 0.28 PyO3 keeps its check for submodules only: the module itself loads unguarded behind
    its multi-phase init, so the text then says nothing about the module.
    """
    init = facts.own_init
    unguarded_pyo3 = init is not None and init.phase in {"multi", "export"}
    return tuple(
        guard
        for guard in facts.guards
        if any(text in guard.text for text in _ONE_INTERPRETER)
        and not (unguarded_pyo3 and _PYO3 in guard.text)
    )


def once_per_process(facts: Facts) -> bool:
    """A generator's guard counts initializations, not interpreters: it refuses a second module
    object too, where the others give the one that they remember.
    """
    return any(_ONCE in guard.text for guard in one_interpreter(facts))


def once_per_interpreter(facts: Facts) -> tuple[Evidence, ...]:
    """Guards that refuse a second module object in one interpreter, and allow one in each."""
    return tuple(guard for guard in facts.guards if _ONCE_PER_INTERPRETER in guard.text)

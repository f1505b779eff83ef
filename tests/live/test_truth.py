"""The best test there is: every extension module of every interpreter found, file against
interpreter. ``tests/live/truth.py`` prints the same as a table."""

import pytest
from live import truth, truth_compare
from live.interpreters import Interpreter, Missing, find

FOUND, MISSING = find()
NEVER_UNKNOWN = {"init symbol", "phase", "definition"}


@pytest.mark.parametrize("interpreter", FOUND, ids=lambda entry: entry.label)
def test_the_file_says_what_the_interpreter_says(interpreter: Interpreter) -> None:
    targets = truth.modules_of(interpreter)
    if not targets and not interpreter.running:
        pytest.skip(f"{interpreter.executable} has no extension modules of its own")
    results = truth.check(interpreter, targets)
    looked_at = [result for result in results if not result.skipped]
    # Libraries that a module needs may be absent on a machine, but not for most modules.
    assert len(looked_at) * 4 >= len(targets) * 3
    assert all(len(result.checks) >= 3 for result in looked_at)
    faults = [
        f"{result.name}: {check.field}: got {check.got!r}, expected {check.expected!r}"
        for result in looked_at
        for check in result.checks
        if check.grade == "wrong" or (check.grade == "unknown" and check.field in NEVER_UNKNOWN)
    ]
    faults += [f"{r.name}: false static type {name}" for r in looked_at for name in r.false]
    faults += [f"{r.name}: static type missed {name}" for r in looked_at for name in r.missed]
    assert faults == []
    missed = [name for result in looked_at for name in result.specs_missed]
    assert len(missed) * 20 <= sum(result.specs_right for result in looked_at), missed


@pytest.mark.parametrize("missing", MISSING, ids=lambda entry: entry.label)
def test_other_interpreters(missing: Missing) -> None:
    pytest.skip(missing.reason)


def test_the_running_interpreter_is_never_skipped() -> None:
    assert FOUND[0].running
    assert truth.modules_of(FOUND[0])


def test_a_lie_of_the_file_would_be_seen() -> None:
    """The comparison itself: facts with one wrong word each are graded wrong."""
    from dataclasses import replace

    target = next(iter(truth.modules_of(FOUND[0])))
    facts = truth.facts_of(target.path)
    static = [t.address for t in facts.types if t.kind == "static" and t.address]
    request = [{"name": target.name, "static": static}]
    (answer,) = truth.ask_interpreter(FOUND[0], request)
    definition = facts.own_definition
    init = facts.own_init
    assert definition is not None
    assert init is not None
    others = tuple(entry for entry in facts.definitions if not entry.own)
    for lie in (
        replace(facts, init=(replace(init, symbol="PyInit_other"),)),
        replace(facts, init=(replace(init, definition=(init.definition or 0) + 8),)),
        replace(facts, definitions=(*others, replace(definition, m_size=12345))),
        replace(facts, definitions=(*others, replace(definition, m_name="other"))),
        replace(facts, definitions=(*others, replace(definition, methods=()))),
        replace(
            facts, definitions=(*others, replace(definition, has_free=not definition.has_free))
        ),
    ):
        result = truth_compare.Result(target.name)
        truth_compare.compare(result, lie, answer)
        assert result.grade == "wrong"

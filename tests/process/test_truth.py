"""Against the target's own id()s: every module and every class right, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from live.interpreters import Interpreter
from process.targets import LINUX, Child, everyone, readable, target

from isoview.inspectors.process.facts import InterpreterFact, Walk
from isoview.inspectors.process.session import Session

pytestmark = LINUX
MODULES = ("_json", "_decimal", "_struct", "_ctypes", "datetime", "sqlite3", "json")
CHANGING = 3 << 18 | 1 << 13
"""Flags that come and go: HAVE_VERSION_TAG, VALID_VERSION_TAG, READYING."""


def modules_here(child: Child) -> Walk:
    return Session(child.pid).read()


def compare(interpreter: InterpreterFact, truth: dict[str, Any]) -> None:
    """Names, addresses, files and classes are those that the target says."""
    found = {module.name: module for module in interpreter.modules}
    assert found.keys() == truth.keys()
    for name, true in truth.items():
        module = found[name]
        assert module.address == true["address"], name
        assert (module.kind != "other" or module.object_type == "module") or not true["is_module"]
        if not true["is_module"]:
            continue
        assert module.file == true["file"], name
        flags = {row.address: row.flags & ~CHANGING for row in module.types}
        assert flags == {int(at): value[0] & ~CHANGING for at, value in true["types"].items()}, name
        last = {row.address: row.name.rpartition(".")[2] for row in module.types}
        true_last = {int(at): value[1] for at, value in true["types"].items()}
        # A local class has a dotted qualified name; tp_name of a heap class is its __name__.
        assert last == {at: text.rpartition(".")[2] for at, text in true_last.items()}, name
        assert len(last) == len(module.types)


@everyone()
def test_modules_and_classes_of_one_interpreter(interpreter: Interpreter, tmp_path: Path) -> None:
    with target(interpreter.executable, "plain", tmp_path, *MODULES) as child:
        truth = child.ask("truth")
        session = Session(child.pid)
        walk = session.read()
        assert session.interpreter.version.startswith(".".join(map(str, interpreter.version)))
        assert session.interpreter.free_threaded == interpreter.free_threaded
    assert walk.unread_count == 0
    (main,) = walk.interpreters
    assert main.id == 0
    assert main.gil == {True: "off"}.get(
        interpreter.free_threaded, "process" if interpreter.version < (3, 12) else "own"
    )
    assert [thread.native_id for thread in main.threads] == [child.pid]
    compare(main, truth)
    definitions = {m.name: m.definition.address if m.definition else None for m in main.modules}
    states = {m.name: m.state for m in main.modules}
    for name, true in truth.items():
        if true["is_module"]:
            token = main.modules[list(truth).index(name)].definition
            if token is None or token.kind == "moduledef":
                assert definitions[name] == true["definition"], name
            assert states[name] == true["state"], name


@everyone()
def test_three_interpreters_with_the_same_modules(interpreter: Interpreter, tmp_path: Path) -> None:
    modules = ("_json", "_decimal", "_struct")
    with target(interpreter.executable, "three", tmp_path, *modules) as child:
        truths = {0: child.ask("truth"), **{int(k): v for k, v in child.ask("others").items()}}
        walk = modules_here(child)
    assert [entry.id for entry in walk.interpreters] == [0, 1, 2]
    for entry in walk.interpreters[1:]:
        known = {module.name: module for module in entry.modules}
        # What the sub-interpreter imported to write its truth came after it.
        compare(
            entry._replace(modules=tuple(m for n, m in known.items() if n in truths[entry.id])),
            truths[entry.id],
        )
    gils = [entry.gil for entry in walk.interpreters]
    if interpreter.free_threaded:
        assert gils == ["off"] * 3
    elif interpreter.version < (3, 12):
        assert gils == ["process"] * 3
    else:
        assert gils == ["own", "own", "shared"]
    expected = shared_classes(truths)
    assert {row.address: row.interpreters for row in walk.sharing.types} == expected


def shared_classes(truths: dict[int, Any]) -> dict[int, tuple[int, ...]]:
    holders: dict[int, set[int]] = {}
    for number, truth in truths.items():
        for module in truth.values():
            for address in module.get("types", {}):
                holders.setdefault(int(address), set()).add(number)
    return {at: tuple(sorted(who)) for at, who in holders.items() if len(who) > 1}


@pytest.mark.parametrize(
    "interpreter",
    [pytest.param(entry, id=entry.label) for entry in readable() if entry.version < (3, 12)],
)
def test_what_decimal_shares_up_to_3_11(interpreter: Interpreter, tmp_path: Path) -> None:
    from isoview.attach import observed

    with target(interpreter.executable, "three", tmp_path, "_decimal", "_json") as child:
        walk = modules_here(child)
    seen = {entry.module: entry for entry in observed(walk)}
    assert seen["_decimal"].outcome == "shares"
    assert {"decimal.Decimal", "decimal.Context"} <= set(seen["_decimal"].shared_types)
    if "_json" in seen:  # Debian builds it into the interpreter
        assert seen["_json"].outcome == "isolated"
    decimal = next(m for m in walk.interpreters[0].modules if m.name == "_decimal")
    assert (decimal.phase, decimal.m_size) == ("single", -1)
    again = next(m for m in walk.interpreters[1].modules if m.name == "_decimal")
    assert again.definition is None  # the interpreter keeps none for a second copy
    assert again.extension


@everyone()
def test_a_refresh_sees_what_came(interpreter: Interpreter, tmp_path: Path) -> None:
    with target(interpreter.executable, "plain", tmp_path) as child:
        session = Session(child.pid)
        before = {module.name for module in session.read().interpreters[0].modules}
        child.ask(["import", "_decimal"])
        after = {module.name for module in session.read().interpreters[0].modules}
    assert "_decimal" in after - before

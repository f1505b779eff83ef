"""The C pairs of the guide beyond the HOWTO on isolation.

Each is a complete module: compiled, imported and, where the difference shows, tried in a child or
looked at with isoview itself. *Before* has what the section is about, *after* has not, and isoview
finds nothing to act on in it. A pair that needs a newer Python is tried with one that is found
here (PATH, pyenv, ``ISOVIEW_PYTHONS``), else its test says that it was skipped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import pytest
from guide_snippets import DEFINITIONS, LOADER, SNIPPETS, compile_snippet, run, snippets
from live.interpreters import Interpreter
from live.interpreters import find as find_interpreters

import isoview
from isoview.guide import sections
from isoview.inspectors.facts import Facts


@dataclass(frozen=True)
class Pair:
    """How the difference between *before* and *after* shows.

    ``problem`` is Python that sets ``problem`` in a child, ``in_file`` is asked of the facts, and
    ``rules`` speak about *before* only. ``stays`` names what is still found in *after*; the
    section's text says why.
    """

    problem: str | None = None
    in_file: Callable[[Facts], bool] | None = None
    rules: frozenset[str] = frozenset()
    since: tuple[int, int] = (3, 9)
    free_threaded: bool = False  # shows in files for the free-threaded build only
    stays: frozenset[str] = frozenset()
    loads: bool = True  # False: that *before* cannot be imported is the problem


def imports(name: str) -> Callable[[Facts], bool]:
    return lambda facts: name in facts.capi.imports


def lacks(name: str) -> Callable[[Facts], bool]:
    return lambda facts: name not in facts.capi.imports


PAIRS = {
    "pep-384-stable-abi": Pair(
        None, imports("_PyLong_NumBits"), frozenset({"ISO501"}), since=(3, 12)
    ),
    "pep-489-multi-phase-initialization": Pair(
        "problem = load().greet is a.greet", rules=frozenset({"ISO101"})
    ),
    "pep-573-module-state-from-methods": Pair(
        "b = load(); problem = a.Thing().home() is not a", rules=frozenset({"ISO301"})
    ),
    "pep-684-per-interpreter-gil": Pair("a.put('x'); problem = load().get() == 'x'"),
    "pep-697-extending-opaque-types": Pair(
        None,
        lambda facts: all((entry.basicsize or 0) > 0 for entry in facts.types),
        since=(3, 12),
    ),
    "pep-734-multiple-interpreters": Pair(
        "text = ''.join(['a', 'b']); a.put(text); b = load(); problem = b.get() is not None\n"
        "if problem: problem = b.get() is text",
        rules=frozenset({"ISO301"}),
        since=(3, 13),
        stays=frozenset({"ISO302"}),
    ),
    "pep-793-pymodexport": Pair(
        None,
        lambda facts: facts.own_init is not None and facts.own_init.phase == "multi",
        since=(3, 15),
    ),
    "pep-820-pyslot": Pair(None, lacks("PyType_FromSlots"), since=(3, 15)),
    "ft-multi-phase-initialization": Pair(
        "problem = sys._is_gil_enabled()",
        lambda facts: all(slot.name != "Py_mod_gil" for slot in facts.definitions[0].slots),
        frozenset({"ISO121"}),
        (3, 13),
        free_threaded=True,
    ),
    "ft-single-phase-initialization": Pair(
        "problem = sys._is_gil_enabled()",
        lacks("PyUnstable_Module_SetGIL"),
        frozenset({"ISO121"}),
        (3, 13),
        free_threaded=True,
        stays=frozenset({"ISO101"}),
    ),
    "ft-container-thread-safety": Pair(
        None,
        lacks("PyCriticalSection_Begin"),
        frozenset({"ISO602"}),
        since=(3, 13),
        free_threaded=True,
    ),
    "ft-borrowed-references": Pair(
        None,
        imports("PyDict_GetItemString"),
        frozenset({"ISO601"}),
        since=(3, 13),
        free_threaded=True,
    ),
    "ft-memory-allocation": Pair(None, imports("PyObject_Malloc")),
    "ft-thread-state": Pair(None, lacks("PyEval_SaveThread")),
    "ft-protecting-internal-state": Pair(
        None,
        lacks("PyMutex_Lock"),
        frozenset({"ISO603"}),
        since=(3, 13),
        free_threaded=True,
        stays=frozenset({"ISO302"}),
    ),
    "ft-critical-sections": Pair(
        None, lacks("PyCriticalSection_Begin"), since=(3, 13), free_threaded=True
    ),
    "pyo3-sharing-api-versioning": Pair(
        "assert a.consume(a.publish(1)) == 42\n"
        "problem = not raises(ImportError, a.consume, a.publish(2))"
    ),
    "course-modules": Pair(
        "problem = raises(ImportError, load)", rules=frozenset({"ISO106"}), loads=False
    ),
    "course-exceptions": Pair(
        "try: a.root(-4)\nexcept (SystemError, ValueError) as error: reason = error\n"
        "problem = isinstance(reason, SystemError)"
    ),
}
# What each module of a pair without a visible problem has to do all the same.
WORKS = {
    "pep-384-stable-abi": "assert a.bits(255) == 8",
    "pep-697-extending-opaque-types": "log = a.Log('ab'); assert (log.read(), log.read()) == (1, 2)\n"
    "assert log == ['a', 'b']",
    "pep-793-pymodexport": "assert a.greet() == 'hello'",
    "pep-820-pyslot": "assert type(a.Mark()).__module__ == NAME",
    "ft-container-thread-safety": "assert a.count_ints({'a': 1, 'b': 'x'}) == 1",
    "ft-borrowed-references": "assert a.get_answer({'answer': 42}) == 42\n"
    "assert raises(KeyError, a.get_answer, {})",
    "ft-memory-allocation": "assert a.filled(3) == 'xxx'",
    "ft-thread-state": "assert a.fibonacci(10) == 55",
    "ft-protecting-internal-state": "assert a.square(7) == a.square(7) == 49",
    "ft-critical-sections": "wheel = a.Wheel(); assert (wheel.turn(), wheel.turn()) == (1, 2)",
}


def test_every_pair_in_c_is_tried():
    others = [section for section in sections() if section.source != "howto"]
    in_c = {section.id for section in others if snippets(section, "c")}
    assert in_c == set(PAIRS)
    assert all(len(snippets(s, "c")) == 2 for s in others if s.id in PAIRS)
    assert {name for name, pair in PAIRS.items() if pair.problem is None} == set(WORKS)


@cache
def interpreters() -> tuple[Interpreter, ...]:
    return tuple(find_interpreters()[0])


def chosen(pair: Pair) -> Interpreter:
    """The first interpreter in which the pair shows what it is about."""
    for interpreter in interpreters():
        if (
            interpreter.version[:2] >= pair.since
            and interpreter.free_threaded == pair.free_threaded
        ):
            return interpreter
    build = "t" if pair.free_threaded else ""
    pytest.skip(f"no Python {pair.since[0]}.{pair.since[1]}{build} or later here")


@pytest.mark.parametrize("section_id", PAIRS)
def test_before_has_what_the_section_is_about_and_after_has_not(section_id, tmp_path):
    pair = PAIRS[section_id]
    python = chosen(pair).executable
    findings = {}
    for part in SNIPPETS:
        module = compile_snippet(python, section_id, part, tmp_path)
        start = LOADER if pair.loads else DEFINITIONS
        end = WORKS[section_id] if pair.problem is None else f"{pair.problem}\nprint(problem)"
        done = run(python, f"{start}\n{end}", part, module)
        assert done.returncode == 0, done.stderr
        if pair.problem is not None:
            assert done.stdout == f"{part == 'Before'}\n", done.stderr
        report = isoview.audit(str(module))
        if pair.in_file is not None:
            assert pair.in_file(report.facts) == (part == "Before")
        findings[part] = {entry.rule: entry.severity for entry in report.findings}
    assert pair.rules <= set(findings["Before"])
    assert not pair.rules & set(findings["After"])
    left = {rule for rule, severity in findings["After"].items() if severity != "note"}
    assert left == pair.stays

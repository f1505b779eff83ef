"""Every rule: its documentation, and a compiled module that triggers it beside one that does not."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from compiled import FIXTURES, compile_fixture
from facts_by_hand import facts

from isoview import guide
from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.facts import Artifact, Cells, Evidence, Facts, Toolchain
from isoview.judge import judge
from isoview.model import SEVERITIES, Report
from isoview.rules import ALL_RULES, ASKED, EVERY, FILE_RULES, Rule, find
from isoview.rules.documentation import GENERATORS, HEADINGS, parse

OF_FILES = pytest.mark.parametrize("rule", FILE_RULES, ids=lambda rule: f"{rule.code}-{rule.name}")
BY_CODE = pytest.mark.parametrize("rule", ALL_RULES, ids=lambda rule: f"{rule.code}-{rule.name}")


_PYBIND11 = Toolchain(
    "pybind11", "3.1", (Evidence("text", 'text "__pybind11_internals_v12"', 0x5000),)
)
_WHEEL = Artifact(
    "mod.abi3.so", container="mod-1.0-cp39-abi3-linux_x86_64.whl", tag="abi3", is_extension=True
)
GENERATED: dict[str, dict[str, Facts]] = {
    # Rules about what a generator writes, or a wheel's name: facts by hand, for what no small C
    # source can show.
    "ISO506": {
        "bad": facts(artifact=_WHEEL, imports=("PyModuleDef_Init", "PyType_GetModuleState")),
        "good": facts(artifact=_WHEEL, imports=("PyModuleDef_Init", "PyModule_GetState")),
    },
    "ISO702": {
        "bad": facts(generator="PyO3", cells=Cells(2, 5, 0)),
        "good": facts(generator="PyO3", cells=Cells(0, 5, 0)),
    },
    "ISO703": {"bad": facts(toolchains=(_PYBIND11,)), "good": facts(generator="C")},
}
"""Rules whose fixtures are facts, each with those that trigger it and those that do not."""


@cache
def report(source: str, *flags: str) -> Report:
    with load(str(compile_fixture(source, *flags))) as loaded:
        return judge(code(loaded, shape(loaded)))


def outcome(rule: Rule, kind: str) -> Report:
    """The report on a rule's fixture."""
    if rule.code in GENERATED:
        return judge(GENERATED[rule.code][kind])
    return report(fixture(rule, kind))


def fixture(rule: Rule, kind: str) -> str:
    return f"{rule.name.replace('-', '_')}_{kind}.c"


@OF_FILES
def test_the_bad_fixture_triggers_the_rule(rule: Rule) -> None:
    found = [finding for finding in outcome(rule, "bad").findings if finding.rule == rule.code]
    assert found, f"{fixture(rule, 'bad')} does not trigger {rule.code}"
    for finding in found:
        assert finding.name == rule.name
        assert finding.guide == rule.guide
        assert finding.message
        assert SEVERITIES.index(finding.severity) >= SEVERITIES.index(rule.severity)


@OF_FILES
def test_the_good_fixture_does_not(rule: Rule) -> None:
    good = outcome(rule, "good")
    assert rule.code not in {finding.rule for finding in good.findings}
    assert rule.code not in {entry.rule for entry in good.not_run}, "it must have looked"


def test_every_fixture_belongs_to_a_rule() -> None:
    expected = {
        fixture(rule, kind)
        for rule in FILE_RULES
        for kind in ("bad", "good")
        if rule.code not in GENERATED
    }
    expected |= {
        "howto.c",
        "hostile_names.c",
        "fixture.h",
        "free_threaded.h",
        "module.h",
        "sharing_left.c",
        "sharing_right.c",
    }
    assert {path.name for path in FIXTURES.iterdir() if path.suffix in {".c", ".h"}} == expected


def test_a_module_that_follows_the_guide_has_no_finding() -> None:
    howto = report("howto.c")
    assert [finding.message for finding in howto.findings] == []
    assert [entry.rule for entry in howto.not_run] == []
    assert howto.rules_run == len(FILE_RULES)
    assert howto.verdict is not None
    assert howto.verdict.multiple_module_objects.answer == "yes"
    assert howto.verdict.shared_gil.answer == "yes"
    assert howto.verdict.own_gil.answer == "yes"
    assert "open" not in howto.scorecard.values()


def test_that_module_really_works() -> None:
    """Two copies in one interpreter are independent, and its methods reach their own state."""
    path = compile_fixture("howto.c", "-DFOR_RUNNING_INTERPRETER")
    program = f"""
from importlib.machinery import ExtensionFileLoader
from importlib.util import module_from_spec, spec_from_file_location
loader = ExtensionFileLoader("howto", {str(path)!r})
def load():
    module = module_from_spec(spec_from_file_location("howto", {str(path)!r}, loader=loader))
    loader.exec_module(module)
    return module
one, two = load(), load()
assert one is not two and one.Counter is not two.Counter and one.Error is not two.Error
for module in (one, two):
    counter = module.Counter(5)
    assert list(counter) == [5]
    assert type(module.make(7)) is module.Counter
    try:
        counter.fail()
    except module.Error as error:
        assert type(error) is module.Error
    else:
        raise AssertionError
    try:
        module.Counter.x = 1
    except TypeError:
        pass
    else:
        raise AssertionError
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_hostile_names_come_through_whole_and_hurt_nobody() -> None:
    hostile = report("hostile_names.c")
    subjects = [finding.fingerprint.split(":", 2)[2] for finding in hostile.findings]
    assert "type:hostile_names.[red][link=file:///etc/passwd]Item" in subjects
    assert "type:hostile_names.\u202e\x1b[31mTurned" in subjects
    assert any(subject.startswith("symbol:static\x1b[31m[red]\u202e") for subject in subjects)
    for finding in hostile.findings:
        finding.fingerprint.encode()  # no lone surrogate
        finding.message.encode()


@BY_CODE
def test_documentation_has_its_four_headings_in_order(rule: Rule) -> None:
    text = rule.__doc__
    assert text is not None
    lines = [line.strip() for line in text.splitlines()]
    assert [line for line in lines if line in HEADINGS] == list(HEADINGS)
    documentation = rule.documentation()
    assert documentation.summary.endswith(".")
    assert len(documentation.finds) > 30
    assert len(documentation.why) > 60
    assert documentation.guide == rule.guide


@BY_CODE
def test_every_generator_gets_an_answer(rule: Rule) -> None:
    documentation = rule.documentation()
    assert set(documentation.fixes) <= set(GENERATORS)
    assert "C" in documentation.fixes
    for generator in GENERATORS:
        assert documentation.fix_for(generator)
    assert documentation.fix_for("c++") == documentation.fix_for("Rust") == documentation.fixes["C"]
    assert "Boost.Python" in documentation.fix_for("Boost.Python")


@BY_CODE
def test_the_guide_section_exists(rule: Rule) -> None:
    assert guide.find(rule.guide) is not None


@BY_CODE
def test_a_rule_is_found_by_code_and_by_name(rule: Rule) -> None:
    assert find(rule.code) is rule
    assert find(rule.code.lower()) is rule
    assert find(rule.name) is rule


def test_unknown_rules_are_not_found() -> None:
    assert find("ISO000") is None
    assert find("") is None


def test_codes_are_in_order_and_one_rule_is_one_file() -> None:
    codes = [rule.code for rule in ALL_RULES]
    assert codes == sorted(set(codes))
    files = [sys.modules[type(rule).__module__].__file__ for rule in ALL_RULES]
    assert len(set(files)) == len(ALL_RULES)
    for rule in ALL_RULES:
        assert type(rule).__module__.rpartition(".")[2] == rule.name.replace("-", "_")


def test_the_catalogue_is_complete_and_right() -> None:
    assert [entry.code for entry in EVERY] == [rule.code for rule in ALL_RULES]
    for entry, rule in zip(EVERY, ALL_RULES, strict=True):
        assert (entry.code, entry.name, entry.severity, entry.guide) == (
            rule.code, rule.name, rule.severity, rule.guide,
        )  # fmt: skip
    folder = Path(sys.modules["isoview.rules"].__file__ or "").parent
    listed = {f"{entry.folder}{entry.name.replace('-', '_')}" for entry in EVERY}
    helpers = {"__init__", "base", "catalogue", "classes", "documentation", "imports"}
    there = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        if path.stem not in helpers
    }
    assert listed == there


def test_a_rule_without_its_attributes_is_refused() -> None:
    with pytest.raises(TypeError, match="has no guide"):

        class Incomplete(Rule):
            code = "ISO999"
            name = "incomplete"
            severity = "note"


def test_a_code_is_taken_once() -> None:
    with pytest.raises(TypeError, match="already the code or name"):

        class Thief(Rule):
            code = "ISO101"
            name = "thief"
            severity = "note"
            guide = "heap-types"


def test_without_docstrings_the_documentation_says_so() -> None:
    with pytest.raises(IsoviewError, match="no documentation"):
        parse("ISO101", None)


def test_rules_are_loaded_without_the_guide_and_without_parsing() -> None:
    """The command pays for this import in every run."""
    program = (
        "import sys, isoview.judge\n"
        "loaded = {'isoview.guide', 'isoview.rules.documentation', 'rich', 'textual'}\n"
        "print(*sorted(loaded & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == ("", "")


def test_a_rule_that_is_not_loaded_would_have_found_nothing() -> None:
    """What stands for a rule may leave it unloaded only where it has nothing to say."""
    skipped = 0
    for rule in ASKED:
        for other in FILE_RULES:
            for kind in ("bad", "good"):
                made = outcome(other, kind).facts
                if not rule.when(made):
                    skipped += 1
                    assert not list(rule.rule.check(made)), (rule.code, other.code, kind)
    assert skipped


def test_a_rule_about_imports_is_loaded_for_each_of_its_names() -> None:
    asked = [(entry, name) for entry in ASKED for name in getattr(entry.rule, "names", ())]
    assert asked
    for entry, name in asked:
        assert entry.when(facts(imports=(name,))), (entry.code, name)

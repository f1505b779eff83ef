"""Several modules side by side: classes built twice, capsules, registries."""

import json
from functools import cache
from pathlib import Path

import pytest
from command import isoview
from compiled import compile_fixture
from facts_by_hand import facts, spec

from isoview.inspectors.binary.inspect import code, load, shape
from isoview.inspectors.facts import Evidence, Facts, Init, Toolchain
from isoview.judge import judge
from isoview.model import Report
from isoview.rules.between import SHARING_RULES
from isoview.sharing import compare


@cache
def report(path: Path) -> Report:
    with load(str(path)) as loaded:
        return judge(code(loaded, shape(loaded)))


def module(name: str, **changes: object) -> Facts:
    init = Init(f"PyInit_{name}", name, own=True, phase="multi", phase_source="code")
    return facts(path=f"/somewhere/{name}.so", init=(init,), **changes)  # type: ignore[arg-type]


def pybind11(key: str) -> Toolchain:
    return Toolchain("pybind11", None, (Evidence("text", f'text "__pybind11_internals_v{key}"'),))


def test_a_pair_that_does_it_wrong() -> None:
    pair = [report(compile_fixture(f"sharing_{side}.c")) for side in ("left", "right")]
    found = compare(pair)
    (twice,) = found.findings
    assert (twice.rule, twice.severity) == ("ISO701", "warning")
    assert twice.message == "shapes.Point is built by 2 modules: sharing_left, sharing_right"
    (link,) = found.capsules
    assert link == ("shapes._API", ("sharing_left",), ("sharing_right",))


def test_one_module_alone_shares_nothing() -> None:
    alone = compare([report(compile_fixture("sharing_left.c"))])
    assert not alone.findings


def test_two_builds_of_one_module_are_no_pair() -> None:
    made = module("mod", types=(spec("mod.Item"),))
    assert not compare([judge(made), judge(made)]).findings


def test_helpers_shared_by_design_are_left_out() -> None:
    types = (spec("_cython_3_1_2.cython_function_or_method"), spec("mod.SwigPyObject"))
    pair = [judge(module(name, types=types)) for name in ("one", "two")]
    assert not compare(pair).findings


@pytest.mark.parametrize(("other", "rules"), [("12_gcc", []), ("11_gcc", ["ISO706"])])
def test_registries_must_agree(other: str, rules: list[str]) -> None:
    pair = [
        judge(module("one", toolchains=(pybind11("12_gcc"),))),
        judge(module("two", toolchains=(pybind11(other),))),
    ]
    found = compare(pair)
    assert [finding.rule for finding in found.findings] == rules
    assert {registry.generator for registry in found.registries} == {"pybind11"}
    assert len(found.registries) == 1 + len(rules)


def test_on_one_file_these_rules_say_that_they_need_several() -> None:
    for rule in SHARING_RULES:
        assert "several files" in str(rule.cannot_run(facts()))
        assert not list(rule.check(facts()))


def test_the_command_shows_the_pair() -> None:
    paths = [compile_fixture(f"sharing_{side}.c") for side in ("left", "right")]
    done = isoview("sharing", *paths)
    assert done.returncode == 0, done.stderr
    assert "shapes.Point is built by 2 modules" in done.stdout
    assert "made by sharing_left" in done.stdout
    assert "taken by sharing_right" in done.stdout
    data = json.loads(isoview("sharing", "--format", "json", *paths).stdout)
    assert data["capsules"][0]["imported"] == ["sharing_right"]
    assert data["findings"][0]["rule"] == "ISO701"


def test_a_capsule_without_a_name_is_known_by_its_attribute() -> None:
    """NumPy puts its table into its module as `_ARRAY_API`; the capsule itself has no name."""
    with load(str(compile_fixture("code/nameless_capsule.c"))) as loaded:
        made = code(loaded, shape(loaded))
    assert [(entry.name, entry.role) for entry in made.capsules] == [("_TABLE_API", "published")]

"""Live runs in the report: facts completed, the verdict weighed, what cannot be run said."""

import json
import sys
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from facts_by_hand import facts, slot, static_type
from live.built import build
from live_by_hand import OUTCOMES, info, lifecycle, outcome, report, sharing, statics

from isoview.cli import run as isoview
from isoview.codec import report_from_data, report_to_data
from isoview.inspectors.facts import Completeness, Facts, Item
from isoview.judge import judge
from isoview.live_facts import filled
from isoview.matrix import interpreters, run_matrix
from isoview.model import Answer, Verdict
from isoview.run_live import run_live

SCHEMAS = files("isoview.schemas")
DEFINITION: dict[str, Any] = {
    "kind": "moduledef", "address": 0x7F1000, "link_address": 0x1000, "token": None,
    "m_name": "mod", "m_doc": None, "m_size": 8, "methods": [{"name": "go", "flags": 4}],
    "slots": [{"id": 3, "name": "Py_mod_multiple_interpreters", "value": 0, "function": None,
               "source": "live"}],
    "has_traverse": True, "has_clear": False, "has_free": False,
}  # fmt: skip
LIVE_TYPE: dict[str, Any] = {
    "name": "mod.Built", "attribute": "Built", "address": 0x7F2000, "link_address": None,
    "static": False, "flags": 0x4200, "flag_names": ["HEAPTYPE", "HAVE_GC"], "basicsize": 16,
    "itemsize": 0, "module_tied": True, "belongs_by": "tied",
}  # fmt: skip


def verdict(made: Facts, live: dict[str, Any]) -> Verdict:
    judged = judge(made, live).verdict
    assert judged is not None
    return judged


def said(answer: Answer) -> tuple[str, str | None, str]:
    return answer.experiment, answer.observed, answer.answer


# -- the verdict ---------------------------------------------------------------------------------

OWN_GIL = facts(slots=(slot(3, 2),))
OMITTED = facts()
FINE = outcome(module="mod", file=None, same_module=False, **sharing())


def test_what_cannot_be_imported_at_all_says_nothing_of_interpreters() -> None:
    """oxapy without orjson: "declared, yet a second import fails" was the answer."""
    missing = "ModuleNotFoundError: No module named 'orjson'"
    names = ("twice", "shared-gil", "own-gil", "statics", "lifecycle")
    failing = {name: outcome("failed", missing) for name in names}
    found = verdict(OWN_GIL, report({"info": outcome("failed", missing), **failing}))
    assert found == verdict(OWN_GIL, report({}))
    fails_later = verdict(OWN_GIL, report({"info": info(), **failing}))
    assert said(fails_later.own_gil) == ("failed", None, "contradiction")
    other = verdict(OWN_GIL, report({"info": outcome("failed", "else"), **failing}))
    assert said(other.own_gil) == ("failed", None, "contradiction")


def test_what_is_declared_and_works_is_yes() -> None:
    live = report(
        {"own-gil": outcome(**sharing()), "twice": FINE, "shared-gil": outcome(**sharing())}
    )
    found = verdict(OWN_GIL, live)
    assert said(found.own_gil) == ("ok", "isolated", "yes")
    assert said(found.multiple_module_objects) == ("ok", "isolated", "yes")


def test_what_is_not_declared_and_works_is_yes_and_says_so() -> None:
    found = verdict(OMITTED, report({"shared-gil": outcome(**sharing())})).shared_gil
    assert said(found) == ("ok", "isolated", "yes")
    assert found.summary == "Not declared, and no object is shared under 3.13.0."


def test_what_is_declared_and_crashes_is_a_contradiction() -> None:
    crash = outcome("crashed", "ended by SIGABRT at stage exit", signal="SIGABRT", repeats="1/3")
    found = verdict(OWN_GIL, report({"own-gil": crash})).own_gil
    assert said(found) == ("crashed", None, "contradiction")
    assert "crashed (SIGABRT, 1 of 3 runs)" in found.summary
    assert any(fingerprint.startswith("ISO902") for fingerprint in found.decided_by)


def test_the_worst_interpreter_decides_and_is_named() -> None:
    live = report(
        {"shared-gil": outcome(**sharing())}, {"shared-gil": outcome("failed", "SystemError: no")},
        versions=("3.12.1", "3.13.0"),
    )  # fmt: skip
    found = verdict(OMITTED, live).shared_gil
    assert said(found) == ("failed", None, "no")
    assert "under 3.13.0" in found.summary


def test_an_outcome_that_comes_and_goes_does_not_decide_unless_it_is_a_crash() -> None:
    shaky = outcome("failed", "OSError: busy", repeats="1/3")
    live = report({"shared-gil": shaky}, {"shared-gil": outcome(**sharing())},
                  versions=("3.12.1", "3.13.0"))  # fmt: skip
    assert verdict(OMITTED, live).shared_gil.answer == "yes"


def test_what_loads_and_shares_its_classes_is_no_good() -> None:
    shares = outcome(**sharing(("Item",)))
    assert said(verdict(OMITTED, report({"shared-gil": shares})).shared_gil) == (
        "ok",
        "shares",
        "no",
    )
    declared = verdict(OWN_GIL, report({"own-gil": shares})).own_gil
    assert said(declared) == ("ok", "shares", "contradiction")


def test_overwritten_statics_concern_interpreters_too() -> None:
    live = report({"shared-gil": outcome(**sharing()), "statics": statics("item_type")})
    found = verdict(OMITTED, live)
    assert said(found.shared_gil) == ("ok", "overwrites", "no")
    assert found.multiple_module_objects.observed == "overwrites"
    assert found.own_gil.experiment == "not-run"


def test_evidence_against_is_not_outweighed_by_a_run_that_went_well() -> None:
    made = facts(types=(static_type(),), slots=(slot(3, 2),))
    found = verdict(made, report({"own-gil": outcome(**sharing())})).own_gil
    assert found.answer == "contradiction"
    assert "it works under 3.13.0" in found.summary


def test_nothing_to_compare_is_no_proof() -> None:
    empty = outcome(shared_types=[], compared_types=0, shared_objects=[], compared_objects=0)
    made = replace(OMITTED, completeness=Completeness(Item("full"), Item("partial"), Item("full")))
    found = verdict(made, report({"shared-gil": empty})).shared_gil
    assert said(found) == ("ok", None, "unknown")


def test_the_gil_that_is_turned_on() -> None:
    made = facts(tag="cpython-313t-x86_64-linux-gnu", slots=(slot(4, 1),))
    on = outcome(module="mod", gil_before=False, gil_after=True, turned_on_by="mod")
    found = verdict(made, report({"free-threaded": on}, versions=("3.13.5t",))).free_threaded
    assert said(found) == ("ok", "turned-gil-on", "contradiction")


def test_a_life_cycle_that_cannot_begin_says_nothing_about_copies() -> None:
    live = report({"lifecycle": OUTCOMES["not-run"], "twice": FINE})
    assert verdict(OWN_GIL, live).multiple_module_objects.answer == "yes"
    assert (
        verdict(OWN_GIL, report({"lifecycle": lifecycle()})).multiple_module_objects.experiment
        == "ok"
    )


# -- facts ---------------------------------------------------------------------------------------


def test_what_the_file_does_not_tell_is_filled_in_and_marked() -> None:
    bare = replace(
        facts(), definitions=(), completeness=Completeness(Item("none"), Item("none"), Item("full"))
    )
    live = report({"info": info(phase="multi", definition=DEFINITION, types=[LIVE_TYPE])})
    found = filled(bare, live)
    definition = found.own_definition
    assert definition is not None
    assert (definition.origin, definition.m_size, definition.address) == ("runtime", 8, 0x1000)
    assert [entry.source for entry in definition.slots] == ["live"]
    [built] = found.types
    assert (built.kind, built.name, built.module_tied) == ("built", "mod.Built", True)
    assert built.evidence[0].kind == "live"
    assert "under 3.13.0" in built.evidence[0].text
    assert found.completeness.definitions.level == "full"
    assert found.completeness.types.level == "partial"


def test_what_the_file_tells_stays_as_it_is() -> None:
    made = facts(m_size=64, slots=(slot(3, 2),))
    live = report({"info": info(phase="single", definition=DEFINITION)})
    found = filled(made, live)
    assert found.own_definition == made.own_definition
    assert found.init == made.init


def test_a_report_with_live_runs_survives_the_codec() -> None:
    judged = judge(facts(), report(OUTCOMES))
    data = json.loads(json.dumps(report_to_data(judged)))
    assert report_from_data(data).live == judged.live


# -- the command ---------------------------------------------------------------------------------


def test_check_live_weighs_what_the_module_did(capsys: pytest.CaptureFixture[str]) -> None:
    path = build("behaving", "LIKE=FIRST_ONLY", "LIKE_OWN_GIL=0")
    assert isoview(["check", "--live", "--format", "json", str(path)]) in {0, 1}
    out, err = capsys.readouterr()
    assert "importing runs the modules' code" in err
    document = json.loads(out)
    jsonschema.validate(document, json.loads(SCHEMAS.joinpath("report-1.json").read_text()))
    [artifact] = document["artifacts"]
    jsonschema.validate(artifact["live"], json.loads(SCHEMAS.joinpath("live-1.json").read_text()))
    assert artifact["verdict"]["shared_gil"]["experiment"] == "refused"
    assert artifact["verdict"]["shared_gil"]["answer"] == "no"
    assert "ISO807" in {finding["rule"] for finding in artifact["findings"]}


def test_a_file_for_another_interpreter_is_not_run_and_says_how_to_get_one(tmp_path: Path) -> None:
    other = tmp_path / "behaving.cpython-39-x86_64-linux-gnu.so"
    other.write_bytes(build("behaving", "LIKE=CLEAN", "LIKE_OWN_GIL=0").read_bytes())
    made = facts("cpython-39-x86_64-linux-gnu", path=str(other))
    live = run_live(made, (), ("info",))
    outcome_of = live["runs"][0]["experiments"]["info"]
    assert outcome_of["status"] == "not-run"
    assert "use --python python3.9" in outcome_of["message"]
    assert "pip install" not in outcome_of["message"], "no package is called like the module"


def test_a_member_of_a_wheel_is_not_run_and_says_how_to_install_it() -> None:
    wheel = "/some where/mod-1-cp313-cp313-linux_x86_64.whl"
    made = facts(path=f"{wheel}/pkg/mod.so")
    made = replace(made, artifact=replace(made.artifact, container=wheel, member="pkg/mod.so"))
    live = run_live(made, ("python3.13",), ("info", "twice"))
    for entry in live["runs"][0]["experiments"].values():
        assert entry["status"] == "not-run"
        assert entry["message"].endswith(f": python3.13 -m pip install '{wheel}'")
    jsonschema.validate(live, json.loads(SCHEMAS.joinpath("live-1.json").read_text()))


# -- the matrix ----------------------------------------------------------------------------------


def test_the_interpreter_of_the_files_environment_comes_first(tmp_path: Path) -> None:
    site = tmp_path / "env" / "lib" / "python3.13" / "site-packages" / "pkg"
    site.mkdir(parents=True)
    python = tmp_path / "env" / "bin" / "python3.13"
    python.parent.mkdir()
    python.touch()
    found = interpreters(facts(path=str(site / "mod.so")))
    assert found[0] == str(python)
    assert interpreters(facts("cpython-34-nowhere", path="/x/mod.so")) == [sys.executable]


def test_a_column_whose_interpreter_the_file_is_not_for_imports_by_name(tmp_path: Path) -> None:
    """The file is copied under another tag: here the interpreter's own _csv is the module."""
    import threading

    from isoview.inspectors.facts import Init

    other = tmp_path / "_csv.cpython-39-x86_64-linux-gnu.so"
    other.write_bytes(b"\x7fELF")
    made = facts("cpython-39-x86_64-linux-gnu", path=str(other))
    made = replace(made, init=(Init("PyInit__csv", "_csv", True, "multi", "code"),))
    told: list[tuple[int, str, bool]] = []
    live = run_matrix(
        made,
        [sys.executable, "/no/such/python"],
        ("info", "twice"),
        lambda index, name, outcome: told.append((index, name, outcome is not None)),
        threading.Event(),
    )
    first, second = (run["experiments"] for run in live["runs"])
    assert first["twice"]["status"] == "ok"
    assert live["module"] == "_csv"
    assert second["info"]["status"] == "not-run"
    assert "there is no Python interpreter" in second["info"]["message"]
    assert (0, "twice", True) in told
    assert (1, "twice", True) in told

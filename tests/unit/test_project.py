"""What a project keeps: options, baselines, decisions for groups, decisions that went stale."""

import json
import os
import shutil
from pathlib import Path

import pytest
from command import isoview, speedups
from compiled import compile_fixture
from targets_by_hand import wheel

from isoview.commands import ExitCode
from isoview.decision_file import add_group
from isoview.inspectors.errors import BadConfig
from isoview.triage import Group, load, stale


@pytest.fixture
def bad(own_surroundings: Path) -> Path:
    """An extension with an error, in the working folder."""
    made = compile_fixture("single_phase_init_bad.c")
    return Path(shutil.copy(made, own_surroundings / made.name))


@pytest.mark.parametrize(
    ("file", "before"),
    [("pyproject.toml", "[project]\nname = 'x'\n[tool.isoview]\n"), ("isoview.toml", "")],
)
def test_options_are_settled_by_the_project(bad: Path, file: str, before: str) -> None:
    assert isoview("check", bad).returncode == ExitCode.FINDINGS
    Path(file).write_text(f'{before}fail-on = "never"\nignore = ["ISO1"]\nrequire = ["copies"]\n')
    shown = isoview("check", "--format", "json", bad)
    assert shown.returncode == ExitCode.FINDINGS
    assert "copies is required" in shown.stderr
    rules = {each["rule"] for each in json.loads(shown.stdout)["artifacts"][0]["findings"]}
    assert not [rule for rule in rules if rule.startswith("ISO1")]
    over = isoview("check", "--ignore", "ISO9", "--fail-on", "error", bad)
    assert "ISO101" in over.stdout


def test_the_nearer_file_wins_and_the_command_line_over_both(bad: Path) -> None:
    Path("pyproject.toml").write_text('[tool.isoview]\nfail-on = "error"\n')
    Path("isoview.toml").write_text('fail-on = "never"\n')
    assert isoview("check", bad).returncode == ExitCode.CLEAN
    assert isoview("check", "--fail-on", "error", bad).returncode == ExitCode.FINDINGS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fail_on = 'never'\n", "Did you mean fail-on?"),
        ("jobs = true\n", "jobs is True"),
        ("fail-on = 'always'\n", "fail-on"),
        ("select = 'ISO1'\n", "a list of rules' codes"),
        ("ignore = ['XYZ']\n", "no rule is called XYZ"),
        ("x = \n", "not valid TOML"),
    ],
)
def test_what_is_settled_wrongly_is_said(bad: Path, text: str, said: str) -> None:
    Path("isoview.toml").write_text(text)
    shown = isoview("check", bad)
    assert shown.returncode == ExitCode.USAGE
    assert said in shown.stderr
    assert len(shown.stderr.splitlines()) == 2


def test_a_baseline_leaves_what_is_new(bad: Path) -> None:
    assert isoview("check", bad, "--output", "before.json").returncode == ExitCode.FINDINGS
    same = isoview("check", bad, "--baseline", "before.json", "--fail-on", "note")
    assert same.returncode == ExitCode.CLEAN
    assert "as the baseline has it" in same.stderr
    document = json.loads(Path("before.json").read_text())
    document["artifacts"][0]["findings"] = [
        each for each in document["artifacts"][0]["findings"] if each["rule"] != "ISO101"
    ]
    Path("before.json").write_text(json.dumps(document))
    new = isoview("check", bad, "--baseline", "before.json", "--format", "json")
    assert new.returncode == ExitCode.FINDINGS
    (finding,) = json.loads(new.stdout)["artifacts"][0]["findings"]
    assert finding["rule"] == "ISO101"


ENDLESS = (
    '{"schema": "isoview.report/1", "artifacts": [{"findings": [{"fingerprint": "x", '
    '"count": 1e999}]}]}'
)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "hello", '{"schema": "isoview.report/1", "artifacts": 3}', ENDLESS]
)
def test_a_baseline_that_is_none_is_said(bad: Path, text: str) -> None:
    Path("before.json").write_text(text)
    shown = isoview("check", bad, "--baseline", "before.json")
    assert shown.returncode == ExitCode.USAGE
    assert "no report of isoview" in shown.stderr


@pytest.mark.parametrize("name", ["before.json", "isoview.toml", "pyproject.toml"])
def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(bad: Path, name: str) -> None:
    os.mkfifo(name)
    shown = isoview("check", bad, *(("--baseline", name) if name == "before.json" else ()))
    if name == "pyproject.toml":  # it need not be about isoview at all
        assert shown.returncode == ExitCode.FINDINGS
    else:
        assert shown.returncode == ExitCode.USAGE
        assert "named pipe" in shown.stderr


@pytest.mark.parametrize(
    "spelt",
    [
        '[tool]\nisoview = { fail-on = "never" }',
        '["tool"]\nisoview.fail-on = "never"',
        '[ tool . "isoview" ]\nfail-on = "never"',
        "['tool'.'isoview']\nfail-on = 'never'",
        'tool = { isoview = { fail-on = "never" } }',
        'tool\t.\tisoview.fail-on = "never"',
    ],
)
def test_options_are_seen_however_toml_spells_their_table(bad: Path, spelt: str) -> None:
    Path("pyproject.toml").write_text(f"{spelt}\n")
    assert isoview("check", bad).returncode == ExitCode.CLEAN


def statuses(path: Path) -> dict[str, str]:
    document = json.loads(isoview("check", "--format", "json", path).stdout)
    return {
        each["rule"]: each["status"]
        for artifact in document["artifacts"]
        for each in artifact["findings"]
    }


def test_a_group_decides_about_everything_that_fits(bad: Path) -> None:
    assert "intended" not in statuses(bad).values()
    done = isoview("triage", "group", "intended", "--rule", "ISO1*", "--reason", "an old module")
    assert done.returncode == ExitCode.CLEAN, done.stderr
    found = statuses(bad)
    assert {status for rule, status in found.items() if rule.startswith("ISO1")} == {"intended"}
    assert {status for rule, status in found.items() if not rule.startswith("ISO1")} <= {"open"}
    isoview("triage", "set", bad, "ISO101", "confirmed")
    assert statuses(bad)["ISO101"] == "confirmed"  # one for itself wins
    assert "every ISO1* of * in *" in isoview("triage", "list").stdout


def test_groups_fit_by_module_and_subject(bad: Path) -> None:
    document = json.loads(isoview("check", "--format", "json", bad).stdout)
    finding = next(
        each for each in document["artifacts"][0]["findings"] if each["rule"] == "ISO101"
    )
    _rule, name, subject = finding["fingerprint"].split(":", 2)
    path = Path("isoview.toml")
    add_group(path, Group("*", "other.*", "*", "intended", "x"))
    assert "intended" not in statuses(bad).values()
    add_group(path, Group("single-phase-init", name[:-1] + "?", subject[:3] + "*", "intended", "y"))
    assert statuses(bad)["ISO101"] == "intended"


def test_groups_survive_decisions_and_comments_stay(bad: Path) -> None:
    path = Path("isoview.toml")
    path.write_text(
        "# ours\nfail-on = 'never'\n\n# why\n[[group]]\nrule = 'ISO2*'\nstatus = 'intended'\nreason = 'r'\n"
    )
    isoview("triage", "set", bad, "ISO101", "confirmed")
    add_group(path, Group("ISO3*", "*", "*", "confirmed", ""))
    text = path.read_text()
    assert text.index("# ours") < text.index("# why") < text.index("[[decision]]")
    assert [group.rule for group in load(path).groups] == ["ISO2*", "ISO3*"]
    assert len(load(path)) == 1


@pytest.mark.parametrize(
    "entry",
    ["status = 'intended'", "rule = 'x'", "rule = 'x'\nstatus = 'odd'", "rule = 3\nstatus = 'open'",
     "rule = 'x'\nstatus = 'open'\nother = 'y'"],
)  # fmt: skip
def test_a_group_that_is_none_is_said(tmp_path: Path, entry: str) -> None:
    path = tmp_path / "isoview.toml"
    path.write_text(f"[[group]]\n{entry}\n")
    with pytest.raises(BadConfig):
        load(path)


def test_decisions_that_match_nothing_are_reported_and_taken_away(bad: Path) -> None:
    isoview("triage", "set", bad, "ISO101", "confirmed")
    path = Path("isoview.toml")
    text = path.read_text()
    gone = text.replace("ISO101:", "ISO301:")
    other = text.replace("ISO101:", "ISO101:other.")
    path.write_text(text + gone + other)
    shown = isoview("check", bad, "--format", "json")
    (fingerprint,) = json.loads(shown.stdout)["stale"]
    assert fingerprint.startswith("ISO301:")
    assert fingerprint in shown.stderr
    assert fingerprint in isoview("triage", "stale", bad, "--remove").stdout
    assert fingerprint not in load(path)
    assert len(load(path)) == 2  # what is about another module stays
    assert json.loads(isoview("check", bad, "--format", "json").stdout)["stale"] == []


def test_what_was_to_be_fixed_and_is_gone_is_not_stale(tmp_path: Path) -> None:
    path = tmp_path / "isoview.toml"
    path.write_text('[[decision]]\nfingerprint = "ISO101:m:symbol:x"\nstatus = "fixed"\n')
    assert stale(load(path), {"m"}, set()) == ()


def test_decisions_for_a_wheel_are_about_all_of_it(own_surroundings: Path) -> None:
    content = compile_fixture("single_phase_init_bad.c").read_bytes()
    path = wheel(own_surroundings, [(f"pkg/_{name}.abi3.so", content) for name in "ab"])
    done = isoview("triage", "set", path, "ISO106", "confirmed")
    assert done.returncode == ExitCode.CLEAN, done.stderr
    assert len(load(Path("isoview.toml"))) == 2


def test_a_port_shows_in_the_difference(own_surroundings: Path) -> None:
    for name, fixture in (("old", "static_type_bad.c"), ("new", "static_type_good.c")):
        (own_surroundings / name).mkdir()
        shutil.copy(compile_fixture(fixture), own_surroundings / name / "mod.abi3.so")
    shown = isoview("diff", "old/mod.abi3.so", "new/mod.abi3.so")
    assert shown.returncode == ExitCode.CLEAN, shown.stderr
    assert "Gone: " in shown.stdout
    assert "- static types: " in shown.stdout
    document = json.loads(isoview("diff", "old", "new", "--format", "json").stdout)
    assert document["schema"] == "isoview.diff/1"
    (module,) = document["modules"]
    assert "ISO201" in {each["rule"] for each in module["lost"]}
    back = isoview("diff", "new", "old", "--fail-on", "warning")
    assert back.returncode == ExitCode.FINDINGS
    assert "New: " in back.stdout
    assert "the same" in isoview("diff", "old", "old").stdout


def test_modules_that_came_and_went_are_named(own_surroundings: Path) -> None:
    content = speedups().read_bytes()
    (own_surroundings / "a").mkdir()
    (own_surroundings / "b").mkdir()
    old = wheel(own_surroundings / "a", [("pkg/_a.abi3.so", content), ("pkg/_b.abi3.so", content)])
    new = wheel(own_surroundings / "b", [("pkg/_b.abi3.so", content), ("pkg/_c.abi3.so", content)])
    shown = isoview("diff", old, new)
    assert "is gone: " in shown.stdout
    assert "is new: " in shown.stdout
    assert "1 module stayed the same" in shown.stdout


def test_each_platforms_build_is_compared_with_its_own(own_surroundings: Path) -> None:
    """Builds for several platforms have one dotted name: none may be left out for another."""
    worse, better = (
        compile_fixture(f"static_type_{kind}.c").read_bytes() for kind in ("bad", "good")
    )
    tags = "cpython-313-x86_64-linux-gnu", "cpython-313-aarch64-linux-gnu"
    for name, second in (("a", better), ("b", worse)):
        (own_surroundings / name).mkdir()
        members = [(f"pkg/_m.{tags[0]}.so", better), (f"pkg/_m.{tags[1]}.so", second)]
        wheel(own_surroundings / name, members)
    shown = isoview("diff", "a", "b", "--fail-on", "warning")
    assert shown.returncode == ExitCode.FINDINGS
    assert f"pkg._m [{tags[1]}]" in shown.stdout
    assert "1 module stayed the same" in shown.stdout


def test_nothing_to_ask_is_no_yes(own_surroundings: Path) -> None:
    empty = wheel(own_surroundings, [])
    assert isoview("check", empty).returncode == ExitCode.CLEAN
    shown = isoview("check", empty, "--require", "own-gil")
    assert shown.returncode == ExitCode.FINDINGS
    assert "own-gil is required, and no extension module is there to ask" in shown.stderr
    for command in ("plan", "sharing"):
        told = isoview(command, empty)
        assert "holds no compiled module" in told.stderr
        assert "no class is built twice" not in told.stdout

"""The command line: what it prints, where, and with which exit code."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from command import isoview, python, speedups
from compiled import compile_fixture
from waiting import LIMIT

from isoview.commands import COMMANDS, ExitCode
from isoview.commands.parser import cli
from isoview.guide import sections
from isoview.rules import ALL_RULES

SCHEMA = json.loads((files("isoview.schemas") / "report-1.json").read_text())


@pytest.fixture
def bad() -> Path:
    """An extension with an error: single-phase init."""
    return compile_fixture("single_phase_init_bad.c")


@pytest.fixture
def warned() -> Path:
    """An extension with a warning and no error: a static type."""
    return compile_fixture("static_type_bad.c")


def codes(output: str) -> set[str]:
    return {finding["rule"] for finding in json.loads(output)["artifacts"][0]["findings"]}


def test_check_without_options_is_check_with_their_defaults(bad: Path) -> None:
    from isoview.commands.check import check
    from isoview.commands.reporting import Options

    with check.make_context("check", ["x.so"]) as context:
        assert {name: context.params[name] for name in vars(Options())} == vars(
            Options(targets=("x.so",))
        )
    plain, parsed = isoview("check", str(bad)), isoview("check", "--", str(bad))
    assert plain.returncode == parsed.returncode == ExitCode.FINDINGS
    assert plain.stdout == parsed.stdout


@pytest.mark.parametrize("jobs", ["1", "12", "0", "-1", "many", "1" * 9, None])
def test_a_number_of_processes_means_the_same_with_and_without_the_parser(
    jobs: str | None, bad: Path
) -> None:
    given = ["--jobs"] if jobs is None else ["--jobs", jobs]
    plain = isoview("check", str(bad), *given)
    parsed = isoview("check", "--fail-on", "error", str(bad), *given)  # asks for the parser
    assert (plain.returncode, plain.stdout, plain.stderr) == (
        parsed.returncode,
        parsed.stdout,
        parsed.stderr,
    )
    assert plain.returncode == (ExitCode.FINDINGS if jobs and jobs[0] == "1" else ExitCode.USAGE)


def test_help_fits_a_screen_and_has_examples() -> None:
    for arguments in ([], ["--help"], ["-h"]):
        shown = isoview(*arguments, COLUMNS="80")
        assert (shown.returncode, shown.stderr) == (ExitCode.CLEAN, "")
        rows = shown.stdout.splitlines()
        assert len(rows) < 24  # and a prompt below
        assert max(map(len, rows)) <= 80
        assert "Examples:" in shown.stdout


def test_help_names_what_there_is_and_nothing_else() -> None:
    shown = isoview("--help").stdout
    for name in COMMANDS:
        assert re.search(rf"^  (.*  )?{name} ", shown, re.MULTILINE)
        assert isoview(name, "--help").returncode == ExitCode.CLEAN
    for option in cli.params:
        assert option.opts[-1] in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["check"],
        ["check", "--format", "yaml", "x.so"],
        ["check", "--select", "XYZ", "x.so"],
        ["check", "--fail-on", "everything", "x.so"],
        ["explain", "ISO999"],
        ["guide", "no-such-section"],
        ["guide", "heap-types", "--search", "x"],
        ["triage", "unset", "no-such-fingerprint"],
        ["triage"],
        ["check", "x.so", "--output", "report.pdf"],
    ],
)
def test_usage_errors_are_a_line_a_hint_and_exit_2(arguments: list[str]) -> None:
    shown = isoview(*arguments)
    assert shown.returncode == ExitCode.USAGE
    assert shown.stdout == ""
    what, hint = shown.stderr.splitlines()
    assert what.startswith("isoview: ")
    assert r"\n" not in what
    assert hint.startswith("  ")


def test_a_clean_extension_exits_0_and_says_what_it_is() -> None:
    shown = isoview("check", speedups())
    assert (shown.returncode, shown.stderr) == (ExitCode.CLEAN, "")
    rows = shown.stdout.splitlines()
    assert rows[0] == speedups().name
    assert "PyInit__speedups, multi-phase" in shown.stdout
    assert "\x1b" not in shown.stdout
    assert max(map(len, rows[2:])) <= 80


def test_findings_decide_the_exit_code(bad: Path, warned: Path) -> None:
    assert isoview("check", bad).returncode == ExitCode.FINDINGS
    assert isoview("check", warned).returncode == ExitCode.CLEAN
    assert isoview("check", "--fail-on", "warning", warned).returncode == ExitCode.FINDINGS
    assert isoview("check", "--fail-on", "note", warned).returncode == ExitCode.FINDINGS
    assert isoview("check", "--fail-on", "never", bad).returncode == ExitCode.CLEAN


def test_select_and_ignore_take_codes_and_families(bad: Path) -> None:
    everything = codes(isoview("check", "--format", "json", bad).stdout)
    assert "ISO101" in everything
    only = isoview("check", "--format", "json", "--select", "ISO1", bad)
    assert codes(only.stdout) == {code for code in everything if code.startswith("ISO1")}
    none = isoview("check", "--format", "json", "--select", "ISO101", "--ignore", "ISO1", bad)
    assert (none.returncode, codes(none.stdout)) == (ExitCode.CLEAN, set())
    two = isoview("check", "--format", "json", "--ignore", "ISO101,ISO102", bad)
    assert codes(two.stdout) == everything - {"ISO101", "ISO102"}


def test_require_fails_unless_the_answer_is_yes(bad: Path) -> None:
    met = isoview("check", "--require", "copies", speedups())
    assert (met.returncode, met.stderr) == (ExitCode.CLEAN, "")
    no = isoview("check", "--require", "own-gil", "--fail-on", "never", bad)
    assert no.returncode == ExitCode.FINDINGS
    assert "own-gil is required, and the answer is no" in no.stderr
    unknown = isoview("check", "--require", "free-threaded", speedups())
    assert unknown.returncode == ExitCode.FINDINGS
    assert "the answer is unknown" in unknown.stderr


def test_require_fails_on_what_is_no_extension() -> None:
    shown = isoview("check", "--require", "copies", sys.executable)
    assert shown.returncode == ExitCode.FINDINGS
    assert "this is no extension module" in shown.stderr


def test_json_is_valid_and_complete() -> None:
    shown = isoview("check", "--format", "json", "--hash", speedups(), "no/such.so")
    document = json.loads(shown.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    (artifact,) = document["artifacts"]
    assert artifact["sha256"] == hashlib.sha256(speedups().read_bytes()).hexdigest()
    assert artifact["stage"] == "code"
    (error,) = document["errors"]
    assert error["path"] == "no/such.so"
    assert shown.returncode == ExitCode.NOT_ANALYSED


def test_the_hash_is_left_out_unless_asked_for() -> None:
    document = json.loads(isoview("check", "--format", "json", speedups()).stdout)
    assert document["artifacts"][0]["sha256"] is None


def test_quick_decodes_no_instruction() -> None:
    document = json.loads(isoview("check", "--quick", "--format", "json", speedups()).stdout)
    assert document["artifacts"][0]["stage"] == "shape"
    assert "no instruction was decoded" in isoview("check", "--quick", speedups()).stdout


@pytest.mark.parametrize("form", ["text", "json"])
def test_output_holds_what_stdout_would(form: str, tmp_path: Path) -> None:
    target = tmp_path / "report"
    shown = isoview("check", "--format", form, "--output", target, speedups())
    assert (shown.returncode, shown.stdout, shown.stderr) == (ExitCode.CLEAN, "", "")
    assert target.read_text("utf-8") == isoview("check", "--format", form, speedups()).stdout


def test_an_output_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    shown = isoview("check", "--output", tmp_path / "no" / "report", speedups())
    assert shown.returncode == ExitCode.USAGE
    assert "cannot be written" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_an_installed_module_is_found_by_name() -> None:
    assert isoview("check", "markupsafe._speedups").stdout == isoview("check", speedups()).stdout


def test_a_target_named_like_a_command_is_given_as_a_path() -> None:
    Path("check").symlink_to(speedups())
    shown = isoview("check", "./check")
    assert shown.returncode == ExitCode.CLEAN
    assert shown.stdout.startswith("check\n")


def test_hostile_names_never_reach_the_terminal_raw() -> None:
    hostile = compile_fixture("hostile_names.c")
    for options in ([], ["-v"], ["--format", "json"]):
        shown = isoview("check", *options, hostile)
        assert shown.returncode in {ExitCode.CLEAN, ExitCode.FINDINGS}, shown.stderr
        for acting in ("\x1b", "\r", "\x07", "\u202e", "\x9b", "\nhostile"):
            assert acting not in shown.stdout + shown.stderr
    assert "\\x1b[31m" in isoview("check", "-v", hostile).stdout


def test_a_hostile_file_name_is_made_visible() -> None:
    Path("evil\x1b[31m\n.so").write_text("text")
    shown = isoview("check", "evil\x1b[31m\n.so", "--format", "json")
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "\x1b" not in shown.stderr + shown.stdout
    assert len(shown.stderr.splitlines()) == 2


def test_a_terminal_without_our_marks_gets_ascii() -> None:
    shown = isoview("check", speedups(), PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert shown.returncode == ExitCode.CLEAN
    assert shown.stdout.isascii()
    assert "  + copies" in shown.stdout


def test_without_a_terminal_the_app_points_to_check() -> None:
    shown = isoview(speedups())
    assert shown.returncode == ExitCode.USAGE
    assert "needs a terminal" in shown.stderr
    assert "`isoview check " in shown.stderr


def test_a_slip_of_a_command_is_recognised() -> None:
    shown = isoview("chekc", speedups())
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "Did you mean `isoview check`?" in shown.stderr


def test_the_version_is_said() -> None:
    import isoview as package

    assert isoview("--version").stdout == f"isoview {package.__version__}\n"


def test_every_rule_and_section_can_be_explained() -> None:
    script = """
        import sys
        from isoview.cli import run
        sys.exit(max(run(["explain", name]) for name in sys.argv[1:]))
    """
    names = [rule.code for rule in ALL_RULES] + [section.id for section in sections()]
    shown = python(script, *names)
    assert (shown.returncode, shown.stderr) == (ExitCode.CLEAN, "")
    for rule in ALL_RULES:
        assert f"{rule.code} {rule.name}, {rule.severity}" in shown.stdout
    for heading in ("What it finds", "Why it matters", "How to fix", "Guide"):
        assert shown.stdout.count(f"\n{heading}\n") == len(ALL_RULES)
    assert max(len(row) for row in shown.stdout.splitlines() if "://" not in row) <= 100


def test_a_rule_is_explained_by_name_and_in_any_case() -> None:
    by_code = isoview("explain", "ISO101").stdout
    assert isoview("explain", "iso101").stdout == by_code
    assert isoview("explain", "single-phase-init").stdout == by_code


def test_a_section_names_its_rules() -> None:
    shown = isoview("guide", "managing-per-module-state").stdout
    assert shown == isoview("explain", "managing-per-module-state").stdout
    assert "ISO101 single-phase-init" in shown


def test_the_guide_has_an_outline_and_a_search() -> None:
    outline = isoview("guide").stdout
    assert all(section.id in outline for section in sections())
    assert "heap-types" in isoview("guide", "--search", "heap types").stdout
    nothing = isoview("guide", "--search", "xyzzy")
    assert (nothing.returncode, nothing.stdout) == (
        0,
        "No section of the guide holds all of: xyzzy.\n",
    )


def test_rules_are_listed_as_text_and_json() -> None:
    text = isoview("rules").stdout
    assert all(rule.code in text and rule.name in text for rule in ALL_RULES)
    entries = json.loads(isoview("rules", "--format", "json").stdout)
    assert [entry["code"] for entry in entries] == [rule.code for rule in ALL_RULES]


def test_decisions_are_made_applied_listed_and_taken_back(bad: Path) -> None:
    refused = isoview("triage", "set", bad, "ISO101", "intended")
    assert refused.returncode == ExitCode.USAGE
    assert "needs a --reason" in refused.stderr
    made = isoview("triage", "set", bad, "ISO101", "intended", "--reason", "one process each")
    assert made.returncode == ExitCode.CLEAN, made.stderr
    report = isoview("check", "--select", "ISO101", bad)
    assert report.returncode == ExitCode.CLEAN
    assert "Decision: one process each" in report.stdout
    listing = isoview("triage", "list").stdout
    assert "one process each" in listing
    (fingerprint,) = [
        finding["fingerprint"]
        for finding in json.loads(isoview("check", "--format", "json", bad).stdout)["artifacts"][0]["findings"]
        if finding["rule"] == "ISO101"
    ]  # fmt: skip
    assert fingerprint in listing
    assert isoview("triage", "unset", fingerprint).returncode == ExitCode.CLEAN
    assert isoview("check", bad).returncode == ExitCode.FINDINGS
    for rule in ("iso101", "single-phase-init"):
        assert fingerprint in isoview("triage", "set", bad, rule, "confirmed").stdout


def test_a_damaged_decision_file_stops_the_check_and_stays(bad: Path) -> None:
    Path("isoview.toml").write_text("[[decision]\n")
    for command in (["check", bad], ["triage", "list"]):
        shown = isoview(*command)
        assert shown.returncode == ExitCode.USAGE
        assert "isoview.toml is not valid TOML" in shown.stderr
        assert len(shown.stderr.splitlines()) == 2
    assert Path("isoview.toml").read_text() == "[[decision]\n"


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["guide"], ["check", "markupsafe._speedups"], ["--help"]])
def test_whoever_stops_reading_is_not_told_about_it(arguments: list[str], unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    shown = subprocess.run(
        [sys.executable, "-m", "isoview", *arguments],
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
    )  # fmt: skip
    os.close(writing)
    assert (shown.returncode, shown.stderr) == (ExitCode.PIPE_CLOSED, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said_in_a_line() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        shown = subprocess.run(
            [sys.executable, "-m", "isoview", "check", str(speedups())],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=60,
        )  # fmt: skip
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert len(shown.stderr.splitlines()) == 2
    assert "No space left" in shown.stderr


_AS_THE_SCRIPT = """
    import sys, types

    class Last:
        def __del__(self):
            print("taken apart")

    module = sys.modules["module"] = types.ModuleType("module")
    module.last = Last()
    del module
    sys.modules.pop("threading", None)  # an editable install loads it
    sys.modules.pop("atexit", None)
    {}
    from isoview.__main__ import main
    main()
"""


@pytest.mark.parametrize(
    ("before", "end"),
    [("", ""), ("import atexit", "taken apart\n"), ("import threading", "taken apart\n")],
)
def test_an_interpreter_nobody_waits_for_is_not_taken_apart(before: str, end: str) -> None:
    shown = python(_AS_THE_SCRIPT.format(before), "check", speedups())
    assert shown.returncode == ExitCode.CLEAN
    assert shown.stdout == isoview("check", speedups()).stdout + end
    missing = python(_AS_THE_SCRIPT.format(before), "check", "missing.so")
    assert missing.returncode == ExitCode.NOT_ANALYSED
    assert "missing.so" in missing.stderr


def test_ctrl_c_ends_quietly_with_130() -> None:
    script = (
        "import signal, time, isoview.inspectors.binary.inspect as i\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in the background
        "i.load_all = lambda path, brief: (print('ready', flush=True), time.sleep(600))\n"
        "from isoview.cli import main\nmain(['check', 'some.so'])\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    _output, talk = child.communicate(timeout=LIMIT)
    assert child.returncode == ExitCode.INTERRUPTED
    assert talk.strip() == ""


_FAULTY = """
    import sys, isoview.inspectors.binary.inspect as i
    load = i.load_all
    i.load_all = lambda path, brief: {}["no such key"] if path == "faulty.so" else load(path)
    from isoview.cli import main
    main(sys.argv[1:])
"""


def test_a_fault_of_ours_is_one_line_and_the_rest_is_reported() -> None:
    shown = python(_FAULTY, "check", "faulty.so", speedups())
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "PyInit__speedups" in shown.stdout
    what, hint = shown.stderr.splitlines()
    assert "internal error on faulty.so: KeyError" in what
    assert "--debug" in hint


@pytest.mark.parametrize(
    "arguments", [["--debug", "check", "faulty.so"], ["check", "--debug", "faulty.so"]]
)
def test_debug_shows_where_it_happened(arguments: list[str]) -> None:
    shown = python(_FAULTY, *arguments)
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert "Traceback" in shown.stderr
    assert "KeyError: 'no such key'" in shown.stderr

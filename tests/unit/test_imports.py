"""What a command costs to start: nothing is imported that it does not use."""

import pytest
from command import python, speedups


def loaded_by(script: str, *arguments: str) -> set[str]:
    """Top-level names that are loaded when ``script`` ends."""
    report = (
        "\nprint('loaded:', *{name.partition('.')[0] for name in sys.modules}, "
        "*(name for name in sys.modules if name.startswith('isoview')))"
    )
    done = python(f"import sys\n{script}{report}", *arguments)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].removeprefix("loaded: ").split())


def command(*arguments: str) -> set[str]:
    script = "from isoview.cli import run\nassert run(sys.argv[1:]) in (0, 1)"
    return loaded_by(script, *arguments)


def test_importing_isoview_costs_nothing() -> None:
    assert not loaded_by("import isoview; isoview.__version__") & {
        "elftools", "click", "textual", "rich", "tomlkit", "dataclasses", "isoview.model",
    }  # fmt: skip


def test_its_attributes_come_when_they_are_used() -> None:
    loaded = loaded_by("import isoview; isoview.stream, isoview.audit, isoview.Report")
    assert {"isoview.stream", "isoview.api", "isoview.model"} <= loaded
    assert not loaded & {"elftools", "click", "textual", "rich", "tomlkit"}


@pytest.mark.parametrize("form", ["text", "json"])
def test_check_without_a_terminal_loads_nothing_for_one(form: str) -> None:
    loaded = command("check", "--format", form, str(speedups()))
    assert "isoview.judge" in loaded
    assert not loaded & {
        "rich", "textual", "tomlkit", "tomllib", "numpy", "lief", "pefile", "jsonschema",
        "multiprocessing", "asyncio", "isoview.tui", "isoview.decision_file",
    }  # fmt: skip


@pytest.mark.parametrize("flags", [[], ["--quick"], ["-v", "--no-cache"]], ids=str)
def test_check_with_nothing_to_parse_loads_no_parser(flags: list[str]) -> None:
    loaded = command("check", *flags, str(speedups()))
    assert "isoview.judge" in loaded
    assert not loaded & {"click", "dataclasses", "isoview.commands.check"}


@pytest.mark.parametrize("flags", [[], ["--quick"]], ids=str)
def test_check_loads_nothing_for_the_sake_of_annotations(flags: list[str]) -> None:
    # An editable install may have loaded it before us.
    script = (
        "sys.modules.pop('typing', None)\n"
        "from isoview.cli import run\nassert run(sys.argv[1:]) in (0, 1)"
    )
    loaded = loaded_by(script, "check", *flags, str(speedups()))
    assert "isoview.judge" in loaded
    assert "typing" not in loaded


def test_opening_a_file_loads_neither_a_parser_nor_what_reads_files() -> None:
    script = "from isoview.cli import run\nassert run(sys.argv[1:]) == 2  # no terminal"
    loaded = loaded_by(script, str(speedups()))
    assert "isoview.commands.opening" in loaded
    assert not loaded & {"click", "isoview.model", "isoview.inspectors.facts"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain", "ISO101"],
        ["rules"],
        ["guide"],
        ["guide", "heap-types"],
        ["--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_reading_about_rules_opens_no_binary(arguments: list[str]) -> None:
    loaded = command(*arguments)
    assert not loaded & {"elftools", "pefile", "rich", "textual", "tomlkit", "tomllib"}
    assert not {name for name in loaded if name.startswith("isoview.inspectors.binary.")} - {
        "isoview.inspectors.binary.names"
    }


def test_help_loads_no_command() -> None:
    assert not {name for name in command("--help") if name.startswith("isoview.commands.")} - {
        "isoview.commands.complaint", "isoview.commands.parser",
    }  # fmt: skip

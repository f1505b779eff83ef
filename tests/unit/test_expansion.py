"""Folders, environments, distributions and requirements: what they mean, each file once."""

import json
import os
import shutil
import sys
import venv
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest
from command import isoview, speedups
from packaging.markers import default_environment
from targets_by_hand import good_wheel, installed

from isoview.commands import ExitCode
from isoview.distributions import chains
from isoview.distributions import installed as distributions
from isoview.environment import Environment, ask
from isoview.expansion import Expansion
from isoview.inspectors.binary.abi_tag import is_abi_tag
from isoview.inspectors.errors import BadConfig, IsoviewError
from isoview.model import TargetError
from isoview.requirements import names
from isoview.scan import list_targets
from isoview.targets import Found, Place, Scope, Skipped, find

MODULE = "_speedups.abi3.so"
MARKERS = {"python_version": "3.13", "sys_platform": "linux", "os_name": "posix",
           "python_full_version": "3.13.0", "platform_machine": "x86_64"}  # fmt: skip


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(speedups(), path)
    return path


def places(found: list[Found]) -> list[str]:
    return [each.path for each in found if isinstance(each, Place)]


def errors(found: list[Found]) -> list[str]:
    return [each.error for each in found if isinstance(each, TargetError)]


def listed(*targets: str | Path) -> list[Found]:
    return list(find(map(str, targets)))


def test_a_folder_is_its_modules_sorted_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b/_two.abi3.so", "a/_one.pyd", "a/inner/_three.so"):
        put(tmp_path / name)
    for name in ("a/x.py", ".git/_no.so", "node_modules/_no.so", "a/__pycache__/_no.so"):
        put(tmp_path / name)
    wheel = good_wheel(tmp_path)
    found = [os.path.relpath(path, tmp_path) for path in places(listed(tmp_path))]
    assert found == [
        f"{wheel.name}/pkg/{MODULE}", "a/_one.pyd", "a/inner/_three.so", "b/_two.abi3.so",
    ]  # fmt: skip


def test_links_are_counted_once_and_rings_end(tmp_path: Path) -> None:
    real = put(tmp_path / "a" / MODULE)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "soft.so").symlink_to(real)
    os.link(real, tmp_path / "b" / "hard.so")
    (tmp_path / "b" / "ring").symlink_to(tmp_path)
    assert places(listed(tmp_path)) == [str(real)]


def test_a_file_that_was_named_is_not_listed_again(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    real, other = put(folder / "_a.so"), put(folder / "_b.so")
    empty = tmp_path / "pure"
    put(empty / "_c.so")
    assert places(listed(empty, real, folder)) == [str(empty / "_c.so"), str(real), str(other)]


def test_a_link_that_leads_nowhere_is_said(tmp_path: Path) -> None:
    put(tmp_path / "_a.so")
    (tmp_path / "_b.so").symlink_to("missing")
    found = listed(tmp_path)
    assert len(places(found)) == 1
    assert "No such file" in errors(found)[0]


def test_what_is_no_file_is_said_and_a_folder_is_a_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.so")
    put(tmp_path / "folder.so" / "_a.so")
    found = listed(tmp_path)
    assert places(found) == [str(tmp_path / "folder.so" / "_a.so")]
    assert errors(found) == [f"{tmp_path / 'pipe.so'} is no regular file"]


def test_libraries_that_are_left_out_are_counted(tmp_path: Path) -> None:
    put(tmp_path / "_speedups.abi3.so")
    shutil.copy(Path(sys.executable).resolve(), tmp_path / "libfoo.so")
    shown = isoview("check", "--fail-on", "never", tmp_path)
    assert "1 shared library without an init function left out" in shown.stderr
    assert shown.returncode == ExitCode.CLEAN


@pytest.mark.parametrize("name", ["libmvec-2-dffaabfe.28.so", "libSystem.Native.so"])
def test_what_stands_behind_a_dot_in_a_librarys_name_is_no_tag(tmp_path: Path, name: str) -> None:
    put(tmp_path / "_speedups.abi3.so")
    shutil.copy(Path(sys.executable).resolve(), tmp_path / name)
    shown = isoview("check", "--fail-on", "never", "--format", "json", tmp_path)
    assert [entry["tag"] for entry in json.loads(shown.stdout)["artifacts"]] == ["abi3"]


def test_a_module_without_an_init_function_is_reported(tmp_path: Path) -> None:
    put(tmp_path / "_speedups.abi3.so")
    shutil.copy(Path(sys.executable).resolve(), tmp_path / "lost.cpython-313-x86_64-linux-gnu.so")
    shown = isoview("check", "--fail-on", "never", "--format", "json", tmp_path)
    assert [entry["is_extension"] for entry in json.loads(shown.stdout)["artifacts"]] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    "tag",
    ["cpython-313-x86_64-linux-gnu", "cpython-38m-darwin", "cp313t-win_amd64", "abi3", "abi3t",
     "pypy310-pp73-x86_64-linux-gnu", "graalpy242-311-native-x86_64-linux",
     *[end.split(".")[1] for end in EXTENSION_SUFFIXES if end.count(".") > 1]],
)  # fmt: skip
def test_tags_of_abis_are_known(tag: str) -> None:
    assert is_abi_tag(tag)


@pytest.mark.skipif(os.name == "nt", reason="folders have no such permissions here")
def test_a_folder_that_cannot_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a" / "_a.so")
    (tmp_path / "closed").mkdir()
    scan = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refusing)
    found = listed(tmp_path)
    assert len(places(found)) == 1
    assert "closed cannot be listed: Permission denied" in errors(found)[0]


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    assert "without a compiled module" in errors(listed(tmp_path))[0]


def test_another_environment_inside_a_folder_is_passed_over(tmp_path: Path) -> None:
    put(tmp_path / "_a.so")
    put(tmp_path / "env" / "lib" / "_b.so")
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert places(listed(tmp_path)) == [str(tmp_path / "_a.so")]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with two distributions and a module of neither."""
    home = tmp_path_factory.mktemp("some") / "env"
    venv.create(home, with_pip=False, symlinks=os.name != "nt")
    site = Path(ask(str(home)).folders[-1])
    installed(site, "App_One", ["two>=1; python_version > '3'", "gone"], REQUESTED=b"")
    installed(site, "two", modules=["two/_speedups.abi3.so"])
    installed(site, "pure")
    put(site / "stray" / "_speedups.abi3.so")
    broken = site / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\n")
    (site / "boom.pth").write_text("")
    return home


def test_an_environment_is_asked_for_its_path_only(environment: Path) -> None:
    asked = ask(str(environment))
    assert asked.prefix == str(environment)
    assert all("site-packages" in folder for folder in asked.folders)
    found = [Path(path).parent.name for path in places(listed(environment))]
    assert found == ["stray", "two"]


def test_an_interpreter_that_does_not_start_is_one_line_and_the_rest_is_read(
    tmp_path: Path,
) -> None:
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    python.chmod(0o755)
    (tmp_path / "pyvenv.cfg").touch()
    put(tmp_path / "lib" / "site-packages" / "pkg" / MODULE)
    found = listed(tmp_path)
    assert "does not say where it imports from: broken" in errors(found)[0]
    assert len(places(found)) == 1


def python_that_says(folder: Path, script: str) -> str:
    python = folder / "python"
    python.write_text("#!/bin/sh\n" + script)
    python.chmod(0o755)
    return str(python)


@pytest.mark.parametrize(
    "answer",
    ["", "hello", r"\0isoview\0", r"\0isoview\0a\0b", r"\0isoview\0" + r"x\0" * 40, r"\377\376"],
)
def test_an_answer_of_another_kind_is_refused_in_a_line(tmp_path: Path, answer: str) -> None:
    with pytest.raises(IsoviewError, match="not what a Python answers"):
        ask(python_that_says(tmp_path, f"printf '{answer}'\n"))


def test_what_is_printed_at_the_start_is_no_part_of_the_answer(tmp_path: Path) -> None:
    """An environment's ``.pth`` files may run code that prints."""
    python = python_that_says(tmp_path, f'printf "welcome\\0"\nexec {sys.executable} "$@"\n')
    assert ask(python) == ask(sys.executable)


def test_the_markers_are_those_of_packaging() -> None:
    """Which decides with them what a requirement means."""
    own = ask(sys.executable).markers
    known = default_environment()
    assert own == {name: known[name] for name in own}
    assert own.keys() >= known.keys()


def test_check_takes_an_environment_by_its_python(environment: Path) -> None:
    shown = isoview("check", "--python", environment, "--format", "json")
    assert shown.returncode in {ExitCode.CLEAN, ExitCode.FINDINGS}, shown.stderr
    paths = [each["path"] for each in json.loads(shown.stdout)["artifacts"]]
    assert [Path(path).parent.name for path in paths] == ["stray", "two"]
    by_name = isoview("check", "--python", environment, "two", "--format", "json")
    assert len(json.loads(by_name.stdout)["artifacts"]) == 1
    assert isoview("check", "--python", "/no/such/python").returncode == ExitCode.NOT_ANALYSED


def requirements(folder: Path, *names: str) -> Path:
    path = folder / "requirements.txt"
    path.write_text("".join(f"{name}\n" for name in names))
    return path


def test_plan_takes_what_check_takes(environment: Path, tmp_path: Path) -> None:
    """Any mix of targets, an environment, and requirements."""

    def planned(*arguments: str | Path) -> list[str]:
        shown = isoview("plan", *arguments, "--format", "json")
        assert shown.returncode == ExitCode.CLEAN, shown.stderr
        found = [Path(each["path"]) for each in json.loads(shown.stdout)]
        return [f"{path.parent.name}/{path.name}" for path in found]

    wheel = good_wheel(tmp_path)
    module = put(tmp_path / "alone" / MODULE)
    assert planned("--python", environment) == [f"stray/{MODULE}", f"two/{MODULE}"]
    asked = requirements(tmp_path, "two")
    assert planned("-r", asked, "--python", environment) == [f"two/{MODULE}"]
    mixed = planned(module, wheel, "two", "--python", environment)
    assert mixed[0] == f"alone/{MODULE}"
    assert mixed[-1] == f"two/{MODULE}"
    assert len(mixed) > 2
    shown = isoview("plan", module, tmp_path / "gone.so")
    assert shown.returncode == ExitCode.NOT_ANALYSED
    assert f"alone/{MODULE}" in shown.stdout
    assert "gone.so: no such file" in shown.stderr
    assert isoview("plan").returncode == ExitCode.USAGE


def test_the_app_takes_what_check_takes(environment: Path, tmp_path: Path) -> None:
    """What it lists, in the process that reads for it."""
    module = put(tmp_path / "alone" / MODULE)
    asked = requirements(tmp_path, "two")
    both = list_targets(Scope((str(module),), str(environment), (str(asked),)))
    found = [Path(path).parent.name for path in places(both.listed)]
    assert found == ["alone", "two"]
    assert both.title == f"{module}, {asked}"
    assert [entry.name for entry in both.homes.entries.values() if entry.name == "two"]
    alone = list_targets(Scope(files=(str(asked),), python=str(environment)))
    assert [Path(path).parent.name for path in places(alone.listed)] == ["two"]
    everything = list_targets(Scope(python=str(environment)))
    assert [Path(path).parent.name for path in places(everything.listed)] == ["stray", "two"]


@pytest.mark.parametrize("option", ["-r", "--requirement"])
def test_requirements_alone_are_for_the_app(tmp_path: Path, option: str) -> None:
    asked = requirements(tmp_path, "two")
    shown = isoview(option, asked)
    assert shown.returncode == ExitCode.USAGE
    assert f"`isoview check -r {asked}` prints it as text" in shown.stderr
    missing = isoview(option, tmp_path / "gone.txt")
    assert missing.returncode == ExitCode.NOT_ANALYSED
    assert "gone.txt: no such file" in missing.stderr


def test_fingerprints_of_an_environment_are_those_of_the_wheel(environment: Path) -> None:
    shown = isoview("check", "--python", environment, "--format", "json")
    stray = json.loads(shown.stdout)["artifacts"][0]
    assert all(":stray._speedups:" in each["fingerprint"] for each in stray["findings"])


def test_names_of_distributions_and_packages(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(ask(str(environment)).folders))
    assert len(places(listed("two"))) == 1
    assert listed("App-One") == [Skipped("App_One", "holds no compiled module")]
    assert len(places(listed("stray"))) == 1
    assert "no file and no installed module" in errors(listed("nothing"))[0]


def test_what_requirements_ask_for_is_looked_up(environment: Path, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("two==1.0  # the one\napp.one\nabsent\n")
    found = list(Expansion(ask(str(environment))).required(str(file)))
    assert len(places(found)) == 1
    assert "not installed" in errors(found)[0]
    assert "absent" in errors(found)[0]


REQUIREMENTS = """\
# a comment
One[extra]>=1.0 ; python_version >= "3.8"
two ; sys_platform == "win32"
three==1.0 \\
    --hash=sha256:abc
-c constraints.txt
-e .
--index-url https://example.invalid
-r more.txt
name @ https://example.invalid/name-1.0.whl
https://example.invalid/five-1.0-py3-none-any.whl
git+https://example.invalid/six.git#egg=six
"""


def test_requirements_files_are_read_as_pip_reads_them(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(REQUIREMENTS)
    (tmp_path / "more.txt").write_text("four\nOne\n")
    found = names(str(tmp_path / "requirements.txt"), MARKERS)
    assert found == ("one", "three", "four", "name", "five", "six")


def test_a_marker_that_compares_nothing_leaves_nothing_out(tmp_path: Path) -> None:
    wanted = tmp_path / "requirements.txt"
    wanted.write_text('one; os_name ~= "posix"\ntwo; os_name == "none"\n')
    assert names(str(wanted), MARKERS) == ("one",)


def test_lock_files_name_what_is_locked(tmp_path: Path) -> None:
    uv = tmp_path / "uv.lock"
    uv.write_text(
        'version = 1\n[[package]]\nname = "app"\nsource = { editable = "." }\n'
        '[[package]]\nname = "Num_Py"\nversion = "1"\n'
        '[[package]]\nname = "win"\nresolution-markers = ["sys_platform == \'win32\'"]\n'
    )
    assert names(str(uv), MARKERS) == ("num-py",)
    pylock = tmp_path / "pylock.dev.toml"
    pylock.write_text(
        'lock-version = "1.0"\n[[packages]]\nname = "attrs"\n'
        '[[packages]]\nname = "colorama"\nmarker = "sys_platform == \'win32\'"\n'
    )
    assert names(str(pylock), MARKERS) == ("attrs",)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("requirements.txt", "one two three\n", "requirements.txt, line 1"),
        ("requirements.txt", "-r requirements.txt\n", "included"),
        ("uv.lock", "[[package\n", "not valid TOML"),
        ("pylock.toml", "lock-version = '1.0'\n", "lists no packages"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(BadConfig) as caught:
        names(str(tmp_path / name), MARKERS)
    assert said in caught.value.message


def test_broken_metadata_is_one_line(environment: Path) -> None:
    found, troubles = distributions(ask(str(environment)).folders)
    assert {entry.key for entry in found} >= {"app-one", "two", "pure"}
    assert [("broken" in each.path, bool(each.hint)) for each in troubles] == [(True, True)]


def test_chains_lead_from_what_was_asked_for(tmp_path: Path) -> None:
    installed(tmp_path, "app", ["lib[fast]", "lib"], REQUESTED=b"")
    installed(tmp_path, "lib", ["core", "speed; extra == 'fast'", "other; extra == 'slow'"])
    for name in ("core", "speed", "other"):
        installed(tmp_path, name)
    installed(tmp_path, "ring-a", ["ring-b"])
    installed(tmp_path, "ring-b", ["ring-a"])
    entries, _troubles = distributions([str(tmp_path)])
    found = chains(entries, MARKERS)
    assert found["core"] == ("app", "lib", "core")
    assert found["speed"] == ("app", "lib", "speed")
    assert found["other"] == ("other",)
    assert set(found) == {entry.key for entry in entries}
    assert chains(entries, MARKERS, ["lib"])["core"] == ("lib", "core")


def test_the_environments_answer(environment: Path) -> None:
    shown = isoview("env", "--python", environment)
    assert shown.returncode == ExitCode.NOT_ANALYSED  # for the broken metadata
    assert "broken-1.0.dist-info" in shown.stderr
    assert "two 1.0" in shown.stdout
    assert "pulled in by App_One" in shown.stdout
    assert "(stray)" in shown.stdout
    document = json.loads(isoview("env", "--python", environment, "--format", "json").stdout)
    assert document["schema"] == "isoview.env/1"
    two = next(each for each in document["distributions"] if each["name"] == "two")
    assert two["chain"] == ["App_One", "two"]
    assert two["modules"] == 1
    assert set(two["answers"]) == {
        "multiple_module_objects", "shared_gil", "own_gil", "free_threaded",
    }  # fmt: skip
    worst = [each["answers"]["own_gil"] for each in document["distributions"]]
    assert worst == sorted(worst, key=["no", "contradiction", "unknown", "yes"].index)


def test_the_environments_answer_for_requirements(environment: Path, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("app-one\n")
    shown = isoview("env", "--python", environment, "-r", file, "--format", "json")
    document = json.loads(shown.stdout)
    assert [each["name"] for each in document["distributions"]] == ["two"]
    refused = isoview("env", "--python", environment, "-r", file, "--require", "free-threaded")
    assert "two: free-threaded is required" in refused.stderr


def test_an_environment_is_plain_data() -> None:
    here = ask()
    assert isinstance(here, Environment)
    assert here.executable
    assert not any(folder.endswith("lib-dynload") for folder in here.folders)

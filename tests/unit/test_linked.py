"""A library beside a module that holds Python objects: the module's own file does not show them."""

import os
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from compiled import compiler, missing
from facts_by_hand import facts

from isoview import linked
from isoview.cache import Cache
from isoview.inspectors.facts import Library
from isoview.model import Complete, Report
from isoview.parallel import spread
from isoview.stream import stream
from isoview.targets import find

HELPER = """
#include <Python.h>
static PyObject *cache;
PyObject *helper(void) { return cache ? cache : (cache = PyDict_New()); }
"""
PLAIN = "void *helper(void) { return 0; }\n"
MODULE = """
#include <Python.h>
PyObject *helper(void);
static PyObject *get(PyObject *self, PyObject *none) { return Py_BuildValue("O", helper()); }
static PyMethodDef methods[] = {{"get", get, METH_NOARGS, 0}, {0}};
static int executed(PyObject *module) { return 0; }
static PyModuleDef_Slot slots[] = {{2, executed}, {3, (void *)2}, {0, 0}};
static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "linked", 0, 0, methods, slots};
PyMODINIT_FUNC PyInit_linked(void) { return PyModuleDef_Init(&definition); }
"""


def build(folder: Path, helper: str, name: str, run_path: str, libraries: str) -> Path:
    """``pkg/linked`` with its helper in ``libraries``, and where it looks for it."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    import sysconfig

    command = [*(compiler() or ()), "-shared", "-fPIC", "-O2", "-w"]
    command.append(f"-I{sysconfig.get_path('include')}")
    for part in ("pkg", libraries):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "helper.c").write_text(helper)
    (folder / "linked.c").write_text(MODULE)
    library, module = folder / libraries / name, folder / "pkg" / "linked.cpython-313.so"
    subprocess.run(
        [*command, folder / "helper.c", "-o", library, f"-Wl,-soname,{name}"], check=True
    )
    link = [f"-L{library.parent}", f"-l:{name}", f"-Wl,-rpath,{run_path}"]
    subprocess.run([*command, folder / "linked.c", "-o", module, *link], check=True)
    return module


def report_of(target: Path) -> Report:
    return next(event.report for event in stream([str(target)]) if isinstance(event, Complete))


@pytest.mark.parametrize(
    ("run_path", "libraries"),
    [("$ORIGIN", "pkg"), ("/nowhere:$ORIGIN/../pkg.libs", "pkg.libs"), ("/nowhere", "pkg")],
    ids=["origin", "libs", "folder"],
)
def test_one_that_speaks_the_c_api_leaves_the_answer_open(
    tmp_path: Path, run_path: str, libraries: str
) -> None:
    report = report_of(build(tmp_path, HELPER, "libhelper.so.1", run_path, libraries))
    assert report.facts.libraries == (Library("libhelper.so.1", audited=False),)
    assert report.verdict.own_gil.answer == "unknown"
    assert "libhelper.so.1" in report.verdict.own_gil.summary


def test_one_that_does_not_is_no_matter(tmp_path: Path) -> None:
    report = report_of(build(tmp_path, PLAIN, "libhelper.so.1", "$ORIGIN", "pkg"))
    assert not report.facts.libraries
    assert report.verdict.own_gil.answer == "yes"


def test_one_that_is_not_there_is_no_matter(tmp_path: Path) -> None:
    module = build(tmp_path, HELPER, "libhelper.so.1", "$ORIGIN/../pkg.libs", "pkg.libs")
    shutil.rmtree(tmp_path / "pkg.libs")
    assert not report_of(module).facts.libraries


def test_in_a_wheel_too(tmp_path: Path) -> None:
    module = build(tmp_path, HELPER, "libhelper.so.1", "$ORIGIN/../pkg.libs", "pkg.libs")
    wheel = tmp_path / "pkg-1.0-cp313-cp313-linux_x86_64.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.write(module, "pkg/linked.cpython-313.so")
        archive.write(tmp_path / "pkg.libs" / "libhelper.so.1", "pkg.libs/libhelper.so.1")
        archive.writestr("pkg-1.0.dist-info/RECORD", "")
    assert report_of(wheel).facts.libraries == (Library("libhelper.so.1", audited=False),)


def test_the_cache_notices_that_one_has_come(tmp_path: Path) -> None:
    module = build(tmp_path, HELPER, "libhelper.so.1", "$ORIGIN", "pkg")
    library = (tmp_path / "pkg" / "libhelper.so.1").rename(tmp_path / "aside")
    os.utime(module, (1e9, 1e9))

    def libraries() -> tuple[Library, ...]:
        cache = Cache(quick=False)
        listed = [each for each in find([str(tmp_path / "pkg")]) if "linked" in each.path]
        events = spread(listed, None, jobs=1, cache=cache)
        return next(each.report.facts.libraries for each in events if isinstance(each, Complete))

    assert libraries() == libraries() == ()
    library.rename(tmp_path / "pkg" / "libhelper.so.1")
    assert libraries() == (Library("libhelper.so.1", audited=False),)


def test_how_many_are_looked_for_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file may name any number of libraries, each in any number of folders."""
    looked: list[str] = []
    monkeypatch.setattr(linked, "_file_speaks", looked.append)
    many = [f"lib{number}.so" for number in range(5_000)]
    image = SimpleNamespace(run_paths=tuple(f"$ORIGIN/{number}" for number in range(5_000)))
    made = replace(facts(), linked=(*many, *many))
    loaded = SimpleNamespace(artifact=made.artifact, image=image)
    found = linked.with_linked(made, loaded)  # type: ignore[arg-type]
    assert len(looked) < 10_000
    assert len(found.libraries) == 1, "what was not looked at leaves the answer open"

"""The table of C-API prototypes, the script that makes it, and what the stable ABI says of imports."""

import runpy
from pathlib import Path

import pytest

from isoview.inspectors.binary import stable_abi
from isoview.inspectors.binary.code import api
from isoview.inspectors.binary.code.follow_calls import _units
from isoview.inspectors.facts import Artifact

SCRIPT = Path(__file__).parents[2] / ".ci" / "object_api.py"
HEADER = """
/* PyAPI_FUNC(PyObject *) Py_Commented(PyObject *); */
#define Py_Macro(a) \\
    Py_Other(a)
PyAPI_FUNC(PyObject *) Py_Makes(PyTypeObject *type, const char *text);
PyAPI_FUNC(int) Py_Fills(PyObject *mapping, PyObject **result);
PyAPI_FUNC(PyObject*) Py_Calls(PyObject *callable, PyObject *const *args, size_t n, PyObject *);
PyAPI_FUNC(void *) Py_Raw(size_t);
PyAPI_FUNC(int) Py_Parses(PyObject *, struct _PyArg_Parser *, ...);
PyAPI_FUNC(void) Py_Hook(void (*hook)(PyObject *), PyObject *arg);
extern PyObject *_Py_Internal(PyLongObject *number);
"""


@pytest.mark.parametrize(
    ("name", "result", "arguments"),
    [
        ("PyDict_New", "O", "."),
        ("PyDict_SetItem", ".", "OOO"),
        ("PyErr_Fetch", ".", "PPP"),
        ("PyObject_Vectorcall", "O", "OA.O"),
        ("PyTuple_Pack", "O", ".V"),
        ("PyArg_ParseTuple", ".", "O.V"),
        ("_Py_Dealloc", ".", "O"),
        ("PyUnicode_InternInPlace", ".", "P"),
        ("PyType_FromModuleAndSpec", "O", "O.O"),
    ],
)
def test_prototypes(name: str, result: str, arguments: str) -> None:
    found = api.prototype(name)
    assert found is not None
    assert (found.result, found.arguments) == (result, arguments)


@pytest.mark.parametrize("name", ["PyMem_Malloc", "PyObject_Malloc", "malloc", "Py_GetVersion"])
def test_functions_without_objects_have_no_entry(name: str) -> None:
    assert api.prototype(name) is None


def test_a_definition_is_no_result() -> None:
    found = api.prototype("PyModuleDef_Init")
    assert found is None or found.result == "."


def test_arguments_are_called_what_the_headers_call_them() -> None:
    call = api.prototype("PyObject_Call")
    assert call is not None
    assert [call.spoken(n) for n in range(3)] == ["callable", "args", "kwargs"]
    unnamed = api.prototype("PyObject_SetAttr")
    assert unnamed is not None
    assert unnamed.spoken(1) == "argument 2"


def test_the_script_reads_prototypes(tmp_path: Path) -> None:
    (tmp_path / "some.h").write_text(HEADER)
    table = runpy.run_path(str(SCRIPT))["table"]
    names: dict[str, dict[int, str]] = {}
    found = table([tmp_path], names)
    assert {name: found[name] for name in found if "Dealloc" not in name and "Ref" not in name
            and "Merge" not in name and "Negative" not in name} == {
        "Py_Makes": ("O", "O."),
        "Py_Fills": (".", "OP"),
        "Py_Calls": ("O", "OA.O"),
        "Py_Raw": (".", "."),
        "Py_Parses": (".", "OKV"),
        "Py_Hook": (".", ".O"),
        "_Py_Internal": ("O", "O"),
    }  # fmt: skip
    assert names["Py_Calls"] == {0: "callable", 1: "args"}


def test_versions_that_disagree_say_only_what_they_share(tmp_path: Path) -> None:
    for version, text in (
        ("a", "PyAPI_FUNC(PyObject *) Py_Changed(PyObject *, PyObject *);"),
        ("b", "PyAPI_FUNC(int) Py_Changed(PyObject *, int);"),
    ):
        (tmp_path / version).mkdir()
        (tmp_path / version / "x.h").write_text(text)
    table = runpy.run_path(str(SCRIPT))["table"]
    assert table([tmp_path / "a", tmp_path / "b"], {})["Py_Changed"] == (".", "O.")


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("O", "O"),
        ("OO:name", "OO"),
        ("O!O&i", ".O..."),
        ("s#O|O$p;words", "..OO."),
        ("es#UY", "...OO"),
        ("(ii)S", "..O"),
    ],
)
def test_format_units(text: str, units: str) -> None:
    assert _units(text) == units


def test_what_the_limited_api_does_not_have_yet() -> None:
    imports = ("PyModuleDef_Init", "PyType_GetModuleState", "PyDict_New", "Unknown")
    assert stable_abi.newer_than(imports, (3, 9)) == {"PyType_GetModuleState": (3, 10)}
    assert stable_abi.newer_than(imports, (3, 10)) == {}
    assert stable_abi.lowest_version(imports[:3]) == "3.10"


def test_what_is_kept_of_the_stable_abi_is_what_abi3info_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept, known = stable_abi._listed(), stable_abi._known()
    # An older abi3info than the list was made with knows less; a newer one is to be asked anew.
    assert known.items() <= kept.items(), (
        "python .ci/stable_abi.py > inspectors/binary/stable_abi.txt"
    )
    assert len(kept) >= 968
    monkeypatch.setattr(stable_abi, "_known", lambda: {"PyNew_Name": (3, 99), "PyDict_New": (3, 2)})
    assert stable_abi.lowest_version(["PyDict_New", "PyNew_Name"]) == "3.99"


def test_what_no_stable_abi_has() -> None:
    imports = ("PyDict_New", "_PyDict_GetItem_KnownHash", "PyUnicode_New", "memcpy", "_Py_Dealloc")
    assert stable_abi.outside(imports) == ("PyUnicode_New", "_PyDict_GetItem_KnownHash")
    assert stable_abi.lowest_version(["PyDict_New", "PyUnicode_New"]) is None


@pytest.mark.parametrize(
    ("tag", "container", "version"),
    [
        ("abi3", "/w/x-1.0-cp39-abi3-manylinux_2_28_x86_64.whl", (3, 9)),
        ("abi3", "x-1.0-cp311-abi3-win_amd64.whl", (3, 11)),
        ("abi3", None, None),
        ("cpython-313-x86_64-linux-gnu", "x-1.0-cp313-cp313-linux_x86_64.whl", None),
    ],
)
def test_what_a_wheel_declares(
    tag: str, container: str | None, version: tuple[int, int] | None
) -> None:
    assert stable_abi.declared_version(Artifact("x.so", container=container, tag=tag)) == version

"""Who loaded a module, and from which file, also where the module says something else of itself."""

import importlib
from importlib import machinery
from types import ModuleType

import pytest

from isoview.inspectors.live.probe.mapping import file_at
from isoview.inspectors.live.probe.origin import file_of, kind_of


class OwnLoader:
    """A loader that Python does not have, as compilers of Python code put into their modules."""


def of_its_own(name: str, source: str) -> machinery.ModuleSpec:
    spec = machinery.ModuleSpec(name, OwnLoader(), origin=source)  # type: ignore[arg-type]
    spec.has_location = True
    return spec


@pytest.fixture
def extension() -> ModuleType:
    for name in ("_ctypes", "_json", "_struct", "_bisect"):
        module = importlib.import_module(name)
        if getattr(module, "__file__", None):
            return module
    pytest.skip("this interpreter has its own modules built in")


def test_a_module_that_puts_its_source_in_the_place_of_its_file(
    extension: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nuitka's do: the definition that they were made from lies in the file."""
    file = file_of(extension)  # type: ignore[no-untyped-call]
    assert file == extension.__file__
    monkeypatch.setattr(extension, "__spec__", of_its_own(extension.__name__, "/src/thing.py"))
    monkeypatch.setattr(extension, "__file__", "/src/thing.py")
    assert kind_of(extension) == "extension"  # type: ignore[no-untyped-call]
    assert file_of(extension) == file  # type: ignore[no-untyped-call]


def test_a_python_module_of_another_loader_is_written_in_python() -> None:
    module = ModuleType("thing")
    module.__spec__ = of_its_own("thing", "/src/thing.py")
    module.__file__ = "/src/thing.py"
    assert kind_of(module) == "python"  # type: ignore[no-untyped-call]
    assert file_of(module) == "/src/thing.py"  # type: ignore[no-untyped-call]


def test_no_file_is_named_for_memory_of_none() -> None:
    assert file_at(8) is None  # type: ignore[no-untyped-call]
    assert file_at(id(object())) is None  # type: ignore[no-untyped-call]

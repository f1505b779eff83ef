"""Which objects count as a module's own when two module objects are compared."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from isoview.inspectors.live.probe import objects
from isoview.inspectors.live.probe.objects import compare, own_objects

NAME = "isoview_pkg._native"


@pytest.fixture
def package(tmp_path: Path) -> Iterator[types.ModuleType]:
    """A package written in Python that passes on what its extension made."""
    made = types.ModuleType("isoview_pkg")
    made.__file__ = str(tmp_path / "__init__.py")
    (tmp_path / "__init__.py").write_text(
        "from isoview_pkg._native import Given\n\n\nclass Stated(Exception):\n    pass\n",
        encoding="utf-8",
    )
    sys.modules["isoview_pkg"] = made
    yield made
    del sys.modules["isoview_pkg"]


def own(**attributes: object) -> dict[str, tuple[int, str]]:
    module = types.ModuleType(NAME)
    vars(module).update(attributes)
    return own_objects(module, NAME)


def test_heap_types_that_say_builtins_are_compared() -> None:
    """tiktoken's classes name `builtins` as their home, and nothing was compared."""
    core = type("CoreBPE", (), {"__module__": "builtins"})
    first, second = own(CoreBPE=core), own(CoreBPE=core)
    assert compare(first, second)["shared_types"] == ["CoreBPE"]


def test_what_is_in_builtins_or_of_the_interpreter_is_not_the_modules() -> None:
    assert not own(error=ValueError, kind=type(lambda: 0), text=str)


def test_static_types_that_the_interpreter_manages_are_not_the_modules(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`_contextvars` and `_pickle` of 3.13 offer types of the core under their own names."""
    context = type("Context", (), {"__module__": NAME})
    assert own(Context=context)
    monkeypatch.setattr(objects, "_MANAGED", 1 << 1)
    assert own(Context=context), "a heap type, whatever its other flags"
    monkeypatch.setattr(objects, "_FLAGS", lambda _: 1 << 1)
    assert not own(Context=context)


def test_exceptions_that_a_package_only_passes_on_are_the_extensions(
    package: types.ModuleType,
) -> None:
    """python_calamine's `__init__` imports the exceptions that its extension makes in its name."""
    given = type("Given", (Exception,), {"__module__": "isoview_pkg"})
    stated = type("Stated", (Exception,), {"__module__": "isoview_pkg"})
    package.__dict__.update(Given=given, Stated=stated)
    assert set(own(Given=given, Stated=stated)) == {"Given"}
    package.__file__ = "/nowhere/__init__.py"
    assert not own(Given=given, Stated=stated), "no source to look at"

"""What single texts of a file tell of what made it."""

import pytest

from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.toolchain import find_toolchains


def toolchains(data: bytes, *imported: str) -> list[str]:
    """The toolchains of a file with these constants, which imports that."""
    image = Image(
        format="elf", arch="x86-64", bits=64, endian="little",
        segments=(Segment(".rodata", 0x1000, len(data), memoryview(data), False, False, 0),),
        regions=(Region(".rodata", 0x1000, len(data), False, False, False),),
        pointers={}, imports_at={}, imported=frozenset(imported), exports={},
        export_sizes={}, libraries=(), build_id=None, compilers=(), stripped=True,
        module_file=True, load_symbols=tuple, load_function_starts=tuple,
    )  # fmt: skip
    return [entry.name for entry in find_toolchains(image, Constants(image))]


@pytest.mark.parametrize("called", ["PyFrame_Type", "PyImport_FrozenModules", "PyModule_ExecDef"])
def test_nuitka_is_told_by_its_loader(called: str) -> None:
    """As in files of Nuitka 0.6.19, 1.8.6 and 4.3.3, before the texts of the compiled source."""
    data = b"\0nuitka_module_loader\0_cython_3_0_11\0"
    assert toolchains(data, called, "PyImport_AddModule") == ["Nuitka", "Cython", "C"]


def test_a_module_that_looks_for_nuitkas_loader_is_not_its_own() -> None:
    data = b"\0nuitka_module_loader\0_cython_3_0_11\0"
    assert toolchains(data, "PyImport_AddModule") == ["Cython", "C"]
    assert toolchains(b"\0nuitka_module_loaders\0", "PyFrame_Type") == ["C"]

"""What single texts of a file tell of what made it."""

import pytest

from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.image import Image, Region, Segment
from isoview.inspectors.binary.inspect import Loaded, shape
from isoview.inspectors.binary.toolchain import find_toolchains
from isoview.inspectors.facts import Artifact
from isoview.inspectors.record import replace


def image_of(imported: tuple[str, ...], form: str = "elf", **sections: bytes) -> Image:
    """A file with these sections, which imports that."""
    segments, regions, address = [], [], 0x1000
    for name, data in sections.items():
        where, writable = f".{name}", name == "data"
        segments.append(Segment(where, address, len(data), memoryview(data), writable, False, 0))
        regions.append(Region(where, address, len(data), writable, False, False))
        address += 0x1000
    return Image(
        format=form, arch="x86-64", bits=64, endian="little",
        segments=tuple(segments), regions=tuple(regions),
        pointers={}, imports_at={}, imported=frozenset(imported), exports={},
        export_sizes={}, libraries=(), build_id=None, compilers=(), stripped=True,
        module_file=True, load_symbols=tuple, load_function_starts=tuple,
    )  # fmt: skip


def toolchains(data: bytes, *imported: str) -> list[str]:
    """The toolchains of a file with these constants, which imports that."""
    return names_of(image_of(imported, rodata=data))


def names_of(image: Image, *, writable: bool = False) -> list[str]:
    constants = Constants(image, writable=writable)
    return [entry.name for entry in find_toolchains(image, constants)]


@pytest.mark.parametrize("called", ["PyFrame_Type", "PyImport_FrozenModules", "PyModule_ExecDef"])
def test_nuitka_is_told_by_its_loader(called: str) -> None:
    """As in files of Nuitka 0.6.19, 1.8.6 and 4.3.3, before the texts of the compiled source."""
    data = b"\0nuitka_module_loader\0_cython_3_0_11\0"
    assert toolchains(data, called, "PyImport_AddModule") == ["Nuitka", "Cython", "C"]


def test_a_module_that_looks_for_nuitkas_loader_is_not_its_own() -> None:
    data = b"\0nuitka_module_loader\0_cython_3_0_11\0"
    assert toolchains(data, "PyImport_AddModule") == ["Cython", "C"]
    assert toolchains(b"\0nuitka_module_loaders\0", "PyFrame_Type") == ["C"]


def test_texts_in_writable_data_count_where_microsofts_compiler_puts_them() -> None:
    """As in tongsuopy 1.0.1 for Windows, whose texts all stand in .data."""
    imported = ("PyObject_CallMethod",)
    text = b"\0_init_cffi_1_0_external_module\0"
    pe = image_of(imported, "pe", rdata=b"nothing", data=text)
    assert names_of(pe, writable=True) == ["cffi", "C"]
    assert names_of(pe) == ["C"]
    artifact = Artifact("x.pyd", format="pe")
    for image, generator in ((pe, "cffi"), (replace(pe, format="elf"), "C")):
        facts = shape(Loaded(replace(artifact, format=image.format), image))
        assert facts.toolchains[0].name == generator


def test_what_pybind11_makes_is_written_in_cxx() -> None:
    """Also where nothing else says so, as the C++ run-time library is linked in (pytauargus 0.6.0)."""
    assert toolchains(b"\0__pybind11_internals_v12_\0", "PyThread_tss_create") == [
        "pybind11",
        "C++",
    ]
    assert toolchains(b"\0", "PyThread_tss_create") == ["C"]

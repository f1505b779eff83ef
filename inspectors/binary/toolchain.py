"""What made the module, from marks that survive stripping, each with its evidence.

The marks were found in files built with each generator (and in its sources); the number in
pybind11's and nanobind's internals key is the version of its data layout, from which only a range
of releases follows, so a range is what is said.
"""

import re
from functools import lru_cache

from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.image import Image
from isoview.inspectors.facts import Evidence, Toolchain
from isoview.inspectors.record import Record, kept
from isoview.inspectors.text import beginning, begins


class Mark(Record):
    """A text that one generator leaves; the first group of the pattern ``version`` tells its
    version. (Patterns are texts throughout: re compiles them when a file has what they are for.)

    ``needs`` are functions of which the code that uses the text calls at least one: where none is
    imported, the text is not looked for. (Searching is what most of the time of a large file goes
    into; every search reads all of its constants.) They are the ones that fewest others call.
    """

    name: str
    needle: bytes
    version: bytes | None
    needs: frozenset[str] = frozenset()


_PYBIND11 = {"3": "2.3-2.4", "4": "2.5-2.13", "5": "2.11-2.13", "11": "3.0", "12": "3.1"}
_NANOBIND = {  # NB_INTERNALS_VERSION in src/nb_internals.h of each release
    "10": "1.6",
    "11": "1.7",
    "12": "1.8",
    "13": "1.9",
    "14": "2.0-2.1",
    "15": "2.2-2.5",
    "16": "2.6-2.9",
    "17": "2.10",
    "18": "2.11",
    "19": "2.12",
    "20": "2.13-2.14",
    "21": "2.15",
    "22": "3.0-3.1",
}
_SWIG = {"4": "up to 4.3", "5": "4.4 or later"}

# Order matters: the first generator found is taken for the one that made the module. A Cython
# module may wrap C++ that carries pybind11's texts, never the other way round.
_CAPSULES = frozenset({
    "PyCapsule_New", "PyCapsule_GetPointer", "PyCapsule_Import", "PyCapsule_IsValid",
})  # fmt: skip
_ADDED = frozenset({
    "PyImport_AddModule", "PyImport_AddModuleRef", "PyImport_AddModuleObject",
    "PyImport_GetModuleDict",  # Cython 3.2 for free threading: into `sys.modules` itself
})  # fmt: skip
_IMPORTED = frozenset({
    "PyImport_ImportModule", "PyImport_Import", "PyImport_ImportModuleLevel",
    "PyImport_ImportModuleLevelObject", "PyImport_ImportModuleNoBlock",
})  # fmt: skip
_BUILT = frozenset({"Py_BuildValue", "_Py_BuildValue_SizeT"})
# PyO3's exception class for panics; before 0.11 there was none, but all look for an interpreter.
_PYO3 = frozenset({"PyErr_NewExceptionWithDoc", "PyErr_NewException", "Py_IsInitialized"})
# Of what Nuitka's run-time library always calls, the ones that hardly anybody else does.
_COMPILED = frozenset({"PyFrame_Type", "PyImport_FrozenModules", "PyModule_ExecDef"})
_MARKS = (
    # First, as texts of the Python code that was compiled stand in the file. This is the name of its
    # class that finds the modules in the file, which CPython does not know of.
    Mark("Nuitka", b"nuitka_module_loader\0", None, _COMPILED),
    # The module in which Cython's shared types are kept, and the one that holds its settings.
    Mark(
        "Cython",
        b"_cython_",
        rb"_cython_(\d{1,9}_\d{1,9}(?:_\d{1,9})?(?:(?:a|b|rc)\d{1,9})?)",
        _ADDED,
    ),
    Mark("Cython", b"cython_runtime", None, _ADDED),  # without functions of Cython's own type
    Mark("PyO3", b"pyo3-", rb"pyo3-(\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[\w.]{1,60})?)", _PYO3),
    Mark("PyO3", b"pyo3_runtime.PanicException", None, _PYO3),
    # The key is put together at run time from this: modules with equal ones share their classes.
    # Whoever looks for the others makes the first of its own classes there, from a spec.
    Mark(
        "nanobind",
        b"nanobind_",
        # Bounded: a text of nothing but beginnings would be gone through from each of them.
        rb"nanobind_\w{1,200}?_v(\d{1,9})(?:_stable)?(?:_ft)?\0",
        frozenset({"PyType_FromSpec"}),
    ),
    Mark("nanobind", b"__nb_internals_", None, frozenset({"PyType_FromSpec"})),
    Mark(
        "pybind11",
        b"__pybind11_internals_v",
        rb"__pybind11_internals_v(\d{1,9})\w{0,200}",
        # Where the text is used, a key for each thread's state is made.
        frozenset({"PyThread_tss_create", "PyThread_create_key"}),
    ),
    # The table of types that all SWIG modules share is in a capsule, which is looked for first.
    Mark("SWIG", b"swig_runtime_data", rb"swig_runtime_data(\d)", frozenset({"PyCapsule_Import"})),
    Mark(
        "f2py",
        b"auto-generated with f2py",
        rb"auto-generated with f2py \(version:([\w.+-]{1,60})\)",
        frozenset({"_PyObject_New"}),  # of its class for a Fortran routine or its data
    ),
    # The text is the name of the method that is called of the back end.
    Mark(
        "cffi",
        b"_init_cffi_1_0_external_module",
        None,
        frozenset({"PyObject_CallMethod", "_PyObject_CallMethod_SizeT"}),
    ),
    Mark("mypyc", b"__mypyc", None, _CAPSULES | _IMPORTED),
    Mark("SIP", b"sip._C_API", None, _CAPSULES | _IMPORTED),
    Mark("Boost.Python", b"Boost.Python.", None),
)
# These write whole modules, as Cython does: one that Cython wrote only speaks with theirs, if it has
# such a text. Most modules are Cython's, and all their constants would be gone through for each.
# (cffi's part may be linked into a module of another's making, as in cryptography.)
_NOT_WITH_CYTHON = frozenset({"mypyc", "SIP", "Boost.Python"})
_LIBRARIES = {
    "Boost.Python": ("libboost_python", "boost_python"),
    "Shiboken": ("libshiboken", "shiboken"),
}
# Its functions may come from a library of another name (OpenUSD's), under Itanium or Microsoft
# mangling, in the name space boost or one of the project's own.
_BOOST = ("boost6python", "@python@boost@", "@python@pxr_boost@")
_MANGLED = ("_Z", "?")
_LIBRARY_VERSION = r"\.so\.(\d+\.\d+(?:\.\d+)*)\Z"
_RANGES = {"pybind11": _PYBIND11, "SWIG": _SWIG, "nanobind": _NANOBIND}
_NANOBIND_KEY = rb"\0v(\d{1,9})_(?:system|msvc|lib|clang|mingw|gcc|intel|cuda)\w{0,200}\0"
_PYTHRAN = b"(ss)\0__pythran__\0"  # a format of Py_BuildValue, and what is set to its result

# What a guard does, its text, what it is, and the generator without which it is not looked for.
GUARDS = (
    ("opt-out", b"cannot load module more than once per process", "the HOWTO's opt-out", None),
    (
        "generator-guard",
        b"Interpreter change detected - this module can only be loaded into one interpreter per process",
        "Cython's guard: one interpreter per process",
        None,
    ),
    (
        "generator-guard",
        b"has already been imported into this interpreter",
        "Cython's guard with module state: one module object per interpreter",
        None,
    ),
    (
        "generator-guard",
        b"PyO3 modules do not yet support subinterpreters",
        "PyO3's guard: one interpreter per process",
        "PyO3",
    ),
    (
        "generator-guard",
        b"PyO3 modules may only be initialized once per interpreter process",
        "PyO3's guard: one initialization per process",
        "PyO3",
    ),
    (
        "generator-guard",
        b"may only be initialized once per interpreter process",
        "PyO3's guard on some builds: one initialization per process",
        "PyO3",
    ),
)  # fmt: skip


def file_name(library: str) -> str:
    """A library's file name: Mach-O files name libraries by path (``/usr/lib/libc++.1.dylib``)."""
    return library.rpartition("/")[2]


def _linked(libraries: tuple[str, ...]) -> dict[str, str]:
    """The first of the libraries that tells each of the things that libraries tell."""
    found: dict[str, str] = {}
    for library in libraries:
        told = _told_by_library(library)
        if told is not None:
            found.setdefault(told, library)
    return found


@lru_cache(maxsize=256)
def _told_by_library(library: str) -> str | None:
    """The generator or the language whose library this is; most files link the same few."""
    name = file_name(library)
    for generator, prefixes in _LIBRARIES.items():
        if name.startswith(prefixes):
            return generator
    return "C++" if name.lower().startswith(_CXX_LIBRARIES) else None


@kept
def _in_order(image: Image) -> list[str]:
    """What the file imports, sorted once for all that ask."""
    return sorted(image.imported)


@kept
def of_c_api(image: Image) -> tuple[str, ...]:
    """What the file imports from Python, in order."""
    return (*beginning(_in_order(image), "Py"), *beginning(_in_order(image), "_Py"))


def speaks_c_api(image: Image) -> bool:
    """Whether a file can be of a module: it takes something from Python, or offers it a module."""
    offered = image.offered_to_python
    return bool(of_c_api(image)) or any(name.startswith(("Py", "_Py")) for name in offered)


def find_toolchains(image: Image, constants: Constants) -> tuple[Toolchain, ...]:
    """Every toolchain with a mark in the file; the one that made the module first."""
    found: dict[str, Toolchain] = {}
    speaks = speaks_c_api(image)
    for mark in _MARKS if speaks else ():
        if mark.name in found or (mark.name in _NOT_WITH_CYTHON and "Cython" in found):
            continue
        if mark.needs and mark.needs.isdisjoint(image.imported):
            continue
        toolchain = _by_text(constants, mark)
        if toolchain is not None:
            found[mark.name] = toolchain
    linked = _linked(image.libraries)
    for name in _LIBRARIES:
        library = linked.get(name)
        if library is not None:
            version = re.search(_LIBRARY_VERSION, library)
            found[name] = Toolchain(
                name,
                version.group(1) if version else None,
                (Evidence("library", f"links {library}"),),
            )
    mangled = [name for start in _MANGLED for name in beginning(_in_order(image), start)]
    # Libraries in C++ import names by the thousand: they are asked together first.
    if "Boost.Python" not in found and any(map("\0".join(mangled).__contains__, _BOOST)):
        used = min(name for name in mangled if any(map(name.__contains__, _BOOST)))
        found["Boost.Python"] = Toolchain(
            "Boost.Python", None, (Evidence("imports", f"imports {used[:120]}"),)
        )
    _refine(image, constants, found)
    generators = list(found.values())
    language = _language(image, constants, linked, speaks=speaks, mangled=bool(mangled))
    written = [name for name in found if name in _IN_CXX]
    if language.name == "C" and written:  # the C++ run-time library is linked in
        told = Evidence("generator", f"{written[0]} is written in C++, and part of every module")
        language = Toolchain("C++", None, (told,))
    return (*generators, language, *_compilers(image.compilers))


def _refine(image: Image, constants: Constants, found: dict[str, Toolchain]) -> None:
    """What single marks cannot tell."""
    if "PyInit__cffi_backend" in image.offered_to_python:
        found.pop("cffi", None)  # the back end itself, which is written by hand
    nanobind = found.get("nanobind")
    if nanobind is not None and nanobind.version is None:
        hit = constants.match(b"\0v", _NANOBIND_KEY)
        if hit is not None:
            address, match = hit
            text = f'text "{match.group().strip(bytes(1)).decode()}"'
            version = _NANOBIND.get(match.group(1).decode())
            evidence = (*nanobind.evidence, Evidence("text", text, address + 1))
            found["nanobind"] = Toolchain("nanobind", version, evidence)
    # Pythran's modules set __pythran__ to ("version", hash): the format and the name stand side
    # by side in the file, the version before them.
    pythran = None if _BUILT.isdisjoint(image.imported) else constants.find(_PYTHRAN)
    if pythran is not None:
        raw = next((r for size in (24, 16, 8) if (r := image.read(pythran - size, size))), b"")
        before = raw.rstrip(b"\0").rpartition(b"\0")[2]
        match_ = re.fullmatch(rb"\d+\.\d+(?:\.\d+)?", before)
        text = f'text "{before.decode("ascii", "backslashreplace")}" before "__pythran__"'
        found["Pythran"] = Toolchain(
            "Pythran",
            before.decode("ascii") if match_ else None,
            (Evidence("text", text if match_ else 'text "__pythran__"', pythran),),
        )


def _by_text(constants: Constants, mark: Mark) -> Toolchain | None:
    if mark.version is None:
        address = constants.find(mark.needle)
        if address is None:
            return None
        text = f'text "{mark.needle.rstrip(bytes(1)).decode()}"'
        return Toolchain(mark.name, None, (Evidence("text", text, address),))
    hit = constants.match(mark.needle, mark.version)
    if hit is None:
        return None
    address, match = hit
    raw = match.group(1).decode("ascii")
    version: str | None = raw
    if mark.name == "Cython":
        version = raw.replace("_", ".")
    elif mark.name in _RANGES:
        version = _RANGES[mark.name].get(raw)
    text = f'text "{match.group().rstrip(bytes(1)).decode("ascii", "backslashreplace")}"'
    return Toolchain(mark.name, version, (Evidence("text", text, address),))


LANGUAGES = frozenset({"C", "C++", "Rust"})
"""What comes first where no generator is known to have made the file."""
_IN_CXX = frozenset({"pybind11", "nanobind", "Boost.Python", "Shiboken"})
_CXX_LIBRARIES = ("libstdc++", "libc++", "msvcp")
# Itanium ABI; Microsoft's mangled names begin with "?", which no C name can.
_CXX_OPERATORS = ("_Znw", "_Zdl", "?")
_CXX_FUNCTIONS = ("__cxa_throw", "__gxx_personality", "_CxxThrowException", "__CxxFrameHandler")


def _static_cxx(image: Image, constants: Constants) -> Evidence | None:
    """A trace of a C++ run-time library linked into a Windows file: the name of one of its
    exception types (Itanium ABI), or a type descriptor, which Microsoft's compiler keeps in
    writable data.
    """
    if image.format != "pe":
        return None
    address = constants.find(b"St9exception")
    if address is not None:
        return Evidence("text", 'text "St9exception"', address)
    for region in image.regions:
        if region.writable and not region.zero_fill:
            at = image.read(region.address, region.size).find(b".?AV")
            if at >= 0:
                return Evidence("text", 'type descriptor ".?AV..."', region.address + at)
    return None


def _language(
    image: Image, constants: Constants, linked: dict[str, str], *, speaks: bool, mangled: bool
) -> Toolchain:
    """What the file is written in. ``linked`` are libraries by what they tell, and ``mangled`` says
    whether a name in C++'s form is imported.
    """
    rust = [text for text in image.compilers if text.startswith("rustc version")]
    if rust:
        return Toolchain("Rust", rust[0].split()[2], (Evidence("compiler", rust[0]),))
    # Panic messages name the library's sources. A library that has nothing to do with Python is
    # left out of most reports, and may have a hundred megabytes to search.
    for text in (b"/rustc/", b"/library/core/src/") if speaks else ():
        panic = constants.find(text)
        if panic is not None:
            return Toolchain("Rust", None, (Evidence("text", f'text "{text.decode()}"', panic),))
    if "C++" in linked:
        return Toolchain("C++", None, (Evidence("library", f"links {linked['C++']}"),))
    names = (*_CXX_OPERATORS, *_CXX_FUNCTIONS) if mangled else _CXX_FUNCTIONS
    if any(begins(_in_order(image), start) for start in names):
        return Toolchain("C++", None, (Evidence("imports", "imports C++ run-time functions"),))
    built_in = _static_cxx(image, constants)
    if built_in is not None:
        return Toolchain("C++", None, (built_in,))
    return Toolchain("C", None, (Evidence("default", "no mark of another language"),))


_COMPILER = re.compile(r"(GCC|clang version|MSVC linker)[: ](?:.*?\) )?v?(\d+(?:\.\d+)+)")
_COMPILER_NAMES = {"GCC": "GCC", "clang version": "Clang", "MSVC linker": "MSVC"}


@lru_cache(maxsize=64)
def _compilers(texts: tuple[str, ...]) -> tuple[Toolchain, ...]:
    """Which compilers say so of themselves; the files of one package say the same."""
    found: dict[str, Toolchain] = {}
    for text in texts:
        match = _COMPILER.search(text)
        if match:
            name = _COMPILER_NAMES[match.group(1)]
            found.setdefault(name, Toolchain(name, match.group(2), (Evidence("compiler", text),)))
    return tuple(found.values())


def find_guards(constants: Constants, toolchains: tuple[Toolchain, ...]) -> tuple[Evidence, ...]:
    """Texts of guards that make a module refuse a second interpreter or a second object."""
    made_by = {toolchain.name for toolchain in toolchains}
    found: dict[int, Evidence] = {}
    for kind, needle, meaning, generator in GUARDS:
        if generator is not None and generator not in made_by:
            continue
        address = constants.find(needle)
        if address is not None and not any(abs(address - seen) < 80 for seen in found):
            found[address] = Evidence(kind, f'{meaning} (text "{needle.decode()}")', address)
    return tuple(found.values())

"""From a file to facts, in two stages.

*Shape* reads headers, tables and structures: milliseconds, no instruction but those of the init
functions. *Code* looks at instructions: which statics hold objects, how specs are used. What the
first found is shown before the second starts.
"""

from isoview.inspectors.binary import source
from isoview.inspectors.binary.abi_tag import (
    is_abi_tag,
    module_stem,
    names_free_threaded,
    tag_of_libraries,
)
from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.globals import Owners, find_globals
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.init import decide, init_symbols
from isoview.inspectors.binary.names import FLAG_HEAP
from isoview.inspectors.binary.spec_use import how_specs_are_used
from isoview.inspectors.binary.structures import Structures, find_structures
from isoview.inspectors.binary.toolchain import (
    LANGUAGES,
    file_name,
    find_guards,
    find_toolchains,
    of_c_api,
)
from isoview.inspectors.errors import UnsupportedFormat
from isoview.inspectors.facts import (
    Artifact,
    Budget,
    CApiUse,
    Completeness,
    Definition,
    Facts,
    Init,
    Item,
    Library,
    Toolchain,
    Type,
)
from isoview.inspectors.hints import Any, Self
from isoview.inspectors.record import Record, replace
from isoview.inspectors.stdin import STDIN

DEFAULT_LIMIT = 1_000_000
"""Most instructions that the code stage reads in one file: about two seconds."""

_BUILT_AT_RUN_TIME = {
    "PyO3": "PyO3 builds its classes at run time",
    "pybind11": "pybind11 builds its classes at run time",
    "nanobind": "nanobind builds its classes at run time",
    "Boost.Python": "Boost.Python builds its classes at run time",
    "SIP": "SIP builds its classes at run time",
    "Shiboken": "Shiboken builds its classes at run time",
    "Nuitka": "the classes that Nuitka compiles are made at run time, as Python's own are",
    "SWIG": "SWIG builds its proxy types at run time",
    "mypyc": "mypyc copies its template types into heap types at run time",
    "cffi": "cffi's types belong to its back end",
    "Rust": "types can be built at run time by Rust code, and this file's were not looked for",
}
_UNIVERSAL = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")  # FAT_MAGIC, FAT_MAGIC_64
# MH_MAGIC_64 and MH_MAGIC, as they stand in little- and big-endian files.
_MACHO = (
    b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xcf", b"\xfe\xed\xfa\xce", *_UNIVERSAL,
)  # fmt: skip
_SPEAKERS = (
    "libshiboken", "libpyside", "libarrow_python", "libboost_python",
    "shiboken", "pyside", "arrow_python", "boost_python",  # as the DLLs are called
)  # fmt: skip
_STRUCT_SEQUENCES = frozenset({
    "PyStructSequence_InitType", "PyStructSequence_InitType2", "_PyStructSequence_InitType",
})  # fmt: skip


class Loaded(Record):
    """One file, opened: its image stays valid for as long as this object lives."""

    artifact: Artifact
    image: Image

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to release: the bytes go with the object."""


def load(path: str, part: str | None = None) -> Loaded:
    """Open the file at ``path``; of a universal file the slice ``part``, or else the one that
    suits this machine.

    Raises :class:`Unreadable` or :class:`UnsupportedFormat`.
    """
    return choose(load_all(path), part)


def choose(found: tuple[Loaded, ...], part: str | None = None) -> Loaded:
    """One of the slices of a file, as :func:`load` chooses it."""
    if len(found) == 1:
        return found[0]
    names = [loaded.artifact.slice or "" for loaded in found]
    if part in names:
        return found[names.index(part)]
    from isoview.inspectors.binary.macho import suitable

    return found[suitable(names)]


def load_all(path: str, *, brief: bool = False) -> tuple[Loaded, ...]:
    """Open the file at ``path``: one entry, or one for each slice of a universal file.

    ``brief`` as for :func:`source.read_file`. Raises as :func:`load` does.
    """
    return load_bytes(source.read_file(path, brief=brief), path)


def load_bytes(
    data: memoryview, path: str, container: str | None = None, member: str | None = None
) -> tuple[Loaded, ...]:
    """The same for bytes that were read already, of a wheel's ``member`` for one.

    ``path`` is what the artifact is called; it need not exist.
    """
    try:
        images = _read_slices(data)
    except UnsupportedFormat as error:
        raise UnsupportedFormat(f"{path}: {error.message}", error.hint) from error
    return tuple(
        Loaded(_artifact(path, part, len(data), image, container, member), image)
        for part, image in images
    )


def _read_slices(data: memoryview) -> tuple[tuple[str | None, Image], ...]:
    """(slice name, image) of everything in a file; without a name where it is but one thing."""
    if bytes(data[:4]) not in _UNIVERSAL:
        return ((None, read_image(data)),)
    from isoview.inspectors.binary.macho import read_slices

    return read_slices(data)


def _artifact(
    path: str, part: str | None, size: int, image: Image, container: str | None, member: str | None
) -> Artifact:
    _, tag = source.split_name(path)
    if tag is not None and not is_abi_tag(tag):
        tag = None
    if tag is None and image.format == "pe":
        tag = tag_of_libraries(image.libraries)
    return Artifact(
        path=path,
        container=container,
        member=member,
        size=size,
        build_id=image.build_id,
        format=image.format,
        arch=image.arch,
        bits=image.bits,
        endian=image.endian,
        tag=tag,
        stripped=image.stripped,
        slice=part,
    )


def read_image(data: memoryview) -> Image:
    """The image of a file's bytes, by its magic number. Raises :class:`UnsupportedFormat`."""
    magic = bytes(data[:4])
    if magic == b"\x7fELF":
        from isoview.inspectors.binary.elf_image import read_elf

        return read_elf(data)
    if magic[:2] == b"MZ":
        from isoview.inspectors.binary.pe_image import read_pe
        from isoview.inspectors.binary.pe_integrity import oddities as pe_oddities

        image = read_pe(data)
        return replace(image, damage=(*image.damage, *pe_oddities(data)))
    if magic in _MACHO:
        from isoview.inspectors.binary.macho import read_macho

        return read_macho(data)
    raise UnsupportedFormat(*_refusal(data, magic))


def _refusal(data: memoryview, magic: bytes) -> tuple[str, str]:
    if magic == b"PK\x03\x04":
        return "a zip archive or wheel, not a compiled module", "Unpack it and give the .so inside."
    if len(data) < 16 or all(byte < 128 and byte not in (0, 127) for byte in bytes(data[:256])):
        return "a text file, not a compiled extension module", "Give a .so file built for CPython."
    return "not a compiled extension module", "Give a .so file built for CPython."


def shape(loaded: Loaded) -> Facts:
    """The first stage: everything that needs no instruction decoded but the init functions'."""
    image, artifact = loaded.image, loaded.artifact
    stem, _ = source.split_name(artifact.path)
    tag = artifact.tag
    inits = init_symbols(image, module_stem(stem, image.libraries))
    if artifact.path == STDIN and len(inits) == 1:
        inits = (replace(inits[0], own=True),)  # without a name of its own, it has that one
    capi = _capi(image, tag)
    constants, toolchains = _made_with(image)
    common: dict[str, Any] = {
        "stage": "shape",
        "damage": image.damage,
        "toolchains": toolchains,
        "libraries": _libraries(image),
        "linked": image.libraries,
        "capi": capi,
    }
    is_extension = bool(inits) and image.module_file
    if image.other_kind or (not inits and not capi.imports):
        nothing = Item("none", image.other_kind or "not an extension module")
        artifact = replace(artifact, is_extension=is_extension)
        levels = Completeness(nothing, nothing, nothing)
        return Facts(artifact=artifact, completeness=levels, **common).with_rows(
            [], image.regions, objects=False
        )
    structures = find_structures(image, tag, how_specs_are_used(image))
    inits = decide(image, inits, structures.definitions, constants)
    owners = Owners(structures.definitions, (*structures.static_types, *structures.specs))
    statics, globals_level = find_globals(image, owners)
    marked = statics
    types = _types(structures, toolchains)
    if structures.static_types:
        from isoview.inspectors.binary.static_objects import static_objects

        marked = static_objects(image, structures.layout, types, statics)
    definitions = _definitions(image, structures, inits)
    free_threaded = _free_threaded(structures, tag)
    return Facts(
        artifact=replace(artifact, is_extension=is_extension, free_threaded_layout=free_threaded),
        init=inits,
        definitions=definitions,
        types=types,
        guards=find_guards(constants, toolchains),
        completeness=Completeness(
            _definitions_level(inits, definitions, toolchains),
            _types_level(image, capi, toolchains, types, _principal(inits)),
            globals_level,
        ),
        **common,
    ).with_rows(marked, image.regions, objects=marked is not statics)


def _made_with(image: Image) -> tuple[Constants, tuple[Toolchain, ...]]:
    """Where the file's texts are, and what they tell of its making."""
    constants = Constants(image)
    toolchains = find_toolchains(image, constants)
    if image.format == "pe" and toolchains[0].name in LANGUAGES:
        # No generator has a text where they belong: there may be none at all.
        constants = Constants(image, writable=True)
        toolchains = find_toolchains(image, constants)
    return constants, toolchains


def _definitions(
    image: Image, structures: Structures, inits: tuple[Init, ...]
) -> tuple[Definition, ...]:
    """Module definitions, then slot arrays; one of each may be the file's own (PEP 793 lets a
    module have both, for interpreters before and from 3.15).
    """
    found = [_completed(image, entry, inits) for entry in structures.definitions]
    arrays = {init.definition for init in inits if init.phase == "export"}
    for address in sorted(address for address in arrays if address is not None):
        from isoview.inspectors.binary.slot_arrays import read_slot_array

        array = read_slot_array(image, address)
        if array is not None:
            found.append(array)
    owned = {init.definition for init in inits if init.own}
    return tuple(replace(entry, own=entry.address in owned) for entry in found)


def _completed(image: Image, found: FoundDefinition, inits: tuple[Init, ...]) -> Definition:
    """A definition with its slots; most have them in the file."""
    if found.fact.slots:
        return found.fact
    from isoview.inspectors.binary.runtime_slots import complete_slots

    return complete_slots(image, found, inits)


def _free_threaded(structures: Structures, tag: str | None) -> bool:
    if structures.definitions or structures.static_types:
        return structures.layout.free_threaded
    return names_free_threaded(tag)


def _types(structures: Structures, toolchains: tuple[Toolchain, ...]) -> tuple[Type, ...]:
    """The types by what they are in the end."""
    mypyc = any(toolchain.name == "mypyc" for toolchain in toolchains)
    # What mypyc copies into a heap type says so in its flags; its library of types written in C
    # (librt) has real static ones.
    types = [
        replace(entry.fact, kind="template")
        if mypyc and entry.fact.flags is not None and entry.fact.flags & FLAG_HEAP
        else entry.fact
        for entry in structures.static_types
    ]
    return (*types, *[entry.fact for entry in structures.specs])


def _libraries(image: Image) -> tuple[Library, ...]:
    return tuple(
        Library(name, audited=False)
        for name in image.libraries
        if file_name(name).startswith(_SPEAKERS) or "__mypyc" in name
    )


def _capi(image: Image, tag: str | None) -> CApiUse:
    imports = of_c_api(image)
    if tag is None or not tag.startswith("abi3"):
        return CApiUse(imports)
    from isoview.inspectors.binary.stable_abi import lowest_version

    return CApiUse(imports, lowest_version(imports))


def _principal(inits: tuple[Init, ...]) -> Init | None:
    """The file's own init function, or its first where none bears the file's name."""
    return next((init for init in inits if init.own), inits[0] if inits else None)


def _definitions_level(
    inits: tuple[Init, ...], definitions: tuple[Definition, ...], toolchains: tuple[Toolchain, ...]
) -> Item:
    own = _principal(inits)
    if own is None:
        return Item("none", "the file exports no init function")
    if own.phase == "delegated":
        return Item("none", own.reason)
    if own.definition is None:
        if toolchains[0].name == "cffi":
            return Item("none", "_cffi_backend builds the definition at run time")
        if definitions:
            return Item("partial", "which definition the init function returns is not known")
        return Item("none", "the definition is built at run time")
    used = next((d for d in definitions if d.address == own.definition), None)
    if used is not None and not used.slots_complete:
        return Item("partial", "the slot table is filled at run time")
    return Item("full")


def _types_level(
    image: Image,
    capi: CApiUse,
    toolchains: tuple[Toolchain, ...],
    types: tuple[Type, ...],
    own: Init | None,
) -> Item:
    for toolchain in toolchains:
        if toolchain.name in _BUILT_AT_RUN_TIME:
            return Item("partial", _BUILT_AT_RUN_TIME[toolchain.name])
    if own is None or (own.definition is None and own.phase != "delegated"):
        return Item("partial", "types may be built at run time, as the definition is")
    from_spec = capi.like("PyType_From")
    if from_spec and not any(entry.kind == "spec" for entry in types):
        return Item("partial", f"{from_spec[0]} is imported, but no type spec stands in the file")
    if "PyType_Ready" in image.imported and not any(entry.kind != "spec" for entry in types):
        return Item("partial", "PyType_Ready is imported, but no static type stands in the file")
    sequences = _STRUCT_SEQUENCES & image.imported
    if sequences:
        return Item("partial", f"{min(sequences)} makes static types at run time")
    if "PyStructSequence_NewType" in image.imported:
        return Item("partial", "PyStructSequence_NewType makes heap types at run time")
    if image.damage:
        return Item("partial", "the file is damaged")
    return Item("full")


def code(loaded: Loaded, facts: Facts, limit: int = DEFAULT_LIMIT) -> Facts:
    """The second stage: what the instructions show, reading no more than ``limit`` of them."""
    if not facts.init and not facts.capi.imports:
        return replace(facts, stage="code", budget=Budget(limit, reached=False))
    if loaded.image.arch not in ("x86-64", "aarch64") or loaded.image.endian != "little":
        reason = f"instructions of {loaded.image.arch} are not read"
        level = Item("partial", facts.completeness.globals.reason or reason)
        completeness = replace(facts.completeness, globals=level)
        return replace(facts, stage="code", budget=Budget(limit, False), completeness=completeness)
    from isoview.inspectors.binary.code_stage import read_code

    return replace(read_code(loaded.image, facts, limit), stage="code")

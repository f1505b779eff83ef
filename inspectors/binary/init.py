"""Init functions of a file: which there are, how each initializes its module, and with what.

Order of evidence: the code of the init function, then the names the file imports, then what is
known of a generator. Where none of them decides, the phase is ``unknown`` with the reason.
"""

from isoview.inspectors.binary.constants import Constants
from isoview.inspectors.binary.definitions import FoundDefinition
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.machines import machine
from isoview.inspectors.facts import Init, Phase
from isoview.inspectors.record import replace

_EXPORTS = frozenset({"PyInit", "PyInitU", "PyModExport", "PyModExportU"})
INIT_LIMIT = 512
"""Most init functions of one file, its own among them (an interpreter itself exports some 80)."""
FUNCTION_LIMIT = 4096
"""Bytes of an init function that are read where its size is not known."""
SINGLE, MULTI = "PyModule_Create2", "PyModuleDef_Init"


def init_symbols(image: Image, stem: str) -> tuple[Init, ...]:
    """The init functions that the file exports; ``stem`` is its name's last module component."""
    found: list[Init] = []
    offered = image.offered_to_python
    for symbol in sorted([name for name in offered if name.startswith("Py")]):
        kind, there, name = symbol.partition("_")
        if kind not in _EXPORTS or not there:
            continue
        module = _unpunycode(name) if kind.endswith("U") else name
        export = kind.startswith("PyModExport")
        found.append(
            Init(
                symbol=symbol,
                module=module,
                own=module == stem,
                phase="export" if export else "unknown",
                phase_source="export" if export else "none",
                from_minor=15 if export else None,  # PEP 793
                address=offered[symbol],
            )
        )
    if len(found) > INIT_LIMIT:
        found = sorted(found, key=lambda init: not init.own)[:INIT_LIMIT]
    return tuple(found)


def _unpunycode(name: str) -> str:
    """A non-ASCII module's name from its hook's (PEP 489: punycode with "-" written "_")."""
    head, _, tail = name.rpartition("_")
    try:
        found = (f"{head}-{tail}" if head else tail).encode("ascii").decode("punycode")
        found.encode("utf-8")  # punycode takes lone surrogates, which are no text
    except UnicodeError:
        return name
    return found


def init_code(image: Image, init: Init) -> bytes:
    """The bytes of an init function: its symbol's size, or as many as may belong to it."""
    if init.address is None or not image.in_code(init.address):
        return b""
    size = image.export_sizes.get(init.address) or FUNCTION_LIMIT
    return image.read(init.address, min(size, FUNCTION_LIMIT * 16))


def decide(
    image: Image,
    inits: tuple[Init, ...],
    definitions: tuple[FoundDefinition, ...],
    constants: Constants,
) -> tuple[Init, ...]:
    """``inits`` with phase and definition, each with how it is known."""
    if any(init.phase == "export" for init in inits):
        from isoview.inspectors.binary.slot_arrays import SlotArrays

        arrays = SlotArrays(image)
        inits = tuple(
            replace(init, definition=arrays.address(init)) if init.phase == "export" else init
            for init in inits
        )
    return tuple(
        init if init.phase == "export" else _decide(image, init, inits, definitions, constants)
        for init in inits
    )


def _decide(
    image: Image,
    init: Init,
    inits: tuple[Init, ...],
    definitions: tuple[FoundDefinition, ...],
    constants: Constants,
) -> Init:
    addresses = {entry.fact.address for entry in definitions}
    by_code = _phase_from_code(image, init)
    if by_code is not None:
        phase, argument = by_code
        definition = argument if argument in addresses else None
        definition = definition or _definition_by_name(init, inits, definitions)
        return replace(init, phase=phase, phase_source="code", definition=definition)
    definition = _definition_by_name(init, inits, definitions)
    named = _phase_from_imports(image)
    if named is not None:
        return replace(init, phase=named, phase_source="imports", definition=definition)
    return _from_generator(image, init, definition, definitions, constants)


def _phase_from_code(image: Image, init: Init) -> tuple[Phase, int | None] | None:
    processor = machine(image)
    if processor is None or init.address is None:
        return None
    code = init_code(image, init)
    for call in processor.calls(image, init.address, code):
        if call.name in (SINGLE, MULTI):
            argument = processor.first_argument(image, init.address, code, call)
            return ("single" if call.name == SINGLE else "multi"), argument
    return None


def _phase_from_imports(image: Image) -> Phase | None:
    single, multi = SINGLE in image.imported, MULTI in image.imported
    if single == multi:
        return None
    return "single" if single else "multi"


def _from_generator(
    image: Image,
    init: Init,
    definition: int | None,
    definitions: tuple[FoundDefinition, ...],
    constants: Constants,
) -> Init:
    both = SINGLE in image.imported and MULTI in image.imported
    if both:
        entry = next((d for d in definitions if d.fact.address == definition), None)
        if entry is not None and entry.fact.slots:
            # PyModule_Create refuses a definition with slots (Objects/moduleobject.c).
            return replace(init, phase="multi", phase_source="data", definition=definition)
        return replace(
            init,
            definition=definition,
            reason="the file imports both PyModule_Create2 and PyModuleDef_Init, and the code of "
            "the init function does not show which it calls",
        )
    if "PyImport_ImportModule" in image.imported and constants.find(
        b"_init_cffi_1_0_external_module"
    ):
        return replace(
            init,
            phase="single",
            phase_source="strings",
            reason="_cffi_backend makes the module for it",
        )
    if (
        constants.find(b"__mypyc")
        and {"PyImport_ImportModule", "PyCapsule_GetPointer"} & image.imported
    ):
        return replace(
            init,
            phase="delegated",
            phase_source="strings",
            reason="a mypyc shim: the module is made by the group library __mypyc",
        )
    return replace(
        init,
        definition=definition,
        reason="the file imports neither PyModule_Create2 nor PyModuleDef_Init",
    )


def _definition_by_name(
    init: Init, inits: tuple[Init, ...], definitions: tuple[FoundDefinition, ...]
) -> int | None:
    """The only definition, or the one whose name's last component is the module's."""
    if len(definitions) == 1 and len(inits) == 1:
        return definitions[0].fact.address
    same = [d for d in definitions if (d.fact.m_name or "").rpartition(".")[2] == init.module]
    return same[0].fact.address if len(same) == 1 else None

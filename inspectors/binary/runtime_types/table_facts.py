"""What SIP, Shiboken and f2py keep in data, as facts."""

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.f2py import f2py_tables
from isoview.inspectors.binary.runtime_types.sip import SipModule, SipType, sip_modules
from isoview.inspectors.facts import Evidence, Facts, Item, NameTable, Toolchain, Type
from isoview.inspectors.record import replace


def add_tables(image: Image, facts: Facts, names: list[str]) -> Facts:
    """``facts`` with the tables of the generators ``names``."""
    if "f2py" in names:
        facts = replace(facts, tables=(*facts.tables, *f2py_tables(image)))
    if "SIP" in names:
        for module in sip_modules(image):
            facts = _with_sip(facts, module)
    if "Shiboken" in names:
        facts = _with_shiboken(facts)
    return facts


def _with_sip(facts: Facts, module: SipModule) -> Facts:
    classes = [entry for entry in module.types if entry.kind != "enum"]
    enums = sorted(entry.name for entry in module.types if entry.kind == "enum")
    tables = facts.tables
    if enums:
        # From ABI 13 on they are enum.Enum classes, which Python code makes.
        where = f"sipExportedModuleDef of {module.name}"
        evidence = (Evidence("data", where, module.address),)
        tables = (*tables, NameTable("enums", "SIP", tuple(enums), True, evidence))
    reason = (
        f"{_sip_count(len(classes), module.name)}; sip makes them at import, or when they are first "
        "asked for: which exist shows live"
    )
    return replace(
        facts,
        types=(*facts.types, *(_sip_type(entry, module) for entry in classes)),
        tables=tables,
        toolchains=tuple(_with_version(entry, module) for entry in facts.toolchains),
        completeness=replace(facts.completeness, types=Item("partial", reason)),
    )


def _sip_count(classes: int, module: str) -> str:
    read = f"{classes or 'no'} {'class' if classes == 1 else 'classes'}"
    return f"{read} {'is' if classes == 1 else 'are'} read from SIP's table of types for {module}"


def _sip_type(entry: SipType, module: SipModule) -> Type:
    text = f"{entry.kind} in the table of types of {module.name}"
    return Type(
        address=None,
        name=entry.name,
        kind="built",
        completed_at_runtime=True,
        methods=entry.methods,
        evidence=(Evidence("data", text, entry.address),),
        native=entry.native,
    )


def _with_version(toolchain: Toolchain, module: SipModule) -> Toolchain:
    if toolchain.name != "SIP" or toolchain.version is not None:
        return toolchain
    text = f"ABI {module.abi} of the sip module, from the exported definition of {module.name}"
    evidence = (*toolchain.evidence, Evidence("data", text, module.address))
    return replace(toolchain, version=f"ABI {module.abi}", evidence=evidence)


def _with_shiboken(facts: Facts) -> Facts:
    count = sum(entry.kind == "spec" for entry in facts.types)
    read = f"{count or 'no'} {'class' if count == 1 else 'classes'} of Shiboken"
    reason = (
        f"{read} {'is' if count == 1 else 'are'} read from specs in the file; enums and containers are put together by "
        "libshiboken, and a class is made when it is first asked for: which exist shows live"
    )
    return replace(facts, completeness=replace(facts.completeness, types=Item("partial", reason)))

"""Facts written by hand, for what no compiled fixture can show."""

from dataclasses import replace
from typing import Any

from isoview.inspectors.facts import (
    Artifact,
    CApiUse,
    Completeness,
    Definition,
    Facts,
    Global,
    Init,
    Item,
    Phase,
    Slot,
    Toolchain,
    Type,
)

FULL = Completeness(Item("full"), Item("full"), Item("full"))
MULTI_PHASE_IMPORTS = ("PyModuleDef_Init",)


def slot(identifier: int, value: int) -> Slot:
    names = {
        3: "Py_mod_multiple_interpreters",
        86: "Py_mod_multiple_interpreters",
        4: "Py_mod_gil",
        87: "Py_mod_gil",
    }
    return Slot(identifier, names[identifier], value=value)


def facts(
    tag: str | None = "cpython-313-x86_64-linux-gnu",
    *,
    phase: Phase = "multi",
    m_size: int | None = 0,
    slots: tuple[Slot, ...] = (),
    imports: tuple[str, ...] = MULTI_PHASE_IMPORTS,
    limited: str | None = None,
    types: tuple[Type, ...] = (),
    statics: tuple[Global, ...] = (),
    generator: str = "C",
    path: str = "/somewhere/mod.so",
    **changes: Any,
) -> Facts:
    """A whole, fully read extension module ``mod``; keywords change one thing each."""
    made = Facts(
        artifact=Artifact(path=path, format="elf", arch="x86-64", tag=tag, is_extension=True),
        stage="code",
        toolchains=(Toolchain(generator, None),),
        init=(Init("PyInit_mod", "mod", own=True, phase=phase, phase_source="code"),),
        definitions=(
            Definition(
                "moduledef", 0x1000, "static", True, None, "mod", None, m_size, slots=slots,
                has_traverse=False, has_clear=False, has_free=False,
            ),
        ),
        types=types,
        globals=statics,
        capi=CApiUse(imports, limited),
        completeness=FULL,
    )  # fmt: skip
    return replace(made, **changes)


def spec(name: str = "mod.Item", *, flags: tuple[str, ...] = (), **changes: Any) -> Type:
    made = Type(address=0x2000, name=name, kind="spec", base="object", flags=0, flag_names=flags)
    return replace(made, **changes)


def static_type(name: str = "mod.Item", **changes: Any) -> Type:
    return replace(Type(address=0x3000, name=name, kind="static", flags=0), **changes)


def static(symbol: str | None, kind: Any = "object", **changes: Any) -> Global:
    return replace(Global(0x4000, symbol, ".bss", 8, kind), **changes)

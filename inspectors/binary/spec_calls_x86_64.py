"""How a ``PyType_Spec`` is turned into a type, from the call that takes it (x86-64 ELF and PE).

The spec's address is loaded by a ``lea`` into the argument register shortly before a call of one of
the ``PyType_From...`` functions. Which one says whether the type knows its module; a register
cleared just before says that no base is passed, so that the base is ``object`` unless the spec
names one itself.
"""

from struct import Struct

from isoview.inspectors.binary import machine_x86_64
from isoview.inspectors.binary.image import Image
from isoview.inspectors.record import Record

WINDOW = 64
"""Bytes of code after the ``lea`` in which the call must stand."""


class Function(Record):
    """One function that makes a type: how code clears the argument for the bases, if it has one."""

    no_bases: tuple[bytes, ...]  # empty: the function takes no bases
    tied: bool


# xor r32, r32 in optimised code; mov r32, 0 in unoptimised code. System V argument order.
_SYSTEM_V = {
    "PyType_FromSpec": Function((), tied=False),
    "PyType_FromSpecWithBases": Function((b"\x31\xf6", b"\xbe\0\0\0\0"), tied=False),  # esi
    "PyType_FromModuleAndSpec": Function((b"\x31\xd2", b"\xba\0\0\0\0"), tied=True),  # edx
    "PyType_FromMetaclass": Function((b"\x31\xc9", b"\xb9\0\0\0\0"), tied=True),  # ecx
}
# The same in Windows' argument order; Microsoft's compiler writes xor the other way round.
_WINDOWS = {
    "PyType_FromSpec": Function((), tied=False),
    "PyType_FromSpecWithBases": Function((b"\x33\xd2", b"\x31\xd2"), tied=False),  # edx
    "PyType_FromModuleAndSpec": Function((b"\x45\x33\xc0", b"\x45\x31\xc0"), tied=True),  # r8d
    "PyType_FromMetaclass": Function((b"\x45\x33\xc9", b"\x45\x31\xc9"), tied=True),  # r9d
}
# lea r64, [rip+d] for rax, rcx, rdx, rsi, rdi: the argument registers, and those that
# unoptimised code goes through; r8 on Windows.
_LEAS = tuple(b"\x48\x8d" + bytes([modrm]) for modrm in (0x05, 0x0D, 0x15, 0x35, 0x3D))
_LEA_R8 = b"\x4c\x8d\x05"
LEA_LENGTH = 7


class SpecUse(Record):
    """What the call says of a spec. ``base_is_object`` is None where the code does not show it."""

    function: str
    address: int
    tied: bool
    base_is_object: bool | None

    def agrees(self, other: "SpecUse") -> bool:
        """Whether another call says the same of the spec."""
        return (self.tied, self.base_is_object) == (other.tied, other.base_is_object)


def spec_uses(image: Image, specs: frozenset[int], limit: int) -> tuple[dict[int, SpecUse], int]:
    """Uses by the spec's link-time address, and how many ``lea``s were looked at (at most
    ``limit``). A spec used twice in different ways is left out.
    """
    found: dict[int, SpecUse] = {}
    unclear: set[int] = set()
    looked = 0
    if not specs:
        return found, looked
    distance = Struct("<i").unpack_from
    leas = (*_LEAS, _LEA_R8) if image.format == "pe" else _LEAS
    for region in image.regions:
        if not region.executable or region.zero_fill:
            continue
        code = image.read(region.address, region.size)
        behind, last = region.address + LEA_LENGTH, len(code) - LEA_LENGTH
        for lea in leas:
            at = code.find(lea)
            while 0 <= at <= last and looked < limit:
                looked += 1
                target = behind + at + distance(code, at + 3)[0]
                if target in specs:
                    use = _use(image, region.address, code, at)
                    if use is not None:
                        if target in found and not found[target].agrees(use):
                            unclear.add(target)
                        found[target] = use
                at = code.find(lea, at + 1)
    return {address: use for address, use in found.items() if address not in unclear}, looked


def _use(image: Image, base: int, code: bytes, at: int) -> SpecUse | None:
    """The first call after the ``lea``; None where it is of another function."""
    for step in range(at + 7, min(at + 7 + WINDOW, len(code) - 5)):
        if code[step] not in (0xE8, 0xFF):
            continue
        call = machine_x86_64.call_at(image, code, step, base + step)
        if call is None:
            continue
        function = (_WINDOWS if image.format == "pe" else _SYSTEM_V).get(call.name)
        if function is None:
            return None
        window = code[max(0, at - 16) : step]
        cleared = not function.no_bases or any(zero in window for zero in function.no_bases)
        return SpecUse(call.name, call.address, function.tied, True if cleared else None)
    return None

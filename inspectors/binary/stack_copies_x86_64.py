"""Slot tables that Microsoft's compiler assembles on the stack and copies into a static.

``slots[n] = {id, function}`` becomes stores of the two members to ``[rsp+d]``, a 16-byte load into
an xmm register and a 16-byte store to ``[rip+d]``. The few instructions that take part are looked
for in order and followed; whatever else writes to a general register they use makes that register
unknown. Encodings: Intel SDM volume 2.
"""

import re

# ModRM bytes, with the register in bits 3 to 5: [rsp+disp8] 44, [rsp+disp32] 84 (each followed by
# SIB 24), [rip+disp32] 05, and register to itself c0.
_STACK8 = rb"[\x44\x4c\x54\x5c\x64\x6c\x74\x7c]\x24."
_STACK32 = rb"[\x84\x8c\x94\x9c\xa4\xac\xb4\xbc]\x24...."
_STACK = rb"(?:" + _STACK8 + rb"|" + _STACK32 + rb")"
_RIP = rb"[\x05\x0d\x15\x1d\x25\x2d\x35\x3d]...."
# Text, not a compiled pattern: only Windows files ask for it, and compiling costs 1 ms.
_STEP = (
    rb"(?P<lea>\x48\x8d" + _RIP + rb")"
    rb"|(?P<constant>\x48?\xc7(?:\x44\x24.|\x84\x24....)....)"
    rb"|(?P<copy>\x0f(?:\x29|\x11)" + _RIP + rb"|[\x66\xf3]\x0f\x7f" + _RIP + rb")"
    rb"|(?P<take>\x0f[\x10\x28]" + _STACK + rb"|[\x66\xf3]\x0f\x6f" + _STACK + rb")"
    rb"|(?P<store>\x48?\x89" + _STACK + rb")"
    rb"|(?P<zero>[\x31\x33][\xc0\xc9\xd2\xdb\xed\xf6\xff])"
    rb"|(?P<load>\x48?\x8b(?:" + _STACK + rb"|" + _RIP + rb"))"
    rb"|(?P<call>\xe8|\xff\x15)"
)


def stack_copies(start: int, code: bytes) -> dict[int, int | None]:
    """What ``code``, which starts at the link-time address ``start``, copies into statics.

    By the address of the 4-byte id and of the 8-byte value that stands 8 bytes after it. An id is
    None where it is not known, and where its value is not.
    """
    registers: dict[int, int | None] = {}
    saved: dict[int, int] = {}  # where a register not yet written to is kept for the caller
    stack: dict[int, int | None] = {}
    vectors: dict[int, tuple[int | None, int | None]] = {}
    found: dict[int, int | None] = {}
    for step in re.finditer(_STEP, code, re.DOTALL):
        raw, end = step.group(), start + step.end()
        match step.lastgroup:
            case "zero":
                registers[raw[1] & 7] = 0
            case "call":  # rax, rcx and rdx are not the caller's afterwards
                registers.update(dict.fromkeys((0, 1, 2)))
            case "constant":
                stack[_displacement(raw[2:-4] if raw[0] == 0x48 else raw[1:-4])] = _signed(raw[-4:])
            case "store":
                modrm = raw[2:] if raw[0] == 0x48 else raw[1:]
                register, at = modrm[0] >> 3 & 7, _displacement(modrm)
                if register not in registers:
                    saved.setdefault(register, at)
                stack[at] = registers.get(register)
            case "load":
                modrm = raw[2:] if raw[0] == 0x48 else raw[1:]
                register = modrm[0] >> 3 & 7
                # Giving back the caller's register ends a path; the code after it is another.
                if saved.get(register) != _displacement(modrm):
                    registers[register] = None
            case "take":
                modrm = raw[3:] if raw[0] in (0x66, 0xF3) else raw[2:]
                at = _displacement(modrm)
                vectors[modrm[0] >> 3 & 7] = (stack.get(at), stack.get(at + 8))
            case "copy":
                modrm = raw[3:] if raw[0] in (0x66, 0xF3) else raw[2:]
                number, value = vectors.get(modrm[0] >> 3 & 7, (None, None))
                target = end + _signed(modrm[1:])
                found[target] = number if value is not None or number == 0 else None
                found[target + 8] = value
            case _:  # lea
                registers[raw[2] >> 3 & 7] = end + _signed(raw[3:])
    return found


def _displacement(modrm: bytes) -> int:
    return _signed(modrm[2:])


def _signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)

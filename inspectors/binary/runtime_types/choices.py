"""Results that depend on a condition but can only be one of two values.

Compilers work out small numbers without a branch: a length is 8 or 16, by whether a pointer is
null. The common form of instructions says of these that their result is unknown; here the few that
matter are read from their bytes.

x86-64: ``setcc`` into a register that was cleared, then ``or`` or ``xor`` with a number.
AArch64: ``csinc`` (``cinc``, ``cset``), of 64 or 32 bits.
"""

from collections.abc import Callable

from isoview.inspectors.binary.code.instructions import Instruction
from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.runtime_types.state import Value

Chooser = Callable[[Instruction, dict[int, Value]], Value | None]
_ZERO = 31  # the zero register in AArch64's data processing


def choices(image: Image) -> Chooser:
    """What an instruction whose result is unknown (``CLOBBER``) gives: a choice, or None."""
    if image.arch == "aarch64":
        return lambda step, registers: _csinc(image, step, registers)
    return lambda step, registers: _setcc(image, step, registers)


def _setcc(image: Image, step: Instruction, registers: dict[int, Value]) -> Value | None:
    address, size, reg, imm = step[0], step[2], step[3], step[8]
    before = registers.get(reg)
    if (size != 1 or before != 0) and (before != ("either", 0, 1) or imm <= 0):
        return None
    raw = image.read(address, 3)
    at = 1 if raw and raw[0] & 0xF0 == 0x40 else 0  # a REX prefix
    if len(raw) < at + 2:
        return None
    if size == 1:
        return ("either", 0, 1) if raw[at] == 0x0F and raw[at + 1] & 0xF0 == 0x90 else None
    if raw[at] not in (0x81, 0x83):
        return None
    combined = {1: (imm, imm | 1), 6: (imm, imm ^ 1)}.get(raw[at + 1] >> 3 & 7)
    return None if combined is None else ("either", *combined)


def _csinc(image: Image, step: Instruction, registers: dict[int, Value]) -> Value | None:
    word = image.unsigned(step[0], 4) or 0
    if word & 0x7FE00C00 != 0x1A800400:
        return None
    first, second = (
        0 if number == _ZERO else registers.get(number)
        for number in (word >> 5 & 31, word >> 16 & 31)
    )
    if not isinstance(first, int) or not isinstance(second, int):
        return None
    return ("either", first, second + 1)

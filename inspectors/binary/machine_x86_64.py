"""Byte patterns of x86-64 code: calls, their targets, and what is passed to them.

No instruction is decoded; a pattern is looked for where a compiler puts it, and every address it
names is checked against the image, so that data which happens to look like code decides nothing.
Encodings: Intel SDM volume 2.
"""

import struct
from collections.abc import Iterator

from isoview.inspectors.binary.image import Image
from isoview.inspectors.record import Record


class Call(Record):
    """A call or jump to an imported function: its name, and where it stands (link-time)."""

    name: str
    address: int
    length: int


def _relative(code: bytes, at: int) -> int:
    return int.from_bytes(code[at : at + 4], "little", signed=True)


def stub_target(image: Image, address: int) -> str | None:
    """The imported function a PLT stub (or import thunk) at ``address`` jumps to.

    ``[endbr64] [bnd] jmp [rip+d]``; ``48 ff 25`` in PE files.
    """
    code = image.read(address, 16)
    at = 4 if code[:4] == b"\xf3\x0f\x1e\xfa" else 0
    if code[at : at + 1] in (b"\xf2", b"\x48"):
        at += 1
    if code[at : at + 2] != b"\xff\x25" or len(code) < at + 6:
        return None
    return image.imports_at.get(address + at + 6 + _relative(code, at + 2))


def call_at(image: Image, code: bytes, at: int, address: int) -> Call | None:
    """The call or tail jump to an imported function at ``code[at]``; ``address`` is that byte's."""
    opcode = code[at]
    if opcode in (0xE8, 0xE9) and at + 5 <= len(code):
        name = stub_target(image, address + 5 + _relative(code, at + 1))
        return Call(name, address, 5) if name else None
    if opcode == 0xFF and at + 6 <= len(code) and code[at + 1] in (0x15, 0x25):
        name = image.imports_at.get(address + 6 + _relative(code, at + 2))
        return Call(name, address, 6) if name else None
    return None


_MAY_CALL = bytes(0xE8) + b"\1\1" + bytes(0xFF - 0xEA) + b"\1"
"""1 for each byte with which a call or jump can begin: 0xE8, 0xE9 and 0xFF."""


def calls(image: Image, start: int, code: bytes) -> Iterator[Call]:
    """Every call and tail jump to an imported function in ``code``, which starts at ``start``."""
    opcodes = code.translate(_MAY_CALL)
    at = opcodes.find(1)
    while at >= 0:
        call = call_at(image, code, at, start + at)
        if call is not None:
            yield call
        at = opcodes.find(1, at + 1)


_FIRST_ARGUMENT = {
    "elf": (b"\x48\x8d\x3d", b"\x48\x89\xc7"),
    "pe": (b"\x48\x8d\x0d", b"\x48\x89\xc1"),
}
"""``lea rdi, [rip+d]`` (System V) or ``lea rcx, [rip+d]`` (Windows); and the move from rax that
unoptimised code makes after ``lea rax, [rip+d]``."""


def first_argument(image: Image, start: int, code: bytes, call: Call) -> int | None:
    """The address passed as first argument to ``call``, where a ``lea`` before it shows it."""
    direct, moved = _FIRST_ARGUMENT["pe" if image.format == "pe" else "elf"]
    before = code[: call.address - start]
    at = before.rfind(direct)
    through = before.rfind(moved)
    if through > at:
        lea = before.rfind(b"\x48\x8d\x05", 0, through)
        at = lea if lea >= 0 else at
    if at < 0 or at + 7 > len(before):
        return None
    return start + at + 7 + _relative(code, at + 3)


def stores(
    image: Image,  # noqa: ARG001 - as for the other machines
    start: int,
    code: bytes,
) -> Iterator[tuple[int, int | None]]:
    """(target address, constant or address stored) of the stores into statics in ``code``.

    ``c7 05 d i`` and ``48 c7 05 d i`` store a constant; ``48 89 05 d`` after
    ``48 8d 05 d`` stores an address.
    """
    for pattern, size in ((b"\xc7\x05", 10), (b"\x48\x89\x05", 7)):
        at = code.find(pattern)
        while at >= 0:
            if at + size <= len(code):
                yield _store(start, code, at, size)
            at = code.find(pattern, at + 1)


def _store(start: int, code: bytes, at: int, size: int) -> tuple[int, int | None]:
    if size == 10:
        value = _relative(code, at + 6)
        return start + at + 10 + _relative(code, at + 2), value
    lea = code.rfind(b"\x48\x8d\x05", max(0, at - 32), at)
    value_at = start + lea + 7 + _relative(code, lea + 3) if lea >= 0 else None
    return start + at + 7 + _relative(code, at + 3), value_at


def touches(
    image: Image,  # noqa: ARG001 - as for the other machines
    start: int,
    code: bytes,
    low: int,
    high: int,
) -> bool:
    """Whether any rip-relative operand in ``code`` can lie in [low, high).

    Every byte position is tried as a 32-bit displacement, with 0, 1, 2 and 4 bytes of immediate
    after it: a no is certain, a yes may be chance.
    """
    for at in range(len(code) - 3):
        target = start + at + 4 + _relative(code, at)
        if (
            low <= target + 4
            and target < high
            and any(low <= target + n < high for n in (0, 1, 2, 4))
        ):
            return True
    return False


def local_calls(image: Image, start: int, code: bytes) -> Iterator[int]:
    """Addresses of this file's own functions (and stubs) that ``code`` may call or jump to:
    every byte that can be the start of such an instruction, if its target is code.
    """
    for at, opcode in enumerate(code):
        if opcode in (0xE8, 0xE9) and at + 5 <= len(code):
            target = start + at + 5 + _relative(code, at + 1)
            if image.in_code(target):
                yield target


def only_calls(image: Image, start: int, code: bytes, name: str) -> bool:
    """Whether ``code`` calls nothing but the import ``name``."""
    return all(stub_target(image, target) == name for target in local_calls(image, start, code))


_EXPORT = (
    (b"\x48\x8d\x05", False),  # lea rax, [rip+d]: the array
    (b"\x48\x8b\x05", True),  # mov rax, [rip+d]: a word that points to the array
)


def returned_address(image: Image, address: int) -> int | None:
    """What a function that only returns an address returns (``PyModExport_*``, PEP 793)."""
    code = image.read(address, 32)
    at = 4 if code[:4] == b"\xf3\x0f\x1e\xfa" else 0
    framed = code[at : at + 4] == b"\x55\x48\x89\xe5"  # push rbp; mov rbp, rsp
    at += 4 if framed else 0
    for opcode, indirect in _EXPORT:
        tail = code[at + 7 :]
        if code[at : at + 3] == opcode and tail[framed : framed + 1] == b"\xc3":
            if framed and tail[:1] != b"\x5d":
                return None
            target = address + at + 7 + struct.unpack_from("<i", code, at + 3)[0]
            return image.pointers.get(target) if indirect else target
    return None

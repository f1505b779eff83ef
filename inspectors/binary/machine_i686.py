"""Byte patterns of i686 code in PE files: calls of imported functions, and what is passed to them.

Windows code for i686 addresses memory absolutely: where an instruction has room for an address,
four bytes that lie inside the image are taken for one. Encodings: Intel SDM volume 2.
"""

import re
from collections.abc import Iterator

from isoview.inspectors.binary.image import Image
from isoview.inspectors.binary.machine_x86_64 import Call

_STUB = b"\xff\x25"  # jmp [address]
_PUSH = b"\x68"  # push address
_STORE = b"\xc7\x04\x24"  # mov [esp], address: what GCC and LLVM emit
ARGUMENT_WINDOW = 64
"""Bytes before the call in which its only argument is passed."""
# A return or a jump, and the int3 with which Microsoft's linker fills the space up to the next
# function (other compilers fill with nops, which stand inside functions too). The format tells no
# function's size on this processor.
_END = re.compile(rb"(?:\xc3|\xe9....|\xff\x25....)(?=\xcc)", re.DOTALL)
_RETURNS = re.compile(rb"(?:\x55\x89\xe5|\x55\x8b\xec)?([\xb8\xa1])....(?:\x5d)?\xc3", re.DOTALL)


def _address(image: Image, code: bytes, at: int) -> int | None:
    """The absolute address at ``code[at]``; None where those bytes lead out of the image."""
    value = int.from_bytes(code[at : at + 4], "little")
    return value if image.segment_at(value) is not None else None


def _imported(image: Image, code: bytes, at: int) -> str | None:
    """The import whose IAT word the absolute address at ``code[at]`` names."""
    return image.imports_at.get(int.from_bytes(code[at : at + 4], "little"))


def _stub_target(image: Image, address: int) -> str | None:
    """The imported function that an import thunk at ``address`` jumps to."""
    stub = image.read(address, 6)
    return _imported(image, stub, 2) if stub[:2] == _STUB and len(stub) == 6 else None


def call_at(image: Image, code: bytes, at: int, address: int) -> Call | None:
    """The call or tail jump to an imported function at ``code[at]``; ``address`` is that byte's."""
    opcode = code[at]
    if opcode in (0xE8, 0xE9) and at + 5 <= len(code):
        distance = int.from_bytes(code[at + 1 : at + 5], "little", signed=True)
        name = _stub_target(image, (address + 5 + distance) & 0xFFFFFFFF)
        return Call(name, address, 5) if name else None
    if opcode == 0xFF and at + 6 <= len(code) and code[at + 1] in (0x15, 0x25):
        name = _imported(image, code, at + 2)
        return Call(name, address, 6) if name else None
    return None


def calls(image: Image, start: int, code: bytes) -> Iterator[Call]:
    """Every call and tail jump to an imported function in ``code``, which starts at ``start``."""
    code = _function(code)
    for at, opcode in enumerate(code):
        if opcode in (0xE8, 0xE9, 0xFF):
            call = call_at(image, code, at, start + at)
            if call is not None:
                yield call


def first_argument(image: Image, start: int, code: bytes, call: Call) -> int | None:
    """The address pushed, or stored at the stack's top, last before ``call``."""
    end = call.address - start
    for at in range(end - 5, max(-1, end - ARGUMENT_WINDOW), -1):
        for opcode in (_PUSH, _STORE):
            where = at + len(opcode)
            if code[at:where] == opcode and where + 4 <= end:
                target = _address(image, code, where)
                if target is not None:
                    return target
    return None


def _function(code: bytes) -> bytes:
    """``code`` up to the end of its first function, where that can be seen."""
    end = _END.search(code)
    return code[: end.end()] if end else code


def stores(
    image: Image,
    start: int,  # noqa: ARG001 - addresses are absolute here
    code: bytes,
) -> Iterator[tuple[int, int | None]]:
    """(target address, number or address stored) of the stores of constants into statics."""
    code = _function(code)
    at = code.find(b"\xc7\x05")  # mov dword [address], number
    while at >= 0 and at + 10 <= len(code):
        target = _address(image, code, at + 2)
        if target is not None:
            yield target, int.from_bytes(code[at + 6 : at + 10], "little")
        at = code.find(b"\xc7\x05", at + 1)


def touches(
    image: Image,  # noqa: ARG001 - as above; the form is that of `machines.Machine`
    start: int,  # noqa: ARG001 - addresses are absolute here
    code: bytes,
    low: int,
    high: int,
) -> bool:
    """Whether an address in [low, high) stands in ``code``: a no is certain."""
    code = _function(code)
    return any(
        low <= int.from_bytes(code[at : at + 4], "little") < high for at in range(len(code) - 3)
    )


def local_calls(image: Image, start: int, code: bytes) -> Iterator[int]:
    """Addresses of this file's own functions (and stubs) that ``code`` may call or jump to."""
    code = _function(code)
    for at, opcode in enumerate(code):
        if opcode in (0xE8, 0xE9) and at + 5 <= len(code):
            distance = int.from_bytes(code[at + 1 : at + 5], "little", signed=True)
            target = (start + at + 5 + distance) & 0xFFFFFFFF
            if image.in_code(target):
                yield target


def only_calls(image: Image, start: int, code: bytes, name: str) -> bool:
    """Whether ``code`` calls nothing but the import ``name``: then nobody else filled a table."""
    return all(_stub_target(image, target) == name for target in local_calls(image, start, code))


def returned_address(image: Image, address: int) -> int | None:
    """What a function that only returns an address returns (``PyModExport_*``, PEP 793)."""
    code = image.read(address, 16)
    match = _RETURNS.match(code)
    if match is None:
        return None
    target = _address(image, code, match.start(1) + 1)
    if match[1] == b"\xb8" or target is None:
        return target  # mov eax, address
    return image.pointers.get(target)  # mov eax, [address]

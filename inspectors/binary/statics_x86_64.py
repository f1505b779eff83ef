"""Which statics hold Python objects, as far as x86-64 code shows it without being decoded.

One pattern only, because it is as good as never wrong: the result of an API function that returns
an object is stored into a static right after the call (with or without the test for NULL between).
What it does not see is said by the completeness, not guessed.
"""

import re
from functools import cache
from pathlib import Path

from isoview.inspectors.binary import machine_x86_64
from isoview.inspectors.binary.image import Image, Region
from isoview.inspectors.facts import Evidence

_STORE = b"\x48\x89\x05"  # mov [rip+d], rax
# What may stand between the call and the store: nothing, or "test rax, rax; je far/near".
_TEST = re.compile(rb"\x48\x85\xc0(?:\x0f\x84....|\x74.)\Z", re.DOTALL)


@cache
def object_functions() -> frozenset[str]:
    """C-API functions that return an object (prototypes of the headers of 3.8 to 3.15)."""
    text = Path(__file__).with_name("object_api.txt").read_text("ascii")
    return frozenset(text.split())


def stored_objects(image: Image, limit: int) -> tuple[dict[int, Evidence], int]:
    """Evidence by link-time address of the static, and how many candidate stores were looked at.

    Looks at no more than ``limit`` candidates.
    """
    found: dict[int, Evidence] = {}
    looked = 0
    for region in image.regions:
        if not region.executable or region.zero_fill:
            continue
        code = image.read(region.address, region.size)
        at = code.find(_STORE)
        while at >= 0 and looked < limit:
            looked += 1
            _look(image, region, code, at, found)
            at = code.find(_STORE, at + 1)
    return found, looked


def _look(image: Image, region: Region, code: bytes, at: int, found: dict[int, Evidence]) -> None:
    if at + 7 > len(code):
        return
    address = region.address + at
    target = address + 7 + int.from_bytes(code[at + 3 : at + 7], "little", signed=True)
    if target in found or target % 8 or not image.is_writable(target):
        return
    end = at
    test = _TEST.search(code, max(0, at - 9), at)
    if test:
        end = test.start()
    for length in (5, 6):
        start = end - length
        if start < 0 or code[start] != (0xE8 if length == 5 else 0xFF):
            continue
        call = machine_x86_64.call_at(image, code, start, region.address + start)
        if call is not None and call.length == length and call.name in object_functions():
            where = f"+{address - region.address:#x} of {region.name}"
            text = f"result of {call.name} stored at {address:#x} ({where})"
            found[target] = Evidence("stored", text, address)
            return

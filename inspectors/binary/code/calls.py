"""Who calls what: every direct call and jump of a file, found without decoding the rest.

x86-64: the bytes ``e8``/``e9`` with a 32-bit displacement that leads into code, and calls through a
word (``ff 15``, ``ff 25``). AArch64: the words ``bl`` and ``b``. A byte that happens to look like
a call leads to a wrong site, so whoever uses one checks that the function around it really has a
call there; a site that exists is never missed.
"""

import re
from collections.abc import Collection, Iterator
from functools import cached_property

from isoview.inspectors.binary.image import Image

_BRANCH = re.compile(rb"[\x14-\x17\x94-\x97]")  # the top byte of b and bl


class CallIndex:
    """The call sites of an image by target. Built at first use: about 10 ms for 1 MB of code."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._pieces = tuple(
            (region.address, image.read(region.address, region.size))
            for region in image.regions
            if region.executable and not region.zero_fill
        )

    def sites_of(self, targets: Collection[int]) -> list[int]:
        """Addresses of the calls and jumps that lead to one of ``targets``, sorted; those through
        a stub too, as an exported function of the file itself is called.
        """
        wanted = frozenset(targets)
        sites, reached = self._direct
        pointers = self._image.pointers
        through = {site for site, slot in self._indirect if pointers.get(slot) in wanted}
        # The jump of a stub stands behind endbr64, bnd or a REX prefix, if not first.
        jumps = {site - back: site for site in through for back in (0, 4, 1, 5)} if through else {}
        found = []
        for site, target in zip(sites, reached, strict=True):
            if target in wanted:
                found.append(site)
            elif target in jumps:
                found.append(site)
                through.discard(jumps[target])  # the stub itself is no caller
        return sorted({*found, *through})

    def edges(self, targets: Collection[int]) -> list[tuple[int, int]]:
        """(site, target) of the calls and jumps that :meth:`sites_of` gives."""
        wanted = frozenset(targets)
        sites, reached = self._direct
        pointers = self._image.pointers
        through = {
            site: pointers[slot] for site, slot in self._indirect if pointers.get(slot) in wanted
        }
        jumps = {site - back: site for site in through for back in (0, 4, 1, 5)}
        found: list[tuple[int, int]] = []
        stubs: set[int] = set()
        for site, target in zip(sites, reached, strict=True):
            if target in wanted:
                found.append((site, target))
            elif target in jumps:
                stubs.add(jumps[target])
                found.append((site, through[jumps[target]]))
        return found + [pair for pair in through.items() if pair[0] not in stubs]

    def targets(self) -> frozenset[int]:
        """Every address that a direct call or jump leads to."""
        return frozenset(self._direct[1])

    def sites_through(self, slots: Collection[int]) -> list[int]:
        """Addresses of the x86-64 calls and jumps through one of the words at ``slots``."""
        wanted = frozenset(slots)
        return [site for site, slot in self._indirect if slot in wanted]

    @cached_property
    def _direct(self) -> tuple[list[int], list[int]]:
        sites: list[int] = []
        reached: list[int] = []
        low = min((start for start, _ in self._pieces), default=0)
        high = max((start + len(code) for start, code in self._pieces), default=0)
        for start, code in self._pieces:
            if self._image.arch == "x86-64":
                found = _direct_x86_64(start, code, low, high)
            elif self._image.arch == "aarch64":
                found = _direct_aarch64(start, code)
            else:
                break
            for site, target in found:
                sites.append(site)
                reached.append(target)
        return sites, reached

    @cached_property
    def _indirect(self) -> tuple[tuple[int, int], ...]:
        if self._image.arch != "x86-64":
            return ()
        found: list[tuple[int, int]] = []
        for start, code in self._pieces:
            for opcode in (b"\xff\x15", b"\xff\x25"):
                at = code.find(opcode)
                while at >= 0:
                    disp = int.from_bytes(code[at + 2 : at + 6], "little", signed=True)
                    found.append((start + at, start + at + 6 + disp))
                    at = code.find(opcode, at + 1)
        return tuple(found)


def _direct_x86_64(start: int, code: bytes, low: int, high: int) -> Iterator[tuple[int, int]]:
    number = int.from_bytes
    for opcode in (b"\xe8", b"\xe9"):
        at = code.find(opcode)
        while at >= 0:
            target = start + at + 5 + number(code[at + 1 : at + 5], "little", signed=True)
            if low <= target < high:
                yield start + at, target
            at = code.find(opcode, at + 1)


def _direct_aarch64(start: int, code: bytes) -> Iterator[tuple[int, int]]:
    words = memoryview(code[: len(code) // 4 * 4]).cast("I")
    for match in _BRANCH.finditer(code[3::4]):
        index = match.start()
        offset = words[index] & 0x3FFFFFF
        if offset >> 25:
            offset -= 1 << 26
        site = start + 4 * index
        yield site, site + 4 * offset

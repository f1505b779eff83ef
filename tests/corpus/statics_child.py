"""Run by ``statics.py`` in the interpreter under test: import a module, read its writable words.

Reads a request (JSON) from stdin; writes ``@@`` and a JSON object on stdout: the type's name for
each link-time address whose word points to a live object, ``?`` where it is another non-zero
value. Standard library only; memory is read through ``/proc/self/mem``, so nothing can crash.
"""

import importlib
import json
import os
import struct
import sys

READY = 1 << 12
TYPE_SUBCLASS = 1 << 31
REFERENCES = 1 << 33  # an object has fewer, the immortal ones included


class Memory:
    def __init__(self):
        self.file = os.open("/proc/self/mem", os.O_RDONLY)
        self.maps = []
        with open("/proc/self/maps") as stream:
            for line in stream:
                fields = line.split(None, 5)
                low, high = (int(part, 16) for part in fields[0].split("-"))
                if "r" in fields[1] and not fields[-1].startswith("[v"):
                    self.maps.append((low, high, fields[5].strip() if len(fields) > 5 else ""))

    def read(self, address, size):
        if not any(low <= address and address + size <= high for low, high, _ in self.maps):
            return None
        try:
            return os.pread(self.file, size, address)
        except (OSError, OverflowError):
            return None

    def word(self, address):
        raw = self.read(address, 8)
        return struct.unpack("<Q", raw)[0] if raw and len(raw) == 8 else None

    def base(self, path):
        real = os.path.realpath(path)
        return min((low for low, _, name in self.maps if name == real), default=None)


def is_type(memory, address, flags):
    if not address or address % 8:
        return False
    bits = memory.word(address + flags)
    meta = memory.word(address + 8)
    if bits is None or meta is None or not bits & READY or meta % 8:
        return False
    meta_bits = memory.word(meta + flags)
    return meta_bits is not None and bool(meta_bits & TYPE_SUBCLASS)


def describe(memory, value, flags):
    if value % 8 or value < 4096:
        return "?"
    head = memory.read(value, 16)
    if head is None or len(head) < 16:
        return "?"
    references, kind = struct.unpack("<QQ", head)
    if sys.version_info >= (3, 14) and not references >> 32 & 0xFFFF:
        references &= 0xFFFFFFFF  # the upper half holds flags
    if not 0 < references < REFERENCES:
        return "?"
    if not is_type(memory, kind, flags):
        return "?"
    name = memory.word(kind + 24)
    raw = memory.read(name, 64) if name else None
    return (raw or b"?").partition(b"\0")[0].decode("ascii", "replace")


def main():
    request = json.load(sys.stdin)
    name = request["module"]
    importlib.import_module(name)
    module = sys.modules.get(name)
    path = getattr(module, "__file__", None) or request["path"]
    memory = Memory()
    base = memory.base(path)
    if base is None:
        base = memory.base(request["path"])
    found = {}
    for address, size in request["regions"]:
        raw = b""
        if base is not None:
            # page by page: the end of the data may not be mapped
            for at in range(0, size, 4096):
                piece = memory.read(base + address + at, min(4096, size - at))
                raw += piece if piece is not None else bytes(min(4096, size - at))
        skip = -address % 8
        for index in range((len(raw) - skip) // 8):
            value = struct.unpack_from("<Q", raw, skip + 8 * index)[0]
            if value:
                found[address + skip + 8 * index] = describe(memory, value, 168)
    sys.stdout.flush()
    print("@@" + json.dumps(found))
    sys.stdout.flush()
    os._exit(0)


main()

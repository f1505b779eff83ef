"""Finding CPython in a process: ``_PyRuntime``, the version, and the offsets that go with it.

Three ways, tried in this order in the executable and every mapped libpython, then in every other
mapped image that exports it (an embedding program): the exported symbol; the section
``.PyRuntime`` or the symbol table of the file; the cookie of ``_Py_DebugOffsets`` in writable
memory (3.13 and later). A version without a row in ``structures`` is refused by its name.
"""

import re
from typing import NamedTuple

from isoview.inspectors.errors import AttachRefused, Unreadable, UnsupportedFormat
from isoview.inspectors.process import debug_offsets
from isoview.inspectors.process.elf_memory import (
    Loaded,
    Segment,
    exported,
    read_header,
    read_loaded,
)
from isoview.inspectors.process.maps import MappedFile, on_disk, shown_path
from isoview.inspectors.process.memory import Memory, Unread
from isoview.inspectors.process.structures import (
    NEWEST,
    OBJECTS,
    OLDEST,
    RUNTIMES,
    Objects,
    Runtime,
)
from isoview.inspectors.process.target import Target, header_of, refuse_header

SCAN_LIMIT = 64 << 20
"""Most writable memory of one image that is searched for the cookie."""
_LIBRARY = re.compile(r"libpython(\d)\.(\d+)(t?)")
_PROGRAM = re.compile(r"(?:^|/)python(\d)?(?:\.(\d+))?(t?)d?$")
_PYPY = re.compile(r"(?:^|/)(?:lib)?pypy[\d.]*(?:-c)?(?:\.so[\d.]*)?$")


class Interpreter(NamedTuple):
    """CPython as it lies in the process."""

    version: str
    minor: int
    free_threaded: bool
    address: int  # of _PyRuntime
    image: Loaded
    file: MappedFile
    runtime: Runtime
    objects: Objects
    debugger: debug_offsets.Debugger | None


def find_interpreter(target: Target, memory: Memory) -> Interpreter:
    """The interpreter in the process. Raises :class:`AttachRefused` with the reason."""
    candidates = _candidates(target)
    _refuse_pypy(target)
    for file in candidates:
        loaded = read_loaded(memory, file.start)
        if loaded is None:
            continue
        address = exported(memory, loaded, b"_PyRuntime")
        if address is not None:
            return _identified(target, memory, file, loaded, address)
    for file in candidates:
        if _rank(target, file) > 1:
            continue
        loaded = read_loaded(memory, file.start)
        address = loaded and _hidden(target, memory, file, loaded)
        if loaded and address:
            return _identified(target, memory, file, loaded, address)
    raise _no_python(target, candidates, memory)


def _candidates(target: Target) -> list[MappedFile]:
    """Mapped programs and libraries, the likeliest home of an interpreter first."""
    files = [file for file in target.maps.files if _rank(target, file) < 2 or ".so" in file.name]
    return sorted(files, key=lambda file: _rank(target, file))


def _rank(target: Target, file: MappedFile) -> int:
    """0: a libpython, 1: the program itself, 2: any other file."""
    if _LIBRARY.match(file.name):
        return 0
    executable = (target.description.executable or "").removesuffix(" (deleted)")
    return 1 if shown_path(file.path) == executable else 2


def _refuse_pypy(target: Target) -> None:
    names = [target.description.executable or "", *(file.path for file in target.maps.files)]
    if any(_PYPY.search(name) for name in names):
        raise AttachRefused(
            f"process {target.pid} is PyPy, which keeps its objects in other structures",
            "Only CPython can be read from outside.",
        )


def _hidden(target: Target, memory: Memory, file: MappedFile, loaded: Loaded) -> int | None:
    """``_PyRuntime`` where the image does not export it."""
    found = _in_file(target, memory, file, loaded)
    if found is not None:
        return found
    for segment in loaded.segments:
        if segment.writable:
            found = _cookie(memory, segment)
            if found is not None:
                return found
    return None


def _in_file(target: Target, memory: Memory, file: MappedFile, loaded: Loaded) -> int | None:
    place = on_disk(target.pid, file, _first_page(memory, file))
    if place.path is None:
        return None
    from isoview.inspectors.binary.inspect import load

    try:
        image = load(place.path).image
    except (Unreadable, UnsupportedFormat):
        return None  # the cookie in memory is looked for then
    for region in image.regions:
        if region.name == ".PyRuntime":
            return loaded.bias + region.address
    for symbol in image.symbols:
        if symbol.name == "_PyRuntime":
            return loaded.bias + symbol.address
    return None


def _first_page(memory: Memory, file: MappedFile) -> bytes:
    return memory.direct(file.start, min(4096, file.end - file.start))


def _cookie(memory: Memory, segment: Segment) -> int | None:
    """Where the cookie of the debug offsets lies in a writable segment."""
    raw = memory.direct(segment.start, min(segment.size, SCAN_LIMIT))
    at = raw.find(debug_offsets.COOKIE)
    while at >= 0:
        head = debug_offsets.read_head(raw[at : at + 24])
        if head is not None and head.major == 3:
            return segment.start + at
        at = raw.find(debug_offsets.COOKIE, at + 8)
    return None


def _identified(
    target: Target, memory: Memory, file: MappedFile, loaded: Loaded, address: int
) -> Interpreter:
    header = read_header(memory.direct(file.start, 64))
    if header is not None:
        refuse_header(target.pid, header, header_of("/proc/self/exe"))
    raw = memory.direct(address, debug_offsets.TOTAL)
    head = debug_offsets.read_head(raw)
    if head is None:
        return _older(target, memory, file, loaded, address)
    name = f"CPython {head.text}{' free-threaded' if head.free_threaded else ''}"
    objects = OBJECTS.get((head.minor, head.free_threaded))
    if head.major != 3 or objects is None or head.minor not in debug_offsets.PLACES:
        raise _unknown(target.pid, name)
    if head.changing:
        raise _unknown(target.pid, f"{name}, a pre-release whose structures still change")
    runtime = debug_offsets.read_runtime(raw, head.minor)
    if runtime is None:
        raise _odd(target.pid, name, "its own table of offsets makes no sense")
    wrong = debug_offsets.disagreements(raw, head.minor, objects)
    if wrong:
        raise _odd(target.pid, name, f"{wrong[0]} is laid out differently")
    debugger = debug_offsets.read_debugger(raw, head.minor)
    return Interpreter(
        head.text, head.minor, head.free_threaded, address, loaded, file, runtime, objects, debugger
    )


def _older(
    target: Target, memory: Memory, file: MappedFile, loaded: Loaded, address: int
) -> Interpreter:
    """3.11 and 3.12 say their version in the exported ``Py_Version``; older ones nowhere."""
    place = exported(memory, loaded, b"Py_Version")
    if place is None:
        named = _named_version(target, file)
        if named is not None and named[1] >= OLDEST:
            raise _odd(target.pid, f"CPython 3.{named[1]}", "it does not say its version")
        version = f"CPython 3.{named[1]}" if named else "CPython older than 3.11"
        raise _unknown(target.pid, version)
    try:
        number = memory.word(place)
    except Unread:
        raise _odd(target.pid, "CPython", "its version cannot be read") from None
    head = debug_offsets.Head(number & 0xFFFFFFFF, free_threaded=False)
    name = f"CPython {head.text}"
    runtime = RUNTIMES.get((head.major, head.minor))
    if runtime is None or head.changing:
        raise _unknown(target.pid, name)
    objects = OBJECTS[head.minor, False]
    return Interpreter(head.text, head.minor, False, address, loaded, file, runtime, objects, None)


def _named_version(target: Target, file: MappedFile) -> tuple[int, int] | None:
    """What the file's name says, for the line of a refusal."""
    found = _LIBRARY.match(file.name)
    if found:
        return int(found[1]), int(found[2])
    for name in (file.path, target.description.executable or ""):
        program = _PROGRAM.search(name)
        if program and program[2]:
            return int(program[1]), int(program[2])
    return None


def _unknown(pid: int, name: str) -> AttachRefused:
    return AttachRefused(
        f"process {pid} runs {name}, which isoview cannot read from outside",
        f"CPython 3.{OLDEST} to 3.{NEWEST} can be read; for others use `--mode agent` in the "
        "process, or a later isoview.",
    )


def _odd(pid: int, name: str, why: str) -> AttachRefused:
    return AttachRefused(
        f"process {pid} runs a build of {name} that isoview cannot read: {why}",
        "Debug and modified builds have other structures; use `--mode agent` in the process.",
    )


def _no_python(target: Target, candidates: list[MappedFile], memory: Memory) -> AttachRefused:
    pid = target.pid
    for file in candidates:
        if _LIBRARY.match(file.name) or _PROGRAM.search(file.path):
            header = read_header(memory.direct(file.start, 64))
            if header is not None:
                refuse_header(pid, header, header_of("/proc/self/exe"))
            return AttachRefused(
                f"process {pid} runs Python ({shown_path(file.name)}) without the symbols to find "
                "its interpreter by",
                "Use a build that is not stripped of its dynamic symbols, or `--mode agent` in it.",
            )
    return AttachRefused(
        f"process {pid} is not a Python process ({target.description.command or 'no command'})",
        "`isoview attach` without a number lists the Python processes that run now.",
    )

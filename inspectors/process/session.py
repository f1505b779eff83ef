"""An attached process: opened once, read as often as one likes.

Without a pause the target never stops. With one, it stands still for as long as it takes to copy
what the reading before it touched, and the copy is read at leisure.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TypeVar

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.process.elf_memory import Loaded, read_loaded
from isoview.inspectors.process.facts import ExtensionFile, FileStatics, Walk
from isoview.inspectors.process.maps import MappedFile, on_disk, shown_path
from isoview.inspectors.process.memory import Forbidden, Memory, Unread, Vanished
from isoview.inspectors.process.objects import Core, Torn
from isoview.inspectors.process.pause import Pause
from isoview.inspectors.process.runtime import Interpreter, find_interpreter
from isoview.inspectors.process.target import Target, denied, gone
from isoview.inspectors.process.walk import Walker

PAUSES = ("never", "auto", "always")
SNAPSHOTS = 6
"""How often a paused reading is repeated where the copy lacked something, or where the target
was stopped in the middle of a change: then the copy is torn, and only another moment helps."""

FILE_LIMIT = 5000
"""Most extension files of one process that are looked at."""

Result = TypeVar("Result")


def _torn(walk: Walk) -> bool:
    """Whether something was met in the middle of a change."""
    return any(entry.reason.endswith("kept changing") for entry in walk.unread)


class Session:
    """One process, for as long as it lives and runs the same program."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.target = Target(pid)
        self.memory = Memory(pid)
        self.interpreter: Interpreter = self._guarded(
            lambda: find_interpreter(self.target, self.memory)
        )
        self._images: dict[int, Loaded | None] = {}
        self._core: Core | None = None

    def _guarded(self, read: Callable[[], Result]) -> Result:
        """What ``read`` returns; a process that went away or on is refused in words."""
        try:
            result = read()
        except Vanished as error:
            raise gone(self.pid) from error
        except Forbidden as error:
            raise denied(self.pid) from error
        except (Unread, Torn, RecursionError) as error:
            self.target.still_same()
            raise AttachRefused(
                f"process {self.pid}: the interpreter cannot be read ({error})",
                "It may be starting or ending: try again. A debug or modified build of CPython has "
                "other structures, and cannot be read at all.",
            ) from error
        self.target.still_same()
        return result

    # -- reading --------------------------------------------------------------------------------

    def read(self, pause: str = "never") -> Walk:
        """Interpreters, modules, types and what is shared, as they are now.

        ``auto`` stops the target only where the first reading left something unread.
        """
        self.target.maps = self.target.read_maps()
        self._images.clear()
        self.memory.release()
        walker = Walker(self.memory, self.interpreter, self.target.maps, self._core)
        walk = self._guarded(walker.walk)
        self._core = walker.reader.core
        if pause == "always" or (pause == "auto" and walk.unread):
            walk = self._paused(walker, walk)
        return walk

    def _paused(self, walker: Walker, walk: Walk) -> Walk:
        """Read a copy that was made while the target stood still."""
        memory = self.memory
        milliseconds = 0.0
        best = walk
        wanted = set(memory.touched)
        for attempt in range(SNAPSHOTS):
            memory.forget()
            began = time.perf_counter()

            pause = self._guarded(partial(self._copy, walker, wanted))
            milliseconds = max(milliseconds, pause.seconds * 1000)
            memory.seal(True)
            try:
                walk = self._guarded(walker.walk)
            except AttachRefused:
                if attempt == SNAPSHOTS - 1:
                    raise
            else:
                spent = best.milliseconds + (time.perf_counter() - began) * 1000
                walk = walk._replace(paused_ms=milliseconds, milliseconds=spent)
                best = walk if not attempt or walk.unread_count <= best.unread_count else best
            finally:
                missed = set(memory.missed)
                memory.seal(False)
            if not best.unread or (not missed and not _torn(walk)):
                break
            wanted = memory.touched | missed
        return best._replace(paused_ms=milliseconds)

    def main_interpreter(self) -> int:
        """Address of the main interpreter's state. Raises :class:`Unread`."""
        walker = Walker(self.memory, self.interpreter, self.target.maps)
        heads = walker.heads()
        if not heads:
            raise Unread(self.interpreter.address)
        return heads[0].address

    def _copy(self, walker: Walker, wanted: set[int]) -> Pause:
        """Copy what a reading needs while the target stands still."""
        with Pause(self.pid) as pause:
            self.memory.fetch_blocks(wanted)
            walker.chase()
        return pause

    # -- what is mapped -------------------------------------------------------------------------

    def loaded(self, file: MappedFile) -> Loaded | None:
        """The image that begins where ``file`` is mapped."""
        if file.start not in self._images:
            self._images[file.start] = read_loaded(self.memory, file.start)
        return self._images[file.start]

    def extension_files(self, walk: Walk) -> list[ExtensionFile]:
        """Every mapped extension, the modules' own and those whose modules are gone."""
        files: dict[int, MappedFile] = {}
        for interpreter in walk.interpreters:
            for module in interpreter.modules:
                if module.image is not None and module.extension:
                    files[module.image.start] = module.image
        for file in self.target.maps.files:
            if ".cpython-3" in file.name or ".abi3." in file.name:
                files.setdefault(file.start, file)
        files.pop(self.interpreter.file.start, None)
        some = list(files.values())[:FILE_LIMIT]
        found = [self._guarded(partial(self._extension, file)) for file in some]
        return sorted((entry for entry in found if entry), key=lambda entry: entry.file)

    def _extension(self, file: MappedFile) -> ExtensionFile | None:
        loaded = self.loaded(file)
        if loaded is None:
            return None
        head = self.memory.direct(file.start, min(4096, file.first.end - file.start))
        place = on_disk(self.pid, file, head)
        return ExtensionFile(shown_path(file.path), file, loaded, place.path, place.state)

    def statics(self, files: list[ExtensionFile]) -> Iterator[FileStatics]:
        """The statics of each file, as they are now."""
        from isoview.inspectors.process.statics import StaticReader

        self.memory.forget()
        if self._core is None:
            self.read()
        assert self._core is not None  # noqa: S101 - a reading sets it
        reader = StaticReader(self.memory, self.interpreter, self.target.maps, self._core)
        for file in files:
            yield self._guarded(partial(reader.read, file))

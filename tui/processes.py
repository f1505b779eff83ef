"""The app on running processes: what the screens ask for, and the way in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from isoview.tui.app import IsoviewApp

if TYPE_CHECKING:
    from isoview.attach import Attached
    from isoview.inspectors.process.pythons import PythonProcess


def _list() -> list[PythonProcess]:
    from isoview.inspectors.process.pythons import list_pythons

    return list_pythons()


def _attach(pid: int) -> Attached:
    from isoview.attach import Attached

    return Attached(pid)


@dataclass(frozen=True)
class ProcessServices:
    """What the screens reach outside the app: the real ones, or what a test puts in place."""

    list: Callable[[], list[PythonProcess]] = _list
    attach: Callable[[int], Attached] = _attach


class ProcessesApp(IsoviewApp):
    """isoview on running processes: the list of them, or one."""

    def __init__(self, pid: int | None = None, services: ProcessServices | None = None) -> None:
        super().__init__([])
        self.pid = pid
        self.process_services = services or ProcessServices()

    def first_place(self) -> tuple[str, object]:
        return ("processes", None) if self.pid is None else ("process", self.pid)

    def begin(self) -> None:
        """The screens themselves look."""


def run(pid: int | None = None) -> None:
    """Open the app on the Python processes of this machine, or on one of them."""
    ProcessesApp(pid).run()

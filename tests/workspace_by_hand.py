"""A workspace by hand: what :mod:`isoview.scan` would say of an environment."""

import time
from collections.abc import Iterator, Sequence
from threading import Event as Gate
from typing import Any

from app_pilot import MemoryDecisions, MemoryEvidence, streaming
from app_reports import REPORT

from isoview.targets import Scope
from isoview.tui.app import IsoviewApp
from isoview.tui.services import Services
from isoview.tui.workspace import Workspace

Line = dict[str, Any]
QUESTIONS = ("multiple_module_objects", "shared_gil", "own_gil", "free_threaded")


def module(
    place: str,
    group: tuple[str, str, str],
    own: str = "no",
    *,
    shared: str = "unknown",
    toolchain: str = "C",
    errors: int = 0,
    worst: str = "",
    chain: Sequence[str] = (),
    folder: str = "/env",
) -> Line:
    """One module; the questions that are not named are unknown."""
    answers = {name: ["unknown", "omitted", "not-run", ""] for name in QUESTIONS}
    answers["own_gil"] = [own, "no" if own == "no" else "yes", "not-run", ""]
    answers["shared_gil"] = [shared, "omitted", "not-run", ""]
    return {
        "kind": "module", "at": f"{folder}/{place}", "path": f"{folder}/{place}", "arch": "x86-64",
        "toolchain": toolchain, "answers": answers,
        "open": {"error": errors, "warning": 1, "note": 0}, "statuses": {"open": errors + 1},
        "worst": worst, "extension": True, "group": list(group), "chain": list(chain),
        "place": place,
    }  # fmt: skip


def listed(files: int) -> Line:
    return {
        "kind": "listed", "title": "/env (Python 3.13.0)", "files": files, "size": files * 100_000,
        "errors": 0,
    }  # fmt: skip


NUMPY = ("numpy", "numpy", "2.5.5")
LINES: list[Line] = [
    listed(7),
    module("numpy/_core/_umath.so", NUMPY, worst="ISO301 object-in-static ×6", errors=2),  # noqa: RUF001
    module("numpy/linalg/lapack.so", NUMPY, shared="yes"),
    module("numpy/random/_mt.so", NUMPY, toolchain="Cython 3.2.9", errors=1),
    module("lxml/etree.so", ("lxml", "lxml", "6.1.3"), toolchain="Cython 3.2.9", errors=9,
           worst="ISO101 single-phase-init"),
    module("multidict/_multidict.so", ("multidict", "multidict", "7.2.1"), "yes", shared="yes",
           chain=("aiohttp", "multidict")),
    module("orjson/orjson.so", ("orjson", "orjson", "3.13.0"), "unknown", toolchain="PyO3 0.30"),
    {"kind": "error", "path": "/env/broken.so", "error": "/env/broken.so is no ELF file",
     "hint": "Give the path of an extension module."},
]  # fmt: skip


class Scripted:
    """Gives batches; waits at ``None`` until the gate opens."""

    def __init__(self, batches: Sequence[list[Line] | None], gate: Gate | None = None) -> None:
        self._batches = batches
        self._gate = gate or Gate()
        self.stopped = False

    def batches(self) -> Iterator[list[Line]]:
        for batch in self._batches:
            if batch is not None:
                yield batch
                continue
            while not self._gate.is_set() and not self.stopped:
                time.sleep(0.005)

    def stop(self) -> None:
        self.stopped = True


def workspace_app(
    *batches: list[Line] | None, gate: Gate | None = None, targets: tuple[str, ...] = ()
) -> IsoviewApp:
    """The app over batches of lines; every module that is opened is the hand-made one."""
    made = batches or ([*LINES, {"kind": "end"}],)
    services = Services(
        stream=streaming(REPORT),
        scan=lambda _scope: Scripted(made, gate),
        evidence=MemoryEvidence,
        decisions=MemoryDecisions(),
        python="Python 3.13.0",
    )
    return IsoviewApp([], services, workspace=Workspace(Scope(targets)))


def many(number: int) -> list[Line]:
    """Lines of ``number`` modules in distributions of ten."""
    lines = [listed(number)]
    makers = ("C", "Cython 3.2.9", "C++", "PyO3 0.30")
    for index in range(number):
        name = f"dist{index // 10:03}"
        own = ("no", "unknown", "yes")[index * 7 % 3]
        lines.append(
            module(
                f"{name}/mod{index % 10}.so", (name, name, "1.0"), own,
                toolchain=makers[index % 4], errors=index % 5,
            )
        )  # fmt: skip
    return lines

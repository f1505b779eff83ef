"""Attached processes: what reading gives, what the mapped files say, and how the two compare.

A reading comes first and whole (:class:`Read`). What takes longer streams in after it, file by
file: statics with their names (:class:`StaticsRead`), then the static audit of each mapped
extension (:class:`Audited`), which uses the same facts and rules as ``isoview check``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from isoview.inspectors.errors import IsoviewError
from isoview.inspectors.process.facts import ExtensionFile, FileStatics, Module, Static, Walk
from isoview.inspectors.process.session import Session

if TYPE_CHECKING:
    from isoview.inspectors.binary.inspect import Loaded
    from isoview.model import Finding, Verdict
    from isoview.triage import Decisions


@dataclass(frozen=True)
class NamedStatic:
    """A static that holds an object, with its name in the file."""

    static: Static
    symbol: str | None
    place: str


@dataclass(frozen=True)
class Read:
    """Interpreters, modules, types, sharing: everything of one reading."""

    walk: Walk
    files: tuple[ExtensionFile, ...]


@dataclass(frozen=True)
class StaticsRead:
    """The statics of one file."""

    file: ExtensionFile
    read: FileStatics
    named: tuple[NamedStatic, ...]


@dataclass(frozen=True)
class Audited:
    """What the rules say of one mapped file; ``problem`` where it could not be audited.

    Not the whole report: a process maps a hundred files, and their facts would fill the memory.
    """

    file: ExtensionFile
    verdict: "Verdict | None" = None
    findings: "tuple[Finding, ...]" = ()
    problem: str | None = None


@dataclass(frozen=True)
class Observed:
    """What the process shows of one extension module."""

    module: str
    file: str | None
    interpreters: tuple[int, ...]
    outcome: str | None  # isolated, shares, same-module; None where one interpreter has it
    shared_types: tuple[str, ...]
    shared_objects: tuple[str, ...]


Event = Read | StaticsRead | Audited


class Attached:
    """One process that can be read again and again."""

    def __init__(self, pid: int) -> None:
        self.session = Session(pid)
        self.pid = pid

    @property
    def version(self) -> str:
        return self.session.interpreter.version

    @property
    def free_threaded(self) -> bool:
        return self.session.interpreter.free_threaded

    @property
    def command(self) -> str:
        return self.session.target.description.command

    def read(self, pause: str = "never") -> Read:
        """Read the process as it is now."""
        walk = self.session.read(pause)
        return Read(walk, tuple(self.session.extension_files(walk)))

    def statics(self, files: tuple[ExtensionFile, ...]) -> Iterator[StaticsRead]:
        """The statics of ``files``, file by file."""
        for found in self.session.statics(list(files)):
            yield StaticsRead(found.file, found, _named(found))
        self.session.memory.release()

    @staticmethod
    def audits(files: tuple[ExtensionFile, ...]) -> Iterator[Audited]:
        """The audit of each file as it is mapped, whatever lies at its path now."""
        decisions = _decisions()
        for file in files:
            yield audit(file, decisions)

    def stream(self, pause: str = "never", *, audits: bool = True) -> Iterator[Event]:
        """The whole of it, what is quick first."""
        reading = self.read(pause)
        yield reading
        yield from self.statics(reading.files)
        if audits:
            yield from self.audits(reading.files)


def _decisions() -> "Decisions | None":
    from pathlib import Path

    from isoview.triage import load, nearest

    found = nearest(Path.cwd())
    return None if found is None else load(found)


def _open(file: ExtensionFile) -> "Loaded":
    """The bytes of a mapped file under the name it was mapped by. Raises :class:`IsoviewError`."""
    from isoview.inspectors.binary.inspect import load
    from isoview.inspectors.errors import Unreadable

    if file.readable is None:
        raise Unreadable(
            f"{file.file}: the file that is mapped is {_STATES.get(file.state, file.state)}",
            "Root can still read it (through /proc/PID/map_files).",
        )
    loaded = load(file.readable)
    return replace(loaded, artifact=replace(loaded.artifact, path=file.file))


_STATES = {
    "deleted": "deleted",
    "replaced": "not the one at its path any more",
    "unreadable": "not ours to read",
}


def _named(found: FileStatics) -> tuple[NamedStatic, ...]:
    """Statics with their names; by address alone where the file cannot be read."""
    if not found.statics:
        return ()
    try:
        from isoview.inspectors.process.naming import Namer

        namer = Namer(_open(found.file).image)
    except IsoviewError:
        return tuple(NamedStatic(s, None, f"{s.link_address:#x}") for s in found.statics)
    return tuple(
        NamedStatic(s, namer.symbol(s.link_address), namer.place(s.link_address))
        for s in found.statics
    )


def audit(file: ExtensionFile, decisions: "Decisions | None" = None) -> Audited:
    """What the rules say of one mapped file."""
    from isoview.inspectors.binary.inspect import code, shape
    from isoview.judge import judge

    try:
        with _open(file) as loaded:
            facts = shape(loaded)
            if facts.artifact.is_extension:
                facts = code(loaded, facts)
            report = judge(facts)
    except IsoviewError as error:
        return Audited(file, problem=error.message)
    except Exception as error:  # noqa: BLE001 - one file's fault is not the process's
        said = f"internal error: {type(error).__name__}: {error} (`isoview check --debug` shows it)"
        return Audited(file, problem=said)
    if decisions is not None:
        from isoview.triage import apply

        report = apply(report, decisions)
    problem = None if report.facts.artifact.is_extension else "no extension module"
    return Audited(file, report.verdict, report.findings, problem)


def observed(walk: Walk) -> tuple[Observed, ...]:
    """What the process shows of each extension module: shared by its interpreters, or apart."""
    shared_types = {row.address: row.name for row in walk.sharing.types if not row.core}
    shared_objects: dict[str, list[str]] = {}
    for row in walk.sharing.objects:
        home, _, _attribute = row.name.rpartition(".")
        shared_objects.setdefault(home, []).append(row.name)
    held: dict[str, list[tuple[int, Module]]] = {}
    for interpreter in walk.interpreters:
        for module in interpreter.modules:
            if module.extension:
                held.setdefault(module.name, []).append((interpreter.id, module))
    return tuple(
        _observed(name, found, shared_types, tuple(shared_objects.get(name, ())))
        for name, found in held.items()
    )


def _observed(
    name: str,
    found: list[tuple[int, Module]],
    shared_types: dict[int, str],
    objects: tuple[str, ...],
) -> Observed:
    own = {row.address for _id, module in found for row in module.types if row.own}
    types = tuple(sorted(shared_types[address] for address in own if address in shared_types))
    outcome = None
    if len(found) > 1:
        addresses = {module.address for _id, module in found}
        shares = "shares" if types or objects else "isolated"
        outcome = "same-module" if len(addresses) < len(found) else shares
    file = next((module.file for _id, module in found if module.file), None)
    interpreters = tuple(identifier for identifier, _module in found)
    return Observed(name, file, interpreters, outcome, types, objects)

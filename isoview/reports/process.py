"""A reading of a process, for a person: who shares what, and which statics hold objects."""

from collections.abc import Iterable, Sequence

from isoview.attach import Attached, Audited, Observed, Read, StaticsRead, observed
from isoview.inspectors.process.facts import InterpreterFact, Module, Shared, Walk
from isoview.inspectors.process.pythons import PythonProcess
from isoview.model import COUNTING
from isoview.reports.lines import Line, Span, line
from isoview.reports.words import counted, listed, named

_NAMED = 6
_STATICS_NAMED = 4
_UNREAD_NAMED = 10
_LABEL = 14
_PHASES = {"single": "single", "multi": "multi", "export": "PEP 793", "unknown": "?"}
_SHORT = {
    "multiple_module_objects": "copies",
    "shared_gil": "shared GIL",
    "own_gil": "own GIL",
    "free_threaded": "free threading",
}


def process_lines(attached: Attached, reading: Read) -> list[Line]:
    """What one reading gave, before anything takes longer."""
    walk = reading.walk
    build = " free-threaded" if attached.free_threaded else ""
    lines = [
        line((f"process {attached.pid}", "title"), f"  CPython {attached.version}{build}"),
        line((named(attached.command, 160), "dim"), indent=2, wraps=False),
        line(),
        *(_interpreter(entry) for entry in walk.interpreters),
        *_consistency(walk),
        line(),
        *_modules(walk),
    ]
    if len(walk.interpreters) > 1:
        lines += [line(), *_sharing(walk)]
    return lines


def _interpreter(entry: InterpreterFact) -> Line:
    extensions = sum(module.extension for module in entry.modules)
    types = {row.address for module in entry.modules for row in module.types}
    gil = {
        "own": "its own GIL",
        "shared": "the main interpreter's GIL",
        "process": "one GIL for the whole process",
        "off": "a free-threaded build",
    }[entry.gil]
    name = "main" if entry.id == 0 else "sub"
    return line(
        (f"interpreter {entry.id} ({name})", "heading"),
        f": {gil}, {counted(len(entry.threads), 'thread')}, "
        f"{counted(len(entry.modules), 'module')} ({extensions} from extension files), "
        f"{'1 class' if len(types) == 1 else f'{len(types)} classes'}",
        hang=2,
    )


def _consistency(walk: Walk) -> list[Line]:
    paused = f"stopped for {walk.paused_ms:.0f} ms" if walk.paused_ms else "never stopped"
    lines = [
        line((f"read from outside in {walk.milliseconds:.0f} ms; the process was {paused}", "dim"))
    ]
    if walk.unread_count:
        lines.append(
            line(
                ("1 entry" if walk.unread_count == 1 else f"{walk.unread_count} entries", "warning"),
                " changed whenever it was looked at, and could not be read:",
            )
        )  # fmt: skip
        lines += [
            line(f"{_entry(row.module, row.entry)}: {row.reason}", indent=2)
            for row in walk.unread[:_UNREAD_NAMED]
        ]
        lines.append(line("`--pause auto` stops the process for a moment for these.", indent=2))
    return lines


def _entry(module: str, entry: str) -> str:
    return f"{named(module)}.{named(entry)}" if entry else named(module) or "sys.modules"


# -- modules --------------------------------------------------------------------------------------


def _modules(walk: Walk) -> list[Line]:
    """Extension modules by interpreters."""
    rows: dict[str, dict[int, Module]] = {}
    for interpreter in walk.interpreters:
        for module in interpreter.modules:
            if module.extension:
                rows.setdefault(module.name, {})[interpreter.id] = module
    if not rows:
        return [line("no extension module is loaded from a file")]
    seen = {entry.module: entry for entry in observed(walk)}
    width = min(max(len(name) for name in rows), 44)
    numbers = [interpreter.id for interpreter in walk.interpreters]
    head = "".join(f"#{number}".ljust(4) for number in numbers)
    between = "  between interpreters" if len(numbers) > 1 else ""
    title = "extension modules".ljust(width)
    lines = [
        line(
            (f"{title}  {head}{'phase':8}{'m_size':>7}  {'classes':18}{between}", "heading"),
            wraps=False,
        )
    ]
    for name, found in sorted(rows.items()):
        lines.append(_module(name, width, found, numbers, seen[name]))
    return lines


def _module(
    name: str, width: int, found: dict[int, Module], numbers: Sequence[int], seen: Observed
) -> Line:
    first = next(iter(found.values()))
    cells = "".join(("●" if number in found else "-").ljust(4) for number in numbers)
    size = "?" if first.m_size is None else str(first.m_size)
    row = f"{named(name, width).ljust(width)}  {cells}{_PHASES[first.phase]:8}{size:>7}  {_classes(first):18}"
    return line(row, "  ", _between(seen), wraps=False)


def _classes(module: Module) -> str:
    own = [row for row in module.types if row.own]
    static = sum(row.static for row in own)
    said = [f"{static} static"] if static else []
    said += [f"{len(own) - static} heap"] if len(own) > static else []
    return ", ".join(said) or "none"


def _between(seen: Observed) -> Span:
    """What several interpreters that have the module have in common."""
    if seen.outcome is None:
        return ("", "plain")
    if seen.outcome == "isolated":
        return ("✓ apart", "good")
    if seen.outcome == "same-module":
        return ("✗ one module object for several", "error")
    said = [_shared_classes(len(seen.shared_types))] if seen.shared_types else []
    said += [counted(len(seen.shared_objects), "shared object")] if seen.shared_objects else []
    return (f"✗ {', '.join(said)}", "error")


# -- sharing --------------------------------------------------------------------------------------


def _sharing(walk: Walk) -> list[Line]:
    sharing = walk.sharing
    core = sum(entry.core for entry in sharing.types)
    types = [entry for entry in sharing.types if not entry.core]
    lines = [line(("shared between interpreters", "heading"))]
    lines.append(_shared("modules", sharing.modules))
    heap = [entry for entry in types if not entry.static]
    static = [entry for entry in types if entry.static]
    lines.append(_shared("heap types", heap))
    lines.append(_shared("static types", static))
    lines.append(_shared("objects", sharing.objects))
    lines.append(
        line(
            ("beside".ljust(_LABEL), "dim"),
            f"{core} of CPython's own types, made to be shared; "
            f"{counted(sharing.plain_objects, 'immutable value')}",
            indent=2,
            hang=2 + _LABEL,
        )
    )
    return lines


def _shared(label: str, entries: Sequence[Shared]) -> Line:
    names = listed([named(entry.name) for entry in entries], _NAMED)
    text = f"{len(entries)}: {names}" if entries else "none"
    return line((label.ljust(_LABEL), "dim"), text, indent=2, hang=2 + _LABEL)


# -- what streams in ------------------------------------------------------------------------------


def statics_lines(entry: StaticsRead) -> list[Line]:
    """The statics of one file that hold objects of their own; nothing where there is none."""
    rows = [n for n in entry.named if n.static.inside is None and not n.static.core]
    if not rows:
        return []
    file = _last(entry.file.file)
    lines = [
        line(
            (named(file), "heading"), f": {counted(len(rows), 'static')} that point to live objects"
        )
    ]
    lines += [
        line(
            (f"{row.static.address:#x} ", "code"),
            f"{named(row.symbol) if row.symbol else row.place}  ",
            (row.static.description, "plain"),
            indent=2,
            hang=4,
        )
        for row in rows[:_STATICS_NAMED]
    ]
    if len(rows) > _STATICS_NAMED:
        kinds: dict[str, int] = {}
        for row in rows[_STATICS_NAMED:]:
            kinds[row.static.object_type] = kinds.get(row.static.object_type, 0) + 1
        common = sorted(kinds, key=lambda kind: -kinds[kind])
        rest = listed([f"{kinds[kind]} {named(kind)}" for kind in common], 4)
        lines.append(line((f"and {len(rows) - _STATICS_NAMED} more: {rest}", "dim"), indent=2))
    return lines


def audit_line(entry: Audited, seen: Iterable[Observed]) -> Line:
    """One mapped file: declared, evidence, observed."""
    file = _last(entry.file.file)
    if entry.problem is not None:
        return line((named(file), "heading"), f": not audited: {entry.problem}", hang=2)
    outcome = next((o.outcome for o in seen if o.file == entry.file.file and o.outcome), None)
    changed = {"replaced": " (as mapped: the file at its path is another one now)",
               "deleted": " (as mapped: the file was deleted)"}.get(entry.file.state, "")  # fmt: skip
    return line(
        (named(file), "heading"),
        f"{changed}: {_claims(entry)}",
        f"; observed {outcome}" if outcome else "",
        hang=2,
    )


def _claims(entry: Audited) -> str:
    said = [
        f"{label} {getattr(entry.verdict, question).declared}"
        f"/{getattr(entry.verdict, question).evidence}"
        for question, label in _SHORT.items()
        if entry.verdict is not None
    ]
    left = sum(finding.status in COUNTING for finding in entry.findings)
    return f"{', '.join(said)}; {counted(left, 'finding')}"


# -- the list -------------------------------------------------------------------------------------


def list_lines(processes: Sequence[PythonProcess]) -> list[Line]:
    """The Python processes, one line each."""
    if not processes:
        return [line("no other Python process runs here")]
    lines = [line(("    pid  version   interpreters  extensions       age  command", "heading"))]
    lines += [line(_row(process), wraps=False) for process in processes]
    return lines


def _row(process: PythonProcess) -> str:
    version = f"{process.version}{'t' if process.free_threaded else ''}" if process.version else "?"
    count = str(process.interpreters) if process.interpreters is not None else "?"
    why = f"  ({process.problem})" if process.problem else ""
    return (
        f"{process.pid:7}  {version:9} {count:>12}  {process.extensions:10}  "
        f"{age(process.age):>8}  {named(process.command, 60)}{why}"
    )


def age(seconds: float | None) -> str:
    """How long a process has run, as a person says it."""
    if seconds is None:
        return "?"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def _shared_classes(number: int) -> str:
    return "1 shared class" if number == 1 else f"{number} shared classes"


def _last(path: str) -> str:
    return path.rpartition("/")[2]

"""What one build changed, as lines: verdicts, findings gone and new, facts. Plain data and text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from isoview.tui import words
from isoview.tui.branch import several
from isoview.tui.ink import Ink, shown
from isoview.tui.marks import SEVERITY, answer_mark
from isoview.tui.rows import subject

if TYPE_CHECKING:
    from isoview.compare import Change, Named, Pair
    from isoview.model import Answer, Finding, Report

LOST, GAINED, LEFT = "gone", "new", "left"
_MARKS = {LOST: ("-", "good"), GAINED: ("+", "error"), LEFT: ("=", "quiet")}
_BETTER = {"no": 0, "contradiction": 0, "unknown": 1, "yes": 2}
WHAT = 26


@dataclass(frozen=True)
class Line:
    """One line; ``key`` finds it again, ``kind`` says how it is drawn."""

    key: str
    kind: str  # module, head, answer, fact, name, finding
    pair: Pair
    text: str = ""
    side: str = ""  # gone, new, left
    change: Change | None = None
    finding: Finding | None = None
    folded: bool | None = None  # None: nothing to unfold

    @property
    def words(self) -> str:
        """What the filter looks at."""
        about = self.finding
        more = f"{about.rule} {about.name} {about.message} {subject(about)}" if about else ""
        change = self.change
        changed = f"{change.what} {change.old} {change.new}" if change else ""
        return f"{self.pair.module} {self.kind} {self.text} {self.side} {more} {changed}"


def lines_of(
    pairs: Sequence[Pair], unfolded: frozenset[str], keeps: object = None
) -> tuple[Line, ...]:
    """All lines: one module is shown at once, several are folded until one is opened."""
    found: list[Line] = []
    for pair in pairs:
        inside = list(_kept(_pair(pair, unfolded), keeps))
        if keeps and not inside:
            continue
        opened = len(pairs) == 1 or bool(keeps) or pair.module in unfolded
        if len(pairs) > 1:
            found.append(Line(pair.module, "module", pair, pair.module, folded=not opened))
        found += inside if opened else []
    return tuple(found)


def _kept(lines: Iterable[Line], keeps: object) -> Iterator[Line]:
    """Lines that hold what was typed, with their headings."""
    head: Line | None = None
    for line in lines:
        if not keeps:
            yield line
        elif line.kind == "head":
            head = line
        elif callable(keeps) and keeps(line.words):
            if head is not None:
                yield head
                head = None
            yield line


def _pair(pair: Pair, unfolded: frozenset[str]) -> Iterator[Line]:
    key = pair.module
    if pair.old is None or pair.new is None:
        said = "this module is new" if pair.old is None else "this module is gone"
        yield Line(f"{key}/there", "head", pair, said)
    if pair.answers:
        yield Line(
            f"{key}/verdict", "head", pair, several(len(pair.answers), "answer") + " changed"
        )
        for change in pair.answers:
            yield Line(f"{key}/answer/{change.what}", "answer", pair, change=change)
    for side, findings in ((GAINED, pair.gained), (LOST, pair.lost), (LEFT, pair.left)):
        if not findings:
            continue
        # What is left is what was there before: folded until somebody asks.
        folds = side == LEFT
        folded = folds and f"{key}/{side}" not in unfolded
        title = f"{several(len(findings), 'finding')} {'still there' if folds else side}"
        yield Line(f"{key}/{side}", "head", pair, title, side, folded=folded if folds else None)
        for finding in () if folded else findings:
            yield Line(f"{key}/{side}/{finding.fingerprint}", "finding", pair, side=side,
                       finding=finding)  # fmt: skip
    if pair.facts or pair.names:
        yield Line(f"{key}/facts", "head", pair, "facts that changed")
        for change in pair.facts:
            yield Line(f"{key}/fact/{change.what}", "fact", pair, change=change)
        for names in pair.names:
            yield from _names(pair, names)


def _names(pair: Pair, names: Named) -> Iterator[Line]:
    for side, entries in ((LOST, names.lost), (GAINED, names.gained)):
        for name in entries:
            key = f"{pair.module}/name/{names.what}/{side}/{name}"
            yield Line(key, "name", pair, f"{names.what}: {name}", side)


# -- drawing ------------------------------------------------------------------------------------


def draw(ink: Ink, line: Line) -> Text:
    """One line as it is shown."""
    match line.kind:
        case "module":
            return _module(ink, line)
        case "head":
            mark = "" if line.folded is None else "▸ " if line.folded else "▾ "
            return Text.assemble(mark, shown(line.text, "bold"))
        case "answer":
            return _answer(ink, line.change)
        case "fact":
            return _fact(ink, line.change)
        case "name":
            mark, tone = _MARKS[line.side]
            return Text.assemble((f"  {mark} ", ink.style(tone)), shown(line.text))
        case _:
            return _finding(ink, line)


def _module(ink: Ink, line: Line) -> Text:
    pair = line.pair
    text = Text.assemble("▸ " if line.folded else "▾ ", shown(pair.module, "bold"), "  ")
    if pair.is_same:
        return text.append("the same", style=ink.style("quiet"))
    if pair.old is None or pair.new is None:
        text.append("new  " if pair.old is None else "gone  ", style=ink.style("warning"))
    for number, what, tone in (
        (len(pair.gained), "new", "error"),
        (len(pair.lost), "gone", "good"),
        (len(pair.answers), "answers", "note"),
        (len(pair.facts) + len(pair.names), "facts", "quiet"),
    ):
        if number:
            text.append(f"{number} {what}  ", style=ink.style(tone))
    return text


def _answer(ink: Ink, change: Change | None) -> Text:
    assert change is not None  # noqa: S101 - the kind says so
    name = next((short for field, short, _ in words.QUESTIONS if field == change.what), change.what)
    better = _BETTER.get(change.new, 1) - _BETTER.get(change.old, 1)
    said, tone = ("gained", "good") if better > 0 else ("lost", "error") if better < 0 else ("", "")
    text = Text.assemble("  ", f"{name:<{WHAT}} ", shown(change.old), " → ")
    text.append_text(shown(change.new, "bold"))
    return text.append(f"  {said}", style=ink.style(tone)) if said else text


def _fact(ink: Ink, change: Change | None) -> Text:
    assert change is not None  # noqa: S101 - the kind says so
    return Text.assemble(
        "  ", f"{change.what:<{WHAT}} ", shown(change.old, ink.style("quiet")), " → ",
        shown(change.new),
    )  # fmt: skip


def _finding(ink: Ink, line: Line) -> Text:
    finding = line.finding
    assert finding is not None  # noqa: S101 - the kind says so
    mark, tone = _MARKS[line.side]
    title = f"{finding.rule} {finding.name}"
    return Text.assemble(
        (f"  {mark} ", ink.style(tone)),
        (f"{SEVERITY[finding.severity]} ", ink.style(finding.severity)),
        f"{title:<{WHAT}} ", shown(subject(finding)),
    )  # fmt: skip


def verdicts(ink: Ink, old: Report | None, new: Report | None) -> Text:
    """The four questions before and after, in one line each."""
    text = Text()
    for field, name, _ in words.QUESTIONS:
        text.append(f"{name:<12}")
        text.append_text(_mark(ink, old, field))
        text.append(" → ")
        text.append_text(_mark(ink, new, field))
        text.append("\n")
    return text


def _mark(ink: Ink, report: Report | None, field: str) -> Text:
    if report is None or report.verdict is None:
        return Text("not there", style=ink.style("quiet"))
    answer: Answer = words.answer_of(report.verdict, field)
    mark = answer_mark(answer)
    return Text(f"{mark.shape} {mark.word}", style=ink.style(mark.tone))


def summary(pairs: Sequence[Pair]) -> str:
    """What it amounts to, in a sentence."""
    gained = sum(len(pair.gained) for pair in pairs)
    lost = sum(len(pair.lost) for pair in pairs)
    same = sum(pair.is_same for pair in pairs)
    if pairs and same == len(pairs):
        return "nothing changed, as far as isoview looks"
    parts = [f"{several(gained, 'finding')} new", f"{lost} gone"]
    if len(pairs) > 1:
        parts.append(f"{several(len(pairs) - same, 'module')} of {len(pairs)} changed")
    return ", ".join(parts)

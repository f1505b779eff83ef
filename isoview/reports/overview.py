"""Many files in the report for a person: a line each, and what they amount to."""

from collections.abc import Iterator, Sequence

from isoview.model import COUNTING, QUESTIONS, SEVERITIES, Report
from isoview.reports.lines import Line, Span, line
from isoview.reports.words import LABELS, MARKS, counted, named

_COLUMN = 15
_HEADS = {"multiple_module_objects": "C", "shared_gil": "S", "own_gil": "O", "free_threaded": "F"}


def all_lines(reports: Sequence[Report], *, verbose: bool = False) -> Iterator[Line]:
    """Full reports of a few files, a line each of many."""
    from isoview.reports.outputs import FULL

    if verbose or len(reports) <= FULL:
        from isoview.reports.text import report_lines

        for number, report in enumerate(reports):
            yield from separated(report_lines(report, verbose=verbose), number)
        return
    yield from head()
    tally = Tally()
    for report in reports:
        yield from tally.add(report)
    yield from tally.lines()


def separated(lines: list[Line], number: int) -> list[Line]:
    """A report's lines, two empty ones before them where it is not the first."""
    return [line(), line(), *lines] if number else lines


def head() -> list[Line]:
    """What the columns of :func:`row` mean."""
    words = ", ".join(f"{head} {LABELS[question]}" for question, head in _HEADS.items())
    return [
        line((words, "dim")),
        line((f"{' '.join(_HEADS.values())}  {'open':<{_COLUMN}} file", "heading"), wraps=False),
    ]


def row(report: Report) -> Line:
    """One file: the four answers, what is open, where it is."""
    artifact = report.facts.artifact
    part = f" ({artifact.slice})" if artifact.slice else ""
    path = (named(f"{artifact.member or artifact.path}{part}", 200), "plain")
    if report.verdict is None:
        return line("-" * 7, f"  {'no extension':<{_COLUMN}} ", path, wraps=False)
    spans: list[Span] = []
    for question in QUESTIONS:
        mark, style = MARKS[getattr(report.verdict, question).answer]
        spans += [(mark, style), (" ", "plain")]
    return line(*spans, f" {_open(report):<{_COLUMN}} ", path, wraps=False)


def _open(report: Report) -> str:
    """``2E 13W 4N``: what counts, by severity."""
    numbers = dict.fromkeys(SEVERITIES, 0)
    for finding in report.summed:
        if finding.status in COUNTING:
            numbers[finding.severity] += finding.count
    shown = [f"{number}{name[0].upper()}" for name, number in numbers.items() if number]
    return " ".join(shown) or "none"


class Tally:
    """Counts answers while reports pass by."""

    def __init__(self) -> None:
        self._answers = {question: dict.fromkeys(MARKS, 0) for question in QUESTIONS}
        self._files = self._others = 0
        self._container: str | None = None

    def add(self, report: Report) -> list[Line]:
        """One more file: its row, below its wheel's name where that is another one."""
        container = report.facts.artifact.container
        lines = [row(report)]
        if container is not None and container != self._container:
            lines.insert(0, line((container, "title"), wraps=False))
        self._container = container
        if report.verdict is None:
            self._others += 1
            return lines
        self._files += 1
        for question in QUESTIONS:
            self._answers[question][getattr(report.verdict, question).answer] += 1
        return lines

    def lines(self) -> list[Line]:
        """The sums, and where to go from here."""
        others = f", and {counted(self._others, 'file')} that is none" if self._others else ""
        lines = [line(), line((f"{counted(self._files, 'extension module')}{others}", "title"))]
        for question, numbers in self._answers.items():
            words = ", ".join(f"{number} {answer}" for answer, number in numbers.items() if number)
            lines.append(line(f"{LABELS[question]:<{_COLUMN}} {words or 'not asked'}", indent=2))
        hint = "a file by itself, or -v, shows its findings; `isoview env` sums up by distribution."
        return [*lines, line(), line(f"Next: {hint}")]

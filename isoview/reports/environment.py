"""The environment's answer for a person: a row per distribution, then what blocks what."""

from collections.abc import Sequence

from isoview.answers import WORST, Row
from isoview.model import QUESTIONS
from isoview.reports.lines import Line, Span, line
from isoview.reports.words import LABELS, MARKS, counted, listed, named

_HEADS = {"multiple_module_objects": "C", "shared_gil": "S", "own_gil": "O", "free_threaded": "F"}
_SHOWN = 3


def environment_lines(
    title: str, rows: Sequence[Row], pure: int, *, verbose: bool = False
) -> list[Line]:
    """Everything there is to say about one environment."""
    lines = [line((title, "title"), wraps=False)]
    words = f"{counted(len(rows), 'distribution')} with compiled modules"
    lines.append(line(f"{words}, {pure} without (those block nothing)", indent=2))
    lines += [line(), line((", ".join(f"{h} {LABELS[q]}" for q, h in _HEADS.items()), "dim"))]
    width = min(max((len(_called(row)) for row in rows), default=0), 40)
    head = f"{' '.join(_HEADS.values())}  {'files':>5}  {'distribution':<{width}}  made with"
    lines.append(line((head, "heading"), wraps=False))
    for row in rows:
        lines += _row(row, width, verbose)
    return [*lines, line(), *_sums(rows)]


def _called(row: Row) -> str:
    return f"{row.name} {row.version}".strip()


def _row(row: Row, width: int, verbose: bool) -> list[Line]:
    spans: list[Span] = []
    for question in QUESTIONS:
        mark, style = MARKS[row.answers[question]]
        spans += [(mark, style), (" ", "plain")]
    tools = listed([named(tool, 40) for tool in row.toolchains], 2)
    lines = [
        line(*spans, f" {row.modules:>5}  {named(_called(row), 40):<{width}}  {tools}", wraps=False)
    ]
    if len(row.chain) > 1:
        lines.append(
            line((f"pulled in by {' > '.join(row.chain[:-1])}", "dim"), indent=16, hang=18)
        )
    if verbose:
        for question, files in row.files.items():
            if files:
                what = f"{LABELS[question]} {row.answers[question]}: {listed(files, len(files))}"
                lines.append(line(what, indent=16, hang=18))
    return lines


def _sums(rows: Sequence[Row]) -> list[Line]:
    """For each question, who blocks it: the distributions, and the files in them."""
    lines: list[Line] = []
    for question in QUESTIONS:
        by_answer: dict[str, list[Row]] = {answer: [] for answer in WORST}
        for row in rows:
            by_answer[row.answers[question]].append(row)
        lines.append(line((f"{LABELS[question]}", "heading")))
        blocking = by_answer["no"] + by_answer["contradiction"]
        if blocking:
            names = [f"{row.name} ({_files(row, question)})" for row in blocking]
            shown = ", ".join(names)
            lines.append(line((f"{len(blocking)} block it: ", "error"), shown, indent=2, hang=4))
        if by_answer["unknown"]:
            names = [row.name for row in by_answer["unknown"]]
            lines.append(
                line((f"{len(names)} unknown: ", "unknown"), ", ".join(names), indent=2, hang=4)
            )
        good = len(by_answer["yes"])
        if good or not rows:
            lines.append(line((f"{good} can", "good"), indent=2))
    hint = "isoview check DISTRIBUTION"
    return [*lines, line(), line("Next: ", (hint, "code"), " shows what each file has.")]


def _files(row: Row, question: str) -> str:
    files = row.files[question]
    if len(files) <= 1:
        return files[0].rpartition("/")[2].partition(".")[0] if files else ""
    return f"{len(files)} of {row.modules} files"

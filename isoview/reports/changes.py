"""What a new build changed, for a person: what is gone, what came, what is left."""

from collections.abc import Sequence

from isoview.compare import Change, Named, Pair
from isoview.model import Finding
from isoview.reports.findings import subjects
from isoview.reports.lines import Line, line
from isoview.reports.words import LABELS, counted, listed, named

_SHOWN = 6
_INDENT = 4


def change_lines(pairs: Sequence[Pair], *, verbose: bool = False) -> list[Line]:
    """Everything there is to say about two builds."""
    lines: list[Line] = []
    same = [pair for pair in pairs if pair.is_same]
    for pair in pairs:
        if not pair.is_same:
            lines += [line()] if lines else []
            lines += _pair_lines(pair, _SHOWN if not verbose else 10**9)
    if same:
        what = "The module is" if len(pairs) == 1 else f"{counted(len(same), 'module')} stayed"
        lines += [line()] if lines else []
        lines.append(line(f"{what} the same, as far as isoview looks."))
    if not pairs:
        lines.append(line("Neither of the two holds an extension module."))
    return lines


def _pair_lines(pair: Pair, shown: int) -> list[Line]:
    lines = [line((pair.module, "title"), wraps=False)]
    if pair.old is None or pair.new is None:
        said = "is new" if pair.old is None else "is gone"
        lines.append(line(f"{said}: {pair.new or pair.old}", indent=2, wraps=False))
    for change in pair.answers:
        style = "good" if change.new == "yes" else "error" if change.new == "no" else "unknown"
        label = LABELS.get(change.what, change.what)
        lines.append(line(f"{label}: {change.old} -> ", (change.new, style), indent=2))
    lines += [_change(change) for change in pair.facts]
    for names in pair.names:
        lines += _names(names, shown)
    for title, style, findings in (
        ("Gone", "good", pair.lost),
        ("New", "error", pair.gained),
        ("Left", "heading", pair.left),
    ):
        lines += _findings(title, style, findings, shown)
    return lines


def _change(change: Change) -> Line:
    return line(
        f"{change.what}: {named(change.old)} -> {named(change.new)}", indent=2, hang=_INDENT
    )


def _names(names: Named, shown: int) -> list[Line]:
    lines = []
    for mark, entries in (("-", names.lost), ("+", names.gained)):
        if entries:
            words = listed([named(entry) for entry in entries], shown)
            lines.append(line(f"{mark} {names.what}: {words}", indent=2, hang=_INDENT))
    return lines


def _findings(title: str, style: str, findings: Sequence[Finding], shown: int) -> list[Line]:
    if not findings:
        return []
    lines = [line((f"{title}: {counted(len(findings), 'finding')}", style), indent=2)]
    rules: dict[str, list[Finding]] = {}
    for finding in findings:
        rules.setdefault(f"{finding.rule} {finding.name}", []).append(finding)
    for rule, group in sorted(rules.items()):
        about = subjects(group, shown)
        lines.append(line((rule, "code"), f": {about}", indent=_INDENT, hang=_INDENT + 2))
    return lines

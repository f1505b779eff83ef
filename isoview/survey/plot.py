"""Plots as SVG in the page itself: stacked bars, and answers over releases. No script, no network.

Colours are classes of the page's style sheet, so that both light and dark pages are readable;
each part has a title for those who cannot tell the colours apart.
"""

from collections.abc import Mapping, Sequence
from html import escape

from isoview.survey.figures import ORDER, Share
from isoview.visible import visible

_BAR, _GAP, _LABEL, _WIDE, _NUMBER = 20, 9, 225, 560, 80
_CELL, _CELL_LABEL = 22, 250
_LABEL_MOST, _CELL_MOST = 32, 36


def bars(shares: Sequence[Share], unit: str) -> str:
    """One bar for each share, all as long as the whole: what part has which answer."""
    if not shares:
        return ""
    height = len(shares) * (_BAR + _GAP) + 34
    width = _LABEL + _WIDE + _NUMBER
    parts = [_open(width, height, "Shares of answers")]
    parts.append(_legend([a for a in ORDER if any(a in share.counts for share in shares)], _LABEL))
    for number, share in enumerate(shares):
        top = 30 + number * (_BAR + _GAP)
        parts.append(_words(_LABEL - 8, top + 15, share.label, "end", _LABEL_MOST))
        left = float(_LABEL)
        for answer, count in share.counts.items():
            wide = _WIDE * count / (share.total or 1)
            said = f"{share.label}: {answer} {_number(count)} of {_number(share.total)} {unit}"
            parts.append(
                f'<rect class="{answer}" x="{left:.1f}" y="{top}" width="{wide:.1f}" '
                f'height="{_BAR}"><title>{_text(said)}</title></rect>'
            )
            percent = f"{count / share.total:.0%}"
            if wide > 9 * len(percent):
                parts.append(
                    f'<text class="on" x="{left + wide / 2:.1f}" y="{top + 15}" '
                    f'text-anchor="middle">{percent}</text>'
                )
            left += wide
        parts.append(_words(_LABEL + _WIDE + 8, top + 15, _number(share.total), "start", 12))
    return "".join([*parts, "</svg>"])


def releases(lines: Mapping[str, Sequence[tuple[str, str]]], most: int) -> str:
    """One row of squares for each package, a square for each release, the newest on the right."""
    longest = min(max((len(line) for line in lines.values()), default=1), most)
    width = _CELL_LABEL + longest * _CELL + 20
    height = len(lines) * _CELL + 34
    parts = [_open(max(width, _CELL_LABEL + 340), height, "Answers over releases")]
    parts.append(_legend(ORDER[1:], _CELL_LABEL))
    for number, (label, line) in enumerate(lines.items()):
        top = 30 + number * _CELL
        parts.append(_words(_CELL_LABEL - 8, top + 14, label, "end", _CELL_MOST))
        for place, (release, answer) in enumerate(line[-most:]):
            parts.append(
                f'<rect class="{answer}" x="{_CELL_LABEL + place * _CELL}" y="{top}" '
                f'width="{_CELL - 3}" height="{_CELL - 4}"><title>{_text(f"{label} {release}: {answer}")}'
                "</title></rect>"
            )
    return "".join([*parts, "</svg>"])


def _open(width: int, height: int, title: str) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{title}">'
    )


def _legend(answers: Sequence[str], left: int) -> str:
    parts = []
    for answer in answers:
        parts.append(f'<rect class="{answer}" x="{left}" y="4" width="13" height="13"/>')
        parts.append(_words(left + 18, 15, answer, "start", 20))
        left += 36 + 7 * len(answer)
    return "".join(parts)


def _words(left: float, base: float, text: str, anchor: str, most: int) -> str:
    return f'<text x="{left:.1f}" y="{base:.1f}" text-anchor="{anchor}">{_text(text, most)}</text>'


def _text(text: str, most: int | None = None) -> str:
    return escape(visible(text, most), quote=True)


def _number(value: float) -> str:
    return f"{value:,.0f}"

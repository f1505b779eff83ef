"""Results as Markdown, in pages, and compared with those of an earlier run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.growth import MOST

BEGIN, END = "<!-- benchmarks -->", "<!-- end of benchmarks -->"
"""The marks in a page between which a table stands."""


def markdown(result: dict[str, Any]) -> str:
    """Both tables, and what was not there."""
    parts = [bars(result), costs(result)]
    if result["missing"]:
        what = "; ".join(f"{name} ({why})" for name, why in result["missing"].items())
        parts.append(f"Not there: {what}.")
    return "\n\n".join(parts)


def bars(result: dict[str, Any]) -> str:
    """What is asked, as ratios, and whether it holds."""
    lines = ["| work | compared with | ratio | bar | |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        for bar in row["bars"]:
            what = "" if bar["of"] == "cpu" else f", {bar['of']} time"
            lines.append(
                f"| {row['title']}: `{bar['subject']}` | {bar['against']}{what} | "
                f"{bar['ratio']:.2f} | {bar['most']:.2f} | {_held(bar['ratio'] <= bar['most'])} |"
            )
        if row["peak"] is not None:
            most, subject = row["peak"], next(iter(row["costs"]))
            peak = row["costs"][subject]["peak"]
            lines.append(
                f"| {row['title']}: `{subject}` | peak memory | {peak >> 20} MB | {most >> 20} MB | "
                f"{_held(peak <= most)} |"
            )
    if result["growth"]:
        factor = result["growth_worst"]
        lines.append(
            f"| ten times the types, definitions and statics | ten times the cost | {factor:.2f} | "
            f"{MOST:.2f} | {_held(factor <= MOST)} |"
        )
    return "\n".join(lines)


def _held(held: bool) -> str:
    return "held" if held else "**missed**"


def costs(result: dict[str, Any]) -> str:
    """Everything that was run, and what it cost."""
    lines = ["| work | command | CPU ms | wall ms | peak MB |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        for name, cost in row["costs"].items():
            lines.append(
                f"| {row['title']} | {name} | {cost['cpu'] * 1e3:,.0f} | {cost['wall'] * 1e3:,.0f} | "
                f"{cost['peak'] / 1e6:,.0f} |"
            )
    lines += [
        f"| {growth['structures']:,} structures of each kind | reading alone: quick, full | "
        f"{growth['quick'] * 1e3:,.1f}, {growth['full'] * 1e3:,.1f} | | |"
        for growth in result["growth"]
    ]
    return "\n".join(lines)


def put_into(page: Path, text: str) -> None:
    """Replace what stands between the marks of a page. Raises ValueError where it has none."""
    old = page.read_text(encoding="utf-8")
    before, mark, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise ValueError(f"{page} has no {BEGIN} ... {END}")
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """Every ratio by a name that stays the same from run to run; what a baseline keeps."""
    found = {
        f"{row['key']}: {bar['subject']} / {bar['against']}": round(bar["ratio"], 3)
        for row in result["rows"]
        for bar in row["bars"]
    }
    if result["growth"]:
        found["growth: ten times as much / ten times the cost"] = round(result["growth_worst"], 3)
    return found


def missed(result: dict[str, Any]) -> Iterator[str]:
    """Bars that do not hold."""
    for row in result["rows"]:
        for bar in row["bars"]:
            if bar["ratio"] > bar["most"]:
                yield f"{row['key']}: {bar['subject']} / {bar['against']} is {bar['ratio']:.2f}"
        if row["peak"] is not None:
            peak = next(iter(row["costs"].values()))["peak"]
            if peak > row["peak"]:
                yield f"{row['key']}: a peak of {peak >> 20} MB"
    if result["growth"] and result["growth_worst"] > MOST:
        yield f"growth: {result['growth_worst']:.2f}"


def worse(result: dict[str, Any], before: dict[str, float], tolerance: float) -> Iterator[str]:
    """Ratios that are larger than a baseline's by more than ``tolerance`` allows."""
    for name, ratio in ratios(result).items():
        then = before.get(name)
        if then is not None and ratio > then * tolerance:
            yield f"{name} was {then:.2f}, is {ratio:.2f}"

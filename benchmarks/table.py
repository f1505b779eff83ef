"""Results as Markdown, and compared with those of an earlier run."""

from collections.abc import Iterator
from typing import Any

from benchmarks.growth import MOST


def markdown(result: dict[str, Any]) -> str:
    """The tables: one of bars, one of everything that was run."""
    lines = ["| work | compared with | ratio | bar | |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        for bar in row["bars"]:
            held = "held" if bar["ratio"] <= bar["most"] else "**missed**"
            what = "" if bar["of"] == "cpu" else f", {bar['of']} time"
            lines.append(
                f"| {row['title']}: `{bar['subject']}` | {bar['against']}{what} | "
                f"{bar['ratio']:.2f} | {bar['most']:.2f} | {held} |"
            )
        if row["peak"] is not None:
            most, subject = row["peak"], next(iter(row["costs"]))
            peak = row["costs"][subject]["peak"]
            held = "held" if peak <= most else "**missed**"
            lines.append(
                f"| {row['title']}: `{subject}` | peak memory | {peak >> 20} MB | {most >> 20} MB | {held} |"
            )
    if result["growth"]:
        factor = result["growth_worst"]
        held = "held" if factor <= MOST else "**missed**"
        lines.append(
            f"| ten times the types, definitions and statics | ten times the cost | {factor:.2f} | "
            f"{MOST:.2f} | {held} |"
        )
    lines += ["", "| work | command | CPU ms | wall ms | peak MB |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        for name, cost in row["costs"].items():
            lines.append(
                f"| {row['title']} | {name} | {cost['cpu'] * 1e3:,.0f} | {cost['wall'] * 1e3:,.0f} | "
                f"{cost['peak'] / 1e6:,.0f} |"
            )
    for growth in result["growth"]:
        lines.append(
            f"| {growth['structures']:,} structures of each kind | reading alone: quick, full | "
            f"{growth['quick'] * 1e3:,.1f}, {growth['full'] * 1e3:,.1f} | | |"
        )
    if result["missing"]:
        lines += [
            "",
            "Not there: " + "; ".join(f"{what} ({why})" for what, why in result["missing"].items()),
        ]
    return "\n".join(lines)


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


def worse(result: dict[str, Any], before: dict[str, Any], tolerance: float) -> Iterator[str]:
    """Ratios that grew by more than ``tolerance`` since an earlier run."""
    known = {
        (row["key"], bar["subject"], bar["against"]): bar["ratio"]
        for row in before["rows"]
        for bar in row["bars"]
    }
    for row in result["rows"]:
        for bar in row["bars"]:
            then = known.get((row["key"], bar["subject"], bar["against"]))
            if then is not None and bar["ratio"] > then * tolerance:
                yield (
                    f"{row['key']}: {bar['subject']} / {bar['against']} was {then:.2f}, "
                    f"is {bar['ratio']:.2f}"
                )

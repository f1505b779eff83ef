"""What the report of a survey says, as plain sections that the page and the Markdown share."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from isoview.answers import WORST
from isoview.model import QUESTIONS
from isoview.survey import plot
from isoview.survey.figures import FILES, ORDER, Figures, Share

TITLES = {
    "multiple_module_objects": "several module objects",
    "shared_gil": "sub-interpreters, shared GIL",
    "own_gil": "sub-interpreters, own GIL",
    "free_threaded": "free threading",
}
_BARS, _VERSIONS, _LINES, _CHANGES, _RELEASES = 14, 24, 40, 60, 20


class Table(NamedTuple):
    """Cells are text from anywhere; whoever writes them out makes them visible."""

    heads: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


class Section(NamedTuple):
    """A heading, our own words, plots (SVG, safe as it stands) and tables."""

    title: str
    text: str
    plots: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()


def sections(figures: Figures) -> Iterator[Section]:
    """The whole report."""
    yield _surveyed(figures)
    yield _readiness(figures)
    yield _toolchains(figures)
    yield _versions(figures)
    yield _declared(figures)
    yield _blocking(figures)
    yield _rules(figures)
    yield _releases(figures)
    yield _unread(figures)
    yield _cost(figures)
    if figures.has("live"):
        yield _live(figures)


def _surveyed(figures: Figures) -> Section:
    kinds = dict(figures.rows("SELECT kind, count(*) FROM distributions GROUP BY kind"))
    rows = [
        ("packages", _n(figures.one("SELECT count(DISTINCT name) FROM distributions"))),
        ("releases", _n(figures.one("SELECT count(DISTINCT (name, version)) FROM distributions"))),
        ("wheels with compiled modules", _n(kinds.get("compiled", 0))),
        ("wheels of Python code only", _n(kinds.get("pure", 0))),
        ("wheels that could not be read", _n(kinds.get("unreadable", 0))),
        ("packages without a wheel to be had", _n(kinds.get("missing", 0))),
        ("extension modules", _n(figures.one("SELECT count(*) FROM modules WHERE own_gil IS NOT NULL"))),
        ("definitions", _n(figures.one("SELECT count(*) FROM definitions"))),
        ("classes", _n(figures.one("SELECT count(*) FROM types"))),
        ("writable statics", _n(figures.one("SELECT count(*) FROM globals"))),
        ("findings", _n(figures.one("SELECT coalesce(sum(count), 0) FROM findings"))),
        ("errors", _n(figures.one("SELECT count(*) FROM errors"))),
    ]  # fmt: skip
    text = (
        "Everything below was read from the files alone: nothing was imported. An answer is yes only "
        "where nothing found in the file contradicts it and something beyond the file's own claim "
        "supports it; where a file does not tell enough, the answer is unknown. A package counts "
        "with its newest release in the survey and with the worst answer of its modules."
    )
    return Section("What was surveyed", text, (), (Table(("", "number"), rows),))


def _readiness(figures: Figures) -> Section:
    shares = [_titled(figures.readiness(each, downloads=False)) for each in QUESTIONS]
    plots = [plot.bars(shares, "packages")]
    tables = [_shares("question", shares, "packages")]
    text = (
        "Packages by the worst answer among their modules; `pure` are packages without a compiled "
        "module. Free threading is asked of every file, of those built for it further below."
    )
    if figures.weighted:
        weighed = [_titled(figures.readiness(each, downloads=True)) for each in QUESTIONS]
        plots.append(plot.bars(weighed, "downloads"))
        tables.append(_shares("question", weighed, "downloads"))
        text += " The second plot weighs each package by its downloads."
    else:
        text += " No download counts were given, so that each package weighs 1."
    return Section("Readiness by question", text, tuple(plots), tuple(tables))


def _toolchains(figures: Figures) -> Section:
    own = figures.modules_by("toolchain", "own_gil", _BARS)
    free = figures.modules_by("toolchain", "free_threaded", _BARS, "free_threaded_layout")
    plots = [plot.bars(own, "modules")]
    tables = [_shares("own GIL, made by", own, "modules")]
    if free:
        plots.append(plot.bars(free, "modules"))
        tables.append(_shares("free threading, made by", free, "modules"))
    text = (
        "Modules of the newest releases by what made them: first whether they work in interpreters "
        "with their own GIL, then, of the modules built for the free-threaded interpreter only, "
        "whether they run without the GIL."
    )
    return Section("By toolchain", text, tuple(plots), tuple(tables))


def _versions(figures: Figures) -> Section:
    label = (
        "toolchain || ' ' || coalesce(regexp_extract(toolchain_version, '^[0-9]+(\\.[0-9]+)?'), '')"
    )
    told = "toolchain_version IS NOT NULL"
    shares = figures.modules_by(label, "own_gil", _VERSIONS, told)
    text = (
        "The same for own-GIL interpreters, by the version of the toolchain, where the file tells "
        f"it: the {_VERSIONS} most frequent, sorted by name."
    )
    shares.sort(key=lambda share: share.label)
    table = _shares("made by", shares, "modules")
    return Section("By version of the toolchain", text, (plot.bars(shares, "modules"),), (table,))


def _declared(figures: Figures) -> Section:
    rows = figures.rows(
        "SELECT replace(coalesce(phase, 'unknown'), 'unknown', 'not known'), CASE WHEN phase NOT IN ('multi', 'export') THEN '-' "
        "WHEN multiple_interpreters_slot IS NULL THEN 'no slot' ELSE CASE multiple_interpreters_slot "
        "WHEN 0 THEN 'not supported' WHEN 1 THEN 'supported' WHEN 2 THEN 'own GIL supported' "
        "ELSE 'other' END END AS slot, count(*), count(DISTINCT name), "
        "count(*) FILTER (own_gil = 'yes'), count(*) FILTER (own_gil = 'contradiction') "
        "FROM newest GROUP BY ALL ORDER BY 3 DESC"
    )
    text = (
        "How the modules of the newest releases are initialized, and what the slot "
        "Py_mod_multiple_interpreters says in those with multi-phase init. A contradiction is a "
        "module that declares support while its file shows the contrary."
    )
    heads = ("init", "slot", "modules", "packages", "own GIL: yes", "own GIL: contradiction")
    return Section("What the modules declare", text, (), (Table(heads, [*map(_cells, rows)]),))


def _blocking(figures: Figures) -> Section:
    text = (
        f"The {FILES} modules that keep the most downloads out of interpreters with their own GIL. "
        if figures.weighted
        else f"{FILES} modules that keep their packages out of interpreters with their own GIL. No "
        "download counts were given: every package weighs 1, and those with the most findings come "
        "first. "
    )
    text += "One line for each module of a package, however many wheels have it."
    rows = [
        (module, f"{name} {version}", _n(weight), tool or "", answer, why or "")
        for module, name, version, weight, tool, answer, why, _findings in figures.blocking()
    ]
    heads = ("module", "package", "downloads", "made by", "own GIL", "why")
    return Section(f"The {FILES} files that block the most downloads", text, (), (Table(heads, rows),))  # fmt: skip


def _rules(figures: Figures) -> Section:
    rows = figures.rows(
        "SELECT rule, any_value(f.name), any_value(severity), count(DISTINCT n.name), "
        "count(DISTINCT (f.wheel, f.member)), sum(count) FROM findings f "
        "JOIN newest n ON n.wheel = f.wheel AND n.member = f.member "
        f"GROUP BY rule ORDER BY 4 DESC, 5 DESC, 1 LIMIT {_LINES}"
    )
    heads = ("rule", "pattern", "severity", "packages", "modules", "findings")
    text = "Which patterns were found in the newest releases; `isoview explain RULE` tells of each."
    return Section("What was found", text, (), (Table(heads, [*map(_cells, rows)]),))


def _releases(figures: Figures) -> Section:
    counts = figures.progress_of_ports()
    changes: list[tuple[str, ...]] = []
    shown: dict[str, Sequence[tuple[str, str]]] = {}
    for question in QUESTIONS:
        for (name, line), releases in figures.history(question).items():
            if question == "own_gil":
                shown[f"{name} ({line})"] = releases
            for (old, before), (new, after) in pairwise(releases):
                if before != after:
                    what = "landed" if _better(before, after) else "regressed"
                    changes.append(
                        (name, f"{old} → {new}", line, TITLES[question], before, after, what,
                         _step(counts, (name, line), old, new))
                    )  # fmt: skip
    text = (
        "Packages that are there in several releases, each release with the worst answer of its "
        "modules; wheels are compared with wheels of the same kind. Squares: interpreters with their "
        "own GIL, the newest release on the right."
    )
    if not shown:
        return Section("Over releases", "No package is in the survey in more than one release.")
    lively = dict(sorted(shown.items(), key=lambda item: -len({answer for _, answer in item[1]})))
    heads = (
        "package", "releases", "wheel", "question", "before", "after", "so it",
        "single-phase modules; static types",
    )  # fmt: skip
    some = dict(list(lively.items())[:_LINES])
    changes.sort()
    more = f" {len(changes) - _CHANGES} more changes are in the tables." if len(changes) > _CHANGES else ""  # fmt: skip
    return Section(
        "Over releases", text + more, (plot.releases(some, _RELEASES),),
        (Table(heads, changes[:_CHANGES]),),
    )  # fmt: skip


def _step(
    counts: dict[tuple[str, str, str], tuple[int, int, int]],
    line: tuple[str, str],
    old: str,
    new: str,
) -> str:
    before, after = counts.get((*line, old)), counts.get((*line, new))
    if before is None or after is None:
        return ""
    return f"{before[1]} → {after[1]}; {before[2]} → {after[2]}"


def _better(before: str, after: str) -> bool:
    return WORST.index(after) > WORST.index(before)


def _unread(figures: Figures) -> Section:
    depth = figures.rows(
        "SELECT types_read, globals_read, count(*), any_value(unread_reason) FROM newest "
        f"GROUP BY 1, 2 ORDER BY 3 DESC LIMIT {_LINES}"
    )
    errors = figures.rows(
        "SELECT stage, regexp_replace(replace(error, wheel, '…'), '^.*: ', '') AS said, count(*), "
        f"min(wheel) FROM errors GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT {_LINES}"
    )
    text = (
        "How completely the modules of the newest releases could be read, and what could not be "
        "read at all. Where types or statics were read in part, the answer is never yes."
    )
    tables = [Table(("classes", "statics", "modules", "a reason"), [*map(_cells, depth)])]
    if errors:
        tables.append(Table(("at", "error", "times", "for example"), [*map(_cells, errors)]))
    return Section("What could not be read", text, (), tuple(tables))


def _cost(figures: Figures) -> Section:
    (row,) = figures.rows(
        "SELECT count(*), sum(cpu_seconds), avg(cpu_seconds), median(cpu_seconds), "
        "quantile_cont(cpu_seconds, 0.95), max(cpu_seconds), sum(unpacked) / 1e6, "
        "max(peak_memory) / 1e6 FROM costs"
    )
    if not row[0]:
        return Section("What it cost", "Nothing was read.")
    names = (
        "wheels", "processor seconds", "per wheel: mean", "per wheel: median",
        "per wheel: 95 of 100 below", "per wheel: most", "MB of modules, unpacked",
        "MB of memory in a worker, at most",
    )  # fmt: skip
    rows = [(name, f"{value:,.2f}" if isinstance(value, float) else _n(value)) for name, value in zip(names, row, strict=True)]  # fmt: skip
    slow = figures.rows("SELECT wheel, cpu_seconds, rows, unpacked / 1e6 FROM costs ORDER BY 2 DESC LIMIT 10")  # fmt: skip
    slowest = [(wheel, f"{cpu:.2f}", _n(number), f"{size:.1f}") for wheel, cpu, number, size in slow]  # fmt: skip
    text = "Processor time of the workers, without fetching and without writing the tables."
    tables = (
        Table(("", ""), rows),
        Table(("the slowest wheels", "seconds", "rows", "MB"), slowest),
    )
    return Section("What it cost", text, (), tables)


def _live(figures: Figures) -> Section:
    rows = figures.rows(
        "SELECT python || CASE WHEN free_threaded THEN 't' ELSE '' END, experiment, CASE status WHEN 'ok' "
        "THEN regexp_replace(word, '^[0-9/]+ ', 'some ') ELSE status END, "
        "count(DISTINCT module), count(DISTINCT wheel), any_value(coalesce(sentence, message)) "
        f"FROM live GROUP BY 1, 2, 3 ORDER BY 1, 2, 4 DESC LIMIT {4 * _LINES}"
    )
    text = (
        "This part alone comes from running code: each wheel was installed in a throw-away "
        "environment and its modules imported in child processes. Nothing above takes any of it "
        "into account."
    )
    heads = ("python", "experiment", "outcome", "modules", "wheels", "for example")
    return Section("Live experiments", text, (), (Table(heads, [*map(_cells, rows)]),))


def _titled(share: Share) -> Share:
    return Share(TITLES[share.label], share.counts)


def _shares(head: str, shares: Sequence[Share], unit: str) -> Table:
    answers = [answer for answer in ORDER if any(answer in share.counts for share in shares)]
    rows = [
        (share.label, *(_n(share.counts.get(answer, 0)) for answer in answers), _n(share.total))
        for share in shares
    ]
    return Table((head, *answers, unit), rows)


def _cells(row: Sequence[Any]) -> tuple[str, ...]:
    return tuple("" if value is None else _n(value) if isinstance(value, (int, float)) else str(value) for value in row)  # fmt: skip


def _n(value: float) -> str:
    return f"{value:,.0f}"

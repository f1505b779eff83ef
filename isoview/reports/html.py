"""One HTML page that holds everything: to be mailed, opened anywhere, without any network.

Style and script stand in the page; a content security policy forbids everything else. All text
goes through :func:`_text`.
"""

from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files

from isoview.inspectors.facts import Evidence
from isoview.model import COUNTING, QUESTIONS, SEVERITIES, Finding, Report, TargetError
from isoview.readable import as_written, says
from isoview.reports.place import module_name, relative
from isoview.reports.words import LABELS, counted, file_format, size
from isoview.version import VERSION
from isoview.visible import visible

_EVIDENCE = 12  # pieces shown of one finding
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def document(
    reports: Sequence[Report], errors: Sequence[TargetError], stale: Sequence[str] = ()
) -> str:
    """The page."""
    judged = [report for report in reports if report.verdict is not None]
    parts = [
        *_head(judged, errors),
        *_errors(errors),
        *_overview(judged),
        *_stale(stale),
        *(part for number, report in enumerate(judged) for part in _module(number, report)),
        _tail(),
    ]
    return "".join(parts)


def _text(text: str) -> str:
    return escape(visible(text), quote=True)


def _asset(name: str) -> str:
    return (files("isoview.reports") / "page" / name).read_text("utf-8")


def _head(reports: Sequence[Report], errors: Sequence[TargetError]) -> Iterator[str]:
    number = sum(f.count for report in reports for f in report.findings if f.status in COUNTING)
    title = f"{counted(len(reports), 'extension module')}, {counted(number, 'finding')} open"
    title += f", {counted(len(errors), 'error')}" if errors else ""
    yield (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>isoview: {_text(title)}</title>\n<style>{_asset('page.css')}</style></head>\n"
        f'<body><header><h1>isoview</h1><p>{_text(title)}</p></header>\n<div class="filter">'
        '<label for="filter">Filter</label> <input id="filter" type="search" '
        'placeholder="rule, symbol, module, text"> '
    )
    for severity in SEVERITIES:
        yield (
            f'<label class="pick"><input type="checkbox" data-severity="{severity}" checked> '
            f"{severity}s</label> "
        )
    yield (
        '<label class="pick"><input type="checkbox" id="decided"> decided</label> '
        '<output id="shown"></output></div>\n<main>\n'
    )


def _errors(errors: Sequence[TargetError]) -> Iterator[str]:
    if errors:
        yield f"<section><h2>{counted(len(errors), 'target')} not analysed</h2><ul>\n"
        for error in errors:
            yield f'<li>{_text(error.error)}<br><span class="dim">{_text(error.hint)}</span></li>\n'
        yield "</ul></section>\n"


def _stale(stale: Sequence[str]) -> Iterator[str]:
    if stale:
        yield "<section><h2>Decisions that match nothing any more</h2><ul>\n"
        for each in stale:
            yield f"<li><code>{_text(each)}</code></li>\n"
        yield "</ul></section>\n"


def _overview(reports: Sequence[Report]) -> Iterator[str]:
    if len(reports) < 2:
        return
    heads = "".join(f"<th>{_text(LABELS[question])}</th>" for question in QUESTIONS)
    yield f'<section><h2>Modules</h2><table class="overview"><thead><tr><th>module</th>{heads}'
    yield "<th>open</th></tr></thead><tbody>\n"
    for number, report in enumerate(reports):
        cells = "".join(_answer_cell(report, question) for question in QUESTIONS)
        count = sum(f.count for f in report.findings if f.status in COUNTING)
        name = _text(module_name(report))
        yield f'<tr><td><a href="#m{number}">{name}</a></td>{cells}<td>{count}</td></tr>\n'
    yield "</tbody></table></section>\n"


def _answer_cell(report: Report, question: str) -> str:
    answer = getattr(report.verdict, question)
    return f'<td class="{answer.answer}" title="{_text(answer.summary)}">{answer.answer}</td>'


def _module(number: int, report: Report) -> Iterator[str]:
    artifact = report.facts.artifact
    tools = ", ".join(f"{t.name} {t.version or ''}".strip() for t in report.facts.toolchains)
    about = [
        file_format(artifact.format),
        artifact.arch,
        size(artifact.size),
        artifact.tag or "",
        tools,
    ]
    yield f'<section class="module" id="m{number}"><h2>{_text(module_name(report))}</h2>\n'
    yield f'<p class="dim">{_text(relative(artifact.path))}<br>{_text(", ".join(filter(None, about)))}</p>\n'
    yield '<table class="verdict"><tbody>\n'
    for question in QUESTIONS:
        answer = getattr(report.verdict, question)
        yield (
            f'<tr><th>{_text(LABELS[question])}</th><td class="{answer.answer}">{answer.answer}</td>'
            f"<td>{_text(answer.summary)}</td></tr>\n"
        )
    yield "</tbody></table>\n"
    yield from _plan(report)
    yield from _findings(report)
    yield "</section>\n"


def _plan(report: Report) -> Iterator[str]:
    """What to do, in the order of the guide: one step for each rule with something open."""
    from isoview.guide import sections
    from isoview.rules import find

    by_section: dict[str, dict[str, int]] = {}
    for finding in report.findings:
        if finding.status in COUNTING:
            rules = by_section.setdefault(finding.guide, {})
            rules[finding.rule] = rules.get(finding.rule, 0) + finding.count
    if not by_section:
        return
    yield "<h3>Plan</h3><ol>\n"
    for section in sections():
        for code, count in sorted(by_section.get(section.id, {}).items()):
            rule = find(code)
            if rule is not None:
                fix = rule.documentation().fix_for(report.facts.generator)
                yield (
                    f"<li><b>{_text(section.title)}</b>: {code} {_text(rule.name)}, {count} open. "
                    f'<a href="{_text(section.url)}">guide</a>'
                    f"<details><summary>how to fix it</summary>{_paragraphs(fix)}</details></li>\n"
                )
    yield "</ol>\n"


def _paragraphs(text: str) -> str:
    blocks = text.split("\n\n")
    return "".join(
        f"<pre>{_lines(block)}</pre>" if block.startswith("    ") else f"<p>{_prose(block)}</p>"
        for block in blocks
    )


def _prose(block: str) -> str:
    """Our own text: what stands between back quotes is code."""
    pieces = block.split("`")
    return "".join(
        f"<code>{_text(piece)}</code>" if number % 2 else _text(piece)
        for number, piece in enumerate(pieces)
    )


def _lines(block: str) -> str:
    return "\n".join(_text(line) for line in block.splitlines())


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        yield "<h3>Findings</h3><p>None.</p>\n"
        return
    yield "<h3>Findings</h3>\n"
    order = sorted(report.findings, key=lambda f: (SEVERITIES.index(f.severity), f.rule))
    for finding in order:
        yield _finding(finding)


def _finding(finding: Finding) -> str:
    counts = finding.status in COUNTING
    where = finding.where
    place = [f"at {where.address:#x}" if where.address is not None else "", where.section or ""]
    place += [f"{where.file}:{where.line}" if where.file else ""]
    times = f", {finding.count} times" if finding.count > 1 else ""
    status = "" if finding.status == "open" else f' <span class="status">{finding.status}</span>'
    reason = f"<p><b>Decision:</b> {_text(finding.reason)}</p>" if finding.reason else ""
    evidence = "".join(map(_evidence, finding.evidence[:_EVIDENCE]))
    more = len(finding.evidence) - _EVIDENCE
    evidence += f"<li>and {more} more</li>" if more > 0 else ""
    return (
        f'<details class="finding {finding.severity}" data-severity="{finding.severity}" '
        f'data-decided="{"no" if counts else "yes"}"><summary><span class="mark">{finding.severity}'
        f"</span> <code>{finding.rule}</code> {_text(finding.name)}{times}{status}: "
        f"{_text(says(finding))}</summary>{reason}<ul>{evidence}</ul>"
        f'<p class="dim">{_text(", ".join(filter(None, place)))}'
        f"<br>confidence {finding.confidence}<br><code>{_text(finding.fingerprint)}</code></p>"
        "</details>\n"
    )


def _evidence(evidence: Evidence) -> str:
    where = f" <code>{evidence.address:#x}</code>" if evidence.address is not None else ""
    return f"<li>{_text(evidence.kind)}: {_text(as_written(evidence.text))}{where}</li>"


def _tail() -> str:
    return (
        f'</main><footer class="dim">Written by isoview {_text(VERSION)}.</footer>\n'
        f"<script>{_asset('page.js')}</script></body></html>\n"
    )

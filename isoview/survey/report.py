"""The report of a survey: one HTML page without any network, and the same tables as Markdown."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from importlib.resources import files
from pathlib import Path

from isoview.inspectors.errors import BadConfig
from isoview.reports.escaping import in_markdown
from isoview.survey.figures import ORDER, Figures
from isoview.survey.sections import Section, Table, sections
from isoview.version import VERSION
from isoview.visible import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_TITLE = "How isolated are they? A survey of extension modules"
_CELL = 400  # characters of one cell at most
_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?")


def write(folder: Path, downloads: Path | None, target: Path) -> list[Path]:
    """Write ``report.html`` and ``report.md`` into ``target``; returns their paths."""
    every = list(sections(Figures(folder, downloads)))
    made = {"report.html": page(every), "report.md": markdown(every)}
    paths = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, text in made.items():
            (target / name).write_text(text, encoding="utf-8", newline="\n")
            paths.append(target / name)
    except OSError as error:
        raise BadConfig(
            f"the report cannot be written to {target}: {error.strerror}",
            "Name a folder that you may write to with --output.",
        ) from error
    return paths


def page(every: Sequence[Section]) -> str:
    """The HTML page."""
    style = (files("isoview.survey") / "page" / "survey.css").read_text("utf-8")
    parts = [
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n',
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
        f"<title>{_TITLE}</title>\n<style>{style}</style></head>\n<body><h1>{_TITLE}</h1>\n<nav>",
        " · ".join(f'<a href="#s{n}">{_html(each.title)}</a>' for n, each in enumerate(every)),
        "</nav>\n",
        *(part for number, each in enumerate(every) for part in _section(number, each)),
        f'<footer class="dim">Written by isoview {_html(VERSION)}.</footer></body></html>\n',
    ]
    return "".join(parts)


def _section(number: int, section: Section) -> Iterator[str]:
    yield f'<section id="s{number}"><h2>{_html(section.title)}</h2>\n<p>{_prose(section.text)}</p>\n'
    for plot in filter(None, section.plots):
        yield f"<figure>{plot}</figure>\n"
    for table in section.tables:
        yield '<div class="wide"><table><thead><tr>'
        yield "".join(f"<th>{_html(head)}</th>" for head in table.heads)
        yield "</tr></thead><tbody>\n"
        for row in table.rows:
            yield f"<tr>{''.join(map(_cell, row))}</tr>\n"
        yield "</tbody></table></div>\n"
    yield "</section>\n"


def _cell(text: str) -> str:
    kind = f"answer {text}" if text in ORDER else "number" if _NUMBER.fullmatch(text) else ""
    return f'<td class="{kind}">{_html(text)}</td>' if kind else f"<td>{_html(text)}</td>"


def _html(text: str) -> str:
    return escape(visible(text, _CELL), quote=True)


def _prose(text: str) -> str:
    """Our own words: what stands between back quotes is code."""
    return "".join(
        f"<code>{_html(piece)}</code>" if number % 2 else escape(piece)
        for number, piece in enumerate(text.split("`"))
    )


def markdown(every: Sequence[Section]) -> str:
    """The same tables as Markdown; the plots are in the page alone."""
    parts = [f"# {_TITLE}\n"]
    for section in every:
        parts.append(f"\n## {section.title}\n\n{section.text}\n")
        parts += [f"\n{_markdown_table(table)}" for table in section.tables]
    parts.append(f"\nWritten by isoview {VERSION}.\n")
    return "".join(parts)


def _markdown_table(table: Table) -> str:
    lines = [table.heads, ("---",) * len(table.heads)]
    rows = [
        "| " + " | ".join(in_markdown(cell, _CELL) for cell in row) + " |\n" for row in table.rows
    ]
    return "".join(["| " + " | ".join(row) + " |\n" for row in lines] + rows)

"""``isoview explain``: a rule or a section of the guide, in full."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from isoview.guide import Section
    from isoview.reports.lines import Line
    from isoview.rules.base import Rule


def _names(_context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
    """For shell completion: codes and names of rules, and ids of sections."""
    from isoview.guide import sections
    from isoview.rules import EVERY

    known = [rule.code for rule in EVERY] + [rule.name for rule in EVERY]
    known += [section.id for section in sections()]
    return [name for name in known if name.startswith(begun)]


@click.command(short_help="Explain a rule or a section of the guide.")
@click.argument("subject", metavar="RULE|SECTION", shell_complete=_names)
def explain(subject: str) -> int:
    """Explain a rule (ISO101, or its name) or a section of the guide."""
    from isoview.commands import ExitCode
    from isoview.guide import find as find_section
    from isoview.reports.terminal import show

    section = find_section(subject)
    if section is not None:
        show(section_lines(section))
        return ExitCode.CLEAN
    from isoview.rules import find as find_rule

    rule = find_rule(subject) or find_rule(subject.upper())
    if rule is None:
        raise click.UsageError(_unknown(subject))
    show(_rule_lines(rule))
    return ExitCode.CLEAN


def section_lines(section: "Section") -> "list[Line]":
    """A section as text: title, link, what it says, and the rules that look for it."""
    from isoview.reports.lines import line
    from isoview.reports.markdown import markdown_lines
    from isoview.rules import EVERY

    lines = [line((section.title, "title")), line((section.url, "dim"), wraps=False), line()]
    lines += markdown_lines(section.body)
    belonging = [rule for rule in EVERY if rule.guide == section.id]
    if belonging:
        lines += [line(), line(("Rules", "heading"))]
        lines += [line((rule.code, "code"), f" {rule.name}", indent=2) for rule in belonging]
    return lines


def _rule_lines(rule: "Rule | type[Rule]") -> "list[Line]":
    from isoview.guide import find as find_section
    from isoview.reports.lines import line
    from isoview.reports.markdown import markdown_lines

    documentation = rule.documentation()
    lines = [
        line((f"{rule.code} {rule.name}", "title"), ", ", (rule.severity, rule.severity)),
        *markdown_lines(documentation.summary),
        line(),
        line(("What it finds", "heading")),
        *markdown_lines(documentation.finds, indent=2),
        line(),
        line(("Why it matters", "heading")),
        *markdown_lines(documentation.why, indent=2),
        line(),
        line(("How to fix", "heading")),
    ]
    for generator, text in documentation.fixes.items():
        lines += [line((generator, "title"), indent=2), *markdown_lines(text, indent=4)]
    section = find_section(rule.guide)
    lines += [line(), line(("Guide", "heading"))]
    if section is None:  # a test holds that every rule names one
        return [*lines, line(rule.guide, indent=2)]
    return [
        *lines,
        line(f"{section.title}: ", (f"isoview guide {section.id}", "code"), indent=2),
        line((section.url, "dim"), indent=2, wraps=False),
    ]


def _unknown(subject: str) -> str:
    from difflib import get_close_matches

    from isoview.guide import sections
    from isoview.rules import EVERY

    known = [name for rule in EVERY for name in (rule.code, rule.name)]
    known += [section.id for section in sections()]
    close = get_close_matches(subject, known, n=3)
    meant = f"; did you mean {' or '.join(close)}?" if close else "; see `isoview rules`."
    return f"no rule and no section of the guide is called {subject}{meant}"

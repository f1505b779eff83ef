"""``isoview rules``: every rule in a line, or as JSON."""

import click


@click.command(short_help="List the rules.")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
)
def rules(form: str) -> int:
    """List the rules: code, severity and name; as JSON with their sections of the guide."""
    from isoview.commands import ExitCode
    from isoview.rules import EVERY

    if form == "json":
        import json

        entries = [
            {"code": rule.code, "name": rule.name, "severity": rule.severity, "guide": rule.guide}
            for rule in EVERY
        ]
        click.echo(json.dumps(entries, indent=1))
        return ExitCode.CLEAN
    from isoview.reports.lines import line
    from isoview.reports.terminal import show

    lines = [
        line((f"{rule.code}  ", "title"), (f"{rule.severity:<9}", rule.severity), rule.name)
        for rule in EVERY
    ]
    hint = line("Next: ", (f"isoview explain {EVERY[0].code}", "code"), " explains one.")
    show([*lines, line(), hint])
    return ExitCode.CLEAN

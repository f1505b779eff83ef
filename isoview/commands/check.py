"""``isoview check``: the report in any form, and an exit code for CI."""

from typing import Any

import click

from isoview.commands import Settings
from isoview.commands.outcome import REQUIRED
from isoview.commands.reporting import Options, report_on
from isoview.inspectors.errors import BadConfig
from isoview.model import SEVERITIES
from isoview.reports.outputs import FORMATS


def _codes(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> tuple[str, ...]:
    """Codes and families (``ISO2``) as a tuple of what a code may start with."""
    codes = tuple(code.strip() for value in values for code in value.split(",") if code.strip())
    if codes:
        from isoview.rules import EVERY

        known = tuple(rule.code for rule in EVERY)
        for code in codes:
            if not any(each.startswith(code) for each in known):
                raise click.BadParameter(f"no rule is called {code}; see `isoview rules`.")
    return codes


@click.command(short_help="Report on extensions as text, JSON, SARIF and more.")
@click.argument("targets", metavar="[TARGET]...", nargs=-1, type=click.Path())
@click.option("-r", "--requirement", "files", metavar="FILE", multiple=True, type=click.Path(),
              help="Look at what a requirements file, uv.lock or pylock.toml asks for.")  # fmt: skip
@click.option("--python", metavar="EXE", type=click.Path(),
              help="Look in another environment: its python, or its folder.")  # fmt: skip
@click.option("--format", "form", type=click.Choice(FORMATS), help="Form of the report.")
@click.option("--output", "outputs", metavar="FILE", multiple=True, type=click.Path(),
              help="Write to FILE instead of stdout; several times for several forms, each by "
              "its ending or as FORMAT=FILE.")  # fmt: skip
@click.option("--select", metavar="CODES", multiple=True, callback=_codes,
              help="Keep findings of these rules only: ISO101, or ISO2 for a family; with commas.")  # fmt: skip
@click.option("--ignore", metavar="CODES", multiple=True, callback=_codes,
              help="Leave out findings of these rules.")  # fmt: skip
@click.option("--fail-on", type=click.Choice([*SEVERITIES, "never"]), default=Options.fail_on,
              show_default=True,
              help="Exit with 1 on an open finding of this severity or a graver one.")  # fmt: skip
@click.option("--require", "required", type=click.Choice(list(REQUIRED)), multiple=True,
              help="Exit with 1 unless the verdict's answer is yes (unknown is not, nor is no module to "
              "ask).")  # fmt: skip
@click.option("--baseline", metavar="FILE", type=click.Path(),
              help="Leave out what an earlier JSON report had: new findings only.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N",
              help="Processes to use for several files (default: what the machine has).")  # fmt: skip
@click.option("--no-cache", is_flag=True, help="Read every file anew.")
@click.option("--live", is_flag=True,
              help="Import each module in child processes, too, and weigh what it does there. "
              "This runs the module's code.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Decode no instruction: faster, sees less.")
@click.option("--hash", "hashed", is_flag=True, help="Fill in the file's SHA-256.")
@click.option("-v", "--verbose", is_flag=True, help="Show every finding, type and static.")
@click.pass_context
def check(context: click.Context, /, **options: Any) -> int:
    """Say how isolated each TARGET is: a file, wheel, folder, environment, or the name of
    an installed module or distribution.

    Nothing is imported or run, unless --live asks for it. Decisions and options in the nearest isoview.toml are
    applied. Exit codes: 0 nothing open at or above --fail-on, 1 findings or a required
    answer that is not yes, 2 usage, 3 a target could not be analysed.
    """
    settle(context, options)
    asked = Options(**options)
    if not asked.targets and not asked.files and asked.python is None:
        raise click.UsageError(
            "name a TARGET, requirements with -r, or an environment with --python."
        )
    return report_on(asked, debug=context.ensure_object(Settings).debug)


def settle(context: click.Context, options: dict[str, Any]) -> None:
    """Fill in what the project's configuration says and the command line does not."""
    from isoview.config import load

    settled = load()
    names = {"fail-on": "fail_on", "require": "required"}
    parameters = {parameter.name: parameter for parameter in context.command.params}
    for key, value in settled.items():
        name = names.get(key, key)
        if name not in options:
            continue
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            continue
        try:
            options[name] = parameters[name].process_value(context, value)
        except click.BadParameter as error:
            raise BadConfig(
                f"the project's configuration: {key}: {error.format_message()}",
                "It stands in isoview.toml or under [tool.isoview] in pyproject.toml.",
            ) from error

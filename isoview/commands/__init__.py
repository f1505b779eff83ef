"""One file per command, imported only when its command is called, and what they share."""

COMMANDS = {
    "check": ("isoview.commands.check:check", "report as text, JSON, SARIF, ..."),
    "live": ("isoview.commands.live:live", "import it in child processes"),
    "plan": ("isoview.commands.plan:plan", "the port as ordered steps"),
    "sharing": ("isoview.commands.sharing:sharing", "what several modules share"),
    "diff": ("isoview.commands.diff:diff", "what a new build changed"),
    "env": ("isoview.commands.env:env", "which packages block what"),
    "attach": ("isoview.commands.attach:attach", "look into a running process"),
    "explain": ("isoview.commands.explain:explain", "a rule or a section"),
    "guide": ("isoview.commands.guide:guide", "read or search the guide"),
    "rules": ("isoview.commands.rules:rules", "list the rules"),
    "triage": ("isoview.commands.triage:triage", "decide about findings"),
    "survey": ("isoview.commands.survey:survey", "thousands of packages, SQL"),
    "serve": ("isoview.commands.serve:serve", "the app in a browser"),
    "cache": ("isoview.commands.cache:cache", "where reports are kept"),
}
OPEN = "isoview.commands.open:open_app"
"""What is done with targets without a command."""


class ExitCode:
    """What the process says to the shell. Scripts rely on the numbers.

    Plain numbers: an enumeration costs more to declare than most modules do to load.
    """

    CLEAN = 0
    """Nothing open at or above ``--fail-on``, and every required answer is ``yes``."""
    FINDINGS = 1
    """An open finding at or above ``--fail-on``, or a required answer that is not ``yes``."""
    USAGE = 2
    """The command line or a configuration file cannot be understood."""
    NOT_ANALYSED = 3
    """A target could not be analysed (the others are still reported); wins over FINDINGS."""
    INTERRUPTED = 130
    """Ctrl-C: 128 + SIGINT, as shells have it."""
    PIPE_CLOSED = 141
    """Whoever read our output went away: 128 + SIGPIPE, as shells have it."""


class Settings:
    """What options of the whole program say; the ``obj`` of the click context."""

    def __init__(self) -> None:
        self.debug = False

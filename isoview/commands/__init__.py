"""One file per command, imported only when its command is called, and what they share."""

from enum import IntEnum

COMMANDS = {
    "check": ("isoview.commands.check:check", "Report on extensions as text or JSON."),
    "survey": ("isoview.commands.survey:survey", "Survey many packages: tables, a page, SQL."),
    "env": ("isoview.commands.env:env", "Which distributions block which interpreters."),
    "diff": ("isoview.commands.diff:diff", "What changed from one build to another."),
    "live": ("isoview.commands.live:live", "Import a module in a child and look at it there."),
    "plan": ("isoview.commands.plan:plan", "The port of a module as ordered steps."),
    "sharing": ("isoview.commands.sharing:sharing", "What several modules share, or fail to."),
    "attach": ("isoview.commands.attach:attach", "Look into a running Python process."),
    "serve": ("isoview.commands.serve:serve", "Offer the app in a browser, on this machine."),
    "explain": ("isoview.commands.explain:explain", "Explain a rule or a section of the guide."),
    "guide": ("isoview.commands.guide:guide", "Read or search the guide to isolation."),
    "rules": ("isoview.commands.rules:rules", "List the rules."),
    "cache": ("isoview.commands.cache:cache", "Where reports are kept; clear them."),
    "triage": ("isoview.commands.triage:triage", "List, make or take back decisions."),
}
OPEN = "isoview.commands.open:open_app"
"""What is done with targets without a command."""


class ExitCode(IntEnum):
    """What the process says to the shell. Scripts rely on the numbers."""

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

"""One file per command, imported only when its command is called, and what they share."""

from enum import IntEnum


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

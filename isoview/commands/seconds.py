"""Options that take a time limit."""

import math
from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds within bounds, and a finite one: click lets ``nan`` through any range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number. Raises :class:`click.BadParameter`."""
        seconds = float(super().convert(value, param, ctx))
        if not math.isfinite(seconds):
            self.fail(f"{value} is no number of seconds.", param, ctx)
        return seconds

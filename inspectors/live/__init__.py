"""What a module really does: looked at in child processes, never in this one.

``runner`` starts the children and judges how they ended; ``probe`` is what runs inside them.
"""

EXPERIMENTS = (
    "info", "twice", "shared-gil", "own-gil", "free-threaded", "lifecycle", "instances", "statics",
    "fallback",
)  # fmt: skip
"""Every experiment there is, in the order they are shown."""

PARTS = {"shared-gil": ("shared-gil/main-first", "shared-gil/in-turn")}
"""Experiments that take several children, and what the probe calls each."""

STATUSES = ("ok", "refused", "failed", "crashed", "timed-out", "not-run")
"""How an experiment can end."""

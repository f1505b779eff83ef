"""What a module really does: looked at in child processes, never in this one.

``runner`` starts the children and judges how they ended; ``probe`` is what runs inside them.
"""

EXPERIMENTS = ("info",)
"""Every experiment there is, in the order they are shown."""

"""Standard input in the place of a file: what it is called, on the command line and in a report."""

STDIN = "-"
"""A file of this name is given with its folder (``./-``)."""

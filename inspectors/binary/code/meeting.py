"""What is known where two ways through a function meet."""

from itertools import compress
from operator import is_not

from isoview.inspectors.binary.code.scene import State
from isoview.inspectors.binary.code.values import OBJECT, merged

BLIND = -2
"""Stands in the state of code that nothing seen so far leads to."""


def met(one: State, other: State) -> State:
    """The state where two paths meet; what only one of them knows stays if it is an object."""
    if (BLIND in one) != (BLIND in other):  # nothing is known on one of them
        return other if BLIND in one else one
    if one == other:
        return one
    found, there = one.copy(), other.get
    shared = len(one)
    # Most are the very same on both; those are passed over without a step of Python for each.
    for key in compress(one, map(is_not, one.values(), map(there, one))):
        value, arriving = one[key], there(key)
        if arriving is None:
            shared -= 1
            joined = value if value is not None and value[0] == OBJECT else None
        else:
            joined = merged(value, arriving)
        if joined is None:
            del found[key]
        else:
            found[key] = joined
    if shared < len(other):
        for key in other.keys() - one.keys():
            value = other[key]
            if value is not None and value[0] == OBJECT:
                found[key] = value
    return found

"""Instances of the module's types: do they show their type to the collector, and let it go?"""

import gc
import sys

from .importing import NotRunError
from .interpreter import HEAP_TYPE, TP_TRAVERSE, CApi, is_free_threaded
from .objects import namespace_of, owns_type

MADE = 100
"""How many instances are made and dropped, twice."""
TYPE_LIMIT = 200
HAVE_GC = 1 << 14
DISALLOWED = 1 << 7
_FLAGS = type.__dict__["__flags__"].__get__


def instances(target):
    """Make MADE instances of each type that needs no argument, then as many again.

    After both rounds the type's reference count must be back where it was: a dealloc that does
    not release its type leaves one reference per instance.
    """
    if is_free_threaded():
        raise NotRunError("reference counts of types are not exact on a free-threaded build")
    try:
        api = CApi()
    except ImportError:
        api = None
    found = []
    namespace = namespace_of(target.first)
    types = [(key, value) for key, value in sorted(namespace.items()) if _is_own(value, target)]
    for key, cls in types[:TYPE_LIMIT]:
        target.channel.stage("instances of %s" % key)
        entry = _look(key, cls)
        entry["own_traverse"] = _own_traverse(cls, api)
        found.append(entry)
    answer = {"instances": found, "made_of": sum(1 for entry in found if entry["made"])}
    answer.update(target.identity)
    return answer


def visits_type(value):
    """Whether the object's traverse visits its type; None: it is not tracked by the collector."""
    if not gc.is_tracked(value):
        return None
    return any(entry is type(value) for entry in gc.get_referents(value))


def _is_own(value, target):
    return (
        issubclass(type(value), type)
        and bool(_FLAGS(value) & HEAP_TYPE)
        and owns_type(value, target.first, target.name)
    )


def _own_traverse(cls, api):
    """Whether the traverse function is the type's own; None: not to be told here."""
    if api is None:
        return None
    base = type.__dict__["__base__"].__get__(cls)
    # Asking a static base needs 3.10.
    if base is None or not (_FLAGS(base) & HEAP_TYPE or sys.version_info >= (3, 10)):
        return None
    return api.slot(cls, TP_TRAVERSE) != api.slot(base, TP_TRAVERSE)


def _look(key, cls):
    entry = {"name": key, "made": False, "why_not": None, "traverse_visits_type": None,
             "kept_per_instance": None}  # fmt: skip
    if sys.version_info >= (3, 10) and _FLAGS(cls) & DISALLOWED:
        entry["why_not"] = "cannot be instantiated"
        return entry
    try:
        value = cls()
    except BaseException as error:  # it is foreign code that says no, in whatever way
        entry["why_not"] = type(error).__name__
        return entry
    if type(value) is not cls:
        entry["why_not"] = "gives something else"
        return entry
    entry["made"] = True
    if _FLAGS(cls) & HAVE_GC:
        entry["traverse_visits_type"] = visits_type(value)
    del value
    entry["kept_per_instance"] = _kept(cls)
    return entry


def _kept(cls):
    """References to the type that each instance leaves behind, as far as both rounds agree."""
    try:
        counts = [_count(cls)]
        for _ in range(2):
            for _ in range(MADE):
                cls()
            counts.append(_count(cls))
    except BaseException:
        return None
    first, second = (counts[1] - counts[0]) / MADE, (counts[2] - counts[1]) / MADE
    # What fills a free list once is no leak: only what both rounds keep counts.
    return round(min(first, second), 2)


def _count(cls):
    gc.collect()
    return sys.getrefcount(cls)

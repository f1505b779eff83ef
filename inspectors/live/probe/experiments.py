"""The experiments by name. Each takes the channel (to name its stages) and the child's options,
and returns plain data; what it raises is its outcome.
"""

from .copies import Target
from .exercise import snippet
from .importing import NotRunError, load_target
from .inspection import UnsupportedError, inspect


def run(name, channel, options):
    """What the experiment of this name answers."""
    return EXPERIMENTS[name](channel, options)


def _target(channel, options):
    """The target's first module object."""

    def load():
        return load_target(options)

    channel.stage("import")
    return Target(channel, load, snippet(options.get("exercise")))


def info(channel, options):
    """The module as it is after an ordinary import."""
    target = _target(channel, options)
    try:
        return inspect(target.first, channel.stage)
    except UnsupportedError as reason:
        raise NotRunError(str(reason)) from None


def twice(channel, options):
    """The second import in one interpreter."""
    from .twice import twice as look

    return look(_target(channel, options))


def statics(channel, options):
    """The file's writable words, before and after a second copy."""
    from .statics import statics as look

    return look(_target(channel, options))


def lifecycle(channel, options):
    """Copies made and dropped, many times."""
    from .lifecycle import lifecycle as look

    return look(_target(channel, options))


def instances(channel, options):
    """Instances of the module's types, made and dropped."""
    from .instances import instances as look

    return look(_target(channel, options))


def main_first(channel, options):
    """A sub-interpreter that shares the GIL, while the main one has the module."""
    from .sharing import main_first as look
    from .sharing import unraisable

    also = unraisable()
    return look(_target(channel, options), options, also)


def in_turn(channel, options):
    """Two sub-interpreters that share the GIL, one after the other."""
    from .sharing import in_turn as look
    from .sharing import unraisable

    return look(channel, options, unraisable())


def own_gil(channel, options):
    """Two interpreters with GILs of their own, at once."""
    from .sharing import own_gil as look
    from .sharing import unraisable

    return look(channel, options, unraisable())


def free_threaded(channel, options):
    """Whether importing it turns the GIL on."""
    from .gil import free_threaded as look

    return look(lambda: _target(channel, options))


def fallback(channel, options):
    """Whether its package does without it in a sub-interpreter."""
    from .fallback import fallback as look

    return look(_target(channel, options), options)


EXPERIMENTS = {
    "info": info,
    "twice": twice,
    "shared-gil/main-first": main_first,
    "shared-gil/in-turn": in_turn,
    "own-gil": own_gil,
    "free-threaded": free_threaded,
    "lifecycle": lifecycle,
    "instances": instances,
    "statics": statics,
    "fallback": fallback,
}
"""What after the slash is one of several children that make up an experiment."""

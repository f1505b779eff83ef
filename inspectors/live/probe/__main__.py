"""Started by path, by whatever interpreter the user named.

This file alone must also parse on interpreters that are far too old, so that they get a
sentence instead of a syntax error. Arguments: ``key=value`` pairs, see ``child.py``.
"""

import os
import sys

OLDEST = (3, 8)  # 3.8 works; it is past its end, and nothing is promised for it
NAME = "_isoview_probe"


def load_probe():
    """The probe package under a private name: its folder must not stay on ``sys.path``,
    where its files would stand before modules of the same name.
    """
    folder = os.path.dirname(os.path.abspath(__file__))
    if sys.path and os.path.abspath(sys.path[0]) == folder:
        del sys.path[0]
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(
        NAME, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)


def main():
    """Refuse what is no CPython of 3.8 or later; then be the child that ``child.py`` describes."""
    if sys.version_info[:2] < OLDEST:
        sys.exit("isoview: this is Python %d.%d; 3.9 or later is needed" % sys.version_info[:2])
    if sys.implementation.name != "cpython":
        sys.exit("isoview: this is %s; only CPython can be looked into" % sys.implementation.name)
    load_probe()
    from importlib import import_module

    import_module(NAME + ".child").main()


if __name__ == "__main__":
    main()

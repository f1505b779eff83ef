"""Module objects, one after another: loading the target again, and letting go of it."""

import sys

from .importing import NotRunError
from .inspection import file_of, kind_of
from .objects import namespace_of, own_objects


class Target:
    """The module under test in this interpreter: its first object, and how to make more of them."""

    def __init__(self, channel, load, use):
        self.channel = channel
        self._load = load
        self._use = use
        self.first = load()
        if kind_of(self.first) == "python":
            raise NotRunError(
                "%s is written in Python: it is no extension module" % _name(self.first)
            )
        self.name = _name(self.first)
        self.file = file_of(self.first)
        self.import_name = _import_name(self.first, self.name)
        self._aliases = [key for key, value in list(sys.modules.items()) if value is self.first]
        self._places = _places(self.first)

    @property
    def identity(self):
        """What every experiment answers: the module it was about."""
        return {"module": self.name, "file": self.file}

    def objects(self, module):
        """{attribute: (address, kind)} of what a module object made (run-time addresses)."""
        return own_objects(module, self.name)

    def use(self, module):
        """Run the user's snippet on ``module``, if there is one."""
        self._use(module)

    def again(self):
        """One more module object, or whatever the import system gives; the first one stays."""
        for key in self._aliases:
            sys.modules.pop(key, None)
        try:
            return self._load()
        finally:
            self.put_first_back()

    def put_first_back(self):
        """As if no other copy had been made: it is for its own holder to keep or to drop."""
        for key in self._aliases:
            sys.modules[key] = self.first
        # Importing pkg.mod stores the module as an attribute of pkg.
        for namespace, key in self._places:
            namespace[key] = self.first


def _name(module):
    value = namespace_of(module).get("__name__")
    return str(value) if isinstance(value, str) else ""


def _import_name(module, name):
    """The name it is imported by: some modules call themselves otherwise (_decimal: decimal)."""
    return str(getattr(namespace_of(module).get("__spec__"), "name", None) or name)


def _places(module):
    """The parent package's dict and the name in it, where the import stored the module."""
    parent, _, last = _import_name(module, _name(module)).rpartition(".")
    package = sys.modules.get(parent)
    if not last or package is None:
        return []
    namespace = namespace_of(package)
    return [(namespace, last)] if namespace.get(last) is module else []

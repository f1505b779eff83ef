"""The base of the plain records: frozen dataclasses that cost next to nothing to declare.

``dataclass`` writes a class's methods by compiling source, which takes half a millisecond a class:
for the some forty classes that every run of the command makes, a fifth of all its time. Here they
are written once, for all of them. In everything else a record is a dataclass: type checkers see
it as one, and ``dataclasses.fields``, ``asdict`` and ``replace`` take it.
"""

from collections.abc import Iterator
from itertools import count

from isoview.inspectors.hints import TYPE_CHECKING, Any, ClassVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import Field, replace
    from functools import cached_property
    from typing import TypeVar

    R = TypeVar("R")
    V = TypeVar("V")
else:

    class cached_property:  # noqa: N801 - as the one of functools, which takes a lock before 3.12
        """A property that is computed once for each instance, and kept in it."""

        def __init__(self, compute):
            self._compute = compute
            self.__doc__ = compute.__doc__

        def __set_name__(self, _owner, name):
            self._name = name

        def __get__(self, instance, _owner=None):
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._compute(instance)
            return value


__all__ = ["Record", "cached_property", "kept", "replace"]


def kept(compute: "Callable[[R], V]") -> "Callable[[R], V]":
    """A function of one record that is computed once for each, and kept in it: the same as
    :class:`cached_property`, for those that know more than the record does.
    """
    name = f"{compute.__module__}.{compute.__name__}"

    def get(record: "R") -> "V":
        state = record.__dict__
        if name not in state:
            state[name] = compute(record)
        value: V = state[name]
        return value

    get.__name__, get.__doc__ = compute.__name__, compute.__doc__
    return get


_REQUIRED: Any = object()
MANY = 40
"""A class of which so many records were made gets a method of its own after all: from here on it
costs less than it saves.
"""


class _Fields:
    """What :mod:`dataclasses` looks for in a class, made when it does."""

    def __get__(self, _record: object, kind: "type[Record]") -> "dict[str, Field[Any]]":
        from dataclasses import field, fields, make_dataclass

        defaults = kind._defaults  # noqa: SLF001 - this is their base
        columns = [
            (name, hint, field() if defaults[name] is _REQUIRED else field(default=defaults[name]))
            for name, hint in kind.__annotations__.items()
        ]
        made = {entry.name: entry for entry in fields(make_dataclass(kind.__name__, columns))}
        kind.__dataclass_fields__ = made
        return made


@dataclass_transform(frozen_default=True)
class Record:
    """Two records are equal when their class and all their fields are.

    Fields are declared as in a dataclass. A default is shared by all instances, so it is a value
    that never changes.
    """

    __match_args__: ClassVar[tuple[str, ...]] = ()
    _defaults: ClassVar[dict[str, Any]] = {}  # by field, in their order
    _required: ClassVar[tuple[str, ...]] = ()
    _times: ClassVar[Iterator[int]] = count()
    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    else:
        __dataclass_fields__ = _Fields()

    def __init_subclass__(cls) -> None:
        names = cls.__match_args__ = tuple(cls.__annotations__)  # type: ignore[misc]
        defaults = vars(cls)
        cls._defaults = {name: defaults.get(name, _REQUIRED) for name in names}
        cls._required = tuple([name for name in names if name not in defaults])
        cls._times = count(1)

    def __init__(self, *values: Any, **named: Any) -> None:
        state = self.__dict__
        state.update(self._defaults)
        state.update(zip(self._defaults, values, strict=False))
        state.update(named)
        if next(self._times) == MANY:
            self._write_out()
        if len(state) > len(self._defaults) or len(values) > len(state):
            raise TypeError(f"{type(self).__qualname__} has the fields {self.__match_args__}")
        for name in self._required[len(values) :]:
            if name not in named:
                raise TypeError(f"{type(self).__qualname__} needs {name}")

    @classmethod
    def _write_out(cls) -> None:
        """Give the class the method that ``dataclass`` would have written for it."""
        defaults = cls._defaults
        arguments = [
            name if value is _REQUIRED else f"{name}=_{name}" for name, value in defaults.items()
        ]
        # No field has the name of what the method itself has: there are some called ``state``.
        lines = [f"    __state[{name!r}] = {name}" for name in defaults]
        head = f"def __init__(__self, {', '.join(arguments)}):\n    __state = __self.__dict__\n"
        scope: dict[str, Any] = {f"_{name}": value for name, value in defaults.items()}
        exec(head + "\n".join(lines), scope)  # noqa: S102 - the names of our own fields
        made = scope["__init__"]
        made.__qualname__ = f"{cls.__qualname__}.__init__"
        cls.__init__ = made  # type: ignore[method-assign]

    def __setattr__(self, name: str, _value: object) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        from dataclasses import FrozenInstanceError

        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash((self.__class__, *self._values()))

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self._defaults)
        return f"{self.__class__.__qualname__}({shown})"

    def _values(self) -> list[Any]:
        """Of the fields alone: the instance may keep computed properties beside them."""
        state = self.__dict__
        return [state[name] for name in self._defaults]

    def __replace__(self, /, **changes: Any) -> Any:
        state, fields = self.__dict__, self._defaults
        if not changes.keys() <= fields.keys():
            raise TypeError(f"{type(self).__qualname__} has the fields {self.__match_args__}")
        made = object.__new__(self.__class__)
        # A record may keep computed properties, which are of the old one, beside its fields.
        alone = len(state) == len(fields)
        made.__dict__.update(state if alone else {name: state[name] for name in fields})
        made.__dict__.update(changes)
        return made


if not TYPE_CHECKING:

    def replace(record, /, **changes):
        """``dataclasses.replace``, without its loop over the fields and their options."""
        return record.__replace__(**changes)

"""What annotations are written with, for less than loading :mod:`typing` costs.

Every run of the command would pay 4 ms for it, and needs none of it. So what such a run loads takes
these names from here; type checkers see those of typing, and so does who asks
:func:`get_type_hints`.
"""

from collections import namedtuple

__all__ = [
    "TYPE_CHECKING", "Any", "ClassVar", "Literal", "NamedTuple", "NoReturn", "Protocol", "Self",
    "TextIO", "TypeAlias", "TypeVar", "cast", "dataclass_transform", "get_type_hints",
]  # fmt: skip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import (
        Any,
        ClassVar,
        Literal,
        NamedTuple,
        NoReturn,
        Protocol,
        Self,
        TextIO,
        TypeAlias,
        TypeVar,
        cast,
        dataclass_transform,
        get_type_hints,
    )
else:

    class Any:
        """Stands for every hint of which nothing is asked while a program runs."""

        def __class_getitem__(cls, _kinds):
            return cls

    ClassVar = NoReturn = Self = TextIO = TypeAlias = Any

    class Protocol:
        """Nobody asks whether an object follows one."""

    class Literal:
        """One of some values: each set of them is a class of its own, so that ``|`` takes it."""

        values = ()

        def __class_getitem__(cls, values):
            return type("Literal", (cls,), {"values": values})

    class _NamedTupleMaker(type):
        def __new__(cls, name, bases, body):
            kind = super().__new__(cls, name, (), body)
            if not bases:
                return kind
            fields = list(kind.__annotations__)
            defaults = [body[field] for field in fields if field in body]
            made = namedtuple(  # noqa: PYI024 - what is made here takes the place of that
                name, fields, defaults=defaults, module=kind.__module__
            )
            for key, value in body.items():
                if key not in fields and (key == "__doc__" or key not in vars(made)):
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_NamedTupleMaker):
        """A tuple whose places have names; a class of it may have methods too."""

    def TypeVar(_name, *_bounds, **_how):  # noqa: N802 - as typing calls it
        return Any

    def cast(_kind, value):
        return value

    def dataclass_transform(**_how):
        return lambda kind: kind

    def get_type_hints(kind, *scopes):
        """The hints of a class as typing's: for what takes values apart or makes them."""
        import typing

        hints = typing.get_type_hints(kind, *scopes)
        return {name: _meant(hint, typing) for name, hint in hints.items()}

    def _meant(hint, typing):
        if hint is Any:
            return typing.Any
        if isinstance(hint, type) and issubclass(hint, Literal):
            return typing.Literal[hint.values]
        inner = tuple([_meant(part, typing) for part in typing.get_args(hint)])
        if inner == typing.get_args(hint):
            return hint
        origin = typing.get_origin(hint)
        return typing.Union[inner] if origin is type(int | None) else origin[inner]

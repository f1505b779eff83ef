"""A record's field that is made when somebody asks for it."""

from collections.abc import Callable

from isoview.inspectors.hints import Any, ClassVar
from isoview.inspectors.record import Record


class Late(Record):
    """A record of which one field, ``_late``, may be put off: it is a tuple of many things that
    most who hold the record have no use for.
    """

    _late: ClassVar[str]

    def put_off(self, make: Callable[[], tuple[Any, ...]]) -> None:
        """Have ``make`` make the field when it is first asked for."""
        state = self.__dict__
        state["_make"] = make
        del state[self._late]

    def _values(self) -> list[Any]:
        return [getattr(self, name) for name in self._defaults]

    def __replace__(self, /, **changes: Any) -> Any:
        getattr(self, self._late)  # no record takes over what another one has put off
        return super().__replace__(**changes)


class LateField:
    """What an instance that does not have the field yet finds in its class."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, record: Late | None, _kind: type[Late]) -> Any:
        if record is None:
            return ()
        state = record.__dict__
        # Where two threads ask at once, both get the same.
        return state.setdefault(self._name, state["_make"]())

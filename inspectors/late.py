"""Fields of a record that are made when somebody asks for them."""

from collections.abc import Callable

from isoview.inspectors.hints import Any, ClassVar
from isoview.inspectors.record import Record


class Late(Record):
    """A record of which some fields may be put off: tuples of many things that most who hold the
    record have no use for.
    """

    _late: ClassVar[tuple[str, ...]] = ()

    def put_off(self, **make: Callable[[], Any]) -> None:
        """Have these make their fields when they are first asked for."""
        state = self.__dict__
        state.setdefault("_make", {}).update(make)
        for name in make:
            del state[name]

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled or copied: the fields, all of them made."""
        return {name: getattr(self, name) for name in self._defaults}

    def _values(self) -> list[Any]:
        return [getattr(self, name) for name in self._defaults]

    def __replace__(self, /, **changes: Any) -> Any:
        for name in self._late:
            getattr(self, name)  # no record takes over what another one has put off
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
        return state.setdefault(self._name, state["_make"][self._name]())

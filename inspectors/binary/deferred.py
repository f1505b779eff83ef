"""A mapping that is made when somebody looks into it."""

from collections.abc import Callable, Iterator, Mapping

from isoview.inspectors.hints import TypeVar
from isoview.inspectors.record import cached_property

Key = TypeVar("Key")
Value_co = TypeVar("Value_co", covariant=True)


class Deferred(Mapping[Key, Value_co]):
    """Reads like what ``make`` returns, which is called once, and not before something is asked."""

    def __init__(self, make: Callable[[], Mapping[Key, Value_co]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Mapping[Key, Value_co]:
        return self._make()

    def __getitem__(self, key: Key) -> Value_co:
        return self._made[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

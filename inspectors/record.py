"""The base of the plain records: comparing, hashing and showing, written once for all of them.

``dataclass`` writes these methods anew for every class by compiling source, which costs 0.2 ms a
class: for the some forty classes that every run of the command makes, a tenth of all its time.
A record's class is declared ``@dataclass(frozen=True, eq=False, repr=False)``.
"""


class Record:
    """Two records are equal when their class and all their fields are."""

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((self.__class__, *self.__dict__.values()))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{self.__class__.__qualname__}({fields})"

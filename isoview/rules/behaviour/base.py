"""What the rules about live runs have in common: they look at facts and a live report."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from isoview.inspectors.facts import Evidence, Facts
from isoview.model import Finding
from isoview.observed import Seen, every, how, ran, shared_words
from isoview.rules.base import Rule

_SHOWN = 600


class LiveRule(Rule, abstract=True):
    """Base class. A subclass names the experiments it needs and says what it sees in them."""

    experiments: ClassVar[tuple[str, ...]]

    def cannot_look(self, live: Mapping[str, Any]) -> str | None:
        """Why the report does not let this rule look: none of its experiments was run."""
        if ran(live, *self.experiments):
            return None
        reasons = [seen.outcome["message"] for seen in every(live, *self.experiments)]
        what = " and ".join(self.experiments)
        return f"{what} was not run" + (f": {reasons[0]}" if reasons and reasons[0] else "")

    def look(self, facts: Facts, live: Mapping[str, Any]) -> Iterator[Finding]:
        """Every place where the runs show what the rule is about."""
        raise NotImplementedError

    def check(self, facts: Facts) -> Iterator[Finding]:  # noqa: ARG002
        """A file alone shows nothing of what a rule like this is about."""
        return iter(())

    def seen(
        self, live: Mapping[str, Any], shows: Callable[[Mapping[str, Any]], object]
    ) -> list[Seen]:
        """The runs of this rule's experiments whose outcome shows something."""
        return [entry for entry in ran(live, *self.experiments) if shows(entry.outcome)]


def under(seen: Iterable[Seen]) -> str:
    """``under 3.12.1 and 3.13.0``: the interpreters, each once."""
    names = list(dict.fromkeys(entry.python for entry in seen))
    if len(names) > 1:
        return f"under {', '.join(names[:-1])} and {names[-1]}"
    return f"under {names[0]}"


def evidence(
    seen: Iterable[Seen], text: Callable[[Mapping[str, Any]], str] | str | None = None
) -> tuple[Evidence, ...]:
    """One item for each interpreter: how the experiment ended, or what ``text`` says of it."""
    return tuple(
        Evidence("live", f"{entry.name} under {entry.python}: {_said(entry, text)}")
        for entry in seen
    )


def _said(entry: Seen, text: Callable[[Mapping[str, Any]], str] | str | None) -> str:
    if text is not None:
        return text if isinstance(text, str) else text(entry.outcome)
    message = " ".join(str(entry.outcome["message"] or "").split())
    return f"{how(entry.outcome)}{': ' if message else ''}{message}"[:_SHOWN]


def by_experiment(seen: Iterable[Seen]) -> dict[str, list[Seen]]:
    """The runs, grouped by experiment."""
    groups: dict[str, list[Seen]] = {}
    for entry in seen:
        groups.setdefault(entry.name, []).append(entry)
    return groups


def subject(experiment: str) -> str:
    """What a fingerprint names for a finding about one experiment."""
    return f"experiment:{experiment}"


def broken(outcome: Mapping[str, Any]) -> str:
    """What became of a promise, as the rest of a sentence that begins with "it"."""
    words = {
        "refused": "is refused",
        "failed": "fails",
        "crashed": f"crashes ({outcome.get('signal')})",
        "timed-out": "hangs",
    }
    status = str(outcome["status"])
    return words.get(status) or f"shares {shared_words(outcome)} between them"

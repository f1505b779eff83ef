"""What every rule is: a code, a name, a severity, a guide section, and one question to the facts.

The class docstring is the rule's documentation, under four fixed headings (*What it finds*,
*Why it matters*, *How to fix*, *Guide*). It is parsed when somebody asks for it
(:mod:`isoview.rules.documentation`), never at import: the command pays for every rule's import.
"""

from collections.abc import Iterator

from isoview.fingerprint import dotted_module, fingerprint
from isoview.inspectors.facts import Evidence, Facts
from isoview.inspectors.hints import TYPE_CHECKING, ClassVar
from isoview.model import Confidence, Finding, Severity, Where

if TYPE_CHECKING:
    from isoview.rules.documentation import RuleDocumentation


class Rule:
    """Base class. A subclass in a file of its own sets the four attributes and both methods."""

    code: ClassVar[str]
    name: ClassVar[str]
    """The pattern found, never the fix: ``static-type``."""
    severity: ClassVar[Severity]
    """The usual severity; a finding may carry a lower one where the facts show less."""
    guide: ClassVar[str]
    """Id of the guide section that says what to do."""
    sums: ClassVar[bool] = False
    """What it finds may be so much that its sum is worth having (:meth:`sum_of`)."""

    _taken: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, *, abstract: bool = False) -> None:
        if abstract:
            return
        for attribute in ("code", "name", "severity", "guide"):
            if attribute not in cls.__dict__:
                raise TypeError(f"rule {cls.__qualname__} has no {attribute}")
        for key in (cls.code, cls.name):
            holder = cls._taken.setdefault(key, f"{cls.__module__}.{cls.__qualname__}")
            if holder != f"{cls.__module__}.{cls.__qualname__}":
                raise TypeError(f"{key} is already the code or name of {holder}")

    def cannot_run(self, facts: Facts) -> str | None:  # noqa: ARG002
        """Why the facts do not let this rule look, or None when it can."""
        return None

    def check(self, facts: Facts) -> Iterator[Finding]:
        """Every place where the facts show what the rule is about."""
        raise NotImplementedError

    def sum_of(self, facts: Facts) -> Finding | None:
        """One finding with the number of all that :meth:`check` would give, where these are alike
        in all but what they are about; None where they have to be made to be weighed. Asked of
        rules that have ``sums``.
        """
        raise NotImplementedError

    @classmethod
    def documentation(cls) -> "RuleDocumentation":
        """The docstring, parsed."""
        from isoview.rules.documentation import parse

        return parse(cls.code, cls.__doc__)

    def finding(
        self,
        facts: Facts,
        subject: str,
        message: str,
        *,
        where: Where = Where(),  # noqa: B008 - frozen
        evidence: tuple[Evidence, ...] = (),
        severity: Severity | None = None,
        confidence: Confidence = "high",
        count: int = 1,
    ) -> Finding:
        """One finding of this rule; ``subject`` is what the fingerprint names."""
        code = self.code
        return Finding(
            code,
            self.name,
            severity or self.severity,
            confidence,
            message,
            self.guide,
            fingerprint(code, dotted_module(facts), subject),
            where,
            evidence,
            count,
        )

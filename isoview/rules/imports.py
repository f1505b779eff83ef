"""Rules that an imported name of the C API is enough for."""

from collections.abc import Iterator

from isoview.core_build import is_core_build
from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Evidence, Facts
from isoview.inspectors.hints import ClassVar
from isoview.model import Finding
from isoview.rules.base import Rule


class ImportRule(Rule, abstract=True):
    """One finding for each of ``names`` that the file imports."""

    names: ClassVar[frozenset[str]]
    says: ClassVar[str]
    """What the message says after the name."""
    entitles_core: ClassVar[bool] = False
    """CPython's own modules may do this."""

    def check(self, facts: Facts) -> Iterator[Finding]:
        used = self.names & facts.capi.names
        if not used or (self.entitles_core and is_core_build(facts)):
            return
        for name in sorted(used):
            yield self.finding(
                facts,
                api_subject(name),
                f"{name} {self.says}",
                evidence=imported(name),
            )


def imported(*names: str) -> tuple[Evidence, ...]:
    """Evidence for imported names."""
    return tuple([Evidence("import", f"imports {name}") for name in names])


def declares_gil_free(facts: Facts) -> bool:
    """The file says that it runs without the GIL, in its slot."""
    from isoview.claims import GIL_NOT_USED, gil

    return gil(facts) == GIL_NOT_USED

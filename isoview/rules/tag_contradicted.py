"""ISO505."""

from collections.abc import Iterator

from isoview.inspectors.facts import Evidence, Facts
from isoview.loads_on import names_free_threaded, oldest_by_contents, versioned_minor
from isoview.model import Finding
from isoview.rules.base import Rule


class TagContradicted(Rule):
    """The file name says one thing about the version, the contents another.

    What it finds
        A file whose tag names a Python version that cannot load it: its slots or its export
        came with a later one, or its structures have the layout of the free-threaded build
        while the name has no `t`.

    Why it matters
        The import system chooses a file by its name. A wrong one is loaded and then refused
        with a message about slots or symbols, or it is taken for a build that it is not and
        crashes.

    How to fix
        C: Build for the version whose tag the file gets: take `EXT_SUFFIX` from the
        `sysconfig` of the interpreter whose headers you use, and rebuild instead of
        renaming.

    Guide
        pep-384-stable-abi
    """

    code = "ISO505"
    name = "tag-contradicted"
    severity = "warning"
    guide = "pep-384-stable-abi"

    def check(self, facts: Facts) -> Iterator[Finding]:
        tag = facts.artifact.tag or ""
        named = versioned_minor(tag)
        if named is None:
            return
        since = oldest_by_contents(facts)
        if since > named:
            yield self.finding(
                facts,
                "module",
                f"the name says 3.{named}, and what is in the file came with 3.{since}",
                evidence=(Evidence("tag", f"tag {tag}"),),
            )
        elif facts.artifact.free_threaded_layout and not names_free_threaded(tag):
            yield self.finding(
                facts,
                "module",
                "the name says a default build, the structures have the free-threaded layout",
                evidence=(Evidence("tag", f"tag {tag}"),),
            )

"""What several modules share, or fail to share: classes, capsules and registries.

PyO3's open problem in general form: two extension modules that want one class. A file shows which
classes it builds, which capsules it makes and takes, and which registry it enters its types in;
side by side that tells whether two modules can meet. Whether an importer compares a version in the
struct behind a capsule is not among the facts, and is therefore not said.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from isoview.fingerprint import dotted_module
from isoview.model import Finding, Report


class Link(NamedTuple):
    """A capsule: who makes it, and who takes it."""

    name: str
    published: tuple[str, ...]
    imported: tuple[str, ...]


class Registry(NamedTuple):
    """A registry of a generator, and the modules that enter their types in it."""

    generator: str
    key: str
    modules: tuple[str, ...]


class Sharing(NamedTuple):
    """What a group of modules shares; ``files`` says where each module lies."""

    modules: tuple[str, ...]
    capsules: tuple[Link, ...]
    registries: tuple[Registry, ...]
    findings: tuple[Finding, ...]
    files: dict[str, str]


def compare(reports: Iterable[Report]) -> Sharing:
    """Put the modules side by side."""
    from isoview.rules.between import SHARING_RULES
    from isoview.rules.between.registries_disagree import registries

    modules = [report.facts for report in reports if report.facts.artifact.is_extension]
    makers: dict[str, set[str]] = {}
    takers: dict[str, set[str]] = {}
    users: dict[tuple[str, str], set[str]] = {}
    for facts in modules:
        name = dotted_module(facts)
        for capsule in facts.capsules:
            side = makers if capsule.role == "published" else takers
            side.setdefault(capsule.name, set()).add(name)
        for registry in registries(facts):
            users.setdefault(registry, set()).add(name)
    return Sharing(
        tuple(sorted({dotted_module(facts) for facts in modules})),
        tuple(
            Link(name, _sorted(makers.get(name)), _sorted(takers.get(name)))
            for name in sorted(makers.keys() | takers.keys())
        ),
        tuple(Registry(*registry, _sorted(users[registry])) for registry in sorted(users)),
        tuple(finding for rule in SHARING_RULES for finding in rule.compare(modules)),
        {dotted_module(facts): facts.artifact.path for facts in modules},
    )


def to_data(sharing: Sharing) -> dict[str, Any]:
    """As plain data, for ``--format json``."""
    return {
        "modules": list(sharing.modules),
        "files": sharing.files,
        "capsules": [link._asdict() for link in sharing.capsules],
        "registries": [registry._asdict() for registry in sharing.registries],
        "findings": [
            {
                "rule": finding.rule,
                "name": finding.name,
                "guide": finding.guide,
                "fingerprint": finding.fingerprint,
                "severity": finding.severity,
                "message": finding.message,
                "evidence": [item.text for item in finding.evidence],
            }
            for finding in sharing.findings
        ],
    }


def _sorted(names: set[str] | None) -> tuple[str, ...]:
    return tuple(sorted(names or ()))

"""Sentences and titles: what a report amounts to, in words. Plain data, no Textual."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoview.reports.words import file_format

if TYPE_CHECKING:
    from isoview.inspectors.facts import Artifact, Facts
    from isoview.model import Answer, Verdict
    from isoview.tui.entry import Entry

QUESTIONS = (
    ("multiple_module_objects", "copies", "Can it be imported more than once in a process?"),
    ("shared_gil", "shared GIL", "Does it work in sub-interpreters that share the GIL?"),
    ("own_gil", "own GIL", "Does it work in sub-interpreters that have their own GIL?"),
    ("free_threaded", "no GIL", "Does it work without the GIL?"),
)
"""The four questions of the verdict: field, short name, question."""


def answer_of(verdict: Verdict, field: str) -> Answer:
    answer: Answer = getattr(verdict, field)
    return answer


def tag(artifact: Artifact) -> str:
    """The file-name tag as people say it: ``cp313``, ``abi3``."""
    name = artifact.tag or ""
    if name.startswith("cpython-"):
        return "cp" + name.split("-")[1]
    return name


def make(facts: Facts) -> str:
    """Toolchain, tag and format: ``C · gcc 14.2 · cp311 ELF x86-64``."""
    chains = [f"{chain.name} {chain.version or ''}".strip() for chain in facts.toolchains[:2]]
    artifact = facts.artifact
    kind = f"{tag(artifact)} {file_format(artifact.format)} {artifact.arch}"
    return " · ".join([*(chains or ["unknown toolchain"]), kind.strip()])


def stage(entry: Entry) -> str:
    """What is still under way, or what went wrong; empty when all is read."""
    if entry.live.state == "running":
        return "importing in a child process…"
    if entry.reading:
        return "reading again…" if entry.complete else "reading…"
    if entry.error is not None and entry.report is not None:
        return "not read again: the last reading is shown"
    if entry.report is not None and not entry.report.facts.artifact.is_extension:
        return "no extension module"
    return ""


def silence(entry: Entry) -> str:
    """What to say where there is no finding: silence is not a verdict."""
    report = entry.report
    if report is None:
        return "Reading the file…"
    if not report.facts.artifact.is_extension:
        return "This file exports no init function: it is no extension module."
    ran, could_not = report.rules_run, len(report.not_run)
    rules = f"{ran} rule{'' if ran == 1 else 's'} ran"
    more = f", {could_not} could not (see completeness)" if could_not else ""
    return f"No findings. {rules}{more}."

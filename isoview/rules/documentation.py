"""A rule's docstring, taken apart for ``isoview explain``, the app and the reports."""

import inspect
import re
from dataclasses import dataclass

from isoview.inspectors.errors import IsoviewError

HEADINGS = ("What it finds", "Why it matters", "How to fix", "Guide")
GENERATORS = ("C", "Cython", "pybind11", "nanobind", "PyO3", "SWIG", "cffi", "mypyc")
"""The toolchains that *How to fix* can speak to."""

ELSEWHERE = (
    "There is no switch for this in {generator} that isoview knows of. The paragraph for C says "
    "what the generated code has to do; see whether a later release of {generator} does it, or "
    "ask its developers for it, and until then record the decision with its reason."
)
"""The shared sentence for every generator that a rule has no paragraph for."""

_BY_HAND = {"c++": "C", "rust": "C"}
"""Languages in which the C API is called by hand: the paragraph for C is theirs."""

_HEADING = re.compile(rf"^({'|'.join(HEADINGS)})$", re.MULTILINE)
_FIX = re.compile(rf"^({'|'.join(GENERATORS)}): ")


@dataclass(frozen=True)
class RuleDocumentation:
    """The four parts of a rule's docstring; ``fixes`` has one text per generator."""

    summary: str
    finds: str
    why: str
    fixes: dict[str, str]
    guide: str

    def fix_for(self, generator: str) -> str:
        """How to fix it in a module that ``generator`` made."""
        wanted = _BY_HAND.get(generator.casefold(), generator).casefold()
        for name, text in self.fixes.items():
            if name.casefold() == wanted:
                return text
        return ELSEWHERE.format(generator=generator)


def parse(code: str, docstring: str | None) -> RuleDocumentation:
    """Parse the docstring of the rule ``code``."""
    if docstring is None:
        raise IsoviewError(
            f"{code} has no documentation in this process",
            "Python was started with -OO, which drops docstrings; start it without.",
        )
    summary, *rest = _HEADING.split(inspect.cleandoc(docstring))
    parts = {heading: inspect.cleandoc(body) for heading, body in zip(*[iter(rest)] * 2)}  # noqa: B905
    return RuleDocumentation(
        summary=_flow(summary),
        finds=_flow(parts["What it finds"]),
        why=_flow(parts["Why it matters"]),
        fixes=_fixes(parts["How to fix"]),
        guide=_flow(parts["Guide"]),
    )


def _fixes(body: str) -> dict[str, str]:
    """Paragraphs that begin with ``Generator: ``, with those that follow each of them."""
    fixes: dict[str, list[str]] = {}
    generator = "C"
    for paragraph in _paragraphs(body):
        if named := _FIX.match(paragraph):
            generator = named[1]
            paragraph = paragraph[named.end() :]  # noqa: PLW2901
        fixes.setdefault(generator, []).append(paragraph)
    return {name: "\n\n".join(paragraphs) for name, paragraphs in fixes.items()}


def _flow(text: str) -> str:
    return "\n\n".join(_paragraphs(text))


def _paragraphs(text: str) -> list[str]:
    """Paragraphs with their lines joined; an indented one is code and keeps its lines."""
    blocks = re.split(r"\n\s*\n", text.strip("\n"))
    return [
        block if block.startswith("    ") else " ".join(block.split())
        for block in blocks
        if block.strip()
    ]

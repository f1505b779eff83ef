"""What the rules and the guide say, loaded when it is first shown."""

from functools import cache

from isoview.inspectors.errors import IsoviewError
from isoview.visible import visible


@cache
def section_title(section: str) -> str:
    """The title of a guide section; its id where the guide has none of that name."""
    from isoview.guide import find

    found = find(section)
    return found.title if found else section


@cache
def why(rule: str) -> tuple[str, str]:
    """Why the pattern that a rule finds matters: the first sentence, and the rest."""
    from isoview.rules import find

    found = find(rule)
    try:
        text = found.documentation().why if found else ""
    except IsoviewError as error:  # Python was started without docstrings
        return f"{error.message}. {error.hint}", ""
    first, dot, more = " ".join(text.split()).partition(". ")
    return first + dot.rstrip(), more


@cache
def guide_markdown(section: str) -> tuple[str, str]:
    """A guide section as Markdown, and its upstream address."""
    from isoview.guide import find

    found = find(section)
    if found is None:
        return f"The guide has no section {code(section)}.", ""
    return f"# {found.title}\n\n{found.body}\n\nUpstream: <{found.url}>", found.url


@cache
def fix_markdown(rule: str, generator: str) -> str:
    """How to fix what a rule finds, for the toolchain that made the file."""
    from isoview.rules import find
    from isoview.rules.documentation import GENERATORS

    found = find(rule)
    if found is None:
        return f"There is no rule {code(rule)}."
    try:
        documentation = found.documentation()
    except IsoviewError as error:
        return f"{error.message}. {error.hint}"
    maker = generator if generator in GENERATORS else code(generator)
    maker = "C" if generator == "C++" else maker  # the C API's own terms are C++'s too
    parts = [f"# {rule} {found.name}", f"**{maker}**", documentation.fix_for(maker)]
    if "C" in documentation.fixes and generator != "C":
        parts += ["**What the C code has to do**", documentation.fixes["C"]]
    return "\n\n".join([*parts, f"*Guide: {section_title(found.guide)}*"])


@cache
def fix_text(rule: str, generator: str) -> str:
    """How to fix what a rule finds with this toolchain, in plain words."""
    from isoview.rules import find

    found = find(rule)
    try:
        return found.documentation().fix_for(generator) if found else ""
    except IsoviewError as error:
        return f"{error.message}. {error.hint}"


@cache
def rule_markdown(rule: str, generator: str) -> str:
    """What a rule finds, why it matters, and how to fix it with each toolchain, this one first."""
    from isoview.rules import find

    found = find(rule)
    if found is None:
        return f"There is no rule {code(rule)}."
    try:
        documentation = found.documentation()
    except IsoviewError as error:
        return f"{error.message}. {error.hint}"
    parts = [f"# {found.code} {found.name}", f"*{found.severity}* {documentation.summary}"]
    parts += ["## What it finds", documentation.finds, "## Why it matters", documentation.why]
    parts.append("## How to fix")
    for maker in sorted(documentation.fixes, key=lambda name: name != generator):
        parts += [f"**{maker}**", documentation.fixes[maker]]
    return "\n\n".join([*parts, f"*Guide: {section_title(found.guide)}*"])


def code(text: str) -> str:
    """Text as a Markdown code span, whatever backticks it holds."""
    shown = visible(text, 500)
    fence = "`"
    while fence in shown:
        fence += "`"
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{pad}{shown}{pad}{fence}"

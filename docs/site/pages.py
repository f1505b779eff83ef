"""Markdown pages made from the product: rules, guide, commands, schemas."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from isoview import guide, schemas
from isoview.commands import COMMANDS
from isoview.guide import SOURCES
from isoview.rules import ALL_RULES

Page = tuple[str, str]
"""Where in the site, and the Markdown."""


def rule_pages() -> Iterator[Page]:
    """A table of the rules, and a page for each."""
    lines = ["# Rules", "", "| Code | Name | Severity | Finds |", "|---|---|---|---|"]
    for rule in ALL_RULES:
        said = rule.documentation()
        lines.append(
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity} | {_cell(said.summary)} |"
        )
        yield f"rules/{rule.code}.md", _rule(rule)
    yield "rules/index.md", "\n".join(lines) + "\n"


def _rule(rule: Any) -> str:
    said = rule.documentation()
    parts = [
        f"# {rule.code} {rule.name}",
        f"*{rule.severity}.* {said.summary}",
        "## What it finds", said.finds,
        "## Why it matters", said.why,
        "## How to fix",
    ]  # fmt: skip
    for generator, text in said.fixes.items():
        parts += [f"### {generator}", text]
    section = guide.find(rule.guide)
    if section is not None:
        parts += [
            "## Guide",
            f"[{section.title}](../guide/{section.id}.md), after [{SOURCES[section.source]}]({section.url}).",
        ]
    return "\n\n".join(parts) + "\n"


def guide_pages() -> Iterator[Page]:
    """The outline, and a page for each section with the rules that point to it."""
    lines = ["# Guide", "", "In our own words; each section names the document it follows."]
    source = None
    for section in guide.sections():
        if section.source != source:
            source = section.source
            lines += ["", f"## {SOURCES[source]}", ""]
        lines.append(f"- [{section.title}]({section.id}.md)")
        rules = [rule for rule in ALL_RULES if rule.guide == section.id]
        parts = [f"# {section.title}", section.body.strip()]
        if rules:
            names = "\n".join(
                f"- [{rule.code} {rule.name}](../rules/{rule.code}.md)" for rule in rules
            )
            parts += ["## Rules of this section", names]
        parts.append(f"Follows [{SOURCES[section.source]}]({section.url}).")
        yield f"guide/{section.id}.md", "\n\n".join(parts) + "\n"
    yield "guide/index.md", "\n".join(lines) + "\n"


def command_pages() -> Iterator[Page]:
    """The help of every command, as the command line prints it."""
    top = _help()
    parts = ["# Commands", _block(top)]
    for name in COMMANDS:
        text = _help(name)
        parts += [f"## {name}", _block(text)]
        for inner in re.findall(
            r"^  ([a-z][a-z-]+)  ", text.partition("Commands:")[2], re.MULTILINE
        ):
            parts += [f"### {name} {inner}", _block(_help(name, inner))]
    yield "commands.md", "\n\n".join(parts) + "\n"


def _help(*command: str) -> str:
    shown = subprocess.run(
        [sys.executable, "-m", "isoview", *command, "--help"],
        capture_output=True, text=True, check=True, env={"COLUMNS": "80", "PATH": ""},
    )  # fmt: skip
    return shown.stdout


def _block(text: str) -> str:
    return f"```\n{text.strip()}\n```"


def schema_pages() -> Iterator[Page]:
    """What each JSON document holds, and the schema itself to take along."""
    lines = ["# JSON", "", "The documents that isoview writes, each with its JSON Schema.", ""]
    for path in sorted(Path(schemas.__file__).parent.glob("*.json")):
        text = path.read_text("utf-8")
        schema = json.loads(text)
        lines.append(f"- [{schema.get('title', path.stem)}]({path.stem}.md)")
        rows = [f"# {schema.get('title', path.stem)}", "", schema.get("description", ""), ""]
        rows += [f"The schema: [{path.name}]({path.name}).", ""]
        rows += _properties("the document", schema)
        for name, inner in schema.get("$defs", {}).items():
            rows += _properties(name, inner)
        yield f"schemas/{path.stem}.md", "\n".join(rows) + "\n"
        yield f"schemas/{path.name}", text
    yield "schemas/index.md", "\n".join(lines) + "\n"


def _properties(name: str, schema: dict[str, Any]) -> list[str]:
    fields = schema.get("properties", {})
    if not fields:
        return []
    required = set(schema.get("required", ()))
    rows = [f"## {name}", "", "| Field | Kind | Always there | Meaning |", "|---|---|---|---|"]
    for field, inner in fields.items():
        always = "yes" if field in required else "no"
        rows.append(
            f"| `{field}` | {_kind(inner)} | {always} | {_cell(inner.get('description', ''))} |"
        )
    return [*rows, ""]


def _kind(schema: Any) -> str:
    if not isinstance(schema, dict):
        return "anything"
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_kind(part) for part in schema[key])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    return (
        f"array of {_kind(schema['items'])}" if kind == "array" and "items" in schema else str(kind)
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")

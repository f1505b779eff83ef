"""Build the documentation site: one command, no network.

    python docs/site/build.py [FOLDER]

Pages are made from what the product itself has: rules from their docstrings, the guide from its
Markdown, commands from their help, JSON from its schemas, and the pages of ``docs/`` as they are,
in the folders they have in the repository, so that their links hold in both places. MkDocs turns
them into HTML; a dead link or anchor ends the build. The site is read, and searched, from its folder.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # run as a script

from pages import command_pages, guide_pages, rule_pages, schema_pages

ROOT = Path(__file__).resolve().parents[2]
ALONE = (
    "README.md",
    "CHANGELOG.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "ARCHITECTURE.md",
    "LICENSE",
)
_OURS = ("docs/", "screenshots/", "action.yml")


def source_tree(folder: Path) -> None:
    """Write every page of the site as Markdown into ``folder``."""
    for name in ALONE:
        path = ROOT / name
        if path.exists():
            shutil.copy(path, folder / ("LICENSE.md" if name == "LICENSE" else name))
    shutil.copytree(
        ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("site", "man", "__pycache__")
    )
    shutil.copytree(
        ROOT / "screenshots", folder / "screenshots", ignore=shutil.ignore_patterns("*.py")
    )
    measured = ROOT / "benchmarks" / "README.md"
    if measured.exists():
        (folder / "benchmarks").mkdir()
        shutil.copy(measured, folder / "benchmarks" / "README.md")
    schemas = folder / "isoview" / "schemas"
    schemas.mkdir(parents=True)
    for path in (ROOT / "isoview" / "schemas").glob("*.json"):
        shutil.copy(path, schemas / path.name)
    for made in (rule_pages(), guide_pages(), command_pages(), schema_pages()):
        for name, text in made:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def settings(source: Path, site: Path) -> str:
    """``mkdocs.yml``: the built-in theme with its search, and every kind of dead link an error."""
    pages = sorted(path.name for path in (source / "docs").glob("*.md"))
    lines = [
        "site_name: isoview",
        "site_description: How isolated is a compiled CPython extension module?",
        f"docs_dir: {source}",
        f"site_dir: {site}",
        "use_directory_urls: false",
        "theme: {name: mkdocs, highlightjs: false, nav_style: dark}",
        "plugins: [search]",
        "markdown_extensions: [tables, fenced_code, {toc: {permalink: true}}]",
        "validation: {omitted_files: ignore, absolute_links: warn, unrecognized_links: warn,",
        "  anchors: warn, not_found: warn}",
        "strict: true",
        "nav:",
        "- Start: README.md",
        "- Rules: rules/index.md",
        "- Guide: guide/index.md",
        "- Commands: commands.md",
        "- JSON: schemas/index.md",
        "- More:",
        *(f"  - docs/{name}" for name in pages),
        *(f"  - {name}" for name in ALONE[1:5] if (source / name).exists()),
    ]
    return "\n".join(lines) + "\n"


def build(site: Path) -> int:
    """Build the site into ``site``; the exit status of MkDocs."""
    with tempfile.TemporaryDirectory() as work:
        source = Path(work, "pages")
        source.mkdir()
        source_tree(source)
        config = Path(work, "mkdocs.yml")
        config.write_text(settings(source, site.resolve()), encoding="utf-8")
        # Not --quiet: with it, MkDocs 1.6 does not count the warnings that --strict is about.
        command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config)]
        done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            sys.stderr.write(done.stderr)
        else:
            letters_first(site)
            searchable(site)
        return done.returncode


_ANCHOR = re.compile(r'(\bid="|\bhref="(?!https?:)[^"#]*#)(?=\d)')


def letters_first(site: Path) -> None:
    """Anchors that begin with a digit (of "1. Look") get a letter: as a selector, which the theme's
    script makes of them, they would be none, and end it.
    """
    for path in site.rglob("*.html"):
        text = path.read_text("utf-8")
        changed = _ANCHOR.sub(r"\1s-", text)
        if changed != text:
            path.write_text(changed, encoding="utf-8")


def searchable(site: Path) -> None:
    """Put our search in the place of MkDocs', which does not work without a server."""
    folder = site / "search"
    index = json.loads((folder / "search_index.json").read_text("utf-8"))["docs"]
    for each in index:
        each["location"] = re.sub(r"#(?=\d)", "#s-", each["location"])
        each["text"] = each["text"].replace(" \u00b6", "")  # the marks of links to headings
    for path in folder.iterdir():
        path.unlink()
    text = f"var isoviewSections = {json.dumps(index)};\n"
    (folder / "search_index.js").write_text(text, encoding="utf-8")
    shutil.copy(Path(__file__).with_name("search.js"), folder / "main.js")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "site")
    status = build(target)
    if status == 0:
        print(target / "index.html")
    sys.exit(status)

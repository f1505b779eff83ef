"""Texts of rules and guide that do not change when somebody words them better: for snapshots."""

import pytest

# Everything that takes a text by name is imported before a text is replaced: a module that is
# imported meanwhile would take the replacement for the original, and keep it.
from isoview.tui import copying, evidence_text, symbol_text, texts

_USERS = (copying, evidence_text, symbol_text)


def title(section: str) -> str:
    """The title of a section, made from its id."""
    return section.replace("-", " ").title()


def why(_rule: str) -> tuple[str, str]:
    """Why a rule matters: a sentence and the rest."""
    return "It is shared.", "Every copy reads it."


def fix_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Section titles and reasons of rules are fixed until the test ends."""
    for name, text in (("section_title", title), ("why", why)):
        for user in (texts, *_USERS):
            if hasattr(user, name):
                monkeypatch.setattr(user, name, text)

"""The same keys mean the same everywhere, and every action is described."""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator

from key_meanings import MEANINGS, SAME
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import ModalScreen

import isoview.tui.screens
import isoview.tui.widgets
from isoview.tui.app import IsoviewApp
from isoview.tui.views import VIEWS
from isoview.tui.widgets.bars import FilterBar
from isoview.tui.widgets.decision_bar import DecisionBar, StatusChoice

EDITORS = (ModalScreen, FilterBar, DecisionBar, StatusChoice)


def kinds() -> Iterator[type[DOMNode]]:
    yield IsoviewApp
    for package in (isoview.tui.screens, isoview.tui.widgets):
        for found in pkgutil.iter_modules(package.__path__):
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            for kind in vars(module).values():
                if isinstance(kind, type) and issubclass(kind, DOMNode):
                    yield kind


def bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    for kind in dict.fromkeys(kinds()):
        if kind.__module__.startswith("isoview.") and "BINDINGS" in vars(kind):
            yield from ((kind, each) for each in Binding.make_bindings(kind.BINDINGS))


def test_a_letter_has_one_meaning_on_all_screens() -> None:
    found = defaultdict(set)
    for kind, binding in bindings():
        if issubclass(kind, EDITORS) or binding.description.startswith("move: "):
            continue
        if len(binding.key) == 1 and binding.key.isalpha():
            found[binding.key].add(binding.description)
    vim = {"j", "k", "h", "g", "G"}  # move, in every list
    for key, names in found.items():
        if key not in vim:
            assert names <= SAME[key], f"{key} means {names}, and is {MEANINGS[key]}"
    assert not SAME.keys() - MEANINGS.keys()


def test_every_action_is_described() -> None:
    for kind, binding in bindings():
        assert binding.tooltip, f"{binding.key} of {kind.__name__}"
        assert binding.description, f"{binding.key} of {kind.__name__}"


def test_views_have_keys_of_their_own() -> None:
    keys = [view.key for view in VIEWS if view.key]
    assert len(keys) == len(set(keys))
    letters = {key for key in keys if key.isalpha()}
    assert not letters & {b.key for kind, b in bindings() if kind is not IsoviewApp}

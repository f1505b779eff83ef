"""What the screens of decisions, guide, plan and sharing look like, at both widths that matter.

``pytest tests/tui --snapshot-update`` writes them anew; look at every changed picture before it is
committed. Texts of rules and guide are fixed here, so that rewording one does not change a picture.
"""

from collections.abc import Callable

import pytest
from app_pilot import MemoryDecisions, press, settle
from app_reports import FINDINGS
from fixed_texts import fix_texts, title
from shared_by_hand import SHARED, sharing_app
from textual.pilot import Pilot

from isoview.guide import Section
from isoview.triage import Decision, Group
from isoview.tui import guide_outline, texts

SIZES = [(80, 24), (140, 40)]
IDS = ["80x24", "140x40"]
Compare = Callable[..., bool]
SECTIONS = tuple(
    Section(name, title(name), source, "https://example.org/", order, "What.\n")
    for order, (source, name) in enumerate(
        (
            ("howto", "background"),
            ("howto", "managing-per-module-state"),
            ("howto", "enter-per-module-state"),
            ("howto", "heap-types"),
            ("howto", "managing-global-state"),
            ("pep", "pep-630-isolating-extension-modules"),
        )
    )
)


@pytest.fixture(autouse=True)
def fixed_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    by_id = {section.id: section for section in SECTIONS}
    monkeypatch.setattr(guide_outline, "sections", lambda: SECTIONS)
    monkeypatch.setattr("isoview.tui.screens.guide.find", by_id.get)
    monkeypatch.setattr("isoview.tui.screens.guide.FIRST", "background")
    monkeypatch.setattr(guide_outline, "rules_by_section", dict)
    fix_texts(monkeypatch)
    monkeypatch.setattr(texts, "fix_text", lambda _rule, _maker: "Call `f()`.")
    monkeypatch.setattr(
        texts,
        "guide_markdown",
        lambda section: (f"# {title(section)}\n\nWhat it asks.", ""),
    )


def check(
    compare: Compare, size: tuple[int, int], *keys: str, decisions: MemoryDecisions | None = None
) -> None:
    app = sharing_app(lambda _paths, _stop: SHARED, decisions=decisions)

    async def run(pilot: Pilot[None]) -> None:
        app._disable_notifications = True
        await settle(pilot)
        await press(pilot, *keys)
        await settle(pilot)

    assert compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_guide(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, size, "j", "j", "5")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_plan(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, size, "4")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_sharing(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, size, "6")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_triage(snap_compare: Compare, size: tuple[int, int]) -> None:
    decisions = MemoryDecisions()
    for finding, status in ((FINDINGS[0], "confirmed"), (FINDINGS[5], "intended")):
        name = finding.fingerprint
        decisions.on_disk[name] = Decision(name, status, "so it is", 1)  # type: ignore[arg-type]
    other = "ISO101:other:module"
    decisions.on_disk[other] = Decision(other, "fixed", "", 1)
    decisions.add_group(Group("ISO3*", "other.*", "symbol:*", "intended", "made once"))
    check(snap_compare, size, "T", "m", "j", decisions=decisions)


def test_statuses_to_choose_from(snap_compare: Compare) -> None:
    check(snap_compare, (80, 24), "j", "j", "a")


@pytest.mark.parametrize("size", SIZES, ids=IDS)
def test_rule_for_many_findings(snap_compare: Compare, size: tuple[int, int]) -> None:
    check(snap_compare, size, "j", "j", "A")

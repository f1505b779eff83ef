"""The documentation site is built from the product, and none of its links is dead."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from isoview import guide
from isoview.rules import ALL_RULES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site") / "site"
    shown = subprocess.run(
        [sys.executable, ROOT / "docs" / "site" / "build.py", site],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stdout + shown.stderr  # --strict: a dead link is an error
    return site


def test_every_rule_section_and_command_has_its_place(built: Path) -> None:
    for rule in ALL_RULES:
        page = (built / "rules" / f"{rule.code}.html").read_text("utf-8")
        assert rule.name in page
        assert f"../guide/{rule.guide}.html" in page
    for section in guide.sections():
        assert (built / "guide" / f"{section.id}.html").is_file()
    commands = (built / "commands.html").read_text("utf-8")
    for name in ("check", "live", "attach", "triage", "plan"):
        assert f'id="{name}"' in commands
    assert (built / "schemas" / "report-1.json").is_file()


def test_the_search_knows_a_rule_and_needs_no_server(built: Path) -> None:
    assert "ISO101 single-phase-init" in (built / "search" / "search_index.js").read_text("utf-8")
    page = (built / "guide" / "heap-types.html").read_text("utf-8")
    assert "../search/main.js" in page
    # The theme's script makes selectors of anchors, and ends at one that begins with a digit.
    assert 'id="s-1-look"' in (built / "docs" / "ci.html").read_text("utf-8")
    script = (built / "search" / "main.js").read_text("utf-8")
    assert "Worker" not in script
    assert "fetch(" not in script


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here to open the site with")
def test_a_browser_finds_what_is_searched(built: Path, tmp_path: Path) -> None:
    assert CHROMIUM is not None
    shown = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}",
         "--virtual-time-budget=20000", "--dump-dom",
         f"{(built / 'index.html').as_uri()}?q=single-phase-init"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    results = shown.stdout.partition('id="mkdocs-search-results"')[2].partition("modal-footer")[0]
    assert "rules/ISO101.html" in results


def test_a_dead_link_ends_the_build(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "docs" / "site"))
    from build import settings

    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "README.md").write_text("# A\n[x](nowhere.md)\n")
    config = tmp_path / "mkdocs.yml"
    text = settings(tmp_path / "pages", tmp_path / "site").partition("nav:")[0]
    config.write_text(text)
    shown = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-f", str(config)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert shown.returncode != 0
    assert "nowhere.md" in shown.stderr

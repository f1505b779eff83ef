"""What every test can rely on: nobody's configuration but its own."""

import os
from pathlib import Path

import pytest

_HOMES = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME",
          "XDG_DATA_HOME")  # fmt: skip
_COLOURS = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "TTY_COMPATIBLE", "COLUMNS", "LINES")


@pytest.fixture(autouse=True)
def own_surroundings(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A home, and a working folder that no ``isoview.toml`` reaches; returns that folder."""
    # The interpreters that tests look for are told apart from the configuration they must not see.
    monkeypatch.setenv("PYENV_ROOT", os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv")))
    base = tmp_path_factory.mktemp("own")
    home, work = base / "home", base / "work"
    home.mkdir()
    work.mkdir()
    for name in _HOMES:
        monkeypatch.setenv(name, str(home))
    for name in _COLOURS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(work)
    return work

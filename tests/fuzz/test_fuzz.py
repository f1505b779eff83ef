"""Every reader against inputs that nobody wrote: random changes of real ones, in every run the
same; what fuzzing found before; and, where atheris is at hand, a bounded run that follows coverage.
"""

import importlib.util
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuzz.targets import TARGETS, end_process, seeds

HERE = Path(__file__).parent
FOUND = sorted(path for path in (HERE / "found").glob("*/*") if path.is_file())
RUNS = {"binary": 250, "memory": 60, "decisions": 200}
DICTIONARY = (
    b"\xff" * 4,
    b"\0" * 8,
    b"\x7f\xff\xff\xff",
    b'"',
    b"[[",
    b"\x1b[31m",
    b"\xed\xa0\x80",
)


def changed(raw: bytes, chance: random.Random) -> bytes:
    """``raw`` with up to eight places overwritten, cut out, doubled or cut off."""
    copy = bytearray(raw)
    for _ in range(chance.randrange(1, 9)):
        at = chance.randrange(len(copy) + 1)
        size = chance.choice((1, 2, 4, 8, 64))
        new = chance.choice((chance.randbytes(size), *DICTIONARY))
        choice = chance.randrange(8)
        if choice < 4:
            copy[at : at + len(new)] = new
        elif choice == 4:
            del copy[at : at + size]
        elif choice == 5:
            copy[at:at] = copy[at : at + size]
        elif choice == 6:
            copy[at:at] = new
        elif len(copy) > 64:
            del copy[max(at, 64) :]
    return bytes(copy)


@pytest.fixture(autouse=True)
def _no_process_stays() -> Iterator[None]:
    yield
    end_process()


@pytest.mark.parametrize("target", TARGETS)
def test_changed_inputs_are_read_or_refused(target: str) -> None:
    if target == "memory" and not sys.platform.startswith("linux"):
        pytest.skip("memory of other processes is read on Linux only")
    chance, some = random.Random(target), list(seeds(target))
    for number in range(RUNS.get(target, 400)):
        raw = changed(some[number % len(some)], chance)
        try:
            TARGETS[target](raw)
        except Exception as error:  # noqa: BLE001 - the input has to be shown
            pytest.fail(f"{type(error).__name__}: {error} from {raw.hex()[:400]}...")


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_what_fuzzing_found_before(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@pytest.mark.parametrize("target", TARGETS)
def test_a_bounded_run_that_follows_coverage(target: str, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed; it has wheels for some systems and versions only")
    runs = {"binary": 300, "memory": 30}.get(target, 1000)
    # A machine that has other things to do is no finding: seconds are for whoever looks for them.
    options = [f"--runs={runs}", f"--findings={tmp_path}", "--each=200"]
    done = subprocess.run(
        [sys.executable, HERE / "run.py", target, *options],
        capture_output=True, text=True, errors="replace", timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert f"Done {runs} runs" in done.stderr
    assert not list(tmp_path.iterdir())

"""Tiny wheels for surveys, and what their tables hold. Also what pools of tests are made to do."""

import os
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from targets_by_hand import archive

BUILT = Path(__file__).parent / "fixtures" / "built"
LINUX = "manylinux_2_17_x86_64"
MODULES = {
    "elf": "elf-x86-64/multi_312.cpython-312-x86_64-linux-gnu.so",
    "single": "elf-x86-64/single_311.cpython-311-x86_64-linux-gnu.so",
    "limited": "elf-x86-64/limited_39.abi3.so",
    "free": "elf-x86-64/free_314.cpython-314t-x86_64-linux-gnu.so",
    "pe": "pe-x86-64/multi_313.cp313-win_amd64.pyd",
}


def built(name: str) -> tuple[str, bytes]:
    """(member, content) of one of the small committed objects."""
    path = BUILT / MODULES[name]
    return f"{name}/{path.name}", path.read_bytes()


def tiny(
    folder: Path,
    name: str,
    version: str = "1.0",
    members: Iterable[tuple[str, bytes]] = (),
    tags: str = f"cp311-abi3-{LINUX}",
) -> Path:
    """A wheel that pip takes, with the members given."""
    information = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    rows = "".join(f"Tag: {tags.rsplit('-', 1)[0]}-{each}\n" for each in tags.rsplit("-", 1)[1].split("."))  # fmt: skip
    kind = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\n"
    path = folder / f"{name}-{version}-{tags}.whl"
    content = archive(
        [
            *members,
            (f"{information}/METADATA", metadata.encode()),
            (f"{information}/WHEEL", (kind + rows).encode()),
            (f"{information}/RECORD", b""),
        ]
    )
    path.write_bytes(content)
    return path


def some_wheels(folder: Path) -> Path:
    """Five wheels that can be read, one of them without a module."""
    folder.mkdir(exist_ok=True)
    tiny(folder, "alpha", "1.0", [built("single")])
    tiny(folder, "alpha", "2.0", [built("elf"), built("limited")])
    tiny(folder, "beta", "1.0", [built("pe")], "cp313-cp313-win_amd64")
    tiny(folder, "gamma", "1.0", [built("free")], f"cp314-cp314t-{LINUX}")
    tiny(folder, "pure", "1.0", [("pure/__init__.py", b"")], "py3-none-any")
    return folder


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the tables that come out the same each time, sorted."""
    from pyarrow import parquet

    from isoview.survey.schema import REPEATABLE
    from isoview.survey.store import parts_of

    found = {}
    for table in REPEATABLE:
        rows = [
            tuple(map(repr, row.values()))
            for path in parts_of(folder, table)
            for row in parquet.read_table(path).to_pylist()
        ]
        found[table] = sorted(rows)
    return found


class Here(Executor):
    """Does everything at once, in this process; ``given`` counts what it got."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.given = 0

    def submit(self, _function: Any, /, *args: Any, **_named: Any) -> Future[Any]:
        self.given += 1
        future: Future[Any] = Future()
        try:
            future.set_result(self.function(*args))
        except Exception as error:  # noqa: BLE001 - the future has it
            future.set_exception(error)
        return future


class Alone:
    """A crew of one worker, which is this process."""

    died: tuple[type[BaseException], ...] = ()
    foreign = False

    def __init__(self, function: Any) -> None:
        self.function = function
        self.here = Here(function)

    def width(self) -> int:
        return 1

    def executor(self) -> Executor:
        return self.here

    def renew(self) -> None: ...

    def alone(self, given: Any) -> Any:
        return self.here.submit(None, given)

    def alone_width(self) -> int:
        return 1

    def stop(self) -> None: ...


def surveyed(source: Path, folder: Path, choice: Any = None, **settings: Any) -> Any:
    """The summary of a survey made in this process."""
    from isoview.survey.run import Settings, Survey
    from isoview.survey.sources import Choice, source_of
    from isoview.survey.worker import work

    wanted = source_of(str(source), folder, choice or Choice())
    return Survey(wanted, folder, Alone(work), Settings(**settings)).run()


# -- what workers of the engine's tests do: found by name in the processes of a pool ------------


def plain(task: Any) -> Any:
    """An outcome without any rows."""
    from isoview.survey.worker import Outcome

    return Outcome(task.wheel, "tests", {}, modules=os.getpid())


def deadly(task: Any) -> Any:
    """Ends its process on one wheel, always; on another, the first time."""
    once = Path(task.path)
    if task.wheel == "killer" or (task.wheel == "once" and not once.exists()):
        once.touch()
        time.sleep(0.05)  # so that others are in flight beside it
        os._exit(9)
    return plain(task)


def faulty(task: Any) -> Any:
    """Raises what nobody foresaw, on one wheel."""
    if task.wheel == "odd":
        raise RuntimeError("nobody foresaw this")
    return plain(task)


def unseeing(task: Any) -> Any:
    """A worker on another host: it has none of our files."""
    from isoview.survey.worker import Outcome

    return Outcome(task.wheel, "tests", {}, elsewhere=task.data is None)


def survey(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """``isoview survey ARGUMENTS``, in a process of its own."""
    from command import isoview

    return isoview("survey", *arguments, **environment)

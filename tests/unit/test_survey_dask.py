"""The same survey on a Dask cluster of two local workers, whoever of them dies."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from survey_by_hand import built, deadly, some_wheels, surveyed, tables, tiny

from isoview.inspectors.errors import IsoviewError
from isoview.survey.crews import Cluster
from isoview.survey.engine import Engine, Fallen
from isoview.survey.run import Settings, Survey
from isoview.survey.sources import Folder
from isoview.survey.worker import Outcome, Task


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two workers, each a process of its own with a nanny that starts it again."""
    import dask
    from distributed import LocalCluster

    settings = {
        "distributed.scheduler.allowed-failures": 0,  # a task is not tried on a fourth worker
        "distributed.nanny.pre-spawn-environ.PYTHONPATH": os.pathsep.join(sys.path),
        "distributed.admin.large-graph-warning-threshold": "1 GB",
    }
    before = dict(os.environ)
    with dask.config.set(settings), LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1",
        silence_logs="CRITICAL",
    ) as running:  # fmt: skip
        yield running
    os.environ.clear()  # the nannies put what their workers get into ours, and leave it there
    os.environ.update(before)


@pytest.fixture
def crew(cluster: Any) -> Iterator[Cluster]:
    made = Cluster(cluster.scheduler_address)
    yield made
    made.stop()


def pids(cluster: Any) -> list[int]:
    return [nanny.process.pid for nanny in cluster.workers.values() if nanny.process]


def test_the_tables_are_those_of_any_other_crew_though_a_worker_is_killed(
    cluster: Any, crew: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = some_wheels(tmp_path / "wheels")
    for number in range(12):
        tiny(wheels, f"more{number}", "1.0", [built("elf"), built("free")])
    summary = Survey(Folder(wheels), tmp_path / "dask", _Killing(crew, cluster), Settings()).run()
    assert (summary.wheels, summary.errors) == (17, 0)
    surveyed(wheels, tmp_path / "here")
    assert tables(tmp_path / "dask") == tables(tmp_path / "here")


class _Killing:
    """A cluster, one of whose workers is killed when the sixth task is given."""

    def __init__(self, crew: Cluster, cluster: Any) -> None:
        self._crew = crew
        self._cluster = cluster
        self._given = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crew, name)

    def executor(self) -> Any:
        self._given += 1
        if self._given == 6:
            os.kill(pids(self._cluster)[0], signal.SIGKILL)
        return self._crew.executor()


def test_a_wheel_that_kills_its_worker_is_one_error(crew: Cluster, tmp_path: Path) -> None:
    names = ["a", "b", "killer", "c"]
    tasks = [Task(name, str(tmp_path / name), "", 0, name, 60.0) for name in names]
    crew.function = deadly
    ended = list(Engine(crew).run(tasks))
    assert [each.task.wheel for each in ended if isinstance(each, Fallen)] == ["killer"]
    assert {each.wheel for each in ended if isinstance(each, Outcome)} == {"a", "b", "c"}


def test_no_scheduler_is_said_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    from isoview.survey import crews

    monkeypatch.setattr(crews, "_CONNECT", 0.2)
    with pytest.raises(IsoviewError, match="no Dask scheduler answers"):
        Cluster("tcp://127.0.0.1:9")

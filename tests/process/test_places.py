"""Files that are elsewhere: deleted, replaced by an upgrade, in another mount namespace."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command import speedups
from process.targets import LINUX, target

from isoview.attach import Attached, Audited, Read, StaticsRead

pytestmark = LINUX
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root may do that")


def placed(folder: Path) -> Path:
    """A real extension, copied to where it can be taken away again."""
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(speedups(), folder))


def look(pid: int, name: str) -> tuple[Read, Audited]:
    attached = Attached(pid)
    events = list(attached.stream())
    reading = next(event for event in events if isinstance(event, Read))
    module = {m.name: m for m in reading.walk.interpreters[0].modules}["_speedups"]
    assert module.extension
    assert (module.phase, module.m_size) == ("multi", 0) or module.m_size is not None
    audited = next(e for e in events if isinstance(e, Audited) and e.file.file.endswith(name))
    assert any(isinstance(e, StaticsRead) and e.file is audited.file for e in events)
    return reading, audited


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_a_file_as_it_lies_there(tmp_path: Path) -> None:
    file = placed(tmp_path / "lib")
    env = environment(file.parent)
    with target(sys.executable, "plain", tmp_path, "_speedups", env=env) as child:
        _reading, audited = look(child.pid, file.name)
    assert audited.file.state == "same"
    assert audited.verdict is not None
    assert audited.file.file == str(file)


@pytest.mark.parametrize("state", ["deleted", "replaced"])
def test_a_file_that_is_not_there_any_more(state: str, tmp_path: Path) -> None:
    file = placed(tmp_path / "lib")
    env = environment(file.parent)
    with target(sys.executable, "plain", tmp_path, "_speedups", env=env) as child:
        if state == "deleted":
            file.unlink()
        else:
            upgrade = tmp_path / "upgrade"
            upgrade.write_bytes(b"\x7fELF, but quite another file")
            upgrade.replace(file)
        reading, audited = look(child.pid, file.name)
    assert audited.file.state in {state, "deleted"}  # a replaced file's old inode is deleted
    if os.geteuid() == 0:
        # What is mapped is audited, not what lies at the path now.
        assert audited.verdict is not None
        assert audited.problem is None
    else:
        assert (audited.verdict is None) == bool(audited.problem)
    assert reading.walk.unread_count == 0


@ROOT
def test_a_process_in_its_own_mount_namespace(tmp_path: Path) -> None:
    source = placed(tmp_path / "source")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    script = f'mount -t tmpfs none {hidden} && cp {source} {hidden}/ && exec "$@"'
    prefix = ["unshare", "-m", "sh", "-c", script, "sh"]
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("mount namespaces are not to be had here")
    with target(
        sys.executable, "plain", tmp_path, "_speedups", prefix=prefix, env=environment(hidden)
    ) as child:
        assert not list(hidden.iterdir())
        reading, audited = look(child.pid, source.name)
    assert audited.file.state == "same"
    assert audited.verdict is not None
    assert audited.file.file == f"{hidden}/{source.name}"
    assert reading.walk.unread_count == 0


@ROOT
def test_a_process_in_its_own_pid_namespace(tmp_path: Path) -> None:
    prefix = ["unshare", "-p", "-f", "--mount-proc"]
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("pid namespaces are not to be had here")
    with target(sys.executable, "plain", tmp_path, "_json", prefix=prefix) as child:
        children = Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        pid = int(children[0])
        walk = Attached(pid).read().walk
        assert walk.interpreters[0].threads[0].native_id == 1
        assert "_json" in {module.name for module in walk.interpreters[0].modules}
        os.kill(pid, 9)

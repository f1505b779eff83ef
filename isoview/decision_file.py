"""Writing ``isoview.toml``: one writer at a time, all or nothing, comments kept.

The file is locked, read anew, edited as text, written aside, synced and renamed. Whoever is
killed half way leaves the old file whole, and the system drops the lock with the process.
A file that cannot be understood is never overwritten.
"""

import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from isoview.inspectors.errors import BadConfig, IsoviewError
from isoview.triage import Decision, Group, decisions_in, read_text
from isoview.whole_file import write_whole

_PATIENCE = 10.0  # seconds to wait for another writer
_HEADER = re.compile(r"^[ \t]*\[(?!\[?[ \t]*decision[ \t]*\.)")
_PREAMBLE = """\
# What was decided about isoview's findings; `isoview triage list` shows it.
# Comments are kept. One [[decision]] each, sorted by fingerprint.
"""


def store(path: Path, fingerprint: str, decision: Decision | None) -> Decision | None:
    """Set the decision for ``fingerprint`` (None: take it away); returns what was there."""
    return change(path, {fingerprint: decision})[fingerprint]


def change(
    path: Path,
    wanted: Mapping[str, Decision | None],
    seen: Mapping[str, Decision | None] | None = None,
) -> dict[str, Decision | None]:
    """Set many decisions at once (None: take it away); returns what was there.

    Where ``seen`` says what the caller believed to be there and something else is, somebody else
    has decided meanwhile: those decisions are left alone. The caller tells them by comparing.
    """
    real = path.resolve()
    with _only_writer(real):
        text = read_text(real)
        before = decisions_in(text, path)
        previous = {fingerprint: before.get(fingerprint) for fingerprint in wanted}
        changes = {
            fingerprint: decision
            for fingerprint, decision in wanted.items()
            if previous[fingerprint] != decision
            and (seen is None or seen.get(fingerprint) == previous[fingerprint])
        }
        if changes:
            expected = {key: value for key, value in before.items() if key not in changes}
            expected |= {key: value for key, value in changes.items() if value is not None}
            changed = _edited(text, changes)
            if decisions_in(changed, path) != expected:
                raise BadConfig(
                    f"{path} is laid out in a way that isoview cannot edit",
                    "Write each decision under its own [[decision]] line; "
                    "the file was left as it is.",
                )
            _write_whole(real, changed)
    return previous


def add_group(path: Path, group: Group) -> None:
    """Put a decision for a group at the end of the file."""
    import tomlkit

    real = path.resolve()
    with _only_writer(real):
        text = read_text(real)
        before = decisions_in(text, path)
        table = tomlkit.table()
        table.update(group._asdict())
        tables = tomlkit.aot()
        tables.append(table)
        newline = "\r\n" if "\r\n" in text else "\n"
        block = tomlkit.dumps({"group": tables}).replace("\n", newline)
        changed = _joined([piece for piece in (text or _PREAMBLE, block) if piece.strip()], newline)
        after = decisions_in(changed, path)
        if after != before or after.groups != (*before.groups, group):
            raise BadConfig(
                f"{path} is laid out in a way that isoview cannot edit",
                "Write the [[group]] by hand; the file was left as it is.",
            )
        _write_whole(real, changed)


def remove_group(path: Path, group: Group) -> bool:
    """Take the last decision for ``group`` away; False where there is none."""
    import tomllib

    real = path.resolve()
    with _only_writer(real):
        text = read_text(real)
        before = decisions_in(text, path)
        if group not in before.groups:
            return False
        blocks = _blocks(text)
        for at in reversed(range(len(blocks))):
            if decisions_in(blocks[at], path).groups == (group,) and tomllib.loads(
                blocks[at]
            ).keys() == {"group"}:
                del blocks[at]
                break
        changed = _joined(
            [block for block in blocks if block.strip()], "\r\n" if "\r\n" in text else "\n"
        )
        after = decisions_in(changed, path)
        if after != before or len(after.groups) != len(before.groups) - 1:
            raise BadConfig(
                f"{path} is laid out in a way that isoview cannot edit",
                "Take the [[group]] away by hand; the file was left as it is.",
            )
        _write_whole(real, changed)
    return True


@contextmanager
def _only_writer(path: Path) -> Iterator[None]:
    """Hold the lock of ``path``: the system's own on a file beside it, which is taken away after.

    The lock file may be removed by its last holder while another waits for it, so whoever gets
    the lock looks whether the file is still the one on disk, and tries again where it is not.
    """
    lock = path.with_name(f".{path.name}.lock")
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise _refused(path, error) from error
        if _try_lock(handle) and _still_there(handle, lock):
            break
        os.close(handle)
        if time.monotonic() > deadline:
            raise IsoviewError(
                f"another program has been writing {path} for {_PATIENCE:.0f} seconds",
                f"Let it finish; nothing was changed. Its lock is {lock}.",
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        if (
            sys.platform == "win32"
        ):  # an open file cannot be removed there, and an empty one is left
            os.close(handle)
        else:
            lock.unlink()
            os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _still_there(handle: int, lock: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), lock.stat())
    except OSError:
        return False


def _write_whole(path: Path, text: str) -> None:
    """Replace ``path`` by ``text``, or leave it as it was. The name aside is ours by the lock."""
    try:
        write_whole(path, text, aside=f".{path.name}.new")
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: Path, error: OSError) -> IsoviewError:
    return IsoviewError(
        f"{path} cannot be written: {error.strerror}",
        "See to the folder's permissions and free space; nothing was changed.",
    )


def _edited(text: str, changes: Mapping[str, Decision | None]) -> str:
    """``text`` with decisions set or taken away and all of them sorted."""
    import tomllib

    newline = "\r\n" if "\r\n" in text else "\n"
    decisions: list[tuple[str, str]] = []
    before: list[str] = []
    after: list[str] = []
    left = dict(changes)
    for block in _blocks(text):
        entries = tomllib.loads(block).get("decision")
        if not entries:
            (after if decisions else before).append(block)
            continue
        key = entries[0]["fingerprint"]
        if key not in changes:
            decisions.append((key, block))
        elif (decision := left.pop(key)) is not None:
            decisions.append((key, _changed(block, decision)))
    decisions += (
        (key, _new_block(decision).replace("\n", newline))
        for key, decision in left.items()
        if decision is not None
    )
    if not text:
        before = [_PREAMBLE]
    decisions.sort(key=lambda entry: entry[0])
    pieces = chain(before, (block for _key, block in decisions), after)
    return _joined([piece for piece in pieces if piece.strip()], newline)


def _joined(pieces: list[str], newline: str) -> str:
    """The pieces with an empty line between them, as they had, and one line end at the end."""
    return (newline * 2).join(piece.strip("\r\n") for piece in pieces) + newline if pieces else ""


def _blocks(text: str) -> list[str]:
    """``text`` cut before each table, the comment lines right above a table going with it.

    A line that looks like a table may stand inside a text or a list of several lines: then
    what comes before it is no TOML by itself, and it is no place to cut.
    """
    import tomllib

    blocks: list[str] = []
    current: list[str] = []
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line) and current:
            try:
                tomllib.loads("".join(current))
            except tomllib.TOMLDecodeError:
                pass
            else:
                kept = _before_comment(current)
                blocks.append("".join(current[:kept]))
                current = current[kept:]
        current.append(line)
    blocks.append("".join(current))
    return blocks


def _before_comment(lines: list[str]) -> int:
    """How many of ``lines`` come before the comment at their end."""
    end = len(lines)
    while end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    return end


def _changed(block: str, decision: Decision) -> str:
    """A decision's block with new values; its comments and further keys stay."""
    import tomlkit

    document = tomlkit.parse(block)
    table = document["decision"][0]
    for name, value in decision._asdict().items():
        if table.get(name) != value:
            table[name] = value
    return tomlkit.dumps(document)


def _new_block(decision: Decision) -> str:
    import tomlkit

    table = tomlkit.table()
    table.update(decision._asdict())
    tables = tomlkit.aot()
    tables.append(table)
    return tomlkit.dumps({"decision": tables})

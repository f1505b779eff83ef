"""A process as the system shows it: who it is, whether it is still the same, why we may not read it.

Source: proc(5), ptrace(2) "Ptrace access mode checking", the kernel's Yama documentation.
"""

import os
import sys
from pathlib import Path
from typing import NamedTuple

from isoview.inspectors.errors import AttachRefused
from isoview.inspectors.process.elf_memory import Header, read_header
from isoview.inspectors.process.maps import Maps, parse_maps
from isoview.inspectors.text import decode

YAMA = Path("/proc/sys/kernel/yama/ptrace_scope")
COMMAND_LIMIT = 4096
AT_SYSINFO_EHDR, AT_BASE, AT_RANDOM = 33, 7, 25

_LINUX_ONLY = "attaching is for Linux so far"
_ELSEWHERE = (
    "`isoview live MODULE` looks at a module here, and a process that called "
    "isoview.inspectors.live.agent.listen() answers `isoview attach PID --mode agent`."
)


class Identity(NamedTuple):
    """What changes when a process ends or runs another program."""

    started: int  # clock ticks since boot
    vector: bytes  # the auxiliary vector: made anew, with new random addresses, by every exec


class Description(NamedTuple):
    """Who a process is, for people."""

    pid: int
    uid: int | None
    command: str
    executable: str | None
    age: float | None  # seconds


def need_linux() -> None:
    """Refuse other systems in a line. Raises :class:`AttachRefused`."""
    if not sys.platform.startswith("linux"):
        raise AttachRefused(_LINUX_ONLY, _ELSEWHERE)


def _stat_fields(pid: int) -> list[bytes]:
    """``/proc/PID/stat`` after the command's name, which may hold blanks and parentheses."""
    raw = Path(f"/proc/{pid}/stat").read_bytes()
    return raw[raw.rindex(b")") + 2 :].split()


def identify(pid: int) -> Identity:
    """Who the process is now. Raises :class:`OSError`."""
    fields = _stat_fields(pid)
    return Identity(int(fields[19]), Path(f"/proc/{pid}/auxv").read_bytes())


def has_ended(pid: int) -> bool:
    """Whether the process is gone, or a zombie that waits for its parent."""
    try:
        return _stat_fields(pid)[0] in {b"Z", b"X"}
    except (OSError, ValueError, IndexError):
        return True


def is_kernel_thread(pid: int) -> bool:
    """Whether the kernel runs it for itself (PF_KTHREAD in the flags of proc(5)'s stat)."""
    try:
        return bool(int(_stat_fields(pid)[6]) & 0x200000)
    except (OSError, ValueError, IndexError):
        return False


def describe(pid: int) -> Description:
    """Everything about the process that we may see; nothing is raised."""
    command = _command(pid)
    try:
        uid: int | None = Path(f"/proc/{pid}").stat().st_uid
    except OSError:
        uid = None
    try:
        executable: str | None = decode(os.fsencode(Path(f"/proc/{pid}/exe").readlink()))
    except OSError:
        executable = None
    return Description(pid, uid, command, executable, _age(pid))


def _command(pid: int) -> str:
    try:
        with Path(f"/proc/{pid}/cmdline").open("rb") as stream:
            raw = stream.read(COMMAND_LIMIT)
        if not raw:
            raw = b"[" + Path(f"/proc/{pid}/comm").read_bytes().strip() + b"]"
    except OSError:
        return ""
    return decode(raw.strip(b"\0").replace(b"\0", b" "))


def _age(pid: int) -> float | None:
    try:
        started = int(_stat_fields(pid)[19]) / os.sysconf("SC_CLK_TCK")
        uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return max(uptime - started, 0.0)


def gone(pid: int) -> AttachRefused:
    """The process ended while, or before, it was looked at."""
    return AttachRefused(
        f"there is no process {pid} (any more)",
        "`isoview attach` without a number lists the Python processes that run now.",
    )


def changed(pid: int) -> AttachRefused:
    """The process ran exec between two looks."""
    return AttachRefused(
        f"process {pid} started another program while it was being read (exec)",
        "Attach again: what runs there now is read from the start.",
    )


def denied(pid: int) -> AttachRefused:
    """Why the system says no, most likely reason first."""
    owner = describe(pid).uid
    message = f"not allowed to read process {pid}"
    tracer = _tracer(pid)
    if tracer:
        return AttachRefused(
            f"process {pid} is being traced by process {tracer} (a debugger, strace)",
            "End that first, or attach with `--pause never`: reading alone does not mind.",
        )
    if owner is not None and owner != os.geteuid():
        return AttachRefused(
            f"{message}: it belongs to user {_user(owner)}",
            "Run isoview as that user, or as root (`sudo isoview attach ...`).",
        )
    if _yama() > 0:
        return AttachRefused(
            f"{message}: this system's Yama setting (kernel.yama.ptrace_scope is {_yama()}) "
            "keeps processes of one user apart",
            "Run isoview as root, or let root set the value to 0: "
            "`sysctl -w kernel.yama.ptrace_scope=0`.",
        )
    return AttachRefused(
        f"{message}: a container's security profile, or the process itself (a set-user-id program, "
        "prctl), forbids it",
        "Run isoview as root outside the container, or give the container CAP_SYS_PTRACE "
        "(`--cap-add=SYS_PTRACE`); or use `--mode agent`.",
    )


def _tracer(pid: int) -> int:
    """The process that traces this one; 0 for none (proc(5), TracerPid)."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("TracerPid:"):
                return int(line.split()[1])
    except (OSError, ValueError, IndexError):
        pass
    return 0


def _user(uid: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(uid).pw_name
    except (ImportError, KeyError):
        return str(uid)


def _yama() -> int:
    try:
        return int(YAMA.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0


class Target:
    """One process, opened for reading: its identity is held, its program is one we can read."""

    def __init__(self, pid: int) -> None:
        need_linux()
        self.pid = pid
        if pid <= 0 or not Path(f"/proc/{pid}").exists() or has_ended(pid):
            raise gone(pid)
        if is_kernel_thread(pid):
            raise AttachRefused(
                f"process {pid} is a thread of the kernel, not a Python process",
                "`isoview attach` without a number lists the Python processes.",
            )
        self.identity = self._guarded_identity()
        self.description = describe(pid)
        self.maps = self.read_maps()
        self._refuse_foreign_programs()

    def _guarded_identity(self) -> Identity:
        try:
            return identify(self.pid)
        except PermissionError as error:
            raise denied(self.pid) from error
        except (OSError, ValueError, IndexError) as error:
            raise gone(self.pid) from error

    def still_same(self) -> None:
        """Raises :class:`AttachRefused` where the process ended or runs another program now."""
        if has_ended(self.pid):
            raise gone(self.pid)
        if self._guarded_identity() != self.identity:
            raise changed(self.pid)

    def read_maps(self) -> Maps:
        """The mappings as they are now."""
        try:
            raw = Path(f"/proc/{self.pid}/maps").read_bytes()
        except PermissionError as error:
            raise denied(self.pid) from error
        except OSError as error:
            raise gone(self.pid) from error
        return Maps(self.pid, parse_maps(raw))

    def _refuse_foreign_programs(self) -> None:
        ours = header_of("/proc/self/exe")
        theirs = header_of(f"/proc/{self.pid}/exe")
        if theirs is not None:
            refuse_header(self.pid, theirs, ours)


def header_of(path: str) -> Header | None:
    """The ELF header of a program's file; None where it cannot be had."""
    try:
        with open(path, "rb") as stream:
            return read_header(stream.read(64))
    except OSError:
        return None


def refuse_header(pid: int, theirs: Header, ours: Header | None) -> None:
    """Refuse programs of another word size or processor. Raises :class:`AttachRefused`."""
    if theirs.bits != 64:
        raise AttachRefused(
            f"process {pid} is a {theirs.bits}-bit program ({theirs.arch})",
            "Only 64-bit interpreters can be read from outside; use `--mode agent` in it.",
        )
    if not theirs.little or (ours is not None and theirs.machine != ours.machine):
        raise AttachRefused(
            f"process {pid} is a program for another processor ({theirs.arch})",
            "Run isoview on the machine, or in the emulation, that the process was made for.",
        )

"""One child process on Windows. Written from the documentation and NOT TRIED: nobody who works on
this has had a Windows machine. What differs from ``spawn.py``: the answer pipe is handed over as a
handle, pipes are read by threads, and a job object ends whatever the child started.
"""

import sys

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import os
    import subprocess
    import threading
    import time
    from collections.abc import Callable, Mapping, Sequence

    from isoview.inspectors.live.spawn import ANSWER_LIMIT, STDERR_KEPT, Ended

    KILL_ON_CLOSE, EXTENDED_LIMITS, LIMITS_SIZE, FLAGS_AT = 0x2000, 9, 144, 16
    """JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE, JobObjectExtendedLimitInformation, the size of that
    structure on 64-bit systems and the place of LimitFlags in it (winnt.h)."""
    POLL = 0.05

    def run_child(
        command: Callable[[int], Sequence[str]],
        environment: Mapping[str, str],
        timeout: float,
        stop: threading.Event | None = None,
    ) -> Ended:
        """Run ``command(handle to answer on)`` to its end, or to ``timeout`` seconds."""
        started = time.monotonic()
        reading, writing = os.pipe()
        handle = msvcrt.get_osfhandle(writing)
        os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        try:
            process = subprocess.Popen(
                list(command(handle)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                startupinfo=startup,
                env=dict(environment),
            )
        finally:
            os.close(writing)
        job = _job_for(process)
        said, out, err = bytearray(), bytearray(), bytearray()
        total = [0]

        def read(descriptor: int, into: bytearray, limit: int, *, tail: bool) -> None:
            while data := os.read(descriptor, 65536):
                total[0] += len(data) if into is out else 0
                into += data if tail else data[: limit + 1 - len(into)]
                if tail:
                    del into[:-limit]

        assert process.stdout is not None  # noqa: S101
        assert process.stderr is not None  # noqa: S101
        for descriptor, into, limit, tail in (
            (reading, said, ANSWER_LIMIT, False),
            (process.stdout.fileno(), out, 1, True),
            (process.stderr.fileno(), err, STDERR_KEPT, True),
        ):
            threading.Thread(
                target=read, args=(descriptor, into, limit), kwargs={"tail": tail}, daemon=True
            ).start()
        ended = stopped = False
        while not ended and not stopped and time.monotonic() - started < timeout:
            try:
                process.wait(POLL)
                ended = True
            except subprocess.TimeoutExpired:
                stopped = stop is not None and stop.is_set()
        ctypes.windll.kernel32.CloseHandle(job)  # ends everything in it
        process.wait()
        time.sleep(POLL)  # what is still in the pipes
        return Ended(
            said=bytes(said),
            flooded=len(said) > ANSWER_LIMIT,
            stderr=err.decode("utf-8", "backslashreplace"),
            stdout_bytes=total[0],
            returncode=process.returncode if ended else None,
            timed_out=not ended and not stopped,
            seconds=time.monotonic() - started,
            stopped=stopped,
        )

    def _job_for(process: subprocess.Popen[bytes]) -> int:
        """A job object that holds the process and ends with its last handle."""
        kernel = ctypes.windll.kernel32
        job: int = kernel.CreateJobObjectW(None, None)
        limits = ctypes.create_string_buffer(LIMITS_SIZE)
        limits[FLAGS_AT : FLAGS_AT + 4] = KILL_ON_CLOSE.to_bytes(4, "little")
        kernel.SetInformationJobObject(job, EXTENDED_LIMITS, limits, LIMITS_SIZE)
        kernel.AssignProcessToJobObject(job, int(process._handle))  # noqa: SLF001
        return job

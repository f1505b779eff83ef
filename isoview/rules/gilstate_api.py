"""ISO305."""

from collections.abc import Iterator

from isoview.fingerprint import api_subject
from isoview.inspectors.facts import Facts
from isoview.model import Finding
from isoview.rules.base import Rule
from isoview.rules.imports import imported

_ENSURE = "PyGILState_Ensure"
_PREFIX = "PyGILState_"


class GilStateApi(Rule):
    """The code enters Python without saying which interpreter.

    What it finds
        A file that calls functions of the `PyGILState_*` family. By the call alone nothing is wrong
        yet, so this is a note.

    Why it matters
        `PyGILState_Ensure` knows one interpreter per process. Up to Python 3.11 it hangs in a
        sub-interpreter, even on the calling thread. From 3.12 on a thread that is attached keeps
        its interpreter, but a thread that Python did not make gets the main one, whatever
        interpreter the callback belongs to.

    How to fix
        C: Where C code calls back on a thread that may be foreign, remember the interpreter
        (`PyInterpreterState_Get`) with the callback and enter it with `PyThreadState_New` and
        `PyEval_RestoreThread`; from 3.15 `PyThreadState_Ensure` does that. Where the thread is
        always attached, the call can go.

        Cython: `with gil` blocks and `cdef ... with gil` functions expand to this call. Keep them
        to callbacks that come on threads of the right interpreter, and record the decision.

        pybind11: `py::gil_scoped_acquire` uses pybind11's own thread states; a direct call comes
        from elsewhere in the file. In a callback on a foreign thread, activate the interpreter
        that it belongs to first (`py::subinterpreter_scoped_activate`, pybind11 3.0).

        nanobind: `nb::gil_scoped_acquire` expands to this call. Keep it to threads that Python
        knows, and record the decision.

        PyO3: `Python::attach` (`Python::with_gil` before 0.26) expands to this call. PyO3 supports
        the main interpreter only; record the decision.

        SWIG: Comes from `-threads` and from directors. Build without `-threads` where no callback
        needs it.

        cffi: Callbacks (`extern "Python"`) enter through this call in `_cffi_backend` or in the
        embedding code; no option of cffi changes that. Record the decision with its reason.

    Guide
        making-modules-safe-with-multiple-interpreters
    """

    code = "ISO305"
    name = "gilstate-api"
    severity = "note"
    guide = "making-modules-safe-with-multiple-interpreters"

    def check(self, facts: Facts) -> Iterator[Finding]:
        used = facts.capi.like(_PREFIX)
        if used:
            first = _ENSURE if _ENSURE in used else used[0]
            yield self.finding(
                facts,
                api_subject("PyGILState"),
                f"{first} is called: it does not say which interpreter is meant",
                evidence=imported(*used),
                confidence="medium",
            )

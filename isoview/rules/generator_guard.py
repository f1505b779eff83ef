"""ISO704."""

from collections.abc import Iterator

from isoview.guards import once_per_interpreter, one_interpreter
from isoview.inspectors.facts import Facts
from isoview.model import Finding, Where
from isoview.rules.base import Rule


class GeneratorGuard(Rule):
    """The generator's own code refuses a second interpreter.

    What it finds
        The message of a check that Cython ("Interpreter change detected") or PyO3 ("PyO3 modules do
        not yet support subinterpreters") puts into the init function. Cython's check for a second
        import into the same interpreter is reported as a note.

    Why it matters
        The first interpreter that imports the module gets it; every other one in the process gets
        an ImportError. Which one is first depends on the order of imports, so an application can
        work in a test and fail in production.

    How to fix
        C: The check comes from the generator that wrote this code; see what that offers.

        Cython: The check goes when the module is compiled with module state
        (`-DCYTHON_USE_MODULE_STATE=1`, Cython 3.1 or later); Cython calls that mode experimental.
        A second import into the same interpreter is refused in that mode too.

        PyO3: PyO3 0.28 and later have no such check for the module itself, only for its
        submodules. They do not isolate it either: its classes are then shared by all interpreters
        that import it.

    Guide
        opt-out-limiting-to-one-module-object-per-process
    """

    code = "ISO704"
    name = "generator-guard"
    severity = "warning"
    guide = "opt-out-limiting-to-one-module-object-per-process"

    def check(self, facts: Facts) -> Iterator[Finding]:
        if guards := one_interpreter(facts):
            yield self.finding(
                facts,
                "module",
                f"only the first interpreter can import the module ({facts.generator}'s guard)",
                where=Where(address=guards[0].address),
                evidence=guards,
            )
        elif guards := once_per_interpreter(facts):
            yield self.finding(
                facts,
                "module",
                "a second import into the same interpreter is refused",
                where=Where(address=guards[0].address),
                evidence=guards,
                severity="note",
            )

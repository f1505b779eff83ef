"""The list of interpreters in the runtime: their numbers, GILs and threads."""

from typing import NamedTuple

from isoview.inspectors.process.facts import Thread
from isoview.inspectors.process.memory import Memory, Unread
from isoview.inspectors.process.runtime import Interpreter

INTERPRETER_LIMIT = 4096
THREAD_LIMIT = 4096


class InterpreterHead(NamedTuple):
    """What stands at the start of an interpreter; addresses are those of the target's memory."""

    address: int
    id: int
    modules: int  # address of its sys.modules
    gil: str
    threads: tuple[Thread, ...]


def read_heads(memory: Memory, interpreter: Interpreter) -> list[InterpreterHead]:
    """Every interpreter of the process, main first. Raises :class:`Unread`."""
    runtime, word = interpreter.runtime, memory.word
    address = word(interpreter.address + runtime.interpreters_head)
    found: list[InterpreterHead] = []
    seen: set[int] = set()
    while address and address not in seen and len(found) < INTERPRETER_LIMIT:
        seen.add(address)
        number = word(address + runtime.id)
        number -= (number >> 63) << 64  # int64_t
        found.append(
            InterpreterHead(
                address, number, word(address + runtime.modules), _gil(memory, interpreter, address),
                _threads(memory, interpreter, address),
            )
        )  # fmt: skip
        address = word(address + runtime.next)
    return sorted(found, key=lambda head: head.id)


def _gil(memory: Memory, interpreter: Interpreter, address: int) -> str:
    if interpreter.free_threaded:
        return "off"
    runtime = interpreter.runtime
    if runtime.gil is None or runtime.own_gil is None:
        return "process"
    used = memory.word(address + runtime.gil)
    return "own" if used == address + runtime.own_gil else "shared"


def _threads(memory: Memory, interpreter: Interpreter, address: int) -> tuple[Thread, ...]:
    runtime, word = interpreter.runtime, memory.word
    found: list[Thread] = []
    seen: set[int] = set()
    try:
        thread = word(address + runtime.threads_head)
        while thread and thread not in seen and len(found) < THREAD_LIMIT:
            seen.add(thread)
            identifiers = (thread + runtime.thread_id, thread + runtime.native_thread_id)
            found.append(Thread(*map(word, identifiers)))
            thread = word(thread + runtime.thread_next)
    except Unread:
        pass  # a thread that ends takes its state with it
    return tuple(found)

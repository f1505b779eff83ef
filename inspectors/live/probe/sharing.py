"""The target in sub-interpreters: does it load there, and what do two of them share?"""

import os
import sys

from .importing import NotRunError
from .interpreters import CannotError, SubInterpreter
from .objects import compare
from .outcomes import CutShortError, outcome, recognise

NOTHING = {"shared_types": [], "compared_types": 0, "shared_objects": [], "compared_objects": 0}


def main_first(target, options, also):
    """The main interpreter has it; a sub-interpreter that shares the GIL imports it too."""
    sub = _make(own_gil=False)
    mine = target.objects(target.first)
    theirs = sub.look(dict(options, label="the sub-interpreter"))
    answer = _seen([("main", outcome("ok")), ("sub", theirs)])
    if theirs["status"] == "ok":
        target.channel.stage("compare")
        answer.update(compare(mine, theirs["data"]))
    answer.update(target.identity)
    target.channel.stage("destroy the sub-interpreter")
    sub.destroy()
    _must_be_ok(theirs, answer, also)
    target.channel.stage("use in the main interpreter")
    target.use(target.first)
    return answer


def in_turn(channel, options, also):
    """Two sub-interpreters, the second made when the first is gone; the main one has it not."""
    answers = []
    for number, label in ((1, "the first sub-interpreter"), (2, "the second sub-interpreter")):
        channel.stage("make %s" % label)
        sub = _make(own_gil=False)
        result = sub.look(dict(options, label=label))
        answers.append(("sub %d" % number, result))
        channel.stage("destroy %s" % label)
        sub.destroy()
    answer = dict(_seen(answers), **NOTHING)
    for _, result in answers:
        _must_be_ok(result, answer, also)
    return answer


def own_gil(channel, options, also):
    """Two interpreters with a GIL of their own import it at once, in two threads."""
    import threading

    subs = [_make(own_gil=True), _make(own_gil=True)]
    ready, is_ready = os.pipe()
    go, may_go = os.pipe()
    results = [None, None]
    looked = [threading.Event(), threading.Event()]
    may_end = threading.Event()

    def live_and_die(index):
        label = "the %s own-GIL interpreter" % ("first", "second")[index]
        try:
            results[index] = subs[index].look(dict(options, label=label, gate=(is_ready, go)))
        finally:
            os.write(is_ready, b".")  # one that failed before the gate holds nobody up
            looked[index].set()
        may_end.wait()
        subs[index].destroy()

    channel.stage("import in two own-GIL interpreters at once")
    threads = [threading.Thread(target=live_and_die, args=(index,)) for index in (0, 1)]
    for thread in threads:
        thread.start()
    waiting = 2
    while waiting:
        waiting -= len(os.read(ready, waiting))
    os.write(may_go, b"..")
    for event in looked:
        event.wait()
    answer = dict(_seen([("sub 1", results[0]), ("sub 2", results[1])]), **NOTHING)
    if all(result["status"] == "ok" for result in results):
        channel.stage("compare")
        answer.update(compare(results[0]["data"], results[1]["data"]))
    channel.stage("destroy the own-GIL interpreters")
    may_end.set()
    for thread in threads:
        thread.join()
    for result in results:
        _must_be_ok(result, answer, also)
    return answer


def _make(own_gil):
    try:
        return SubInterpreter(own_gil)
    except CannotError as reason:
        raise NotRunError(str(reason)) from None


def _seen(answers):
    """How the import went in each interpreter, in their order."""
    return {
        "interpreters": [
            {"where": where, "status": result["status"], "message": result["message"],
             "recognised": result["recognised"]}
            for where, result in answers
        ],
        **NOTHING,
    }  # fmt: skip


def _must_be_ok(result, answer, also):
    """An interpreter that did not get the module decides how the experiment ended."""
    if result["status"] == "ok":
        return
    message = result["message"] or ""
    if result["status"] == "failed" and message.startswith("ImportError"):
        # What was printed as unraisable instead: in 3.14 and later that is where a guard speaks.
        guards = [text for text in also if recognise(text)]
        if guards:
            result = dict(result, status="refused", recognised=recognise(guards[0]))
        for text in (guards or also)[-1:]:
            message = message if text in message else "%s [%s]" % (message, text)
    raise CutShortError(dict(result, message=message), answer)


def unraisable():
    """A list that what is printed as unraisable is added to: 3.14 and later hide causes there."""
    texts = []
    before = sys.unraisablehook

    def hook(entry):
        texts.append(str(entry.exc_value))
        before(entry)

    sys.unraisablehook = hook
    return texts

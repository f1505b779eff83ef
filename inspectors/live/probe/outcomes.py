"""What an exception of foreign code amounts to: refused, or failed; and how it is said."""

REFUSALS = (
    ("cpython", "does not support loading in subinterpreters"),
    ("cython", "Interpreter change detected"),
    ("cython", "has already been imported. Re-initialisation is not supported"),
    ("cython", "has already been imported into this interpreter"),
    ("pyo3", "PyO3 modules do not yet support subinterpreters"),
    ("pyo3", "may only be initialized once per interpreter process"),
    ("opt-out", "cannot load module more than once per process"),
    ("opt-out", "can only be loaded once per process"),
)
"""Who refuses, by the text it refuses with: see the sources of CPython, Cython, PyO3, and the
opt-out that the isolation HOWTO shows."""
MESSAGE_LIMIT = 2000
CAUSES = 10
SHORT = 160


class CutShortError(Exception):
    """An experiment that ended early, as an outcome, with what it had seen until then."""

    def __init__(self, result, data=None):
        super().__init__(result["message"])
        self.result = dict(result, data=data)


def outcome(status, message=None, recognised=None, data=None):
    """The result of one experiment, as it is sent."""
    return {"status": status, "message": message, "recognised": recognised, "data": data}


def failure(error, also=()):
    """The outcome of an exception. ``also`` are texts of what came with it and went elsewhere.

    A refusal may be wrapped (numpy shows a page of advice and keeps it as the cause), and 3.14 and
    later print what a module raised as unraisable and raise a general ImportError in its place.
    """
    message = describe(error)
    if isinstance(error, ImportError):
        for text in [message, *_causes(error), *also]:
            who = recognise(text)
            if who is not None:
                said = message if text is message else "%s [%s]" % (_short(message), text)
                return outcome("refused", said[:MESSAGE_LIMIT], who)
    if also:
        message = "%s [%s]" % (message, also[-1])
    return outcome("failed", message[:MESSAGE_LIMIT])


def recognise(text):
    """Whose refusal the text is; None: nobody's."""
    return next((who for who, words in REFUSALS if words in text), None)


def describe(error):
    """``Type: text``, whatever the exception's own code does."""
    try:
        text = str(error)
    except BaseException:
        text = "(its text cannot be had)"
    name = type(error).__name__
    return ("%s: %s" % (name, text) if text else name)[:MESSAGE_LIMIT]


def _causes(error):
    texts = []
    while len(texts) < CAUSES:
        error = error.__cause__ or error.__context__
        if error is None:
            break
        texts.append(describe(error))
    return texts


def _short(text):
    words = " ".join(text.split())
    return words if len(words) <= SHORT else words[:SHORT] + "..."

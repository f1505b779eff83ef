"""A running interpreter, read from outside: nothing is called in it and nothing is written to it.

``target`` opens a process, ``runtime`` finds CPython in it, ``walk`` goes from interpreters to
modules to types, ``statics`` looks for C statics that hold live objects. Everything read from the
process is hostile: lengths are bounded, walks remember where they were, and what does not hold
together is counted, never guessed.
"""

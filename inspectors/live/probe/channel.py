"""The child's side of the protocol: JSON lines on a descriptor that the runner gave us.

stdout and stderr belong to the module. ``json`` is imported only for the answer: it brings an
extension module of its own, which may be the very one to look at.
"""

import os


def quote(text):
    """``text`` as a JSON string, without the json module."""
    out = ['"']
    for character in text:
        code = ord(character)
        if 32 <= code < 127 and character not in '"\\':
            out.append(character)
        elif code > 0xFFFF:
            code -= 0x10000
            out.append("\\u%04x\\u%04x" % (0xD800 + (code >> 10), 0xDC00 + (code & 0x3FF)))
        else:
            out.append("\\u%04x" % code)
    out.append('"')
    return "".join(out)


class Channel:
    """Writes lines; a forked copy of this process that comes back here is ended, not heard."""

    def __init__(self, descriptor):
        if os.name == "nt":  # a handle is what is inherited there (not tried)
            import msvcrt

            descriptor = msvcrt.open_osfhandle(descriptor, os.O_WRONLY)
        self._descriptor = descriptor
        self._pid = os.getpid()
        self.at = "start"
        os.set_inheritable(descriptor, False)

    def send(self, line):
        """Write one line; every byte of it, or an exception."""
        if os.getpid() != self._pid:
            os._exit(0)
        data = (line + "\n").encode("ascii")
        while data:
            data = data[os.write(self._descriptor, data) :]

    def stage(self, name):
        """Said before every step that foreign code could fail to come back from."""
        self.at = name
        self.send('{"stage": %s}' % quote(name))

    def hello(self, executable, version, implementation, free_threaded):
        """Say which interpreter this is, before foreign code can run."""
        self.send(
            '{"python": {"executable": %s, "version": %s, "implementation": %s,'
            ' "free_threaded": %s}}'
            % (
                quote(executable),
                quote(version),
                quote(implementation),
                "true" if free_threaded else "false",
            )
        )

    def answer(self, result):
        """Send the experiment's result: JSON-able data."""
        import json

        self.send(json.dumps({"result": result}))

"""A program on a terminal of its own."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

_SEQUENCE = re.compile(rb"\033\[[0-9;]*[A-Za-z]")


class Terminal:
    def __init__(self, command, rows=24, columns=80, env=None):
        self.main, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen([str(c) for c in command], stdin=side, stdout=side, stderr=side,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
                                        start_new_session=True, env={**os.environ, "TERM": "xterm", **(env or {})})
        os.close(side)
        self.output = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.main)

    def read_until(self, enough, deadline_s=15):
        """Reads until enough(all output so far)."""
        end = time.monotonic() + deadline_s
        while not enough(self.output):
            assert time.monotonic() < end, f"not within {deadline_s} s: {self.output!r}"
            if select.select([self.main], [], [], 0.2)[0]:
                try:
                    self.output += os.read(self.main, 65536)
                except OSError:     # all who wrote are gone
                    assert enough(self.output), f"the end came first: {self.output!r}"
        return self.output

    def type(self, text):
        os.write(self.main, text.encode())

    def resize(self, rows, columns):
        fcntl.ioctl(self.main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def interrupt(self):
        """Ctrl-C; the exit code."""
        os.kill(self.process.pid, signal.SIGINT)
        return self.process.wait(15)


def plain(output):
    return _SEQUENCE.sub(b"", output).decode()

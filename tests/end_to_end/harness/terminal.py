"""A program in a pseudo terminal that records its output."""

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading


class Terminal:
    def __init__(self, arguments, rows=40, columns=160):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            [str(argument) for argument in arguments], stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self._drawn = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self._master, 65536)
            except OSError:  # the other end is closed
                return
            if not data:
                return
            self._drawn += data

    def drawn(self):
        """The complete output, including escape sequences."""
        return self._drawn.decode("utf-8", "replace")

    def type(self, keys):
        os.write(self._master, keys)

    def wait(self, seconds):
        code = self._process.wait(seconds)
        self._reader.join(seconds)
        return code

    def close(self):
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        os.close(self._master)

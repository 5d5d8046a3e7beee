"""The two programs under test, and processes that run them."""

import os
import random
import signal
import socket
import subprocess
from pathlib import Path


def program(variable):
    """The path of a program, from an environment variable that ctest sets."""
    path = os.environ.get(variable)
    if not path or not Path(path).is_file():
        raise RuntimeError(f"{variable} must contain the path of the program; ctest sets it")
    return path


def free_port():
    """A free loopback port.

    It is below the range from which the kernel selects ports of outgoing connections, so that a
    concurrent test does not get it by chance.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def run_bridge(*arguments, environment=None, folder=None):
    """Runs a position-bridge command that ends by itself."""
    return subprocess.run([program("POSITION_BRIDGE"), *map(str, arguments)], cwd=folder,
                          env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=20, check=False)


class RunningProgram:
    """A process whose output is written to two files."""

    def __init__(self, folder, name, arguments, environment=None):
        self.output_file = folder / f"{name}.out.log"
        self.error_file = folder / f"{name}.err.log"
        with open(self.output_file, "ab") as output, open(self.error_file, "ab") as error:
            self._process = subprocess.Popen(
                [str(argument) for argument in arguments], stdin=subprocess.DEVNULL,
                stdout=output, stderr=error, cwd=folder,
                env=os.environ | (environment or {}))

    @property
    def pid(self):
        return self._process.pid

    def output(self):
        return self.output_file.read_text(encoding="utf-8", errors="replace")

    def errors(self):
        return self.error_file.read_text(encoding="utf-8", errors="replace")

    def exit_code(self):
        """None while it runs."""
        return self._process.poll()

    def send(self, number):
        self._process.send_signal(number)

    def wait(self, seconds):
        """The exit code; fails if the process does not end."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs after {seconds} s:\n{self.errors()}") from None

    def stop(self, seconds=6.0):
        if self.exit_code() is None:
            self.send(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        """Kills the process at the end of a test, whatever its state."""
        if self.exit_code() is None:
            self.send(signal.SIGCONT)
            self._process.kill()
            self._process.wait()

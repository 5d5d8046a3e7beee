"""The second exchange as a process, and its control port."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

from harness.programs import RunningProgram, free_port
from harness.waiting import wait_until

HERE = Path(__file__).resolve().parent


def make_certificate(folder):
    """A certificate for loopback that signs itself: its key and the certificate in one file."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True)
    both = folder / "exchange.pem"
    both.write_text(key.read_text() + certificate.read_text(), encoding="ascii")
    return both, certificate


class SecondExchange(RunningProgram):
    def __init__(self, folder, accounts, habits=(), tls=False, ping_interval=180,
                 claim_tls=False):
        """`claim_tls`: its addresses say TLS although it is not spoken."""
        self.port = free_port()
        control_port = free_port()
        command = [sys.executable, "-m", "exchange", "--port", self.port,
                   "--control-port", control_port, "--ping-interval", ping_interval]
        for account in accounts:
            command += ["--account", f"{account.name}:{account.api_key}:{account.api_secret}"
                        + (":hedge" if account.mode == "hedge" else "")]
        for habit in habits:
            command += ["--habit", habit]
        self.ca_file = None
        self._says_tls = tls or claim_tls
        if tls:
            both, self.ca_file = make_certificate(folder)
            command += ["--certificate", both]
        super().__init__(folder, "second_exchange", command, {"PYTHONPATH": str(HERE)})
        wait_until(lambda: self._connect(control_port) or self.exit_code() is not None,
                   "the second exchange is ready")
        if self.exit_code() is not None:
            raise AssertionError(f"the second exchange did not start:\n{self.errors()}")

    @property
    def rest(self):
        return f"{'https' if self._says_tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def streams(self):
        return f"{'wss' if self._says_tls else 'ws'}://127.0.0.1:{self.port}"

    def _connect(self, port):
        try:
            self._control = socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            return False
        self._lines = self._control.makefile("rw", encoding="utf-8")
        return True

    def close(self):
        self._lines.close()
        self._control.close()
        self.kill()

    @contextlib.contextmanager
    def paused(self):
        self.send(signal.SIGSTOP)
        try:
            yield
        finally:
            self.send(signal.SIGCONT)

    # --- the control port ----------------------------------------------------------------------

    def do(self, command, **members):
        self._lines.write(json.dumps({"do": command} | members) + "\n")
        self._lines.flush()
        answer = json.loads(self._lines.readline())
        if "error" in answer:
            raise AssertionError(f"{command}: {answer['error']}")
        return answer["result"]

    def trade(self, account, symbol, side, amount, entry="0", silent=False):
        """A trade leaves the position behind with that amount and entry price."""
        self.do("trade", account=account, symbol=symbol, side=side, amount=amount, entry=entry,
                silent=silent)

    def event(self, account, name, text):
        """Sends that text as an event, whatever it says."""
        self.do("event", account=account, name=name, text=text)

    def truth(self):
        return self.do("truth")

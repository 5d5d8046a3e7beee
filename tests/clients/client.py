"""A third-party client in a process that executes commands and reports events."""

import json
import os
import queue
import subprocess
import threading
from pathlib import Path

from harness.waiting import wait_until

HERE = Path(__file__).resolve().parent
ANSWER_WITHIN_S = 20


class ClientError(Exception):
    """An error that the client raised."""


class ThirdPartyClient:
    def __init__(self, name, exchange, account, log):
        self.events = []  # (name, value) in the order of arrival
        self._answers = queue.SimpleQueue()
        self._asked = 0
        answers, of_process = os.pipe()
        self._process = subprocess.Popen(
            ["node", HERE / f"{name}.cjs"], stdin=subprocess.PIPE, stdout=log, stderr=log,
            text=True, encoding="utf-8", pass_fds=[of_process], env=os.environ | {
                "REST": f"https://{exchange.address}", "STREAMS": f"wss://{exchange.address}",
                "NODE_EXTRA_CA_CERTS": str(exchange.ca_file), "ANSWERS": str(of_process),
                "API_KEY": account.api_key, "API_SECRET": account.api_secret})
        os.close(of_process)
        self._stream = open(answers, encoding="utf-8")
        threading.Thread(target=self._read, daemon=True).start()

    def ask(self, command, argument=None):
        self._asked += 1
        self._process.stdin.write(json.dumps(
            {"id": self._asked, "command": command, "argument": argument}) + "\n")
        self._process.stdin.flush()
        answer = self._answers.get(timeout=ANSWER_WITHIN_S)
        if answer["id"] != self._asked:
            raise AssertionError(f"the answer to {answer['id']} came after {self._asked}")
        if "error" in answer:
            raise ClientError(answer["error"])
        return answer["result"]

    def of(self, event):
        """All reports of that event."""
        return [value for name, value in list(self.events) if name == event]

    def wait_for(self, event, test, what, seconds=10.0):
        return wait_until(lambda: next((value for value in self.of(event) if test(value)), None),
                          lambda: f"{what}; the last reports: {self.of(event)[-3:]}", seconds)

    def stop(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _read(self):
        with self._stream as stream:
            for line in stream:
                message = json.loads(line)
                if "event" in message:
                    self.events.append((message["event"], message["value"]))
                else:
                    self._answers.put(message)

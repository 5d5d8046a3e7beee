"""Load on the bus: many mark prices, and subscribers in separate processes."""

import json
import select
import signal
import subprocess
import threading
import time

from harness.waiting import wait_until

STEP_S = 0.01

# Reads as fast as possible, or one message per `pause` seconds until SIGUSR1. Ends at SIGTERM and
# prints the number of received messages and of gaps in `account_seq`. Prints "begun" at its first
# message and "gap" at its first gap.
READER = """
import json, signal, sys, time
import msgpack, zmq
endpoint, pause, high_water_mark, buffer_size = (
    sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
socket = zmq.Context().socket(zmq.SUB)
socket.setsockopt(zmq.RCVHWM, high_water_mark)
if buffer_size:
    socket.setsockopt(zmq.RCVBUF, buffer_size)
for topic in (b"position.update.", b"account.status."):
    socket.subscribe(topic)
socket.connect(endpoint)
received, gaps, last = 0, 0, {}
def stop_pausing(*_):
    global pause
    pause = 0
def finish(*_):
    print(json.dumps({"received": received, "gaps": gaps}), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
signal.signal(signal.SIGUSR1, stop_pausing)
while True:
    _, payload = socket.recv_multipart()
    body = msgpack.unpackb(payload)
    account, number = body["account"], body["account_seq"]
    received += 1
    if account in last and number != last[account] + 1:
        gaps += 1
        if gaps == 1:
            print("gap", flush=True)
    last[account] = number
    if received == 1:
        print("begun", flush=True)
    if pause:
        time.sleep(pause)
"""


class Reader:
    def __init__(self, endpoint, pause=0.0, high_water_mark=0, buffer_size=0):
        self._process = subprocess.Popen(
            ["/usr/bin/python3", "-c", READER, endpoint, str(pause), str(high_water_mark),
             str(buffer_size)], stdout=subprocess.PIPE, text=True)

    def wait_until_it_reads(self, seconds=10.0):
        self._expect("begun", seconds)

    def wait_until_it_misses_something(self, seconds=20.0):
        self._expect("gap", seconds)

    def _expect(self, line, seconds):
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise AssertionError(f'the reader did not print "{line}" within {seconds:g} s')
        said = self._process.stdout.readline().strip()
        if said != line:
            raise AssertionError(f'the reader printed "{said}" instead of "{line}"')

    def hurry(self):
        """Ends the pauses."""
        self.send(signal.SIGUSR1)

    def send(self, number):
        self._process.send_signal(number)

    def finish(self):
        """Its final report."""
        self.send(signal.SIGTERM)
        return json.loads(self._process.communicate(timeout=10)[0].splitlines()[-1])

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


class MarkPriceLoad:
    """Sends mark prices of `symbols` in turn at the given rate while the context is open."""

    def __init__(self, exchange, symbols, per_second):
        self._exchange = exchange
        self._symbols = symbols
        self._per_second = per_second
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        self._thread.join()

    def _run(self):
        begin, sent = time.monotonic(), 0
        while not self._closing.wait(STEP_S):
            # Each step makes up for the delay of the previous one.
            due = int((time.monotonic() - begin) * self._per_second) - sent
            if due > 0:
                self._exchange.ask("/flood", {"symbols": self._symbols, "frames": due})
                sent += due


def published(bridge):
    return bridge.metrics().total("position_bridge_updates_published_total")


def measure_rate(bridge, seconds):
    """The updates per second that the bridge publishes."""
    before, begin = published(bridge), time.monotonic()
    time.sleep(seconds)
    return (published(bridge) - before) / (time.monotonic() - begin)


def wait_for_rate(bridge, least, seconds=30.0):
    wait_until(lambda: measure_rate(bridge, 0.5) >= least, f"{least} updates per second", seconds)

"""Load on the bus: mark prices in numbers, and subscribers that are processes of their own."""

import json
import select
import signal
import subprocess
import threading
import time

from harness.waiting import wait_until

STEP_S = 0.01

# Reads as fast as it can, or one message each `pause` seconds until SIGUSR1, and ends at SIGTERM;
# prints then how much it has received and how often `account_seq` went on with another number than
# the next. Says "begun" with its first message and "hole" with its first hole.
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
received, holes, last = 0, 0, {}
def hurry(*_):
    global pause
    pause = 0
def finish(*_):
    print(json.dumps({"received": received, "holes": holes}), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, finish)
signal.signal(signal.SIGUSR1, hurry)
while True:
    _, payload = socket.recv_multipart()
    body = msgpack.unpackb(payload)
    account, number = body["account"], body["account_seq"]
    received += 1
    if account in last and number != last[account] + 1:
        holes += 1
        if holes == 1:
            print("hole", flush=True)
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
        self._expect("hole", seconds)

    def _expect(self, line, seconds):
        if not select.select([self._process.stdout], [], [], seconds)[0]:
            raise AssertionError(f'the reader did not say "{line}" within {seconds:g} s')
        said = self._process.stdout.readline().strip()
        if said != line:
            raise AssertionError(f'the reader said "{said}" instead of "{line}"')

    def hurry(self):
        """No pauses any more."""
        self.send(signal.SIGUSR1)

    def send(self, number):
        self._process.send_signal(number)

    def finish(self):
        """What it says at the end."""
        self.send(signal.SIGTERM)
        return json.loads(self._process.communicate(timeout=10)[0].splitlines()[-1])

    def kill(self):
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


class MarkPriceLoad:
    """So many mark prices a second, of `symbols` in turn, as long as it is entered."""

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
            # What one step was late for, the next one makes up.
            due = int((time.monotonic() - begin) * self._per_second) - sent
            if due > 0:
                self._exchange.ask("/flood", {"symbols": self._symbols, "frames": due})
                sent += due


def published(bridge):
    return bridge.metrics().total("position_bridge_updates_published_total")


def measure_rate(bridge, seconds):
    """Updates a second that the bridge publishes."""
    before, begin = published(bridge), time.monotonic()
    time.sleep(seconds)
    return (published(bridge) - before) / (time.monotonic() - begin)


def wait_for_rate(bridge, least, seconds=30.0):
    wait_until(lambda: measure_rate(bridge, 0.5) >= least, f"{least} updates a second", seconds)

"""High message rates and slow subscribers: a slow subscriber affects only itself."""

import signal
import statistics
import time
import unittest
from pathlib import Path

from harness.exchange import Account
from harness.joining import join
from harness.load import MarkPriceLoad, Reader, published, wait_for_rate
from harness.waiting import wait_until
from harness.world import EndToEndTest

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT"]
NAMES = ["alpha", "beta", "gamma", "delta"]
QUEUE = 1000
MESSAGE_SIZE = 1000  # upper limit, including the overhead of ZeroMQ


def holding(name):
    return Account(name, positions=[{"symbol": symbol, "side": "LONG", "quantity": "10"}
                                    for symbol in SYMBOLS])


def resident_bytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


class Load(EndToEndTest):
    def reader(self, **settings):
        reader = Reader(self.setup_of_bridge.endpoint, **settings)
        self.addCleanup(reader.kill)
        reader.wait_until_it_reads()
        return reader

    def count(self, name):
        return self.bridge.metrics().total("position_bridge_" + name)

    def test_stopped_and_slow_subscribers_do_not_affect_a_fast_one(self):
        self.start([holding(name) for name in NAMES],
                   publisher={"send_high_water_mark": QUEUE})
        fast = self.reader()
        slow = self.reader(pause=0.01, high_water_mark=1, buffer_size=4096)
        stopped = self.reader(high_water_mark=1, buffer_size=4096)
        before = resident_bytes(self.bridge.pid)
        begin = published(self.bridge)
        with MarkPriceLoad(self.exchange, SYMBOLS, 1000):
            wait_for_rate(self.bridge, 2500)
            stopped.send(signal.SIGSTOP)
            wait_until(lambda: self.count("slow_subscriber_episodes_total") >= 2
                       and published(self.bridge) > begin + 30_000, "two episodes", 40)
            slow.hurry()
            slow.wait_until_it_misses_something()
        grown = resident_bytes(self.bridge.pid) - before
        self.assertLess(grown, 2 * QUEUE * MESSAGE_SIZE + 4_000_000, "the queues are bounded")
        self.assertIn("a subscriber is too slow", self.bridge.errors())
        self.subscriber.wait_for_heartbeat()
        stopped.send(signal.SIGCONT)
        heard = fast.finish()
        self.assertEqual(0, heard["gaps"], "the fast subscriber lost messages")
        self.assertGreater(heard["received"], 30_000)
        # The subscriber of the test, whose messages are checked, is fast too.

    def test_subscriber_that_stops_answering_is_disconnected(self):
        self.start([holding("alpha")])
        stopped = self.reader()
        wait_until(lambda: self.count("subscribers") == 2, "both are connected")
        stopped.send(signal.SIGSTOP)
        wait_until(lambda: self.count("subscribers") == 1, "the stopped one is disconnected", 8)
        wait_until(lambda: self.bridge.metrics().total("position_bridge_subscriptions",
                                                       kind="update") == 0, "its filters")

    def test_late_joiner_at_20000_messages_per_second_has_everything_at_once(self):
        """A short sample; tests/bench/snapshot_latency measures more joins."""
        self.start([holding(name) for name in NAMES])
        with MarkPriceLoad(self.exchange, SYMBOLS, 5000):
            wait_for_rate(self.bridge, 18_000)
            joinings = []
            for _ in range(7):
                joinings.append(join(self.setup_of_bridge.endpoint, len(NAMES), 2000))
                time.sleep(0.2)  # the bridge answers five per second at once
        self.assertEqual([0] * 7, [joining.gaps for joining in joinings])
        self.assertLess(statistics.median(joining.seconds for joining in joinings), 0.1)


if __name__ == "__main__":
    unittest.main()

"""Every reference subscriber against the real bridge and the simulated exchange, with faults.

At the end of each test, each subscriber holds exactly the true positions and has detected its
losses.
"""

import contextlib
import signal
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "end_to_end"))

from harness.bridge import BridgeSetup  # noqa: E402
from harness.curve import Keys  # noqa: E402
from harness.exchange import Account  # noqa: E402
from harness.truth import differences  # noqa: E402
from harness.waiting import wait_until  # noqa: E402
from harness.world import EndToEndTest  # noqa: E402
from languages import LANGUAGES, ReferenceSubscriber  # noqa: E402

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]
TRADING = {"mean_interval": "20ms", "positions_max": 3, "symbols": SYMBOLS}
START_S = 30.0  # Java and Node.js start slowly on a busy computer


class Held:
    """A position in the form of a published one, for the comparison with the exchange."""

    def __init__(self, body):
        self.body = body

    def __getitem__(self, key):
        return self.body[key]


class Matrix(EndToEndTest):
    def start_all(self, accounts=None, curve=None, is_lossy=False, **settings):
        self.accounts = accounts or [Account(name, trading=TRADING) for name in ("alpha", "beta")]
        self.exchange = self.start_exchange(self.accounts)
        self.setup_of_bridge = BridgeSetup.at(self.exchange, self.folder, self.accounts, **settings)
        self.bridge = self.start_bridge(self.setup_of_bridge)
        self.curve = curve
        self.subscribers = [self.start_one(language) for language in LANGUAGES]
        self.exchange.set_trading(True)
        self.wait(lambda subscriber: is_lossy and subscriber.counter("snapshots")
                  or subscriber.is_current("alpha") and subscriber.positions(),
                  "it knows of positions", START_S)

    def start_one(self, language, number=1):
        subscriber = ReferenceSubscriber(self.folder, language, self.setup_of_bridge.endpoint,
                                         number=number, curve=self.curve)
        self.addCleanup(subscriber.kill)
        return subscriber

    def wait(self, condition, what, seconds=15.0):
        for subscriber in self.subscribers:
            wait_until(lambda: condition(subscriber),
                       lambda: f"{subscriber.language}: {what() if callable(what) else what}; "
                               f"it says {subscriber.told()}", seconds)

    def trade_for(self, seconds):
        """Waits while the exchange trades: the duration of a fault."""
        until = time.monotonic() + seconds
        wait_until(lambda: time.monotonic() >= until, "time passes", seconds + 5)

    def untrue(self, subscriber, truth=None):
        truth = truth or self.exchange.truth()
        held = {key: Held(body) for key, body in subscriber.positions().items()}
        wrong = differences(truth, held)
        if not subscriber.is_current(*truth):
            wrong.append(f"not current: {subscriber.accounts()}")
        return wrong

    def assert_true_at_the_end(self):
        self.exchange.set_trading(False)
        self.wait(lambda subscriber: not self.untrue(subscriber),
                  lambda: str([self.untrue(subscriber) for subscriber in self.subscribers]), 20.0)
        self.assertEqual([], [subscriber.language for subscriber in self.subscribers
                              if subscriber.counter("rejected")], "no rejected messages")

    def counted(self, name):
        return {subscriber.language: subscriber.counter(name) for subscriber in self.subscribers}

    # --- the faults ----------------------------------------------------------------------------

    def test_without_a_fault_nothing_is_missed_and_positions_are_correct(self):
        self.start_all()
        self.trade_for(2.0)
        self.assert_true_at_the_end()
        for name, expected in (("gaps", 0), ("epochs", 1)):
            self.assertEqual({language: expected for language in LANGUAGES}, self.counted(name),
                             name)

    def test_killed_and_restarted_subscriber_has_the_true_positions(self):
        self.start_all()
        for subscriber in self.subscribers:
            subscriber.kill()
        self.trade_for(0.5)
        self.subscribers = [self.start_one(language, number=2) for language in LANGUAGES]
        self.wait(lambda subscriber: subscriber.is_current("alpha", "beta"), "it knows", START_S)
        self.assert_true_at_the_end()
        self.assertEqual({language: 0 for language in LANGUAGES}, self.counted("gaps"))

    def test_subscriber_that_was_stopped_and_disconnected_detects_its_loss(self):
        self.start_all()
        before = self.counted("gaps")
        with self.stopped():
            wait_until(lambda: self.bridge.metrics().total("position_bridge_subscribers") == 0,
                       "the bridge has no subscriber any more", 15.0)
            self.trade_for(0.5)
        self.wait(lambda subscriber: subscriber.counter("gaps") > before[subscriber.language]
                  or subscriber.counter("stale") > 0, "it has noticed its loss")
        self.assert_true_at_the_end()

    @contextlib.contextmanager
    def stopped(self):
        for subscriber in self.subscribers:
            subscriber.send(signal.SIGSTOP)
        try:
            yield
        finally:
            for subscriber in self.subscribers:
                subscriber.send(signal.SIGCONT)

    def test_briefly_stopped_subscriber_recovers(self):
        self.start_all()
        with self.stopped():
            self.trade_for(1.5)
        self.assert_true_at_the_end()

    def test_restart_of_the_bridge_is_detected(self):
        self.start_all()
        self.assertEqual(0, self.bridge.stop())
        self.wait(lambda subscriber: subscriber.counter("stale") == 1
                  and all(body["state"] == "stale" for body in subscriber.positions().values()),
                  "all is stale")
        self.bridge = self.start_bridge(self.setup_of_bridge)
        self.wait(lambda subscriber: subscriber.counter("epochs") == 2, "another epoch", START_S)
        self.assert_true_at_the_end()

    def test_killed_bridge_is_detected(self):
        self.start_all()
        self.bridge.kill()
        self.wait(lambda subscriber: subscriber.counter("stale") == 1, "all is stale")
        self.bridge = self.start_bridge(self.setup_of_bridge)
        self.wait(lambda subscriber: subscriber.counter("epochs") == 2, "another epoch", START_S)
        self.assert_true_at_the_end()

    def test_losses_by_a_small_high_water_mark_are_detected(self):
        names = ["alpha", "beta", "gamma", "delta"]
        # Each price is a burst of twelve messages, and the queue has no room for all.
        self.start_all([Account(name, trading=TRADING) for name in names],
                       publisher={"send_high_water_mark": 2}, mark_price={"stale_after": "60s"},
                       is_lossy=True)
        self.wait(lambda subscriber: subscriber.counter("gaps") > 0, "it has noticed a loss", 30.0)
        self.assertGreater(
            self.bridge.metrics().total("position_bridge_slow_subscriber_episodes_total"), 0)
        self.exchange.set_trading(False)
        self.trade_for(1.0)
        truth = self.exchange.truth()
        with self.exchange.paused():  # no more bursts
            self.wait(lambda subscriber: not self.untrue(subscriber, truth),
                      lambda: str([self.untrue(each, truth) for each in self.subscribers]), 20.0)

    def test_encrypted_bus(self):
        server, risk = (Keys.make(self.folder, name) for name in ("server", "risk"))
        publisher = {"curve": {"secret_key_file": str(server.secret_file), "allowed_clients": [
            {"name": "risk", "public_key": risk.public}]}}
        self.start_all(curve=(server.public, risk.public, risk.secret), publisher=publisher)
        self.trade_for(0.5)
        self.assert_true_at_the_end()


if __name__ == "__main__":
    unittest.main(verbosity=2)

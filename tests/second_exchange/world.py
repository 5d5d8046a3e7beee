"""The second exchange, the real bridge and a subscriber, and what has to be true between them."""

import sys
import tempfile
import time
import unittest
from decimal import Decimal
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "end_to_end"))

from harness.bridge import Bridge, BridgeSetup  # noqa: E402
from harness.exchange import Account  # noqa: E402
from harness.message_rules import complaints_about, signed_size  # noqa: E402
from harness.subscriber import Subscriber  # noqa: E402
from harness.truth import differences  # noqa: E402
from harness.waiting import wait_until  # noqa: E402
from process import SecondExchange  # noqa: E402

LIVE_WITHIN_S = 30
TRUE_WITHIN_S = 10
MARK_PRICES_MIN = 3
LOG_LINES_SHOWN = 25


class World:
    """All of it, started and not yet waited for: the accounts `main` and, in hedge mode, `legs`.

    The exchange is held until the subscriber is known to hear: it misses no position.
    """

    def __init__(self, folder, habits=(), tls=False, ping_interval=180, claim_tls=False,
                 **bridge_settings):
        self.accounts = [Account("main"), Account("legs", mode="hedge")]
        self.exchange = SecondExchange(folder, self.accounts, habits, tls, ping_interval,
                                       claim_tls)
        self._begin()
        bridge_settings.setdefault("reconcile", "5s")
        setup = BridgeSetup(folder, self.accounts, self.exchange.rest, self.exchange.streams,
                            ca_file=self.exchange.ca_file, **bridge_settings)
        self.subscriber = Subscriber(setup.endpoint)
        with self.exchange.paused():
            self.bridge = Bridge(setup)
            self.subscriber.wait_for_heartbeat()
        self.started_at = time.monotonic()

    def _begin(self):
        """What the accounts hold when the bridge comes."""
        self.exchange.do("isolate", account="main", symbol="ETHUSDT")
        self.exchange.do("leverage", account="main", symbol="ETHUSDT", leverage=7, silent=True)
        for trade in (("main", "BTCUSDT", "BOTH", "0.5", "59000.5"),
                      ("main", "ETHUSDT", "BOTH", "-2.25", "3010.75"),
                      ("main", "币安人生USDT", "BOTH", "1000", "0.15"),
                      ("legs", "BTCUSDT", "LONG", "0.125", "60010"),
                      ("legs", "BTCUSDT", "SHORT", "-0.25", "60020.1")):
            self.exchange.trade(*trade, silent=True)

    def close(self):
        self.bridge.kill()
        self.subscriber.close()
        self.exchange.close()

    # --- waiting -------------------------------------------------------------------------------

    def wait_until_live(self):
        """Within the time that is allowed since the start."""
        for account in self.accounts:
            left = self.started_at + LIVE_WITHIN_S - time.monotonic()
            wait_until(lambda name=account.name: self.subscriber.state(name) == "live",
                       lambda name=account.name: f"{name} is live ({LIVE_WITHIN_S} s after the "
                       f"start): {self._status(name)}", max(left, 0.1))

    def _status(self, account):
        status = self.subscriber.statuses.get(account)
        return f"{status['state']}, {status['detail']}" if status else "nothing was said"

    def untrue(self, but=()):
        """How what was published last differs from the truth; `but` names keys that may be nil."""
        found = differences(self.exchange.truth()["accounts"], dict(self.subscriber.positions))
        return [text for text in found
                if not any(f": {name} is None" in text for name in but)]

    def wait_until_true(self, seconds=TRUE_WITHIN_S, but=()):
        wait_until(lambda: not self.untrue(but),
                   lambda: "; ".join(["the truth", *self.untrue(but)]), seconds)

    def wait_until_ticking(self):
        """The first mark price of a position comes over REST: each has to have more."""
        def seldom():
            for key, message in dict(self.subscriber.positions).items():
                times = {update["mark_time_us"] for update in self.subscriber.updates(*key)}
                if message["side"] != "FLAT" and len(times - {None}) < MARK_PRICES_MIN:
                    yield key
        wait_until(lambda: not any(seldom()), lambda: f"mark prices of {list(seldom())}")

    # --- what has to hold over everything that was published ------------------------------------

    def wrong_histories(self):
        """Positions that were published as they never were, or went back to what they were."""
        histories = self.exchange.truth()["history"]
        for key in {key for key in self.subscriber.positions}:
            account, symbol, side = key
            true = [(Decimal(0), None)] + [
                (Decimal(amount), Decimal(entry) if Decimal(amount) else None)
                for *of, amount, entry in histories[account] if of == [symbol, side]]
            place = 0
            for message in self.subscriber.updates(account, symbol, side):
                size = signed_size(message.body)
                now = (size, Decimal(message["entry_price"]) if size else None)
                if now not in true[place:]:
                    yield f"{key}: {now} ({message['trigger']}) after {true[place]}"
                    break
                place += true[place:].index(now)

    def wrong_marks(self):
        """Mark prices that the exchange did not say at that time."""
        marks = self.exchange.truth()["marks"]
        for message in self.subscriber.updates():
            if message["mark_price"] is None:
                continue
            said = marks[message["symbol"]].get(str(message["mark_time_us"] // 1000))
            if said is None or Decimal(said) != Decimal(message["mark_price"]):
                yield f"{message.topic}: {message['mark_price']} at {message['mark_time_us']}"

    def complaints(self):
        return [*self.wrong_histories(), *self.wrong_marks(),
                *complaints_about(list(self.subscriber.messages))]


class SecondExchangeTest(unittest.TestCase):
    """Starts worlds and clears them up; shows the logs of a failure."""

    maxDiff = None

    def run(self, result=None):
        result = result or self.defaultTestResult()
        bad_before = len(result.failures) + len(result.errors)
        self.exchange_errors = ""
        self.worlds = 0
        with tempfile.TemporaryDirectory(prefix="second-exchange-") as folder:
            self.folder = Path(folder)
            super().run(result)
            if self.exchange_errors:
                # Whatever was expected to fail: not by mistakes of the exchange.
                failure = AssertionError(self.exchange_errors)
                result.addFailure(self, (AssertionError, failure, None))
            if len(result.failures) + len(result.errors) > bad_before:
                self._show_logs()
        return result

    def _show_logs(self):
        for log in sorted(self.folder.glob("*/*.log")):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            if lines:
                print(f"--- the end of {log.name} of {self.id()}", *lines[-LOG_LINES_SHOWN:],
                      sep="\n", file=sys.stderr)

    def start(self, habits=(), **settings):
        self.worlds += 1
        folder = self.folder / str(self.worlds)
        folder.mkdir()
        self.world = World(folder, habits, **settings)
        self.addCleanup(self._close)
        return self.world

    def _close(self):
        self.world.close()
        self.exchange_errors += self.world.exchange.errors()

    def check_it_follows(self, but=(), seconds=TRUE_WITHIN_S):
        """Live in time, right, and right again after each of some changes."""
        world, exchange = self.world, self.world.exchange
        world.wait_until_live()
        world.wait_until_true(but=but)
        since = world.subscriber.count()
        for trade in (("main", "SOLUSDT", "BOTH", "12.5", "149.99"),     # opens
                      ("main", "BTCUSDT", "BOTH", "-0.75", "60001.25"),  # turns round
                      ("main", "币安人生USDT", "BOTH", "0"),              # closes
                      ("legs", "BTCUSDT", "LONG", "0.375", "60005.5"),   # is added to
                      ("legs", "BTCUSDT", "SHORT", "0"),
                      ("legs", "1000PEPEUSDT", "SHORT", "-5000", "0.0124")):
            exchange.trade(*trade)
            world.wait_until_true(seconds, but)
        exchange.do("leverage", account="main", symbol="BTCUSDT", leverage=33)
        world.wait_until_true(seconds, but)
        world.wait_until_ticking()
        self.assertEqual(["live", "live"], [world.subscriber.state(account.name)
                                            for account in world.accounts])
        self.assertEqual([], [message.topic for message in world.subscriber.updates(since=since)
                              if message["trigger"] == "reconcile"],
                         "what REST had to tell, although the stream has told it")
        self.check_what_was_published()

    def check_what_was_published(self):
        self.assertEqual([], self.world.complaints()[:10])
        self.assertIsNone(self.world.exchange.exit_code(), "the exchange still runs")
        self.assertIsNone(self.world.bridge.exit_code(), "the bridge still runs")

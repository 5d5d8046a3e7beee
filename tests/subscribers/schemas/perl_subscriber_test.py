"""A subscriber that implements schemas/README.md step by step, in a language without a reference
subscriber: if it is correct, the page is sufficient."""

import json
import signal
import sys
import unittest
from decimal import Decimal

from vectors import ROOT

sys.path.insert(0, str(ROOT / "tests/end_to_end"))
from harness.curve import Keys  # noqa: E402
from harness.exchange import Account  # noqa: E402
from harness.load import MarkPriceLoad, wait_for_rate  # noqa: E402
from harness.programs import RunningProgram  # noqa: E402
from harness.waiting import wait_until  # noqa: E402
from harness.world import EndToEndTest  # noqa: E402

EXAMPLE = ROOT / "schemas/subscribers/perl/example.pl"
TRADING = {"mean_interval": "20ms", "positions_max": 4,
           "symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT", "币安人生USDT"]}


class PerlSubscriber(RunningProgram):
    def reports(self, place=0):
        """Its reports of each account, from a position in its output."""
        lines = self.output()[place:].splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def losses(self):
        reports = self.reports()
        return reports[-1]["losses"] if reports else 0

    def end(self):
        return len(self.output())


def truth_of(exchange):
    """The true positions in the form of the reports; sizes as numbers."""
    def said(row):
        amount = Decimal(row["amount"])
        return ("LONG" if amount > 0 else "SHORT"), abs(amount)
    return {name: {f"{row['symbol']} {row['position_side']}": said(row)
                   for row in account["positions"]}
            for name, account in exchange.truth().items()}


def as_read(report):
    if report["positions"] is None:
        return None
    sides = {key: text.split(" ") for key, text in report["positions"].items()}
    return {key: (side, Decimal(size)) for key, (side, size) in sides.items()}


class ThePageIsEnough(EndToEndTest):
    def begin(self, **settings):
        self.start([Account("oneway", trading=TRADING),
                    Account("hedge", mode="hedge", trading=TRADING), Account("flat")], **settings)
        self.exchange.set_trading(True)
        self.subscriber.wait_for_update("oneway", "BTCUSDT")

    def perl(self, name="perl", arguments=()):
        subscriber = PerlSubscriber(self.folder, name,
                                    ["perl", EXAMPLE, self.setup_of_bridge.endpoint, *arguments])
        self.addCleanup(subscriber.kill)
        return subscriber

    def require_truth(self, subscriber, seconds=20):
        """Stops trading and waits until the subscriber reports exactly the true positions."""
        self.exchange.set_trading(False)
        expected = truth_of(self.exchange)
        self.assertTrue(any(expected.values()), "nothing is held")
        place = subscriber.end()

        def known():
            return {report["account"]: as_read(report) for report in subscriber.reports(place)}

        wait_until(lambda: known() == expected or subscriber.exit_code() is not None,
                   lambda: f"the truth, which is {expected}; it is {known()}", seconds)
        self.assertEqual("", subscriber.errors())

    def test_late_joiner_has_everything_and_lost_nothing(self):
        self.begin()
        subscriber = self.perl()
        wait_until(lambda: len(subscriber.reports()) >= 9, "three reports of each account")
        self.require_truth(subscriber)
        self.assertEqual(0, subscriber.losses())

    def test_stopped_subscriber_detects_its_loss_and_recovers(self):
        self.begin(publisher={"send_high_water_mark": 1000})
        subscriber = self.perl()
        wait_until(lambda: self.trusted(subscriber), "trust")
        with MarkPriceLoad(self.exchange, TRADING["symbols"], 1000):
            wait_for_rate(self.bridge, 1000)
            subscriber.send(signal.SIGSTOP)
            wait_until(lambda: self.bridge.metrics().total(
                "position_bridge_slow_subscriber_episodes_total") >= 1, "an episode", 40)
            subscriber.send(signal.SIGCONT)
        self.require_truth(subscriber)
        self.assertGreater(subscriber.losses(), 0)

    def test_immediate_restart_of_the_bridge_is_detected_by_its_epoch(self):
        self.begin()
        subscriber = self.perl()
        wait_until(lambda: self.trusted(subscriber) and len(subscriber.reports()) >= 9, "trust")
        self.bridge.kill()
        self.subscriber.close()  # its rules expect a shutdown message
        self.bridge = self.start_bridge(self.setup_of_bridge, name="again")
        wait_until(self.bridge.is_ready, "it is ready again", 20)
        self.require_truth(subscriber)

    def test_nothing_is_trusted_while_the_bridge_is_silent(self):
        self.begin()
        subscriber = self.perl()
        wait_until(lambda: self.trusted(subscriber), "trust")
        self.bridge.kill()
        place = subscriber.end()
        wait_until(lambda: {report["account"] for report in subscriber.reports(place)}
                   and not self.trusted(subscriber), "distrust", 20)

    @staticmethod
    def trusted(subscriber):
        """The accounts whose last report contains positions."""
        last = {report["account"]: report["positions"] for report in subscriber.reports()}
        return [account for account, positions in last.items() if positions is not None]

    def test_encrypted_bus(self):
        keys = {name: Keys.make(self.folder, name) for name in ("bridge", "harness", "perl")}
        self.begin(subscriber_keys={"keys": keys["harness"], "server_key": keys["bridge"].public},
                   publisher={"curve": {
                       "secret_key_file": str(keys["bridge"].secret_file),
                       "allowed_clients": [
                           {"name": name, "public_key": keys[name].public}
                           for name in ("harness", "perl")]}})
        subscriber = self.perl(arguments=[keys["bridge"].public, keys["perl"].public,
                                          keys["perl"].secret_file])
        self.require_truth(subscriber)


if __name__ == "__main__":
    unittest.main()

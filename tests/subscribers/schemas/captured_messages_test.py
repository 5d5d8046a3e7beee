"""Every message of the real bridge matches the strict schema, which allows only described keys and
words. The bridge runs against the simulated exchange."""

import collections
import sys
import unittest

import schema_files
from vectors import ROOT

sys.path.insert(0, str(ROOT / "tests/end_to_end"))
from harness.exchange import Account  # noqa: E402
from harness.waiting import wait_until  # noqa: E402
from harness.world import EndToEndTest  # noqa: E402

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "币安人生USDT"]


def has_float(value):
    if isinstance(value, dict):
        return any(has_float(member) for member in value.values())
    if isinstance(value, list):
        return any(has_float(member) for member in value)
    return isinstance(value, float)


class CapturedMessages(EndToEndTest):
    def test_match_the_strict_schema_with_trades_faults_and_snapshots(self):
        trading = {"mean_interval": "50ms", "positions_max": 3, "symbols": SYMBOLS}
        holding = [{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
                   {"symbol": "币安人生USDT", "side": "SHORT", "quantity": "2000"}]
        self.start([Account("oneway", positions=holding, trading=trading),
                    Account("hedge", mode="hedge", trading=trading),
                    Account("isolated", margin_type="isolated", positions=holding),
                    Account("flat")], reconcile="1s")
        self.exchange.set_trading(True)
        self.subscriber.wait_for_update("oneway", "BTCUSDT", side="FLAT", seconds=30)
        self.subscriber.snapshot()
        self.exchange.fault("refuse_handshakes", scope="user", account="isolated")
        self.exchange.fault("cut", scope="user", account="isolated")
        self.subscriber.wait_for_state("isolated", "stale")
        self.subscriber.snapshot("isolated")
        self.subscriber.snapshot("nobody")
        place = self.subscriber.count()
        self.exchange.clear_faults()
        self.subscriber.wait_for_state("isolated", "live", since=place)
        self.exchange.set_trading(False)
        wait_until(lambda: self.subscriber.state("hedge") == "live", "hedge is live")
        self.assertEqual(0, self.bridge.stop())
        self.subscriber.wait_for(lambda message: message.topic == "bridge.shutdown", "the end")

        messages = list(self.subscriber.messages)
        self.require_schema(messages)
        self.require_variety(messages)

    def require_schema(self, messages):
        validators = schema_files.Validators.for_the_bridge()
        for message in messages:
            message_type = message["type"]
            self.assertEqual(schema_files.type_of_topic(message.topic), message_type)
            self.assertEqual([], validators.complaints(message_type, message.body), message.body)
            self.assertFalse(has_float(message.body), message.body)

    def require_variety(self, messages):
        """The messages include every type and most of the words."""
        values = collections.defaultdict(set)
        for message in messages:
            for key, value in message.body.items():
                if isinstance(value, (str, int, type(None))):
                    values[message["type"], key].add(value)
        for message_type in schema_files.TYPES:
            self.assertIn(message_type, {seen for seen, _ in values})
        for key, expected in {
                "side": {"LONG", "SHORT", "FLAT"}, "position_side": {"BOTH", "LONG", "SHORT"},
                "state": {"live", "stale"}, "margin_type": {"cross", "isolated"},
                "trigger": {"snapshot", "account_update", "mark_price"},
                "account_reason": {None, "ORDER"}, "mark_price": {None}}.items():
            seen = values["position.update", key]
            self.assertLessEqual(expected, seen, key)
        self.assertLessEqual({"connecting", "syncing", "live", "stale"},
                             values["account.status", "state"])
        snapshots = [message for message in messages if message.is_snapshot]
        self.assertTrue(any(message["positions"] for message in snapshots))
        self.assertTrue(any(message["positions"] == [] for message in snapshots))
        self.assertTrue(any(message["positions"] is None for message in snapshots))


if __name__ == "__main__":
    unittest.main()

"""Tests of the test harness: its message rules and its comparison with the exchange find errors."""

import unittest

import msgpack

from harness.message_rules import complaints_about
from harness.metrics import Metrics
from harness.subscriber import Message, RepeatedKey
from harness.truth import differences

STATUS = {
    "v": 1, "type": "account.status", "instance": "desk", "epoch": 100, "account": "main",
    "venue": "binance-usdm", "state": "live", "running": True, "user_connected": True,
    "mark_connected": True, "connected": True, "active_positions": 1, "subscribed_symbols": 1,
    "detail": "in order", "since_us": 100, "evidence": "listed", "confirmed_us": 90,
    "published_us": 150, "account_seq": 4}
OPEN = {
    "v": 1, "type": "position.update", "instance": "desk", "epoch": 100, "account": "main",
    "venue": "binance-usdm", "symbol": "BTCUSDT", "position_side": "BOTH", "side": "SHORT",
    "size": "0.50", "entry_price": "84000.1", "break_even_price": "84010", "mark_price": "84001",
    "index_price": "84002", "unrealized_pnl": "-0.45", "realized_pnl": "-3.000",
    "notional": "-42000.50", "margin_type": "isolated", "isolated_wallet": "1000.5", "leverage": 20,
    "funding_rate": "-0.0001", "next_funding_time_us": 900, "state": "live",
    "trigger": "mark_price", "account_reason": None, "position_time_us": 120_000,
    "mark_time_us": 180, "received_us": 190, "published_us": 200, "account_seq": 5, "seq": 1}
FLAT = OPEN | {
    "side": "FLAT", "size": "0", "entry_price": "0", "unrealized_pnl": "0", "notional": "0",
    "trigger": "account_update", "account_reason": "ORDER", "account_seq": 6, "seq": 2}
HEARTBEAT = {"v": 1, "type": "bridge.heartbeat", "instance": "desk", "epoch": 100,
             "version": "1.0.0", "published_us": 300, "accounts": {"main": 6}}
SNAPSHOT = {"v": 1, "type": "position.snapshot", "instance": "desk", "epoch": 100, "scope": "all",
            "account": "main", "state": "live", "account_seq": 5, "part": 1, "parts": 1,
            "published_us": 250,
            "positions": [OPEN | {"trigger": "snapshot", "published_us": 250}]}
SHUTDOWN = {"v": 1, "type": "bridge.shutdown", "instance": "desk", "epoch": 100,
            "published_us": 400}

TRUTH = {"main": {"positions": [{
    "symbol": "BTCUSDT", "position_side": "BOTH", "amount": "-0.5", "entry_price": "84000.10",
    "break_even_price": "84010.000000001", "realized_pnl": "-3", "margin_type": "isolated",
    "isolated_wallet": "1000.50", "leverage": 20, "update_time": 120}]}}


def message(body, topic=None):
    if topic is None:
        topic = body["type"]
        if topic == "account.status":
            topic += "." + body["account"]
        if topic == "position.update":
            topic = "position.update.{account}.{symbol}.{position_side}".format_map(body)
        if topic == "position.snapshot":
            topic = "snapshot.0123456789abcdef." + body["scope"]
    return Message(topic, msgpack.packb(body), 0.0)


def complaints(*bodies):
    return complaints_about([message(body) for body in bodies])


class Rules(unittest.TestCase):
    def test_valid_messages_pass(self):
        again = OPEN | {"account_seq": 7, "seq": 3}
        self.assertEqual([], complaints(STATUS, OPEN, FLAT, HEARTBEAT, again, SHUTDOWN))
        unpriced = OPEN | dict.fromkeys(["mark_price", "index_price", "unrealized_pnl", "notional",
                                         "mark_time_us", "funding_rate", "next_funding_time_us"])
        self.assertEqual([], complaints(STATUS, unpriced))
        unknown = SNAPSHOT | {"account": "other", "state": "stopped", "positions": None}
        self.assertEqual([], complaints(STATUS, OPEN, SNAPSHOT, unknown))
        empty = SNAPSHOT | {"account_seq": 6, "positions": []}
        self.assertEqual([], complaints(STATUS, OPEN, FLAT, empty))

    def test_every_wrong_value_of_a_position_is_found(self):
        for wrong in [
                {"v": 2}, {"type": "position"}, {"instance": ""}, {"epoch": 100.0},
                {"epoch": 101}, {"venue": "binance"}, {"position_side": "LONG"},
                {"side": "LONG"}, {"side": "FLAT"}, {"size": "-0.50"}, {"size": "0.6"},
                {"size": 0.5}, {"size": None}, {"size": "+0.50"}, {"size": "5e-1"},
                {"size": "00.50"}, {"size": ".5"}, {"entry_price": "84000"},
                {"break_even_price": 84010}, {"mark_price": "84001.01"}, {"mark_price": "0"},
                {"mark_price": None}, {"unrealized_pnl": "-0.450000000000000000000000000001"},
                {"unrealized_pnl": None}, {"unrealized_pnl": "0.45"}, {"realized_pnl": "-0"},
                {"realized_pnl": "-0.00"}, {"notional": "42000.50"}, {"notional": None},
                {"margin_type": "crossed"}, {"isolated_wallet": ""}, {"leverage": "20"},
                {"leverage": True}, {"funding_rate": "1E-4"}, {"next_funding_time_us": "900"},
                {"state": "old"}, {"trigger": "tick"}, {"account_reason": "ORDER"},
                {"mark_time_us": None}, {"received_us": 99}, {"received_us": 201},
                {"account_seq": 6}, {"account_seq": 4}, {"seq": 2}, {"seq": 0}]:
            with self.subTest(wrong=wrong):
                self.assertNotEqual([], complaints(STATUS, OPEN | wrong))

    def test_missing_additional_and_reordered_keys_are_found(self):
        backwards = dict(reversed(OPEN.items()))
        incomplete = {key: value for key, value in OPEN.items() if key != "leverage"}
        for body in (backwards, incomplete, OPEN | {"more": 1}):
            self.assertNotEqual([], complaints(STATUS, body))
        with self.assertRaises(RepeatedKey):
            Message("bridge.heartbeat", b"\x82\xa1v\x01\xa1v\x01", 0.0)

    def test_wrong_order_of_messages_is_found(self):
        stale = STATUS | {"state": "stale", "connected": False, "mark_connected": False}
        for bodies in [
                (STATUS, FLAT | {"account_seq": 5, "seq": 1}),               # never open
                (STATUS, OPEN, FLAT, FLAT | {"account_seq": 7, "seq": 3}),   # flat again
                (STATUS, OPEN, FLAT | {"seq": 3}), (STATUS, OPEN, FLAT | {"account_seq": 7}),
                (STATUS, OPEN, HEARTBEAT), (STATUS, OPEN, FLAT | {"epoch": 101}),
                (stale, OPEN), (STATUS, SHUTDOWN, OPEN)]:
            self.assertNotEqual([], complaints(*bodies), bodies)

    def test_every_wrong_value_of_a_status_is_found(self):
        for wrong in [{"state": "fine"}, {"running": False}, {"running": 1}, {"connected": False},
                      {"user_connected": False}, {"active_positions": -1}, {"detail": ""},
                      {"since_us": 1.5}, {"venue": ""}, {"evidence": "hope"},
                      {"confirmed_us": None}, {"confirmed_us": -1}]:
            with self.subTest(wrong=wrong):
                self.assertNotEqual([], complaints(STATUS | wrong))

    def test_every_wrong_value_of_a_snapshot_is_found(self):
        position, = SNAPSHOT["positions"]
        for wrong in [{"scope": "other"}, {"account": "other"}, {"state": "fine"},
                      {"state": "stale"}, {"account_seq": 4}, {"account_seq": 6}, {"part": 0},
                      {"part": 2}, {"positions": None}, {"positions": []},
                      {"positions": [position | {"size": "0.51"}]},
                      {"positions": [position | {"seq": 2}]},
                      {"positions": [position | {"state": "stale"}]},
                      {"positions": [position | {"more": 1}]},
                      {"positions": [position, FLAT]}]:
            with self.subTest(wrong=wrong):
                self.assertNotEqual([], complaints(STATUS, OPEN, SNAPSHOT | wrong))

    def test_topic_that_does_not_match_its_message_is_found(self):
        for body, topic in [(OPEN, "position.update.main.ETHUSDT.BOTH"),
                            (STATUS, "account.status.other"), (OPEN, "something.else")]:
            self.assertNotEqual([], complaints_about([message(body, topic)]))


class Truth(unittest.TestCase):
    def published(self, body):
        return {("main", "BTCUSDT", "BOTH"): message(body)}

    def test_equal_positions_have_no_differences(self):
        self.assertEqual([], differences(TRUTH, self.published(OPEN)))
        self.assertEqual([], differences({"main": {"positions": []}}, self.published(FLAT)))

    def test_every_difference_is_found(self):
        for wrong in [{"size": "0.51"}, {"side": "LONG"}, {"entry_price": "84000.2"},
                      {"break_even_price": "84010.0000001"}, {"break_even_price": None},
                      {"margin_type": "cross"}, {"margin_type": None}, {"leverage": 21},
                      {"isolated_wallet": "1000"}, {"isolated_wallet": None},
                      {"realized_pnl": "3"}, {"state": "stale"}, {"position_time_us": 119_999}]:
            with self.subTest(wrong=wrong):
                self.assertNotEqual([], differences(TRUTH, self.published(OPEN | wrong)))

    def test_missing_and_additional_positions_are_found(self):
        self.assertNotEqual([], differences(TRUTH, {}))
        self.assertNotEqual([], differences(TRUTH, self.published(FLAT)))
        self.assertNotEqual([], differences({"main": {"positions": []}}, self.published(OPEN)))


class MetricsText(unittest.TestCase):
    def test_samples_are_found_by_their_labels(self):
        metrics = Metrics("# HELP a_total What.\n# TYPE a_total counter\n"
                          'a_total{x="1",y="q\\"}"} 2\na_total{x="1",y=""} 3.5\nb 1e+06\n')
        self.assertEqual({"a_total": "counter"}, metrics.types)
        self.assertEqual(5.5, metrics.total("a_total", x="1"))
        self.assertEqual(3.5, metrics.total("a_total", y=""))
        self.assertEqual(0, metrics.total("a_total", x="2"))
        self.assertEqual({frozenset({"x", "y"})}, metrics.label_names("a_total"))
        self.assertEqual(1e6, metrics.total("b"))


if __name__ == "__main__":
    unittest.main()

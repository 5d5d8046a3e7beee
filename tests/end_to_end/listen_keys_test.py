"""Listen keys that expire or are deleted by another client of the account."""

import unittest
from decimal import Decimal

from harness.exchange import Account
from harness.waiting import wait_until
from harness.world import EndToEndTest


def holding(name):
    return Account(name, positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
                                    {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2"}])


class ListenKeys(EndToEndTest):
    def test_expired_key_is_replaced_and_positions_are_read_again(self):
        # The exchange sometimes sends the event twice; the second one refers to the old key.
        self.start([holding("alpha"), holding("beta")], rules={"expired_twice_percent": 100})
        keys = {account.name: self.exchange.living_listen_key(account)
                for account in self.accounts}
        fingerprint = self.bridge.account_status("alpha")["listen_key"]
        since = self.subscriber.count()
        self.exchange.fault("expire_key", account="alpha")
        self.exchange.trade("alpha", "SOLUSDT", "BUY", "7")  # no stream reports it
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        self.wait_until_true()
        self.assertNotEqual(keys["alpha"], self.exchange.living_listen_key(self.accounts[0]))
        self.assertNotEqual(fingerprint, self.bridge.account_status("alpha")["listen_key"])
        self.assertEqual(keys["beta"], self.exchange.living_listen_key(self.accounts[1]))
        self.assertEqual([], self.subscriber.status_changes("beta", since))
        self.check_the_new_stream_tells("alpha")
        metrics = self.bridge.metrics()
        self.assertEqual(1, metrics.total("position_bridge_listen_key_renewals_total",
                                          account="alpha", outcome="replaced"))
        self.assertEqual(1, metrics.total("position_bridge_stream_disconnects_total",
                                          account="alpha", reason="replaced"))
        self.assertLessEqual(1, metrics.total("position_bridge_stream_events_total",
                                              account="alpha", event="listen_key_expired"))

    def check_the_new_stream_tells(self, account):
        since = self.subscriber.count()
        self.exchange.trade(account, "ETHUSDT", "BUY", "0.5")
        self.subscriber.wait_for_update(account, "ETHUSDT", since=since, size="1.5",
                                        trigger="account_update")

    def test_comparison_finds_a_stream_with_a_deleted_key_and_replaces_it(self):
        self.start([holding("alpha"), holding("beta")], reconcile="2s")
        since = self.subscriber.count()
        self.exchange.fault("delete_key", account="alpha")
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "0.05")
        self.exchange.close("alpha", "ETHUSDT")
        self.exchange.trade("alpha", "SOLUSDT", "BUY", "7")
        self.wait_until_true(seconds=15)
        # The first comparison finds some changes. The bridge then renews the key, learns that it
        # does not exist, and the snapshot over the new stream contains the other changes.
        wait_until(lambda: self.bridge.metrics().total("position_bridge_listen_key_renewals_total",
                                                       account="alpha", outcome="replaced") == 1,
                   "a new listen key", 15)
        corrections = [message for message in self.subscriber.updates("alpha", since=since)
                       if message["trigger"] == "reconcile"]
        self.assertNotEqual([], corrections)
        told = {message["symbol"]: message
                for message in self.subscriber.updates("alpha", since=since)}
        self.assertEqual("FLAT", told["ETHUSDT"]["side"])
        self.check_corrections_are_counted_and_logged(corrections)

    def check_corrections_are_counted_and_logged(self, corrections):
        metrics = self.bridge.metrics()
        self.assertLessEqual(1, metrics.total("position_bridge_reconciles_total",
                                              account="alpha", outcome="corrected"))
        self.assertEqual(0, metrics.total("position_bridge_reconciles_total",
                                          account="beta", outcome="corrected"))
        self.assertEqual(len(corrections),
                         metrics.total("position_bridge_updates_published_total",
                                       account="alpha", trigger="reconcile"))
        for symbol in {message["symbol"] for message in corrections}:
            lines = [line for line in self.bridge.errors().splitlines()
                     if "corrected " + symbol in line]
            self.assertNotEqual([], lines, f"log lines about {symbol}")
            self.assertIn("ERROR", lines[0])
            self.assertIn("account=alpha", lines[0])

    def test_comparison_finds_nothing_when_nothing_was_lost(self):
        self.start([holding("alpha")], reconcile="1s")
        wait_until(lambda: self.bridge.metrics().total("position_bridge_reconciles_total",
                                                       outcome="clean") >= 3,
                   "three comparisons")
        self.assertEqual(0, self.bridge.metrics().total("position_bridge_reconciles_total",
                                                        outcome="corrected"))
        self.assertEqual([], [message for message in self.subscriber.updates("alpha")
                              if message["trigger"] == "reconcile"])


if __name__ == "__main__":
    unittest.main()

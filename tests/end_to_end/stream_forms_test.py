"""The other forms of streams: all mark prices in one, and other addresses of user streams."""

import unittest

from harness.exchange import Account
from harness.waiting import wait_until
from harness.world import EndToEndTest


def holding(name, mode="one-way"):
    sides = ("LONG", "SHORT") if mode == "hedge" else ("LONG",)
    return Account(name, mode=mode, positions=[
        {"symbol": symbol, "side": side, "quantity": "2.000"}
        for symbol in ("BTCUSDT", "XAUUSDT") for side in sides])


class StreamForms(EndToEndTest):
    def check_it_works(self):
        self.wait_until_priced()
        self.wait_until_true()
        since = self.subscriber.count()
        self.exchange.trade("alpha", "ETHUSDT", "BUY", "1.5")
        self.exchange.trade("hedged", "ETHUSDT", "SELL", "2.5", position_side="SHORT")
        self.subscriber.wait_for_update("alpha", "ETHUSDT", since=since, size="1.5",
                                        trigger="account_update")
        self.subscriber.wait_for_update("hedged", "ETHUSDT", "SHORT", since=since, size="2.5",
                                        trigger="account_update")
        self.wait_until_priced()
        self.wait_until_true()

    def wait_until_priced(self):
        wait_until(lambda: all(message["mark_price"] is not None and message["state"] == "live"
                               for message in dict(self.subscriber.positions).values()
                               if message["side"] != "FLAT"), "a price for each position")

    def test_all_mark_prices_arrive_over_one_subscription(self):
        self.start([holding("alpha"), holding("hedged", "hedge")], mark_price={"mode": "all"})
        self.check_it_works()
        self.assertEqual([{"!markPrice@arr@1s"}],
                         list(self.exchange.mark_price_streams().values()))

    def test_all_mark_prices_are_subscribed_again_after_a_cut(self):
        self.start([holding("alpha"), holding("hedged", "hedge")], mark_price={"mode": "all"})
        self.wait_until_priced()
        since = self.subscriber.count()
        self.exchange.fault("cut", scope="market", close_code=1001)
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        self.check_it_works()

    def test_user_streams_by_subscription(self):
        self.start([holding("alpha"), holding("hedged", "hedge")],
                   user_stream={"form": "subscribe"})
        self.check_it_works()
        since = self.subscriber.count()
        self.exchange.fault("expire_key", account="alpha")
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        self.wait_until_true()

    def test_user_streams_by_path_where_the_exchange_supports_it(self):
        self.start([holding("alpha"), holding("hedged", "hedge")],
                   rules={"key_in_path": "delivers"}, user_stream={"form": "path"})
        self.check_it_works()

    def test_a_stream_whose_events_are_overlooked_is_late_by_seconds_and_replaced(self):
        self.start([holding("alpha"), holding("beta")])
        self.exchange.fault("ignore_events", account="alpha", count=1)
        since = self.subscriber.count()
        self.exchange.fault("cut", scope="user", account="alpha")
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        since = self.subscriber.count()
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "1.000")
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        self.assertEqual(1, self.bridge.metrics().total(
            "position_bridge_stream_disconnects_total", account="alpha", reason="distrusted"))
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "1.000")
        self.wait_until_true()

    def test_an_exchange_that_lists_nothing_is_followed_and_compared_every_few_seconds(self):
        self.start([holding("alpha")], rules={"list_subscriptions": "nothing"})
        status = self.subscriber.statuses["alpha"]
        self.assertEqual(("live", "connected"), (status["state"], status["evidence"]))
        self.assertIn("nothing shows yet that the user stream delivers", status["detail"])
        metrics = self.bridge.metrics()
        self.assertEqual(1, metrics.total("position_bridge_stream_evidence", account="alpha",
                                          evidence="connected"))
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "1.000")
        self.wait_until_true()
        wait_until(lambda: self.subscriber.statuses["alpha"]["evidence"] == "event",
                   "an event to be evidence")

    def test_forms_of_address_are_tried_until_one_delivers(self):
        self.start([holding("alpha"), holding("beta")],
                   rules={"list_subscriptions": "nothing"}, user_stream={"form": "auto"})
        self.exchange.fault("ignore_events", account="alpha", count=1)
        since = self.subscriber.count()
        self.exchange.fault("cut", scope="user", account="alpha")
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        since = self.subscriber.count()
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "1.000")
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "1.000")
        self.wait_until_true()
        wait_until(lambda: self.subscriber.statuses["alpha"]["evidence"] == "event",
                   "an event on a stream of another form")


if __name__ == "__main__":
    unittest.main()

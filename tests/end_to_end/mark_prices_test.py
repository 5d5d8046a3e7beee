"""Mark price subscriptions follow the open positions, and are shared by all accounts."""

import unittest

from harness.exchange import Account
from harness.waiting import stays_true, wait_until
from harness.world import EndToEndTest


class MarkPrices(EndToEndTest):
    def streams(self):
        """The subscriptions of the only market connection."""
        by_connection = self.exchange.mark_price_streams()
        self.assertEqual(1, len(by_connection), "one connection for all accounts")
        return next(iter(by_connection.values()))

    def wait_for_streams(self, *streams):
        wait_until(lambda: self.streams() == set(streams),
                   lambda: f"subscribed to {streams}; to {self.streams()}", 5)
        wait_until(lambda: self.bridge.metrics().total("position_bridge_mark_price_subscriptions")
                   == len(streams), "the metric contains the number", 5)

    def test_symbol_is_subscribed_while_any_account_holds_it(self):
        self.start([Account("alpha"), Account("beta"), Account("hedged", mode="hedge")])
        self.wait_for_streams()
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "0.1")
        self.wait_for_streams("btcusdt@markPrice@1s")
        self.exchange.trade("beta", "BTCUSDT", "SELL", "0.2")
        self.exchange.trade("hedged", "BTCUSDT", "BUY", "0.3", "LONG")
        self.exchange.trade("hedged", "BTCUSDT", "SELL", "0.4", "SHORT")
        self.exchange.trade("hedged", "币安人生USDT", "SELL", "5000", "SHORT")
        self.wait_for_streams("btcusdt@markPrice@1s", "币安人生usdt@markPrice@1s")
        self.check_one_tick_reaches_all_holders()
        self.exchange.close("hedged", "币安人生USDT", "SHORT")
        self.wait_for_streams("btcusdt@markPrice@1s")
        self.exchange.close("alpha", "BTCUSDT")
        self.exchange.close("hedged", "BTCUSDT", "LONG")
        self.exchange.close("beta", "BTCUSDT")
        self.subscriber.wait_for_update("beta", "BTCUSDT", side="FLAT")
        # One account still holds it.
        stays_true(lambda: self.streams() == {"btcusdt@markPrice@1s"}, "subscribed to", 1)
        self.exchange.close("hedged", "BTCUSDT", "SHORT")
        self.wait_for_streams()

    def check_one_tick_reaches_all_holders(self):
        holders = [("alpha", "BOTH"), ("beta", "BOTH"), ("hedged", "LONG"), ("hedged", "SHORT")]
        since = self.subscriber.count()
        tick = self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since,
                                               trigger="mark_price")
        for account, side in holders:
            same = self.subscriber.wait_for_update(account, "BTCUSDT", side, since=since,
                                                   trigger="mark_price",
                                                   mark_time_us=tick["mark_time_us"])
            for name in ("mark_price", "index_price", "funding_rate", "next_funding_time_us"):
                self.assertEqual(tick[name], same[name], name)

    def test_many_positions_that_open_at_once_are_subscribed_within_the_limits(self):
        symbols = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT",
                   "AVAXUSDT", "LINKUSDT", "DOTUSDT", "LTCUSDT", "BCHUSDT", "TRXUSDT", "SUIUSDT",
                   "ARBUSDT", "OPUSDT", "NEARUSDT", "APTUSDT", "FILUSDT", "ATOMUSDT"]
        self.start([Account("alpha"), Account("beta")])
        for symbol in symbols:
            self.exchange.trade("alpha", symbol, "BUY", "10")
            self.exchange.trade("beta", symbol, "SELL", "10")
        self.wait_for_streams(*(symbol.lower() + "@markPrice@1s" for symbol in symbols))
        for symbol in symbols:
            self.subscriber.wait_for_update("alpha", symbol, trigger="mark_price")
        for symbol in symbols:
            self.exchange.close("alpha", symbol)
            self.exchange.close("beta", symbol)
        self.wait_for_streams()
        requests = self.exchange.requests()
        self.assertLessEqual(requests["peak_messages_per_second"], 10)
        self.assertEqual({}, self.exchange.broken_limits())

    def second_price(self, account, symbol):
        """The first price may arrive over REST, the second one over the stream."""
        first = self.subscriber.wait_for_update(account, symbol, trigger="mark_price")
        return self.subscriber.wait_for_update(account, symbol, trigger="mark_price",
                                               seq=first["seq"] + 1)

    def test_mark_prices_every_three_seconds_if_configured(self):
        self.start([Account("alpha", positions=[
            {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"}])],
            mark_price={"interval": "3s"})
        self.wait_for_streams("btcusdt@markPrice")
        first = self.second_price("alpha", "BTCUSDT")
        second = self.subscriber.wait_for_update("alpha", "BTCUSDT", trigger="mark_price",
                                                 seq=first["seq"] + 1)
        self.assertAlmostEqual(3.0, (second["mark_time_us"] - first["mark_time_us"]) / 1e6,
                               delta=0.1)

    def test_positions_are_stale_while_their_mark_prices_are_missing(self):
        self.start([Account("alpha", positions=[
            {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"}])],
            mark_price={"stale_after": "2s"})
        self.second_price("alpha", "BTCUSDT")
        since = self.subscriber.count()
        self.exchange.fault("silence", scope="market")
        self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since, state="stale")
        # The bridge replaces a stream that no longer delivers anything.
        self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since, state="live")
        self.subscriber.wait_for_update("alpha", "BTCUSDT", since=self.subscriber.count(),
                                        trigger="mark_price", state="live")


if __name__ == "__main__":
    unittest.main()

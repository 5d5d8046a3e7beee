"""Cut connections: nothing wrong is published, and the bridge recovers."""

import unittest

from harness.exchange import Account
from harness.waiting import wait_until
from harness.world import EndToEndTest

LIVELY = {"mean_interval": "200ms", "positions_max": 4,
          "symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "1000PEPEUSDT"],
          "open": 3, "add": 2, "reduce": 2, "flip": 2, "close": 3}

# Maximum lag of a REST answer behind the stream.
REST_LAG_MAX_MS = 2_000


def holding(name, **settings):
    return Account(name, positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.100"},
                                    {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2.000"},
                                    {"symbol": "XRPUSDT", "side": "LONG", "quantity": "500"}],
                   **settings)


class CutConnections(EndToEndTest):
    # --- the user streams ----------------------------------------------------------------------

    def test_changes_during_a_user_stream_gap_are_published_afterwards(self):
        codes = {"abruptly": None, "going-away": 1001, "policy": 1008, "server-error": 1011}
        self.start([holding(name) for name in codes] + [holding("untouched")])
        self.wait_until_changes_are_old()
        since = self.subscriber.count()
        # The bridge cannot reconnect before all changes are done.
        self.exchange.fault("refuse_handshakes", scope="user")
        for name, code in codes.items():
            self.cut(account=name, scope="user", close_code=code)
            self.trade(name)
        self.exchange.clear_faults()
        for name in codes:
            self.subscriber.wait_for_state(name, "stale", since)
            self.subscriber.wait_for_state(name, "live", since)
        self.wait_until_true()
        for name in codes:
            self.check_outage(name, since, before={"BTCUSDT", "ETHUSDT", "XRPUSDT"},
                              after={"BTCUSDT", "SOLUSDT", "XRPUSDT"})
            self.check_closed_in_the_gap(name, "ETHUSDT", since)
        self.assertEqual([], self.subscriber.status_changes("untouched", since))
        self.check_each_end_was_counted(codes)

    def test_position_that_closed_in_the_gap_soon_after_a_change_is_published_flat(self):
        self.start([holding("alpha")])
        since = self.subscriber.count()
        self.exchange.trade("alpha", "ETHUSDT", "SELL", "0.5")
        self.subscriber.wait_for_update("alpha", "ETHUSDT", since=since, size="2.5")
        self.exchange.fault("silence", scope="user", account="alpha")
        self.trade("alpha")
        self.cut(account="alpha", scope="user")
        self.subscriber.wait_for_state("alpha", "stale", since)
        self.subscriber.wait_for_state("alpha", "live", since)
        # The bridge may wait until the REST answer is certain, but not longer.
        self.wait_until_true(seconds=8)
        self.check_closed_in_the_gap("alpha", "ETHUSDT", since)

    def test_realized_pnl_that_changed_in_the_gap_becomes_unknown(self):
        self.start([holding("alpha")])
        since = self.subscriber.count()
        self.exchange.trade("alpha", "BTCUSDT", "SELL", "0.02")
        told = self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since, size="0.08")
        self.assertIsNotNone(told["realized_pnl"])
        self.exchange.fault("silence", scope="user", account="alpha")
        # Only the user stream reports realized PnL, and it is closed now.
        self.exchange.ask("/price", {"symbol": "BTCUSDT", "mark": "99000"})
        self.exchange.trade("alpha", "BTCUSDT", "SELL", "0.02")
        self.cut(account="alpha", scope="user")
        self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since, size="0.06")
        self.wait_until_true()

    # --- the market stream ---------------------------------------------------------------------

    def test_without_mark_prices_positions_are_stale_but_still_updated(self):
        self.start([holding("alpha"), holding("hedged", mode="hedge")])
        since = self.subscriber.count()
        connection = set(self.exchange.mark_price_streams())
        self.exchange.fault("refuse_handshakes", scope="market", count=1)
        self.cut(scope="market", close_code=1001)
        for name in ("alpha", "hedged"):
            self.subscriber.wait_for_state(name, "stale", since)
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "0.05")
        self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since, size="0.15")
        for name in ("alpha", "hedged"):
            self.subscriber.wait_for_state(name, "live", since)
        self.wait_until_true()
        place = self.subscriber.count()
        self.subscriber.wait_for_update("alpha", "BTCUSDT", since=place, trigger="mark_price")
        held = {"BTCUSDT", "ETHUSDT", "XRPUSDT"}
        for name in ("alpha", "hedged"):
            self.check_outage(name, since, before=held, after=held)
            self.check_user_stream_was_said_to_be_connected(name, since)
        self.check_subscribed_again(connection)

    # --- everything ----------------------------------------------------------------------------

    def test_trading_accounts_are_published_exactly_through_many_cuts(self):
        names = ["one-way", "hedged", "isolated"]
        self.start([Account("one-way", trading=LIVELY),
                    Account("hedged", mode="hedge", trading=LIVELY),
                    Account("isolated", margin_type="isolated", trading=LIVELY)])
        self.exchange.set_trading(True)
        self.wait_until_changed_by(15)
        for cut in [{"scope": "everything"},
                    {"scope": "user", "account": "hedged", "close_code": 1011},
                    {"scope": "market", "close_code": 1008}]:
            since = self.subscriber.count()
            self.cut(**cut)
            cut_off = [cut["account"]] if "account" in cut else names
            for name in cut_off:
                self.subscriber.wait_for_state(name, "stale", since)
                self.subscriber.wait_for_state(name, "live", since)
            self.wait_until_changed_by(5)
        self.exchange.set_trading(False)
        self.wait_until_true(seconds=8)

    # --- helpers -------------------------------------------------------------------------------

    def cut(self, close_code=None, **where):
        if close_code is not None:
            where["close_code"] = close_code
        self.exchange.fault("cut", **where)

    def trade(self, account):
        """Increases one position, closes one, opens one, and reverses one."""
        self.exchange.trade(account, "BTCUSDT", "BUY", "0.05")
        self.exchange.close(account, "ETHUSDT")
        self.exchange.trade(account, "SOLUSDT", "SELL", "10")
        self.exchange.trade(account, "XRPUSDT", "SELL", "800")

    def wait_until_changes_are_old(self):
        def age_ms():
            last = max(row["update_time"] for account in self.exchange.truth().values()
                       for row in account["positions"])
            return self.exchange.ask("/time")["time"] - last

        wait_until(lambda: age_ms() > REST_LAG_MAX_MS, lambda: f"changed {age_ms()} ms ago")

    def wait_until_changed_by(self, more):
        def changes():
            return {name: account["changes"] for name, account in self.exchange.truth().items()}

        before = changes()
        wait_until(lambda: all(count - before[name] >= more for name, count in changes().items()),
                   lambda: f"{more} more changes than {before}: {changes()}")

    # --- checking ------------------------------------------------------------------------------

    def check_outage(self, account, since, before, after):
        """Each position that was open became stale once; each open position became live once."""
        messages = self.subscriber.since(
            since, lambda message: not message.topic.startswith("bridge.")
            and message["account"] == account)
        states = [message["state"] if message.is_status else None for message in messages]
        stale_at = states.index("stale")
        live_at = states.index("live", stale_at)
        said_stale = [message["symbol"] for message in messages[stale_at:live_at]
                      if message.is_position and message["trigger"] == "state"]
        self.assertEqual(sorted(before), sorted(said_stale), f"{account}: published as stale")
        said_live = [message["symbol"] for message in messages[live_at:]
                     if message.is_position and message["trigger"] in ("state", "snapshot")
                     and message["side"] != "FLAT"]
        self.assertEqual(sorted(after), sorted(said_live), f"{account}: published as live again")
        for message in messages[live_at + 1:]:
            self.assertEqual("live", message["state"], message.body)

    def check_closed_in_the_gap(self, account, symbol, since):
        flat = [message for message in self.subscriber.updates(account, symbol, since=since)
                if message["side"] == "FLAT"]
        self.assertEqual(1, len(flat), f"{account} {symbol} is published as closed once")
        self.assertNotEqual("account_update", flat[0]["trigger"])

    def check_each_end_was_counted(self, codes):
        metrics = self.bridge.metrics()
        for name, code in codes.items():
            reason = "reset" if code is None else "server"
            self.assertEqual(1, metrics.total("position_bridge_stream_disconnects_total",
                                              account=name, stream="user", reason=reason), name)
            self.assertEqual(2, metrics.total("position_bridge_stream_connects_total",
                                              account=name, stream="user"))
        self.assertEqual(0, metrics.total("position_bridge_stream_disconnects_total",
                                          account="untouched"))

    def check_user_stream_was_said_to_be_connected(self, account, since):
        stale = next(message for message in self.subscriber.status_changes(account, since)
                     if message["state"] == "stale")
        self.assertEqual((True, False, False), (stale["user_connected"], stale["mark_connected"],
                                                stale["connected"]))

    def check_subscribed_again(self, connection_before):
        streams = self.exchange.mark_price_streams()
        self.assertEqual(1, len(streams))
        self.assertNotEqual(connection_before, set(streams))
        self.assertEqual([{"btcusdt@markPrice@1s", "ethusdt@markPrice@1s",
                           "xrpusdt@markPrice@1s"}], list(streams.values()))


if __name__ == "__main__":
    unittest.main()

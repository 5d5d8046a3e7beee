"""One-way and hedge mode, cross and isolated margin, and symbols of every kind."""

import unittest

from harness.exchange import Account
from harness.waiting import stays_true
from harness.world import EndToEndTest

# A dated contract, another currency, a Chinese symbol, a symbol that starts with a digit.
SYMBOLS = ["BTCUSDT_261225", "BTCUSDC", "币安人生USDT", "1000PEPEUSDT"]
QUANTITIES = {"BTCUSDT_261225": "0.1", "BTCUSDC": "0.05", "币安人生USDT": "12000",
              "1000PEPEUSDT": "250000"}


def position(symbol, side, quantity, **settings):
    return {"symbol": symbol, "side": side, "quantity": quantity} | settings


class PositionModes(EndToEndTest):
    def test_both_legs_of_a_symbol_are_published_without_a_zero_row(self):
        self.start([Account("hedged", mode="hedge", positions=[
            position("BTCUSDT", "LONG", "0.400"), position("BTCUSDT", "SHORT", "0.150")])])
        self.exchange.trade("hedged", "ETHUSDT", "SELL", "3", position_side="SHORT")
        self.subscriber.wait_for_update("hedged", "ETHUSDT", "SHORT", size="3")
        self.exchange.trade("hedged", "BTCUSDT", "BUY", "0.1", position_side="LONG")
        self.subscriber.wait_for_update("hedged", "BTCUSDT", "LONG", size="0.5")
        self.exchange.trade("hedged", "BTCUSDT", "BUY", "0.1", position_side="LONG")
        self.subscriber.wait_for_update("hedged", "BTCUSDT", "LONG", size="0.6")
        self.exchange.close("hedged", "BTCUSDT", "SHORT")
        self.subscriber.wait_for_update("hedged", "BTCUSDT", "SHORT", side="FLAT")
        self.wait_until_true()
        self.assertEqual({("hedged", "BTCUSDT", "LONG"), ("hedged", "BTCUSDT", "SHORT"),
                          ("hedged", "ETHUSDT", "SHORT")}, set(self.subscriber.positions))

    def test_leg_that_the_exchange_only_repeats_has_not_changed(self):
        # With isolated margin, the exchange reports both legs when one was traded.
        self.start([Account("hedged", mode="hedge", margin_type="isolated", positions=[
            position("BTCUSDT", "LONG", "0.400"), position("BTCUSDT", "SHORT", "0.150")])])
        since = self.subscriber.count()
        self.exchange.trade("hedged", "BTCUSDT", "BUY", "0.1", position_side="LONG")
        self.subscriber.wait_for_update("hedged", "BTCUSDT", "LONG", size="0.5")
        self.subscriber.wait_for_update("hedged", "BTCUSDT", "SHORT", trigger="mark_price",
                                        since=self.subscriber.count())
        opened = next(row for row in self.exchange.truth()["hedged"]["positions"]
                      if row["position_side"] == "SHORT")
        told = []
        for message in self.subscriber.updates("hedged", "BTCUSDT", "SHORT", since=since):
            self.assertEqual(opened["update_time"] * 1000, message["position_time_us"],
                             "the time of the last change of this position")
            # The first time, it reports the realized PnL, which no snapshot contains.
            if message["trigger"] == "account_update":
                told.append(message["realized_pnl"])
        self.assertEqual(1, len(told), "published once, although the exchange repeats it")
        self.assertIsNotNone(told[0])

    def test_symbols_of_every_kind_are_published_unchanged(self):
        self.start([Account("alpha")])
        for symbol in SYMBOLS:
            self.exchange.trade("alpha", symbol, "BUY", QUANTITIES[symbol])
        for symbol in SYMBOLS:
            update = self.subscriber.wait_for_update("alpha", symbol, trigger="mark_price",
                                                     size=QUANTITIES[symbol])
            self.assertEqual(f"position.update.alpha.{symbol}.BOTH", update.topic)
            self.assertIsNotNone(update["index_price"])
            is_dated = "_" in symbol
            self.assertEqual(is_dated, update["funding_rate"] is None, symbol)
            self.assertEqual(is_dated, update["next_funding_time_us"] is None, symbol)
        self.wait_until_true()
        for symbol in SYMBOLS:
            self.exchange.close("alpha", symbol)
            self.subscriber.wait_for_update("alpha", symbol, side="FLAT", size="0")
        self.wait_until_true()

    def test_position_opens_without_a_mark_price_and_has_one_soon(self):
        self.start([Account("alpha")])
        self.exchange.trade("alpha", "SOLUSDT", "SELL", "7")
        first = self.subscriber.wait_for_update("alpha", "SOLUSDT")
        self.assertEqual(("account_update", "SHORT", "7", None, None, None),
                         tuple(first[name] for name in ("trigger", "side", "size", "mark_price",
                                                        "unrealized_pnl", "notional")))
        second = self.subscriber.wait_for_update("alpha", "SOLUSDT", seconds=3, seq=2)
        self.assertEqual("mark_price", second["trigger"])
        self.assertTrue(second["notional"].startswith("-"), second["notional"])

    def test_position_reverses_in_one_step(self):
        self.start([Account("alpha", positions=[position("BTCUSDT", "LONG", "0.1")])])
        since = self.subscriber.count()
        self.exchange.trade("alpha", "BTCUSDT", "SELL", "0.3")
        flipped = self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since,
                                                  trigger="account_update")
        self.assertEqual(("SHORT", "0.2", "BOTH"),
                         (flipped["side"], flipped["size"], flipped["position_side"]))
        self.wait_until_true()

    def test_closed_position_is_published_flat_once_and_not_again_until_it_opens(self):
        self.start([Account("alpha", positions=[position("BTCUSDT", "LONG", "0.1"),
                                                position("ETHUSDT", "LONG", "1")]),
                    Account("beta", positions=[position("BTCUSDT", "SHORT", "0.1")])])
        self.exchange.close("alpha", "BTCUSDT")
        flat = self.subscriber.wait_for_update("alpha", "BTCUSDT", side="FLAT")
        # Its mark prices continue, for the other account.
        since = self.subscriber.count()
        for _ in range(2):
            self.subscriber.wait_for_update("beta", "BTCUSDT", trigger="mark_price",
                                            since=self.subscriber.count())
        self.assertEqual([], self.subscriber.updates("alpha", "BTCUSDT", since=since))
        self.exchange.trade("alpha", "BTCUSDT", "BUY", "0.7")
        again = self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since)
        self.assertEqual(("LONG", "0.7", flat["seq"] + 1),
                         (again["side"], again["size"], again["seq"]))
        self.assertIsNotNone(again["mark_price"], "it is known from the other account")

    def test_isolated_margin_and_leverage_changes_are_published(self):
        self.start([Account("alpha", margin_type="isolated", leverage=5,
                            positions=[position("BTCUSDT", "LONG", "0.1")]),
                    Account("beta", positions=[position("BTCUSDT", "LONG", "0.1")])])
        since = self.subscriber.count()
        self.exchange.ask("/leverage", {"account": "beta", "symbol": "BTCUSDT", "leverage": 42})
        told = self.subscriber.wait_for_update("beta", "BTCUSDT", since=since, trigger="config")
        self.assertEqual(("cross", 42), (told["margin_type"], told["leverage"]))
        self.exchange.ask("/funding", {})
        paid = self.subscriber.wait_for_update("alpha", "BTCUSDT", since=since,
                                               trigger="account_update")
        self.assertEqual(("FUNDING_FEE", "isolated", 5),
                         (paid["account_reason"], paid["margin_type"], paid["leverage"]))
        self.wait_until_true()
        # Funding of a cross position changes no position, and the exchange reports none.
        stays_true(lambda: not [message for message in self.subscriber.updates("beta", since=since)
                                if message["trigger"] == "account_update"],
                   "no update of a position without a change", 0.3)


if __name__ == "__main__":
    unittest.main()

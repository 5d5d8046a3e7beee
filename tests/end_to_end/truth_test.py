"""All positions of many accounts are published exactly, while they trade and afterwards."""

import statistics
import unittest
from collections import defaultdict

from harness.exchange import Account
from harness.truth import as_change, as_published
from harness.waiting import wait_until
from harness.world import EndToEndTest

SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT", "1000PEPEUSDT", "币安人生USDT", "XAUUSDT",
           "BTCUSDT_261225", "BTCUSDC"]
LIVELY = {"mean_interval": "250ms", "positions_max": 5, "symbols": SYMBOLS,
          "open": 3, "add": 3, "reduce": 3, "flip": 2, "close": 2}
CHANGES_PER_ACCOUNT = 60

TRADERS = [
    Account("one-way-1", positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.250"},
                                    {"symbol": "SOLUSDT", "side": "SHORT", "quantity": "12.5"}],
            trading=LIVELY),
    Account("one-way-2", leverage=7, trading=LIVELY),
    Account("isolated-1", margin_type="isolated", leverage=5,
            positions=[{"symbol": "BTCUSDT_261225", "side": "SHORT", "quantity": "0.100"}],
            trading=LIVELY),
    Account("isolated-2", margin_type="isolated", leverage=3, trading=LIVELY),
    Account("hedge-1", mode="hedge", trading=LIVELY,
            positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.400"},
                       {"symbol": "BTCUSDT", "side": "SHORT", "quantity": "0.150"}]),
    Account("hedge-2", mode="hedge", leverage=50, trading=LIVELY),
    Account("hedge-isolated", mode="hedge", margin_type="isolated", leverage=10, trading=LIVELY),
    # It holds positions from the start and never trades.
    Account("still", positions=[{"symbol": "ETHUSDT", "side": "LONG", "quantity": "3"}]),
]
LEVERAGES = [("one-way-1", "BTCUSDT", 11), ("hedge-1", "BTCUSDT", 33), ("still", "ETHUSDT", 4),
             ("one-way-2", "SOLUSDT", 9), ("hedge-2", "币安人生USDT", 6), ("still", "ETHUSDT", 5)]


def without_repetitions(changes):
    """The exchange reports both isolated legs when one was traded."""
    kept = []
    for change in changes:
        is_repetition = kept and change[1] == "ORDER" and change[2:] == kept[-1][2:]
        if not is_repetition:
            kept.append(change)
    return kept


class Truth(EndToEndTest):
    def test_trading_accounts_are_published_exactly(self):
        # Comparisons over REST would hide stream events that the bridge missed.
        self.start(TRADERS, reconcile="0s")
        self.exchange.set_trading(True)
        self.wait_through_lively_trading()
        self.exchange.set_trading(False)
        self.wait_until_true()
        self.check_every_change_was_published()
        self.check_all_kinds_of_change_happened()
        self.check_mark_prices_came_every_second()
        self.check_only_the_stream_was_needed()

    def wait_through_lively_trading(self):
        """Trades, leverage changes and funding, until every account has traded many times."""
        steps = len(LEVERAGES)
        for step, (account, symbol, leverage) in enumerate(LEVERAGES, 1):
            wait_until(lambda: self.changes() >= CHANGES_PER_ACCOUNT * step / steps,
                       lambda: f"step {step} of {steps}; {self.changes()} changes", 30)
            self.exchange.ask("/leverage",
                              {"account": account, "symbol": symbol, "leverage": leverage})
            self.exchange.ask("/funding", {})

    def changes(self):
        """The number of changes of the trading account with the fewest."""
        return min(account["changes"] for name, account in self.exchange.truth().items()
                   if name != "still")

    def check_every_change_was_published(self):
        """Each change of each position was published once and in order, not only the last state."""
        for account in self.accounts:
            changes = defaultdict(list)
            for row in self.exchange.history(account.name):
                changes[row["symbol"], row["position_side"]].append(as_change(row))
            published = defaultdict(list)
            for message in self.subscriber.updates(account.name):
                if message["trigger"] == "account_update":
                    published[message["symbol"], message["position_side"]].append(
                        as_published(message.body))
            published = {key: without_repetitions(told) for key, told in published.items()}
            for key in changes.keys() | published.keys():
                # Changes before the account was live are in its snapshot, not in updates.
                known = self.changes_in_snapshot(account.name, key, changes[key])
                self.assertEqual(changes[key][known:], published.get(key, []),
                                 f"{account.name} {key}")

    def changes_in_snapshot(self, account, key, changes):
        first = self.subscriber.updates(account, *key)[0]
        if first["trigger"] != "snapshot":
            return 0
        return sum(change[0] <= first["position_time_us"] for change in changes)

    def check_all_kinds_of_change_happened(self):
        """The test compared enough changes of each kind."""
        kinds = set()
        for account in self.accounts:
            last = {}
            for message in self.subscriber.updates(account.name):
                key = message["symbol"], message["position_side"]
                kinds.add((last.get(key, "FLAT"), message["side"]))
                kinds.add(message["account_reason"])
                kinds.add((account.mode, message["trigger"]))
                last[key] = message["side"]
        self.assertLessEqual({
            ("FLAT", "LONG"), ("FLAT", "SHORT"), ("LONG", "SHORT"), ("SHORT", "LONG"),
            ("LONG", "FLAT"), ("SHORT", "FLAT"), "ORDER", "FUNDING_FEE",
            ("one-way", "config"), ("hedge", "config")}, kinds)

    def check_mark_prices_came_every_second(self):
        """Measured in the time of the exchange: a busy machine is not a slow bridge."""
        intervals = []
        for (account, symbol, side), _ in self.subscriber.positions.items():
            last = None
            for message in self.subscriber.updates(account, symbol, side):
                if message["side"] == "FLAT":
                    last = None
                elif message["trigger"] == "mark_price":
                    if last is not None:
                        intervals.append(message["mark_time_us"] - last)
                    last = message["mark_time_us"]
        self.assertGreater(len(intervals), 100)
        self.assertAlmostEqual(1.0, statistics.median(intervals) / 1e6, delta=0.05)
        self.assertLess(max(intervals) / 1e6, 3.0)

    def check_only_the_stream_was_needed(self):
        metrics = self.bridge.metrics()
        self.assertEqual(0, metrics.total("position_bridge_reconciles_total"))
        self.assertEqual(0, metrics.total("position_bridge_stream_disconnects_total"))
        self.assertEqual(0, metrics.total("position_bridge_parse_errors_total"))


if __name__ == "__main__":
    unittest.main()

"""Third-party clients run unchanged against the simulated exchange and report its true positions.

They show that the simulated exchange behaves like the real one. The argument selects the client:
connector (Binance's own), ccxt or siebly.
"""

import functools
import json
import ssl
import sys
import tempfile
import time
import unittest
import urllib.request
from decimal import Decimal
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "end_to_end"))

from client import ClientError, ThirdPartyClient  # noqa: E402
from harness.exchange import Account, SimulatedExchange  # noqa: E402
from harness.waiting import wait_until  # noqa: E402

ONE_WAY = Account("one-way", leverage=13, positions=[
    {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.125", "entry_price": "83999.5"},
    {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2.5", "entry_price": "2801.37",
     "leverage": 7, "margin_type": "isolated"}])
HEDGE = Account("hedge", mode="hedge", margin_type="isolated", leverage=5, positions=[
    {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.5", "entry_price": "84000"},
    {"symbol": "BTCUSDT", "side": "SHORT", "quantity": "0.25", "entry_price": "85000.1"},
    {"symbol": "SOLUSDT", "side": "SHORT", "quantity": "12", "entry_price": "140.25"}])
ACCOUNTS = (ONE_WAY, HEDGE)

# REST and the stream use different names of margin types.
MARGIN_TYPES = {"CROSSED": "cross", "ISOLATED": "isolated", "cross": "cross",
                "isolated": "isolated"}

LOG_LINES_SHOWN = 30

client_name = None  # the argument


def as_truth(row):
    """A reported or true position as numbers."""
    return (row["symbol"], row["position_side"], Decimal(row["amount"]),
            Decimal(row["entry_price"]))


def for_each_account(test):
    """Runs the test for each account, with its name and its client as arguments."""
    @functools.wraps(test)
    def run(self):
        for account in ACCOUNTS:
            with self.subTest(account=account.name):
                test(self, account.name, self.clients[account.name])
    return run


class ClientTest(unittest.TestCase):
    """An exchange with two accounts, and a client for each of them."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="clients-")
        cls.addClassCleanup(folder.cleanup)
        # Constant prices, so that later reports are still correct.
        cls.exchange = SimulatedExchange(Path(folder.name), ACCOUNTS,
                                         market={"volatility_percent": 0})
        cls.addClassCleanup(cls.exchange.kill)
        cls.clients = {}
        cls.logs = []
        for account in ACCOUNTS:
            log = open(Path(folder.name) / f"{account.name}.err.log", "w+", encoding="utf-8")
            cls.addClassCleanup(log.close)
            client = ThirdPartyClient(client_name, cls.exchange, account, log)
            cls.addClassCleanup(client.stop)
            cls.clients[account.name] = client
            cls.logs.append(log)

    def tearDown(self):
        self.assertEqual({}, self.exchange.broken_limits(), "limits of the exchange")

    def run(self, result=None):
        result = result or self.defaultTestResult()
        bad_before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad_before:
            self._show_logs()
        return result

    def _show_logs(self):
        for log in self.logs:
            log.seek(0)
            print(f"--- the end of {log.name} of {self.id()}", *log.readlines()[-LOG_LINES_SHOWN:],
                  sep="\n", file=sys.stderr)
            log.seek(0, 2)

    def held(self, account):
        return sorted(as_truth(row) for row in self.exchange.truth()[account]["positions"])

    def premium_index(self):
        """All mark prices, read without a client."""
        tls = ssl.create_default_context(cafile=self.exchange.ca_file)
        with urllib.request.urlopen(f"https://{self.exchange.address}/fapi/v1/premiumIndex",
                                    context=tls, timeout=5) as reply:
            return {row["symbol"]: Decimal(row["markPrice"]) for row in json.load(reply)}


class PublicTest(ClientTest):
    @for_each_account
    def test_the_time_of_the_exchange(self, _, client):
        self.assertAlmostEqual(client.ask("time"), time.time() * 1000, delta=2000)

    @for_each_account
    def test_every_symbol_of_the_exchange(self, _, client):
        expected = sorted(self.premium_index())
        self.assertIn("币安人生USDT", expected)
        self.assertEqual(expected, sorted(client.ask("symbols")))

    @for_each_account
    def test_one_mark_price_over_rest(self, _, client):
        expected = self.premium_index()
        self.assertEqual(expected["ETHUSDT"], Decimal(client.ask("mark", "ETHUSDT")))

    @for_each_account
    def test_all_mark_prices_over_rest(self, _, client):
        expected = self.premium_index()
        reported = {symbol: Decimal(price) for symbol, price in client.ask("marks").items()}
        self.assertEqual(expected, reported)

    @for_each_account
    def test_one_mark_price_over_its_stream(self, account, client):
        client.ask("watch_mark", "SOLUSDT")
        for price in ("141.2", "139.75") if account == "hedge" else ("138.25", "142.01"):
            self.exchange.ask("/price", {"symbol": "SOLUSDT", "mark": price})
            client.wait_for("mark", lambda tick: tick["symbol"] == "SOLUSDT"
                            and Decimal(tick["price"]) == Decimal(price),
                            f"SOLUSDT at {price}")

    @for_each_account
    def test_all_mark_prices_over_their_stream(self, account, client):
        client.ask("watch_marks")
        price = "2.125" if account == "hedge" else "2.117"
        self.exchange.ask("/price", {"symbol": "XRPUSDT", "mark": price})
        expected = self.premium_index()
        self.assertEqual(Decimal(price), expected["XRPUSDT"])
        wait_until(lambda: expected.items() <= self.reported_marks(client).items(),
                   lambda: f"all mark prices; missing or wrong: "
                           f"{dict(expected.items() - self.reported_marks(client).items())}")

    @staticmethod
    def reported_marks(client):
        """The last price of each symbol; a complete list arrives in several frames."""
        marks = {}
        for frame in client.of("marks"):
            marks |= {symbol: Decimal(price) for symbol, price in frame.items()}
        return marks


class AccountTest(ClientTest):
    @for_each_account
    def test_positions_of_v2_and_v3(self, account, client):
        truth = self.held(account)
        self.assertGreaterEqual(len(truth), 2)
        self.assertEqual(truth, sorted(map(as_truth, client.ask("positions_v2"))))
        self.assertEqual(truth, sorted(map(as_truth, client.ask("positions_v3"))))

    @for_each_account
    def test_break_even_prices(self, account, client):
        truth = {(row["symbol"], row["position_side"]): float(row["break_even_price"])
                 for row in self.exchange.truth()[account]["positions"]}
        reported = {(row["symbol"], row["position_side"]): float(row["break_even_price"])
                    for row in client.ask("positions_v3")}
        self.assertEqual(truth.keys(), reported.keys())
        for position, price in truth.items():
            self.assertAlmostEqual(price, reported[position], places=6)

    @for_each_account
    def test_balances(self, account, client):
        truth = {asset: Decimal(amount) for asset, amount
                 in self.exchange.truth()[account]["wallets"].items()}
        self.assertIn("USDT", truth)
        for command in ("balances", "account"):
            reported = {asset: Decimal(amount)
                        for asset, amount in client.ask(command).items()}
            self.assertEqual(truth, reported, command)

    @for_each_account
    def test_leverage_and_margin_type(self, account, client):
        for row in self.exchange.truth()[account]["positions"]:
            settings = client.ask("settings", row["symbol"])
            self.assertEqual(row["leverage"], settings["leverage"])
            self.assertEqual(row["margin_type"], MARGIN_TYPES[settings["margin_type"]])

    @for_each_account
    def test_the_position_mode(self, account, client):
        self.assertEqual(account == "hedge", client.ask("hedge"))
        self.assertEqual(account == "hedge", client.ask("account_config_hedge"))


class UserStreamTest(ClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for account, client in cls.clients.items():
            client.ask("watch_account")
            wait_until(lambda name=account: cls.is_watched(name), "a user stream of " + account)

    @classmethod
    def is_watched(cls, account):
        """Whether the client has subscribed at the exchange."""
        return any(stream["account"] == account
                   for connection in cls.exchange.connections("private")
                   for stream in connection["user_streams"])

    @for_each_account
    def test_user_events_yield_the_true_positions(self, account, client):
        known = {row[:2]: row for row in map(as_truth, client.ask("positions_v3"))}
        long_leg, short_leg = ("LONG", "SHORT") if account == "hedge" else ("BOTH", "BOTH")
        for side, quantity, leg in (("BUY", "0.3", long_leg), ("BUY", "0.1", long_leg),
                                    ("SELL", "1.7", short_leg), ("SELL", "0.6", short_leg)):
            self.exchange.trade(account, "ETHUSDT", side, quantity, leg)
            self.wait_until_reported(account, client, known)
        self.exchange.close(account, "BTCUSDT", long_leg)
        self.wait_until_reported(account, client, known)

    def wait_until_reported(self, account, client, known):
        truth = self.held(account)
        wait_until(lambda: self.reported(client, known) == truth,
                   lambda: f"the truth {truth}; reported: {self.reported(client, known)}")

    @staticmethod
    def reported(client, known):
        """The known positions after applying the events."""
        positions = dict(known)
        for rows in client.of("positions"):
            for row in map(as_truth, rows):
                positions[row[:2]] = row
        return sorted(row for row in positions.values() if row[2])

    @for_each_account
    def test_a_change_of_leverage(self, account, client):
        self.exchange.ask("/leverage", {"account": account, "symbol": "XRPUSDT",
                                        "leverage": 42})
        # ccxt has no function for this event.
        if client_name != "ccxt":
            client.wait_for("leverage", lambda event: event == {
                "symbol": "XRPUSDT", "leverage": 42}, "the new leverage of XRPUSDT")
        self.assertEqual(42, client.ask("settings", "XRPUSDT")["leverage"])


class ListenKeyTest(ClientTest):
    """A separate class, because closing a key ends the events of every stream of the account."""

    @for_each_account
    def test_listen_key_is_created_renewed_and_closed(self, _, client):
        key = client.ask("make_listen_key")
        self.assertRegex(key, "^[A-Za-z0-9]{64}$")
        self.assertEqual(key, client.ask("make_listen_key"), "the key is still in use")
        self.assertEqual(key, client.ask("keep_listen_key"))
        client.ask("close_listen_key")
        with self.assertRaisesRegex(ClientError, "This listenKey does not exist"):
            client.ask("keep_listen_key")
        self.assertNotEqual(key, client.ask("make_listen_key"))


if __name__ == "__main__":
    client_name = sys.argv.pop(1)
    unittest.main()

"""The log under faults: one line a fact, with its account, and nothing said over and over."""

import json
import re
import tempfile
import unittest
from pathlib import Path

from harness.bridge import Bridge, BridgeSetup
from harness.exchange import Account, SimulatedExchange
from harness.waiting import wait_until

TEXT_LINE = re.compile(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) "
                       r"(?P<level>DEBUG|INFO |WARN |ERROR) (?:account=(?P<account>[\w-]+)  )?"
                       r"(?P<message>\S.*)")


class Log(unittest.TestCase):
    def start(self, log_format):
        folder = tempfile.TemporaryDirectory(prefix="log-")
        self.addCleanup(folder.cleanup)
        folder = Path(folder.name)
        accounts = [Account("alpha", positions=[
            {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
            {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2"}]), Account("beta")]
        self.exchange = SimulatedExchange(folder, accounts)
        self.addCleanup(self.exchange.kill)
        self.setup_of_bridge = BridgeSetup.at(
            self.exchange, folder, accounts, reconcile="1s", mark_price={"stale_after": "2s"},
            bridge={"log_format": log_format, "log_level": "info"})
        self.bridge = Bridge(self.setup_of_bridge)
        self.addCleanup(self.bridge.kill)
        wait_until(self.bridge.is_ready, "ready")

    def text_lines(self):
        """(level, account, message) each."""
        found = []
        for line in self.bridge.errors().splitlines():
            match = TEXT_LINE.fullmatch(line)
            self.assertIsNotNone(match, line)
            found.append((match["level"].strip().lower(), match["account"], match["message"]))
        return found

    def json_lines(self):
        found = []
        for line in self.bridge.errors().splitlines():
            value = json.loads(line)
            self.assertEqual(["time", "level", "account", "message"], list(value), line)
            found.append((value["level"], value["account"], value["message"]))
        return found

    def count(self, lines, level, account, pattern):
        return sum((level, account) == found[:2] and re.search(pattern, found[2]) is not None
                   for found in lines)

    def wait_for(self, read, level, account, pattern, seconds=10):
        wait_until(lambda: self.count(read(), level, account, pattern),
                   lambda: f"{level} {account} {pattern} in:\n{self.bridge.errors()}", seconds)

    def check_start_and_end(self, read):
        self.assertEqual(0, self.bridge.stop())
        lines = read()
        for level, account, pattern in [
                ("info", None, r"^position-bridge \S+, instance end-to-end, configuration /"),
                ("info", None, r"^mark prices: per-symbol, every 1s, stale after 2s$"),
                ("info", None, r"^comparison with the exchange: every 1s$"),
                ("info", None, r"^environment simulator, usdm: REST https://\S+, user streams "
                               r"wss://\S+/private, market streams wss://\S+/market"),
                ("info", "alpha", r"^usdm on simulator: API key from env ALPHA_API_KEY"),
                ("info", "beta", r"^usdm on simulator: API key from env BETA_API_KEY"),
                ("warn", None, r"can read the positions from tcp://127\.0\.0\.1:"),
                ("warn", None, r"^Secrets come from environment variables"),
                ("info", None, r"^publishing on tcp://127\.0\.0\.1:"),
                ("info", None, r"^serving /metrics .* on http://127\.0\.0\.1:"),
                ("info", "alpha", r"^is live$"),
                ("info", None, r"^stopping on SIGTERM$"),
                ("info", None, r"^stopped$")]:
            self.assertEqual(1, self.count(lines, level, account, pattern), pattern)

    def test_as_text_says_at_the_start_what_runs_and_what_is_insecure(self):
        self.start("text")
        self.check_start_and_end(self.text_lines)

    def test_as_json_says_the_same(self):
        self.start("json")
        self.check_start_and_end(self.json_lines)

    def test_a_complaint_is_made_once_and_counted_from_then_on(self):
        self.start("text")
        self.exchange.fault("rest_error", account="alpha", endpoint="/fapi/v3/positionRisk",
                            http_status=503, code=-1001, message="Internal error")
        failed = ("position_bridge_reconciles_total", {"account": "alpha", "outcome": "failed"})
        wait_until(lambda: self.bridge.metrics().total(failed[0], **failed[1]) >= 4,
                   "four failures", 15)
        self.exchange.clear_faults()
        complaint = r"^the account could not be compared with the exchange: HTTP 503, code -1001"
        self.assertEqual(1, self.count(self.text_lines(), "warn", "alpha", complaint))
        self.wait_for(self.text_lines, "warn", "alpha",
                      complaint + r": Internal error \(and \d+ times more within 30 s\)$",
                      seconds=40)
        self.assertEqual(2, self.count(self.text_lines(), "warn", "alpha", complaint))

    def test_what_a_subscriber_is_told_of_trust_is_in_the_log(self):
        self.start("text")
        self.exchange.fault("silence_symbol", symbol="BTCUSDT", duration="4s")
        self.wait_for(self.text_lines, "warn", "alpha",
                      r"^BTCUSDT BOTH is stale: the exchange sends no mark price for it$")
        self.wait_for(self.text_lines, "info", "alpha", r"^BTCUSDT BOTH is not stale any more$")
        self.exchange.fault("cut", scope="user", account="alpha")
        self.wait_for(self.text_lines, "info", "alpha", r"^is stale$")
        self.wait_for(self.text_lines, "warn", "alpha",
                      r"^user stream: \S+ the connection was cut; connecting again in [0-9.]+ s$")
        wait_until(lambda: self.count(self.text_lines(), "info", "alpha", r"^is live$") == 2,
                   "live again", 20)
        self.assertEqual(1, self.count(self.text_lines(), "info", "beta", r"^is live$"))


if __name__ == "__main__":
    unittest.main()

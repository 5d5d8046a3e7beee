"""The log under faults: one line per fact, with the account, and repeated messages are counted."""

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
        """A list of (level, account, message)."""
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

    def test_text_log_starts_with_the_configuration_and_its_security_warnings(self):
        self.start("text")
        self.check_start_and_end(self.text_lines)

    def test_json_log_has_the_same_messages(self):
        self.start("json")
        self.check_start_and_end(self.json_lines)

    def test_repeated_warning_is_logged_once_and_then_counted(self):
        self.start("text")
        self.exchange.fault("rest_error", account="alpha", endpoint="/fapi/v3/positionRisk",
                            http_status=503, code=-1001, message="Internal error")
        failed = ("position_bridge_reconciles_total", {"account": "alpha", "outcome": "failed"})
        wait_until(lambda: self.bridge.metrics().total(failed[0], **failed[1]) >= 4,
                   "four failures", 15)
        self.exchange.clear_faults()
        warning = r"^the account could not be compared with the exchange: HTTP 503, code -1001"
        self.assertEqual(1, self.count(self.text_lines(), "warn", "alpha", warning))
        self.wait_for(self.text_lines, "warn", "alpha",
                      warning + r": Internal error \(and \d+ times more within 30 s\)$",
                      seconds=40)
        self.assertEqual(2, self.count(self.text_lines(), "warn", "alpha", warning))

    def test_published_changes_of_state_are_logged(self):
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

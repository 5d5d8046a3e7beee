"""No secret leaves the bridge on any path, not even during faults."""

import re
import unittest

from harness.bridge import BridgeSetup
from harness.exchange import Account
from harness.programs import run_bridge
from harness.waiting import wait_until
from harness.world import EndToEndTest

# So many characters of a secret do not occur by chance.
GIVEAWAY_SIZE = 12
SIGNATURE = re.compile(r"signature=|\b[0-9a-f]{64}\b", re.IGNORECASE)


class Secrets(EndToEndTest):
    def test_no_secret_is_written_published_or_served(self):
        self.accounts = [
            Account("alpha", positions=[{"symbol": "BTCUSDT", "side": "LONG",
                                         "quantity": "0.1"}]),
            Account("beta"), Account("refused")]
        self.exchange = self.start_exchange(self.accounts)
        setup = BridgeSetup.at(self.exchange, self.folder, self.accounts, reconcile="1s",
                               bridge={"log_level": "trace"},
                               account_settings={"close_listen_key_on_stop": True})
        setup.environment["REFUSED_API_SECRET"] = "wrong-" + self.accounts[2].api_secret[::-1]
        self.listen_keys = set()
        self.pages = []
        self.subscriber = self.subscribe(setup.endpoint)
        self.bridge = self.start_bridge(setup)
        for name, state in [("alpha", "live"), ("beta", "live"), ("refused", "failed")]:
            self.subscriber.wait_for_state(name, state)
        self.look()
        self.let_everything_go_wrong()
        self.look()
        self.assertEqual(0, self.bridge.stop())
        checked = run_bridge("check", "--config", setup.config_file,
                             environment=setup.environment)
        self.assertEqual(0, checked.returncode)
        self.check_nothing_is_given_away(setup, {
            "stdout": self.bridge.output(), "stderr": self.bridge.errors(),
            "check": checked.stdout + checked.stderr,
            "pages": "\n".join(self.pages),
            "bus": "\n".join(message.topic + message.payload.decode("utf-8", "replace")
                             for message in self.subscriber.messages)})

    def look(self):
        """Collects the pages and the listen keys in use."""
        for account in self.accounts:
            self.listen_keys.add(self.exchange.living_listen_key(account))
        for path in ("/metrics", "/status", "/readyz", "/healthz", "/?listenKey"):
            self.pages.append(self.bridge.get(path)[2])

    def let_everything_go_wrong(self):
        for fault in [
                {"kind": "rest_error", "endpoint": "POST /fapi/v1/listenKey", "count": 1,
                 "http_status": 503, "code": -1001},
                {"kind": "rest_error", "endpoint": "GET /fapi/v3/positionRisk", "count": 1,
                 "http_status": 400, "code": -1021, "account": "alpha"},
                {"kind": "refuse_handshakes", "count": 1},
                {"kind": "cut", "scope": "user", "close_code": 1008, "account": "alpha"},
                {"kind": "cut", "scope": "market"},
                {"kind": "expire_key", "account": "beta"}]:
            self.exchange.fault(**fault)
        since = self.subscriber.count()
        self.subscriber.wait_for_state("alpha", "live", since)
        wait_until(lambda: [entry["state"] for entry in self.bridge.status()["accounts"]]
                   == ["live", "live", "failed"], "everything is live again", 20)
        failed = self.bridge.metrics().total("position_bridge_listen_key_renewals_total",
                                             outcome="failed")
        self.assertLessEqual(1, failed, "the faults had an effect")
        self.look()
        self.exchange.fault("delete_key", account="alpha")
        self.exchange.trade("alpha", "ETHUSDT", "BUY", "1")
        self.subscriber.wait_for_update("alpha", "ETHUSDT", trigger="reconcile")

    def check_nothing_is_given_away(self, setup, places):
        secrets = dict(setup.environment)
        for account in self.accounts:
            secrets[account.name + ": the true API secret"] = account.api_secret
        for number, key in enumerate(sorted(self.listen_keys)):
            secrets[f"listen key {number}"] = key
        self.assertLessEqual(4, len(self.listen_keys))
        for place, text in places.items():
            self.assertEqual(place == "stdout", text == "", place)
            for name, secret in secrets.items():
                bare = secret.rpartition("-")[2]  # without the prefix
                for part in (bare[:GIVEAWAY_SIZE], bare[-GIVEAWAY_SIZE:]):
                    self.assertNotIn(part, text, f"{name} in {place}")
            self.assertIsNone(SIGNATURE.search(text), f"a signature in {place}")


if __name__ == "__main__":
    unittest.main()

"""/metrics, /healthz, /readyz and /status."""

import json
import re
import subprocess
import unittest

from harness.bridge import BridgeSetup
from harness.exchange import Account
from harness.message_rules import STATUS_KEYS
from harness.waiting import wait_until
from harness.world import EndToEndTest

# Every documented metric, with the labels of its samples.
METRICS = {
    "position_bridge_account_state": {"account", "venue", "state"},
    "position_bridge_stream_connected": {"account", "stream"},
    "position_bridge_stream_connects_total": {"account", "stream"},
    "position_bridge_stream_disconnects_total": {"account", "stream", "reason"},
    "position_bridge_stream_events_total": {"account", "stream", "event"},
    "position_bridge_stream_last_event_timestamp_seconds": {"account", "stream"},
    "position_bridge_parse_errors_total": {"stream"},
    "position_bridge_positions_open": {"account"},
    "position_bridge_positions_stale": {"account"},
    "position_bridge_positions_confirmed_timestamp_seconds": {"account"},
    "position_bridge_listen_key_expiry_timestamp_seconds": {"account"},
    "position_bridge_mark_price_subscriptions": set(),
    "position_bridge_updates_published_total": {"account", "trigger"},
    "position_bridge_bytes_published_total": set(),
    "position_bridge_listen_key_renewals_total": {"account", "outcome"},
    "position_bridge_reconciles_total": {"account", "outcome"},
    "position_bridge_rest_requests_total": {"endpoint", "code"},
    "position_bridge_rest_used_weight": {"environment"},
    "position_bridge_exchange_clock_offset_seconds": {"environment"},
    "position_bridge_subscribers": set(),
    "position_bridge_subscriptions": {"kind"},
    "position_bridge_slow_subscriber_episodes_total": set(),
    "position_bridge_snapshots_served_total": set(),
    "position_bridge_snapshots_refused_total": {"reason"},
    "position_bridge_subscriber_handshake_failures_total": {"reason"},
    "position_bridge_config_last_reload_successful": set(),
    "position_bridge_config_last_reload_timestamp_seconds": set(),
    "position_bridge_log_messages_total": {"level"},
    "position_bridge_log_messages_lost_total": set(),
    "process_cpu_seconds_total": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
    "process_virtual_memory_bytes": set(),
    "process_resident_memory_bytes": set(),
    "process_start_time_seconds": set(),
}
HISTOGRAMS = ["position_bridge_receive_to_publish_seconds",
              "position_bridge_exchange_to_publish_seconds"]
TRIGGERS = ["snapshot", "account_update", "mark_price", "reconcile", "config", "state"]


class HttpPages(EndToEndTest):
    def setUp(self):
        self.start([
            Account("alpha", positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
                                        {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2"}]),
            Account("beta")])

    # --- /metrics ------------------------------------------------------------------------------

    def test_metrics_pass_promtool_check(self):
        status, headers, text = self.bridge.get("/metrics")
        self.assertEqual(200, status)
        self.assertTrue(headers["Content-Type"].startswith("text/plain; version=0.0.4"),
                        headers["Content-Type"])
        check = subprocess.run(["promtool", "check", "metrics"], input=text, text=True,
                               capture_output=True, check=False)
        self.assertEqual((0, "", ""), (check.returncode, check.stdout, check.stderr))

    def test_every_documented_metric_exists_with_its_labels(self):
        metrics = self.bridge.metrics()
        for name, labels in METRICS.items():
            self.assertEqual({frozenset(labels)}, metrics.label_names(name), name)
            is_counter = name.endswith("_total")
            self.assertEqual("counter" if is_counter else "gauge", metrics.types[name], name)
        for name in [*HISTOGRAMS, "position_bridge_event_loop_lag_seconds"]:
            self.assertEqual("histogram", metrics.types[name])
            self.assertEqual({frozenset({"le"})}, metrics.label_names(name + "_bucket"))
        (labels, value), = metrics.samples("position_bridge_build_info")
        self.assertEqual(1, value)
        self.assertIn("version", labels)

    def test_counters_equal_what_a_subscriber_counted(self):
        self.exchange.trade("beta", "SOLUSDT", "BUY", "7")
        self.subscriber.wait_for_update("beta", "SOLUSDT", trigger="mark_price")
        self.exchange.ask("/leverage", {"account": "beta", "symbol": "SOLUSDT", "leverage": 3})
        self.subscriber.wait_for_update("beta", "SOLUSDT", trigger="config")
        counted, metrics = self.count_while_nothing_is_published()
        self.assertLess(0, counted["beta", "account_update"])
        for (account, trigger), count in counted.items():
            self.assertEqual(count, metrics.total("position_bridge_updates_published_total",
                                                  account=account, trigger=trigger),
                             f"{account} {trigger}")
        ticks = sum(count for (_, trigger), count in counted.items()
                    if trigger in ("mark_price", "account_update"))
        for name in HISTOGRAMS:
            self.assertEqual(ticks, metrics.total(name + "_count"), name)
            self.assertEqual(ticks, metrics.total(name + "_bucket", le="+Inf"), name)
        self.assertEqual(2, metrics.total("position_bridge_positions_open", account="alpha"))
        self.assertEqual(1, metrics.total("position_bridge_positions_open", account="beta"))
        self.assertEqual(1, metrics.total("position_bridge_subscribers"))

    def count_while_nothing_is_published(self):
        """The messages of the subscriber before the page was made, if none arrived meanwhile."""
        def counts():
            updates = self.subscriber.updates()
            return {(account.name, trigger): sum(
                (message["account"], message["trigger"]) == (account.name, trigger)
                for message in updates) for account in self.accounts for trigger in TRIGGERS}

        def both():
            self.subscriber.wait_for_heartbeat()  # no earlier message is on its way
            before = counts()
            metrics = self.bridge.metrics()
            self.subscriber.wait_for_heartbeat()
            return (before, metrics) if counts() == before else None

        return wait_until(both, "no update between two heartbeats")

    # --- /healthz and /readyz ------------------------------------------------------------------

    def test_it_is_ready_only_while_every_account_is_live(self):
        self.assertEqual((200, {"ready": True, "accounts": {"alpha": "live", "beta": "live"}}),
                         self.readiness())
        since = self.subscriber.count()
        self.exchange.fault("refuse_handshakes", scope="user", account="beta")
        self.exchange.fault("cut", scope="user", account="beta")
        self.subscriber.wait_for_state("beta", "stale", since)
        self.assertEqual((503, {"ready": False, "accounts": {"alpha": "live", "beta": "stale"}}),
                         self.readiness())
        self.assertEqual(200, self.bridge.get("/healthz")[0], "the main loop responds")
        self.exchange.clear_faults()
        self.subscriber.wait_for_state("beta", "live", since)
        wait_until(self.bridge.is_ready, "ready again")

    def readiness(self):
        status, _, body = self.bridge.get("/readyz")
        return status, json.loads(body)

    def test_it_is_healthy_and_not_ready_before_the_accounts_are_live(self):
        setup = BridgeSetup.at(self.exchange, self.folder, self.accounts)
        with self.exchange.paused():
            bridge = self.start_bridge(setup, name="waiting")
            wait_until(lambda: bridge.get("/healthz")[0] == 200, "healthy")
            status, _, body = bridge.get("/readyz")
            self.assertEqual(503, status)
            self.assertFalse(json.loads(body)["ready"])
        wait_until(bridge.is_ready, "ready")

    # --- /status -------------------------------------------------------------------------------

    def test_status_shows_everything_about_every_account(self):
        self.subscriber.wait_for_update("alpha", "BTCUSDT", trigger="mark_price")
        self.subscriber.wait_for_update("alpha", "ETHUSDT", trigger="mark_price")
        status, headers, body = self.bridge.get("/status")
        self.assertEqual((200, "application/json"), (status, headers["Content-Type"]))
        page = json.loads(body)
        for name in ("instance", "version", "epoch", "uptime", "accounts"):
            self.assertIn(name, page)
        self.assertEqual(self.subscriber.statuses["alpha"]["epoch"], page["epoch"])
        self.assertEqual(["alpha", "beta"], [entry["account"] for entry in page["accounts"]])
        wanted = set(STATUS_KEYS) | {"positions", "mark_prices", "listen_key"}
        for entry in page["accounts"]:
            self.assertEqual(set(), wanted - entry.keys(), "keys of an account are missing")
            self.assertRegex(entry["listen_key"], r"\A[0-9a-f]{8}\Z")
            published = self.subscriber.statuses[entry["account"]]
            for name in ("venue", "state", "running", "user_connected", "mark_connected",
                         "connected", "detail", "since_us", "evidence"):
                self.assertEqual(published[name], entry[name], name)
        alpha, beta = page["accounts"]
        self.assertEqual((["BTCUSDT", "ETHUSDT"], ["BTCUSDT", "ETHUSDT"], 2),
                         (alpha["positions"], alpha["mark_prices"], alpha["active_positions"]))
        self.assertEqual(([], [], 0),
                         (beta["positions"], beta["mark_prices"], beta["active_positions"]))
        self.assertNotEqual(alpha["listen_key"], beta["listen_key"])

    # --- the rest ------------------------------------------------------------------------------

    def test_other_pages_and_methods_are_rejected(self):
        self.assertEqual(404, self.bridge.get("/")[0])
        self.assertEqual(404, self.bridge.get("/metrics/")[0])
        self.assertEqual(405, self.bridge.get("/metrics", method="POST")[0])
        status, headers, body = self.bridge.get("/healthz", method="HEAD")
        self.assertEqual((200, ""), (status, body))
        self.assertTrue(re.fullmatch(r"[1-9][0-9]*", headers["Content-Length"]))
        self.assertEqual(200, self.bridge.get("/healthz?for=probe")[0])


if __name__ == "__main__":
    unittest.main()

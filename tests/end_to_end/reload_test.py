"""SIGHUP applies changes of the configuration and does not disturb anything else."""

import signal
import unittest

from harness.curve import Keys
from harness.exchange import Account
from harness.load import MarkPriceLoad, wait_for_rate
from harness.waiting import wait_until
from harness.world import EndToEndTest


def holding(name):
    return Account(name, positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.100"},
                                    {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2.000"}])


class Reload(EndToEndTest):
    def start_with(self, running, absent=(), **settings):
        """The configuration contains only the first accounts of the exchange; all keys exist."""
        self.all = {account.name: account for account in [*running, *absent]}
        self.start(list(running), also_known=absent, **settings)
        self.configuration = self.setup_of_bridge.config_file.read_text(encoding="utf-8")

    def table_of(self, name):
        """The table of the account in the configuration, including its header."""
        begin = self.configuration.index(f'[[account]]\nname = "{name}"')
        end = self.configuration.find("[[account]]", begin + 1)
        return self.configuration[begin:end if end >= 0 else None]

    def write(self, configuration):
        self.setup_of_bridge.config_file.write_text(configuration, encoding="utf-8")

    def reload(self, expected="reloaded: "):
        heard = self.bridge.errors().count(expected)
        self.bridge.send(signal.SIGHUP)
        wait_until(lambda: self.bridge.errors().count(expected) > heard, expected)

    def broken_limits(self):
        """Without wrong signatures, which a test causes on purpose."""
        broken = self.exchange.broken_limits()
        broken.pop("bad_signature", None)
        return broken

    def is_taken(self):
        return self.bridge.metrics().total("position_bridge_config_last_reload_successful") == 1

    def test_added_account_becomes_live_without_effect_on_others(self):
        self.start_with([holding("alpha")], absent=[holding("beta")])
        since = self.subscriber.count()
        self.write(self.configuration + self.table_of("alpha").replace(
            '"alpha"', '"beta"').replace("ALPHA", "BETA"))
        self.reload()
        self.subscriber.wait_for_state("beta", "live", since)
        self.accounts.append(self.all["beta"])
        self.wait_until_true()
        self.assertEqual([], self.subscriber.status_changes("alpha", since))
        self.assertTrue(self.is_taken())
        self.assertEqual(1, self.bridge.metrics().total("position_bridge_account_state",
                                                        account="beta", state="live"))

    def test_removed_account_is_published_as_stopped_and_disappears_from_every_page(self):
        self.start_with([holding("alpha"), holding("beta")])
        since = self.subscriber.count()
        self.write(self.configuration.replace(self.table_of("beta"), ""))
        self.reload()
        self.subscriber.wait_for_state("beta", "stopped", since)
        stale = {message["symbol"] for message in self.subscriber.updates("beta", since=since)
                 if message["state"] == "stale"}
        self.assertEqual({"BTCUSDT", "ETHUSDT"}, stale)
        self.assertEqual(0, len(self.bridge.metrics().samples("position_bridge_account_state",
                                                              account="beta")))
        self.assertEqual(["alpha"], [one["account"] for one in self.bridge.status()["accounts"]])
        self.assertTrue(self.bridge.is_ready())
        wait_until(lambda: len(self.exchange.connections("private")) == 1, "its stream is closed")
        self.assertEqual([], self.subscriber.status_changes("alpha", since))

    def test_account_that_returns_continues_its_sequence_and_publishes_closed_positions(self):
        self.start_with([holding("alpha"), holding("beta")])
        since = self.subscriber.count()
        self.write(self.configuration.replace(self.table_of("beta"), ""))
        self.reload()
        self.subscriber.wait_for_state("beta", "stopped", since)
        self.exchange.close("beta", "ETHUSDT")
        since = self.subscriber.count()
        self.write(self.configuration)
        self.reload()
        self.subscriber.wait_for_state("beta", "live", since)
        self.subscriber.wait_for_update("beta", "ETHUSDT", since=since, side="FLAT")
        self.wait_until_true()

    def test_disabled_account_is_removed(self):
        self.start_with([holding("alpha"), holding("beta")])
        since = self.subscriber.count()
        self.write(self.configuration + "enabled = false\n")  # the last table belongs to beta
        self.reload()
        self.subscriber.wait_for_state("beta", "stopped", since)

    def test_new_keys_reconnect_only_their_account(self):
        self.start_with([holding("alpha"), holding("beta")])
        since = self.subscriber.count()
        # The environment of a running process cannot change, so the new keys are in files.
        for what, value in (("key", self.all["alpha"].api_key),
                            ("secret", self.all["alpha"].api_secret)):
            file = self.folder / f"alpha.{what}"
            file.touch(mode=0o600)
            file.write_text(value, encoding="utf-8")
        changed = self.configuration.replace('{ env = "ALPHA_API_KEY" }', '{ file = "alpha.key" }') \
            .replace('{ env = "ALPHA_API_SECRET" }', '{ file = "alpha.secret" }')
        self.write(changed)
        self.reload()
        self.assertEqual([], self.subscriber.status_changes("alpha", since),
                         "the same keys from another source are not a change")
        (self.folder / "alpha.secret").write_text("not-the-secret", encoding="utf-8")
        self.reload()
        self.subscriber.wait_for_state("alpha", "failed", since)
        since = self.subscriber.count()
        (self.folder / "alpha.secret").write_text(self.all["alpha"].api_secret, encoding="utf-8")
        self.reload()
        self.subscriber.wait_for_state("alpha", "live", since)
        self.wait_until_true()
        self.assertEqual([], self.subscriber.status_changes("beta", since))

    def test_file_with_mistakes_changes_nothing_and_all_mistakes_are_logged(self):
        self.start_with([holding("alpha"), holding("beta")])
        since = self.subscriber.count()
        self.write(self.configuration.replace(self.table_of("beta"), "")
                   .replace('interval = "0s"', 'interval = "0x"') + "unknown = 1\n")
        self.reload("the configuration was not taken and nothing has changed")
        self.assertIn("reconcile.interval", self.bridge.errors())
        self.assertIn("unknown key", self.bridge.errors())
        self.assertFalse(self.is_taken())
        self.write(self.configuration)
        self.reload()
        self.assertTrue(self.is_taken())
        self.assertEqual([], self.subscriber.status_changes("alpha", since))
        self.assertEqual([], self.subscriber.status_changes("beta", since))

    def test_changes_that_need_a_restart_are_logged_and_the_log_level_needs_none(self):
        self.start_with([holding("alpha")])
        self.write(self.configuration.replace('log_level = "debug"', 'log_level = "warn"')
                   .replace('heartbeat_interval = "250ms"', 'heartbeat_interval = "2s"'))
        for _ in range(2):
            self.reload("in effect after a restart only: publisher.heartbeat_interval")
        self.assertNotIn("reloaded: ", self.bridge.errors(), "which is of level info")
        self.assertTrue(self.is_taken())

    def test_allowed_clients_of_an_encrypted_bus_are_updated(self):
        server, risk, newcomer = (Keys.make(self.folder, name)
                                  for name in ("server", "risk", "newcomer"))
        self.start_with([holding("alpha")],
                        publisher={"curve": {"secret_key_file": str(server.secret_file),
                                             "allowed_clients": [{"name": "risk",
                                                                  "public_key": risk.public}]}},
                        subscriber_keys={"keys": risk, "server_key": server.public})
        endpoint = self.setup_of_bridge.endpoint

        def hears(keys):
            heard = self.subscribe(endpoint, ["bridge.heartbeat"], keys=keys,
                                   server_key=server.public)
            try:
                heard.wait_for_heartbeat(seconds=2)
                return True
            except AssertionError:
                return False

        self.assertFalse(hears(newcomer))
        self.write(self.configuration.replace(
            '[{ name = "risk"', f'[{{ name = "new", public_key = "{newcomer.public}" }}, '
                                '{ name = "risk"'))
        self.reload()
        self.assertTrue(hears(newcomer))
        self.subscriber.wait_for_heartbeat()
        self.write(self.configuration)
        self.reload()
        self.assertIn("a client was taken off", self.bridge.errors())
        self.assertFalse(hears(newcomer))
        self.assertTrue(hears(risk))

    def test_unaffected_subscribers_lose_no_message_under_load(self):
        names = ["alpha", "gamma", "delta", "epsilon"]
        self.start_with([holding(name) for name in names], absent=[holding("beta")])
        beta = self.table_of("alpha").replace('"alpha"', '"beta"').replace("ALPHA", "BETA")
        with MarkPriceLoad(self.exchange, ["BTCUSDT", "ETHUSDT"], 5000):
            wait_for_rate(self.bridge, 18_000)
            since = self.subscriber.count()
            for _ in range(3):
                self.write(self.configuration + beta)
                self.reload()
                self.subscriber.wait_for_state("beta", "live", since, seconds=30)
                since = self.subscriber.count()
                self.write(self.configuration)
                self.reload()
                self.subscriber.wait_for_state("beta", "stopped", since)
                since = self.subscriber.count()
        # The cleanup checks that no sequence number is missing; nothing became stale either.
        for name in names:
            self.assertEqual([], [message["state"] for message in
                                  self.subscriber.updates(name) if message["state"] == "stale"])


if __name__ == "__main__":
    unittest.main()

"""The command line, bad configurations, addresses in use, signals, and unusable exchanges."""

import json
import signal
import socket
import stat
import unittest

from harness.bridge import BridgeSetup
from harness.exchange import Account, SimulatedExchange
from harness.programs import free_port, run_bridge
from harness.waiting import stays_true, wait_until
from harness.world import EndToEndTest

DONE, BAD_USAGE, NOT_AVAILABLE, BAD_CONFIGURATION = 0, 64, 69, 78

BAD_CONFIG = """\
[bridge]
log_level = "loud"
colour = "red"

[publisher]
bind = ["tcp://0.0.0.0:5556"]
heartbeat_interval = "1"

[http]
listen = "127.0.0.1"

[[account]]
name = "main main"
market = "spot"
environment = "mars"
api_key = "A-KEY-INSIDE-THE-FILE"
api_secret = { env = "A" }
"""
BAD_PLACES = {"2:13": "bridge.log_level", "3:1": "bridge.colour", "6:9": "publisher.bind",
              "7:22": "publisher.heartbeat_interval", "10:10": "http.listen",
              "13:8": "account[1].name", "14:10": "account[1].market",
              "15:15": "account[1].environment", "16:11": "account[1].api_key"}


class Usage(EndToEndTest):
    def test_help_and_version_are_printed_to_stdout(self):
        help_text = run_bridge("--help")
        self.assertEqual((DONE, ""), (help_text.returncode, help_text.stderr))
        for command in ("run", "check", "watch", "keygen", "health"):
            self.assertRegex(help_text.stdout, rf"(?m)^  {command} ")
            self.assertEqual(DONE, run_bridge(command, "--help").returncode)
        version = run_bridge("--version")
        self.assertEqual(DONE, version.returncode)
        self.assertRegex(version.stdout, r"\Aposition-bridge \d+\.\d+\.\d+\n\Z")

    def test_wrong_usage_is_reported_on_stderr(self):
        for arguments in ([], ["fly"], ["run", "--nonsense"], ["run", "extra"],
                          ["check", "--config"], ["health", "--url", "ftp://127.0.0.1"],
                          ["watch", "--connect", "nonsense"]):
            with self.subTest(arguments=arguments):
                result = run_bridge(*arguments)
                self.assertEqual((BAD_USAGE, ""), (result.returncode, result.stdout))
                self.assertTrue(result.stderr.strip())

    def test_keygen_creates_a_private_secret_file_and_overwrites_nothing(self):
        made = run_bridge("keygen", "--out", self.folder)
        self.assertEqual(DONE, made.returncode, made.stderr)
        secret_file, public_file = self.folder / "curve.secret", self.folder / "curve.public"
        self.assertEqual(0o600, stat.S_IMODE(secret_file.stat().st_mode))
        secret, public = secret_file.read_text().strip(), public_file.read_text().strip()
        self.assertEqual((40, 40), (len(secret), len(public)))
        self.assertIn(public, made.stdout)
        self.assertNotIn(secret, made.stdout + made.stderr)
        again = run_bridge("keygen", "--out", self.folder)
        self.assertNotEqual(DONE, again.returncode)
        self.assertIn("curve.secret", again.stderr)
        self.assertEqual((secret, public),
                         (secret_file.read_text().strip(), public_file.read_text().strip()))


class Configuration(EndToEndTest):
    def setup_for_nobody(self, **settings):
        return BridgeSetup(self.folder, [Account("main")], "https://127.0.0.1:9",
                           "wss://127.0.0.1:9", **settings)

    def test_valid_configuration_is_described_without_secrets(self):
        setup = self.setup_for_nobody()
        result = run_bridge("check", "--config", setup.config_file,
                            environment=setup.environment)
        self.assertEqual((DONE, ""), (result.returncode, result.stderr))
        for part in (setup.endpoint, setup.url, "https://127.0.0.1:9", "main", "MAIN_API_KEY"):
            self.assertIn(part, result.stdout)
        for secret in setup.environment.values():
            self.assertNotIn(secret, result.stdout)

    def test_all_errors_of_a_configuration_are_reported_together_with_line_and_column(self):
        config = self.folder / "bad.toml"
        config.write_text(BAD_CONFIG)
        for command in ("check", "run"):
            result = run_bridge(command, "--config", config)
            self.assertEqual((BAD_CONFIGURATION, ""), (result.returncode, result.stdout))
            found = {}
            for line in result.stderr.splitlines():
                self.assertTrue(line.startswith(str(config) + ":"), line)
                row, column, key = line[len(str(config)) + 1:].split(":")[:3]
                found[f"{row}:{column}"] = key.strip()
            for place, key in BAD_PLACES.items():
                self.assertTrue(found.get(place, "").startswith(key), f"{place} {key}: {found}")
            self.assertEqual(len(BAD_PLACES), len(found), result.stderr)
            self.assertNotIn("A-KEY-INSIDE-THE-FILE", result.stderr)

    def test_invalid_toml_and_missing_file_are_reported_with_the_file_name(self):
        config = self.folder / "broken.toml"
        config.write_text("[bridge\n")
        broken = run_bridge("check", "--config", config)
        self.assertEqual(BAD_CONFIGURATION, broken.returncode)
        self.assertRegex(broken.stderr, r"broken\.toml:1:\d+: ")
        missing = run_bridge("run", "--config", self.folder / "missing.toml")
        self.assertEqual(BAD_CONFIGURATION, missing.returncode)
        self.assertIn("missing.toml", missing.stderr)

    def test_missing_secret_is_reported_with_the_name_of_its_variable(self):
        setup = self.setup_for_nobody()
        for command in ("check", "run"):
            result = run_bridge(command, "--config", setup.config_file,
                                environment={"MAIN_API_KEY": "there"})
            self.assertEqual((BAD_CONFIGURATION, ""), (result.returncode, result.stdout))
            self.assertIn("MAIN_API_SECRET", result.stderr)
            self.assertNotIn("MAIN_API_KEY", result.stderr)

    def test_invalid_ca_file_is_a_configuration_error(self):
        no_authority = self.folder / "no-authority.pem"
        no_authority.write_text("not a certificate\n")
        setup = self.setup_for_nobody(ca_file=no_authority)
        result = run_bridge("run", "--config", setup.config_file, environment=setup.environment)
        self.assertEqual(BAD_CONFIGURATION, result.returncode, result.stderr)
        self.assertIn("no-authority.pem", result.stderr)

    def test_address_in_use_is_reported(self):
        setup = self.setup_for_nobody()
        for port in (setup.bus_port, setup.http_port):
            with self.subTest(port=port), socket.socket() as holder:
                holder.bind(("127.0.0.1", port))
                holder.listen()
                result = run_bridge("run", "--config", setup.config_file,
                                    environment=setup.environment)
                self.assertEqual(NOT_AVAILABLE, result.returncode, result.stderr)
                reason = next(line for line in result.stderr.splitlines() if "ERROR" in line)
                self.assertIn(f"127.0.0.1:{port}", reason)
                self.assertIn("in use", reason)

    def test_log_lines_are_json_objects_if_configured(self):
        setup = self.setup_for_nobody(bridge={"log_format": "json"})
        bridge = self.start_bridge(setup)
        wait_until(lambda: "connecting again" in bridge.errors(), "a line about the exchange")
        self.assertEqual(DONE, bridge.stop())
        lines = [json.loads(line) for line in bridge.errors().splitlines()]
        self.assertLess(3, len(lines))
        for line in lines:
            self.assertIsInstance(line, dict)


class Stopping(EndToEndTest):
    def test_sigterm_stops_cleanly_and_publishes_shutdown_last(self):
        self.check_clean_stop(signal.SIGTERM)

    def test_sigint_stops_cleanly_and_publishes_shutdown_last(self):
        self.check_clean_stop(signal.SIGINT)

    def check_clean_stop(self, number):
        self.start([Account("alpha", positions=[
            {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"}]), Account("beta")])
        since = self.subscriber.count()
        self.bridge.send(number)
        self.assertEqual(DONE, self.bridge.wait(5.0))
        self.subscriber.wait_for(lambda message: message.topic == "bridge.shutdown",
                                 "bridge.shutdown", since)
        self.assertEqual("bridge.shutdown", self.subscriber.messages[-1].topic)
        for name in ("alpha", "beta"):
            status = self.subscriber.statuses[name]
            self.assertEqual(("stopped", False), (status["state"], status["running"]))
        self.assertEqual("stale", self.subscriber.positions["alpha", "BTCUSDT", "BOTH"]["state"])
        # Other clients of the account share the listen key.
        self.assertNotIn("DELETE /fapi/v1/listenKey", self.exchange.requests()["requests"])

    def test_listen_key_is_closed_on_stop_if_configured(self):
        self.start([Account("alpha")], account_settings={"close_listen_key_on_stop": True})
        key = self.exchange.living_listen_key(self.accounts[0])
        self.assertEqual(DONE, self.bridge.stop())
        self.assertEqual(1, self.exchange.requests()["requests"]["DELETE /fapi/v1/listenKey"])
        self.assertNotEqual(key, self.exchange.living_listen_key(self.accounts[0]))

    def test_stop_waits_at_most_five_seconds_for_the_exchange(self):
        bridge = self.bridge_at_a_paused_exchange()
        bridge.send(signal.SIGTERM)
        self.assertEqual(DONE, bridge.wait(5.0))

    def test_second_signal_stops_at_once(self):
        bridge = self.bridge_at_a_paused_exchange()
        bridge.send(signal.SIGTERM)
        wait_until(lambda: "stopping on SIGTERM" in bridge.errors(), "the first signal was handled")
        self.assertIsNone(bridge.exit_code(), "it waits for pending requests")
        bridge.send(signal.SIGTERM)
        self.assertEqual(DONE, bridge.wait(1.0))

    def bridge_at_a_paused_exchange(self):
        accounts = [Account("alpha")]
        exchange = self.start_exchange(accounts)
        exchange.send(signal.SIGSTOP)
        bridge = self.start_bridge(BridgeSetup.at(exchange, self.folder, accounts))
        wait_until(lambda: bridge.get("/healthz")[0] == 200, "the bridge runs")
        return bridge


class UnusableExchanges(EndToEndTest):
    def test_untrusted_certificate_is_rejected(self):
        accounts = [Account("alpha")]
        exchange = self.start_exchange(accounts)
        other = SimulatedExchange(self.folder, accounts, name="other")
        self.addCleanup(other.kill)
        setup = BridgeSetup.at(exchange, self.folder, accounts, ca_file=other.ca_file)
        bridge = self.start_bridge(setup)
        wait_until(lambda: bridge.metrics().total("position_bridge_stream_disconnects_total",
                                                  stream="mark", reason="tls") >= 2,
                   "several attempts")
        self.assertIn("certificate", bridge.errors())
        self.assertEqual(503, bridge.get("/readyz")[0])
        self.assertEqual("connecting", bridge.account_status("alpha")["state"])
        self.assertEqual(0, exchange.requests()["handshakes"])
        self.assertEqual(DONE, bridge.stop())

    def test_bridge_keeps_trying_an_unreachable_exchange(self):
        port = free_port()
        setup = BridgeSetup(self.folder, [Account("alpha")], f"https://127.0.0.1:{port}",
                            f"wss://127.0.0.1:{port}")
        bridge = self.start_bridge(setup)
        wait_until(lambda: bridge.metrics().total("position_bridge_stream_disconnects_total",
                                                  stream="mark", reason="refused") >= 2,
                   "several attempts")
        self.assertIn(f"127.0.0.1:{port}: Connection refused", bridge.errors())
        self.assertEqual(503, bridge.get("/readyz")[0])
        self.assertEqual(200, bridge.get("/healthz")[0])
        health = run_bridge("health", "--url", setup.url)
        self.assertEqual(NOT_AVAILABLE, health.returncode)
        self.assertIn("connecting", health.stdout)
        self.assertEqual(DONE, bridge.stop())
        self.assertEqual(NOT_AVAILABLE, run_bridge("health", "--url", setup.url).returncode)

    def test_account_with_rejected_credentials_fails_alone(self):
        accounts = [Account("alpha"), Account("refused")]
        exchange = self.start_exchange(accounts)
        setup = BridgeSetup.at(exchange, self.folder, accounts)
        setup.environment["REFUSED_API_SECRET"] = "another-secret"
        bridge = self.start_bridge(setup)
        wait_until(lambda: bridge.get("/healthz")[0] == 200, "the bridge runs")
        wait_until(lambda: [entry["state"] for entry in bridge.status()["accounts"]]
                   == ["live", "failed"], "one live, one failed")
        self.assertFalse(bridge.account_status("refused")["running"])
        self.assertIn("-1022", bridge.account_status("refused")["detail"])
        self.assertEqual(503, bridge.get("/readyz")[0])
        # Retries with the same key could get the address banned.
        stays_true(lambda: exchange.requests()["requests"]["POST /fapi/v1/listenKey"] == 2,
                   "one listen key for each account", 1.5)
        self.assertEqual(DONE, bridge.stop())


if __name__ == "__main__":
    unittest.main()

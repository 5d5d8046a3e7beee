"""The command line, bad configurations, addresses in use, signals, and exchanges that are no help."""

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
api_key = "A-KEY-THAT-STANDS-IN-THE-FILE"
api_secret = { env = "A" }
"""
BAD_PLACES = {"2:13": "bridge.log_level", "3:1": "bridge.colour", "6:9": "publisher.bind",
              "7:22": "publisher.heartbeat_interval", "10:10": "http.listen",
              "13:8": "account[1].name", "14:10": "account[1].market",
              "15:15": "account[1].environment", "16:11": "account[1].api_key"}


class Usage(EndToEndTest):
    def test_help_and_version_are_answered_on_stdout(self):
        help_text = run_bridge("--help")
        self.assertEqual((DONE, ""), (help_text.returncode, help_text.stderr))
        for command in ("run", "check", "watch", "keygen", "health"):
            self.assertRegex(help_text.stdout, rf"(?m)^  {command} ")
            self.assertEqual(DONE, run_bridge(command, "--help").returncode)
        version = run_bridge("--version")
        self.assertEqual(DONE, version.returncode)
        self.assertRegex(version.stdout, r"\Aposition-bridge \d+\.\d+\.\d+\n\Z")

    def test_bad_usage_is_said_on_stderr(self):
        for arguments in ([], ["fly"], ["run", "--nonsense"], ["run", "extra"],
                          ["check", "--config"], ["health", "--url", "ftp://127.0.0.1"],
                          ["watch", "--connect", "nonsense"]):
            with self.subTest(arguments=arguments):
                result = run_bridge(*arguments)
                self.assertEqual((BAD_USAGE, ""), (result.returncode, result.stdout))
                self.assertTrue(result.stderr.strip())

    def test_keygen_makes_a_secret_for_its_owner_only_and_overwrites_nothing(self):
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

    def test_a_good_configuration_is_described_without_secrets(self):
        setup = self.setup_for_nobody()
        result = run_bridge("check", "--config", setup.config_file,
                            environment=setup.environment)
        self.assertEqual((DONE, ""), (result.returncode, result.stderr))
        for part in (setup.endpoint, setup.url, "https://127.0.0.1:9", "main", "MAIN_API_KEY"):
            self.assertIn(part, result.stdout)
        for secret in setup.environment.values():
            self.assertNotIn(secret, result.stdout)

    def test_all_errors_of_a_configuration_are_reported_at_once_with_their_places(self):
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
            self.assertNotIn("A-KEY-THAT-STANDS-IN-THE-FILE", result.stderr)

    def test_what_is_no_toml_or_no_file_is_said_with_its_name(self):
        config = self.folder / "broken.toml"
        config.write_text("[bridge\n")
        broken = run_bridge("check", "--config", config)
        self.assertEqual(BAD_CONFIGURATION, broken.returncode)
        self.assertRegex(broken.stderr, r"broken\.toml:1:\d+: ")
        missing = run_bridge("run", "--config", self.folder / "missing.toml")
        self.assertEqual(BAD_CONFIGURATION, missing.returncode)
        self.assertIn("missing.toml", missing.stderr)

    def test_a_missing_secret_is_said_by_the_name_of_its_variable(self):
        setup = self.setup_for_nobody()
        for command in ("check", "run"):
            result = run_bridge(command, "--config", setup.config_file,
                                environment={"MAIN_API_KEY": "there"})
            self.assertEqual((BAD_CONFIGURATION, ""), (result.returncode, result.stdout))
            self.assertIn("MAIN_API_SECRET", result.stderr)
            self.assertNotIn("MAIN_API_KEY", result.stderr)

    def test_a_file_of_authorities_that_is_none_is_bad_configuration(self):
        no_authority = self.folder / "no-authority.pem"
        no_authority.write_text("nothing of the kind\n")
        setup = self.setup_for_nobody(ca_file=no_authority)
        result = run_bridge("run", "--config", setup.config_file, environment=setup.environment)
        self.assertEqual(BAD_CONFIGURATION, result.returncode, result.stderr)
        self.assertIn("no-authority.pem", result.stderr)

    def test_an_address_in_use_is_said(self):
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

    def test_log_lines_are_json_objects_if_asked_for(self):
        setup = self.setup_for_nobody(bridge={"log_format": "json"})
        bridge = self.start_bridge(setup)
        wait_until(lambda: "connecting again" in bridge.errors(), "a line about the exchange")
        self.assertEqual(DONE, bridge.stop())
        lines = [json.loads(line) for line in bridge.errors().splitlines()]
        self.assertLess(3, len(lines))
        for line in lines:
            self.assertIsInstance(line, dict)


class Stopping(EndToEndTest):
    def test_sigterm_stops_cleanly_and_says_so_last(self):
        self.check_clean_stop(signal.SIGTERM)

    def test_sigint_stops_cleanly_and_says_so_last(self):
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
        # Other clients of the account use the same key.
        self.assertNotIn("DELETE /fapi/v1/listenKey", self.exchange.requests()["requests"])

    def test_the_listen_key_is_closed_on_a_stop_if_asked_for(self):
        self.start([Account("alpha")], account_settings={"close_listen_key_on_stop": True})
        key = self.exchange.living_listen_key(self.accounts[0])
        self.assertEqual(DONE, self.bridge.stop())
        self.assertEqual(1, self.exchange.requests()["requests"]["DELETE /fapi/v1/listenKey"])
        self.assertNotEqual(key, self.exchange.living_listen_key(self.accounts[0]))

    def test_a_stop_waits_for_no_exchange_longer_than_five_seconds(self):
        bridge = self.bridge_at_a_paused_exchange()
        bridge.send(signal.SIGTERM)
        self.assertEqual(DONE, bridge.wait(5.0))

    def test_a_second_signal_ends_at_once(self):
        bridge = self.bridge_at_a_paused_exchange()
        bridge.send(signal.SIGTERM)
        wait_until(lambda: "stopping on SIGTERM" in bridge.errors(), "the first is heard")
        self.assertIsNone(bridge.exit_code(), "it waits for the requests that are under way")
        bridge.send(signal.SIGTERM)
        self.assertEqual(DONE, bridge.wait(1.0))

    def bridge_at_a_paused_exchange(self):
        accounts = [Account("alpha")]
        exchange = self.start_exchange(accounts)
        exchange.send(signal.SIGSTOP)
        bridge = self.start_bridge(BridgeSetup.at(exchange, self.folder, accounts))
        wait_until(lambda: bridge.get("/healthz")[0] == 200, "the bridge runs")
        return bridge


class UselessExchanges(EndToEndTest):
    def test_a_certificate_that_is_not_trusted_is_refused(self):
        accounts = [Account("alpha")]
        exchange = self.start_exchange(accounts)
        other = SimulatedExchange(self.folder, accounts, name="other")
        self.addCleanup(other.kill)
        setup = BridgeSetup.at(exchange, self.folder, accounts, ca_file=other.ca_file)
        bridge = self.start_bridge(setup)
        wait_until(lambda: bridge.metrics().total("position_bridge_stream_disconnects_total",
                                                  stream="mark", reason="tls") >= 2,
                   "it tries more than once")
        self.assertIn("certificate", bridge.errors())
        self.assertEqual(503, bridge.get("/readyz")[0])
        self.assertEqual("connecting", bridge.account_status("alpha")["state"])
        self.assertEqual(0, exchange.requests()["handshakes"])
        self.assertEqual(DONE, bridge.stop())

    def test_a_dead_exchange_is_tried_again_and_again(self):
        port = free_port()
        setup = BridgeSetup(self.folder, [Account("alpha")], f"https://127.0.0.1:{port}",
                            f"wss://127.0.0.1:{port}")
        bridge = self.start_bridge(setup)
        wait_until(lambda: bridge.metrics().total("position_bridge_stream_disconnects_total",
                                                  stream="mark", reason="refused") >= 2,
                   "it tries more than once")
        self.assertIn(f"127.0.0.1:{port}: Connection refused", bridge.errors())
        self.assertEqual(503, bridge.get("/readyz")[0])
        self.assertEqual(200, bridge.get("/healthz")[0])
        health = run_bridge("health", "--url", setup.url)
        self.assertEqual(NOT_AVAILABLE, health.returncode)
        self.assertIn("connecting", health.stdout)
        self.assertEqual(DONE, bridge.stop())
        self.assertEqual(NOT_AVAILABLE, run_bridge("health", "--url", setup.url).returncode)

    def test_accounts_whose_credentials_are_refused_fail_alone(self):
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
        # Trying again with the same would get the address banned.
        stays_true(lambda: exchange.requests()["requests"]["POST /fapi/v1/listenKey"] == 2,
                   "one listen key for each account", 1.5)
        self.assertEqual(DONE, bridge.stop())


if __name__ == "__main__":
    unittest.main()

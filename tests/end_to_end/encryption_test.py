"""The encrypted bus: only listed clients are served, whatever goes wrong."""

import json
import os
import re
import signal
import socket
import unittest

from harness.bridge import BridgeSetup
from harness.curve import Keys
from harness.exchange import Account
from harness.programs import RunningProgram, program, run_bridge
from harness.waiting import stays_true, wait_until
from harness.world import EndToEndTest

NOT_AVAILABLE, BAD_CONFIGURATION = 69, 78
ACCOUNT = Account("alpha", positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"}])
GARBAGE = [b"GET / HTTP/1.1\r\nHost: bus\r\n\r\n", b"\0" * 100, b"\xff" * 64, os.urandom(2000)]


class Encrypted(EndToEndTest):
    def make_keys(self):
        self.server, self.risk, self.stranger = (
            Keys.make(self.folder, name) for name in ("server", "risk", "stranger"))
        return {"curve": {"secret_key_file": str(self.server.secret_file),
                          "allowed_clients": [{"name": "risk", "public_key": self.risk.public}]}}

    def failures(self, reason):
        return self.bridge.metrics().total(
            "position_bridge_subscriber_handshake_failures_total", reason=reason)


class Bus(Encrypted):
    def setUp(self):
        publisher = self.make_keys()
        self.listed = {"keys": self.risk, "server_key": self.server.public}
        self.start([ACCOUNT], publisher=publisher, subscriber_keys=self.listed)
        self.endpoint = self.setup_of_bridge.endpoint

    def speak(self, data):
        """The answer to a peer that sends this, until the bridge closes the connection."""
        with socket.create_connection(("127.0.0.1", self.setup_of_bridge.bus_port),
                                      timeout=10) as speaker:
            speaker.sendall(data)
            try:
                while speaker.recv(4096):
                    pass
            except ConnectionResetError:
                pass

    def test_listed_client_receives_everything_and_is_logged_by_name(self):
        self.wait_until_true()
        snapshot = self.subscribe(self.endpoint, ["bridge.heartbeat"], **self.listed).snapshot()
        self.assertEqual(["alpha"], list(snapshot))
        self.assertIn("subscriber risk from 127.0.0.1 is allowed in", self.bridge.errors())
        self.assertIn("its public key is " + self.server.public, self.bridge.errors())

    def test_no_rejected_connection_is_counted_at_start(self):
        self.assertEqual([0, 0, 0], [self.failures(reason)
                                     for reason in ("auth", "protocol", "other")])

    def test_unlisted_unencrypted_and_non_zeromq_clients_are_rejected_and_counted(self):
        for garbage in GARBAGE:
            self.speak(garbage)
        wait_until(lambda: self.failures("protocol") == len(GARBAGE), lambda:
                   f"each non-ZeroMQ client once; protocol: {self.failures('protocol')}")
        # ZeroMQ clients may reconnect: they do not always receive the reason of the rejection.
        unlisted = self.subscribe(self.endpoint, keys=self.stranger,
                                  server_key=self.server.public)
        wait_until(lambda: self.failures("auth") >= 1, "the unlisted one")
        # The unencrypted client may disconnect first.
        others = self.failures("other")
        plain = self.subscribe(self.endpoint)
        wait_until(lambda: self.failures("protocol") + self.failures("other")
                   > len(GARBAGE) + others, "the unencrypted one")
        before = self.failures("protocol")
        wrong = self.subscribe(self.endpoint, keys=self.risk, server_key=self.stranger.public)
        wait_until(lambda: self.failures("protocol") > before, "that with a wrong key")
        self.subscriber.wait_for_heartbeat()
        self.subscriber.wait_for_heartbeat()
        for refused in (unlisted, plain, wrong):
            self.assertEqual([], refused.messages)
        log = self.bridge.errors()
        self.assertIn(f"refused a subscriber from 127.0.0.1: its public key {self.stranger.public}",
                      log)
        self.assertIn("a peer was turned away: it speaks another protocol", log)
        self.assertGreater(8, len(re.findall("refused|turned away", log)), "it floods the log")

    def test_secret_key_appears_nowhere(self):
        checked = run_bridge("check", "--config", self.setup_of_bridge.config_file,
                             environment=self.setup_of_bridge.environment)
        self.assertEqual(0, checked.returncode, checked.stderr)
        self.assertIn(f"CURVE, key from file {self.server.secret_file}; may connect: risk",
                      checked.stdout)
        self.assertNotIn("can read the positions", checked.stdout)
        pages = [self.bridge.get(path)[2] for path in ("/metrics", "/status", "/readyz")]
        for text in (checked.stdout, checked.stderr, self.bridge.errors(), *pages):
            self.assertNotIn(self.server.secret[:10], text)

    # --- watch ---------------------------------------------------------------------------------

    def watch(self, *options, name="watch"):
        watch = RunningProgram(self.folder, name, [
            program("POSITION_BRIDGE"), "watch", "--json", "--connect", self.endpoint, *options])
        self.addCleanup(watch.kill)
        return watch

    def test_watch_with_keys_shows_all_messages(self):
        public_file = self.server.secret_file.with_name("curve.public")
        for name, server_key in [("by-key", self.server.public), ("by-file", public_file)]:
            watch = self.watch("--secret-key-file", self.risk.secret_file,
                               "--server-key", server_key, name=name)
            wait_until(lambda: '"mark_price"' in watch.output(), "a line")
            watch.send(signal.SIGINT)
            self.assertEqual(0, watch.wait(3.0))
            self.assertEqual("", watch.errors())
            json.loads(watch.output().splitlines()[0])

    def test_rejected_watch_prints_the_reason_and_ends(self):
        for options, reason in [
                ([], "is encrypted: give --secret-key-file"),
                (["--secret-key-file", self.stranger.secret_file, "--server-key",
                  self.server.public], "not in the bridge's allowed_clients"),
                (["--secret-key-file", self.risk.secret_file, "--server-key",
                  self.stranger.public], "its key is not --server-key")]:
            with self.subTest(reason=reason):
                watch = self.watch(*options)
                self.assertEqual(NOT_AVAILABLE, watch.wait(15.0))
                self.assertIn(reason, watch.errors())

    def test_watch_rejects_invalid_keys_and_key_files_that_others_can_read(self):
        open_file = self.folder / "open.secret"
        open_file.write_text(self.risk.secret)
        open_file.chmod(0o644)
        for options, reason in [
                (["--server-key", self.server.public], "--secret-key-file"),
                (["--secret-key-file", self.risk.secret_file], "--server-key"),
                (["--secret-key-file", open_file, "--server-key", self.server.public],
                 "chmod 600"),
                (["--secret-key-file", self.risk.secret_file, "--server-key", "short"],
                 "neither a public key"),
                (["--secret-key-file", self.setup_of_bridge.config_file, "--server-key",
                  self.server.public], "chmod 600")]:
            with self.subTest(reason=reason):
                result = run_bridge("watch", "--connect", self.endpoint, *options)
                self.assertEqual(64, result.returncode)
                self.assertIn(reason, result.stderr)


class Start(Encrypted):
    def setup_for_nobody(self, publisher):
        return BridgeSetup(self.folder, [ACCOUNT], "https://127.0.0.1:9", "wss://127.0.0.1:9",
                           publisher=publisher)

    def check(self, publisher):
        setup = self.setup_for_nobody(publisher)
        return run_bridge("check", "--config", setup.config_file, environment=setup.environment)

    def test_missing_readable_or_invalid_key_file_is_a_configuration_error(self):
        publisher = self.make_keys()
        secret = self.server.secret
        self.server.secret_file.chmod(0o640)
        result = self.check(publisher)
        self.assertEqual(BAD_CONFIGURATION, result.returncode)
        self.assertIn("publisher.curve.secret_key_file", result.stderr)
        self.assertIn("chmod 600", result.stderr)
        self.server.secret_file.chmod(0o600)
        self.server.secret_file.write_text(secret[:-1] + " ")
        result = self.check(publisher)
        self.assertEqual(BAD_CONFIGURATION, result.returncode)
        self.assertIn("no key of CURVE", result.stderr)
        self.assertNotIn(secret[:10], result.stderr)
        self.server.secret_file.unlink()
        result = self.check(publisher)
        self.assertEqual(BAD_CONFIGURATION, result.returncode)
        self.assertIn("No such file", result.stderr)

    def test_remote_address_is_bound_only_with_encryption(self):
        publisher = self.make_keys() | {"bind": ["tcp://0.0.0.0:5556"]}
        self.assertEqual(0, self.check(publisher).returncode)
        del publisher["curve"]
        result = self.check(publisher)
        self.assertEqual(BAD_CONFIGURATION, result.returncode)
        self.assertIn("can be reached from other machines", result.stderr)

    # --- a libzmq that rejects nobody ----------------------------------------------------------

    def start_with(self, fault):
        setup = self.setup_for_nobody(self.make_keys())
        setup.environment |= {"LD_PRELOAD": program("FAULTY_LIBZMQ"), "FAULT": fault}
        return self.start_bridge(setup)

    def test_it_does_not_start_when_the_list_is_not_enforced(self):
        bridge = self.start_with("no_enforcement")
        self.assertEqual(NOT_AVAILABLE, bridge.wait(10))
        self.assertIn("ZMQ_ZAP_ENFORCE_DOMAIN", bridge.errors())
        self.assertNotIn("publishing on", bridge.errors())

    def test_it_does_not_start_when_an_unlisted_key_is_accepted(self):
        bridge = self.start_with("nobody_is_asked")
        self.assertEqual(NOT_AVAILABLE, bridge.wait(10))
        self.assertIn("let in a key that is not on the list", bridge.errors())
        self.assertNotIn("publishing on", bridge.errors())

    def test_it_starts_with_the_unchanged_libzmq(self):
        """Shows that the preloading itself is not why the two tests before see a refusal."""
        bridge = self.start_with("none")
        wait_until(lambda: "publishing on" in bridge.errors(), "it publishes")
        stays_true(lambda: bridge.exit_code() is None, "it runs", 0.5)


if __name__ == "__main__":
    unittest.main()

"""Too many connections: the bus keeps serving existing subscribers."""

import contextlib
import resource
import socket
import unittest

from harness.curve import Keys
from harness.exchange import Account
from harness.waiting import wait_until
from harness.world import EndToEndTest

# More than the monitor event queue of libzmq holds: libzmq would block if nothing read it.
CROWD = 1500
# The bridge itself needs about thirty.
FEW_DESCRIPTORS = 64
HEARTBEAT_GAP_MAX_S = 2.0
ACCOUNT = Account("alpha", positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"}])


def setUpModule():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, CROWD + 500), hard))


class Crowd(EndToEndTest):
    def connect(self, count):
        """Raw connections that send nothing; closed at the end of the block."""
        crowd = contextlib.ExitStack()
        self.addCleanup(crowd.close)
        for _ in range(count):
            crowd.enter_context(socket.create_connection(
                ("127.0.0.1", self.setup_of_bridge.bus_port), timeout=20))
        return crowd

    def count(self, name, **labels):
        return self.bridge.metrics().total("position_bridge_" + name, **labels)

    def longest_silence(self, since):
        """Time between two heartbeats, seen by an existing subscriber."""
        times = [message.received_at for message in self.subscriber.since(
            since, lambda message: message.topic == "bridge.heartbeat")]
        return max(after - before for before, after in zip(times, times[1:]))

    def check_a_crowd_is_survived(self, **keys):
        since = self.subscriber.count()
        self.subscriber.wait_for_heartbeat()
        with self.connect(CROWD):
            newcomer = self.subscribe(self.setup_of_bridge.endpoint, ["bridge.heartbeat"], **keys)
            self.assertEqual(["alpha"], list(newcomer.snapshot(seconds=10)))
            wait_until(lambda: self.count("subscribers") >= CROWD, "all are connected")
            self.subscriber.wait_for_heartbeat()
        wait_until(lambda: self.count("subscribers") == 2, "they are disconnected")
        wait_until(lambda: self.count("subscriber_handshake_failures_total", reason="other")
                   == CROWD, "they are counted")
        self.subscriber.wait_for_heartbeat()
        self.assertLess(self.longest_silence(since), HEARTBEAT_GAP_MAX_S)
        self.assertLess(self.bridge.errors().count("fell silent"), 3, "they fill the log")

    def test_bus_survives_a_burst_of_1500_connections(self):
        self.start([ACCOUNT])
        self.check_a_crowd_is_survived()

    def test_encrypted_bus_survives_a_burst_of_1500_connections(self):
        server, client = (Keys.make(self.folder, name) for name in ("server", "client"))
        keys = {"keys": client, "server_key": server.public}
        self.start([ACCOUNT], subscriber_keys=keys, publisher={"curve": {
            "secret_key_file": str(server.secret_file),
            "allowed_clients": [{"name": "client", "public_key": client.public}]}})
        self.check_a_crowd_is_survived(**keys)

    def test_bus_survives_exhausted_file_descriptors(self):
        self.start([ACCOUNT], descriptors=FEW_DESCRIPTORS)
        self.assertEqual(FEW_DESCRIPTORS, self.bridge.metrics().total("process_max_fds"))
        since = self.subscriber.count()
        with self.connect(FEW_DESCRIPTORS * 2):
            # Existing subscribers still receive messages, including the loss of the streams.
            self.exchange.fault("cut", scope="user", account="alpha")
            self.subscriber.wait_for_state("alpha", "stale", since)
            self.subscriber.wait_for_heartbeat()
            self.subscriber.wait_for_heartbeat()
            self.assertEqual(0, self.bridge.get("/healthz")[0], "descriptors are available")
            self.assertIsNone(self.bridge.exit_code())
        wait_until(lambda: self.bridge.get("/healthz")[0] == 200, "HTTP responds again", 20)
        self.subscriber.wait_for_state("alpha", "live", since, seconds=40)
        newcomer = self.subscribe(self.setup_of_bridge.endpoint, ["bridge.heartbeat"])
        self.assertEqual("live", newcomer.snapshot(seconds=10)["alpha"]["state"])


if __name__ == "__main__":
    unittest.main()

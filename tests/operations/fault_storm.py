"""Faults, and the alerts that each of them must raise."""

import http.client
import resource
import signal
import socket
import ssl
import time
from dataclasses import dataclass, field

import zmq
from harness.bridge import Bridge, BridgeSetup
from harness.exchange import Account, SimulatedExchange

FAKE_TIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


def accounts():
    return [Account("alpha", positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
                                        {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2"}]),
            Account("beta", positions=[{"symbol": "SOLUSDT", "side": "LONG", "quantity": "9"}])]


class Deployment:
    """A simulated exchange, a bridge with two accounts, and a subscriber."""

    def __init__(self, folder, fault):
        folder.mkdir()
        self.accounts = accounts()
        self.exchange = SimulatedExchange(folder, self.accounts, rules=fault.rules,
                                          environment=fault.environment)
        self.setup = BridgeSetup.at(self.exchange, folder, self.accounts,
                                    **{"reconcile": "1s"} | fault.settings)
        self.setup.environment |= fault.environment
        self.address = self.setup.url.removeprefix("http://")
        fault.before(self)
        self.bridge = Bridge(self.setup)
        self._context = zmq.Context()
        self._subscribers = []
        self.subscribe(b"nothing")

    def subscribe(self, topic, rcvhwm=1000, rcvbuf=-1):
        """Connects a subscriber that never reads."""
        subscriber = self._context.socket(zmq.SUB)
        subscriber.setsockopt(zmq.RCVHWM, rcvhwm)
        subscriber.setsockopt(zmq.RCVBUF, rcvbuf)
        subscriber.setsockopt(zmq.SUBSCRIBE, topic)
        subscriber.connect(self.setup.endpoint)
        self._subscribers.append(subscriber)

    def kill(self):
        self._context.destroy(linger=0)
        self.bridge.kill()
        self.exchange.kill()


@dataclass
class Fault:
    """A fault of a live deployment, and the alerts that it raises: (alert, label value, …)."""

    raises: set
    inject: object = lambda deployment: None
    before: object = lambda deployment: None    # the exchange runs, the bridge does not yet
    settings: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    rules: dict = field(default_factory=dict)  # of the exchange
    # Alerts that may follow: faults persist, and the alert rules are 30 times as fast.
    tolerates: set = field(default_factory=set)


# --- faults ---------------------------------------------------------------------------------------


def lose_user_stream(deployment):
    deployment.exchange.fault("refuse_handshakes", scope="user", account="alpha")
    deployment.exchange.fault("cut", scope="user", account="alpha")


def lose_events(deployment):
    deployment.exchange.fault("lose_events", account="alpha", duration="10s")
    deployment.exchange.trade("alpha", "BTCUSDT", "BUY", "0.05")


def refuse_credentials(deployment):
    deployment.exchange.fault("rest_error", account="alpha", http_status=401, code=-2015,
                        message="Invalid API-key, IP, or permissions for action.")


def refuse_positions(deployment):
    deployment.exchange.fault("rest_error", account="alpha", endpoint="/fapi/v3/positionRisk",
                        http_status=503, code=-1001, message="Internal error")


def lose_user_stream_and_positions(deployment):
    refuse_positions(deployment)
    deployment.exchange.fault("cut", scope="user", account="alpha")


# ZMTP 3.0 (ZeroMQ RFC 23): signature, version, mechanism, as-server, filler.
UNKNOWN_MECHANISM = (b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"UNKNOWN".ljust(20, b"\0")
                    + bytes(32))


def send_unknown_mechanism(deployment):
    for _ in range(8):
        address = ("127.0.0.1", deployment.setup.bus_port)
        with socket.create_connection(address, timeout=5) as client:
            client.sendall(UNKNOWN_MECHANISM)
            while client.recv(4096):
                pass


def subscribe_without_reading(deployment):
    deployment.subscribe(b"", rcvhwm=1, rcvbuf=4096)


def use_request_weight_up(deployment):
    """Another program behind the same address uses the request weight."""
    into_minute = time.time() % 60
    if into_minute > 40:  # the exchange resets its count every minute
        time.sleep(60 - into_minute)
    tls = ssl.create_default_context(cafile=deployment.exchange.ca_file)
    host, port = deployment.exchange.address.split(":")
    client = http.client.HTTPSConnection(host, int(port), timeout=5, context=tls)
    for _ in range(200):  # of weight 10 each
        client.request("GET", "/fapi/v1/premiumIndex")
        client.getresponse().read()
    client.close()


def exhaust_file_descriptors(deployment):
    open_now = int(deployment.bridge.metrics().total("process_open_fds"))
    resource.prlimit(deployment.bridge.pid, resource.RLIMIT_NOFILE, (open_now + 3, open_now + 3))


def step_the_clock_of_the_exchange(deployment):
    deployment.exchange.fault("server_time", offset="-2s")


def reload_a_broken_configuration(deployment):
    file = deployment.setup.config_file
    file.write_text(file.read_text(encoding="utf-8") + "unknown = 1\n", encoding="utf-8")
    deployment.bridge.send(signal.SIGHUP)


FAULTS = {
    "healthy": Fault(
        set(), lambda deployment: deployment.exchange.trade("beta", "SOLUSDT", "BUY", "1")),
    "user-stream": Fault({("PositionBridgeStreamDown", "alpha", "user")}, lose_user_stream),
    "exchange-gone": Fault(
        {("PositionBridgeNoAccountLive",), ("PositionBridgeStreamDown", "mark"),
         ("PositionBridgeStreamDown", "alpha", "user"),
         ("PositionBridgeStreamDown", "beta", "user")},
        lambda deployment: deployment.exchange.kill()),
    "bridge-gone": Fault({("PositionBridgeDown",)}, lambda deployment: deployment.bridge.kill()),
    "credentials": Fault({("PositionBridgeAccountFailed", "alpha")}, refuse_credentials),
    "no-snapshot": Fault({("PositionBridgeAccountNotLive", "alpha")},
                           lose_user_stream_and_positions,
                           tolerates={("PositionBridgeReconcileFailing", "alpha")}),
    "no-comparison": Fault({("PositionBridgeReconcileFailing", "alpha")}, refuse_positions),
    "silent-symbol": Fault(
        {("PositionBridgePositionsStale", "alpha")},
        lambda deployment: deployment.exchange.fault("silence_symbol", symbol="BTCUSDT"),
        settings={"mark_price": {"stale_after": "2s"}}),
    "nothing-listed": Fault(
        {("PositionBridgeStreamUnproven", "alpha"), ("PositionBridgeStreamUnproven", "beta")},
        rules={"list_subscriptions": "nothing"}),
    "lost-event": Fault({("PositionBridgeReconcileCorrections", "alpha")}, lose_events),
    # The clock of the bridge is 46 minutes behind, so that its new listen key looks like one that
    # has not been renewed for 46 minutes.
    "old-key": Fault(
        {("PositionBridgeListenKeyExpiring", "alpha"), ("PositionBridgeListenKeyExpiring", "beta")},
        environment={"LD_PRELOAD": FAKE_TIME, "FAKETIME": "-46m",
                     "FAKETIME_DONT_FAKE_MONOTONIC": "1"}),
    "clock": Fault({("PositionBridgeClockSkew", "simulator")},
                     before=step_the_clock_of_the_exchange),
    "broken-messages": Fault(
        {("PositionBridgeParseErrors", "mark")},
        lambda deployment: deployment.exchange.fault(
            "malformed_frames", scope="market", form="broken_json", percent=30)),
    "late-messages": Fault(
        {("PositionBridgeExchangeDelay",)},
        lambda deployment: deployment.exchange.fault("slow", scope="market", delay="4s")),
    "slow-subscriber": Fault({("PositionBridgeSlowSubscriber",)},
                               subscribe_without_reading,
                               settings={"publisher": {"send_high_water_mark": 1}}),
    "weight": Fault({("PositionBridgeRestWeightHigh", "simulator")}, use_request_weight_up),
    "ban": Fault({("PositionBridgeBanned", "simulator")}, lambda deployment: (
        deployment.exchange.fault("ban_address", address="127.0.0.1", duration="150s"))),
    "not-zeromq": Fault({("PositionBridgeClientsRefused", "protocol")}, send_unknown_mechanism),
    "broken-configuration": Fault({("PositionBridgeReloadFailed",)},
                                    reload_a_broken_configuration),
    "descriptors": Fault({("PositionBridgeFileDescriptors",)}, exhaust_file_descriptors),
}

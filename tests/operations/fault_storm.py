"""Bridges in trouble, one kind of trouble each, and which alerts that is to raise."""

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


class Desk:
    """An exchange, a bridge with two accounts on it, and a subscriber."""

    def __init__(self, folder, trouble):
        folder.mkdir()
        self.accounts = accounts()
        self.exchange = SimulatedExchange(folder, self.accounts, environment=trouble.environment)
        self.setup = BridgeSetup.at(self.exchange, folder, self.accounts,
                                    **{"reconcile": "1s"} | trouble.settings)
        self.setup.environment |= trouble.environment
        self.address = self.setup.url.removeprefix("http://")
        trouble.before(self)
        self.bridge = Bridge(self.setup)
        self._context = zmq.Context()
        self._subscribers = []
        self.subscribe(b"nothing")

    def subscribe(self, topic, rcvhwm=1000, rcvbuf=-1):
        """Somebody who connects and never reads."""
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
class Trouble:
    """What befalls a desk once it is live, and what that is to raise: (alert, label's value, …)."""

    raises: set
    strike: object = lambda desk: None
    before: object = lambda desk: None    # once the exchange is there, and no bridge yet
    settings: dict = field(default_factory=dict)
    environment: dict = field(default_factory=dict)
    # What may come later: faults last, and alerts see time pass 30 times as fast as bridges do.
    tolerates: set = field(default_factory=set)


# --- what befalls them ----------------------------------------------------------------------------


def lose_user_stream(desk):
    desk.exchange.fault("refuse_handshakes", scope="user", account="alpha")
    desk.exchange.fault("cut", scope="user", account="alpha")


def lose_events(desk):
    desk.exchange.fault("lose_events", account="alpha", duration="10s")
    desk.exchange.trade("alpha", "BTCUSDT", "BUY", "0.05")


def refuse_credentials(desk):
    desk.exchange.fault("rest_error", account="alpha", http_status=401, code=-2015,
                        message="Invalid API-key, IP, or permissions for action.")


def refuse_positions(desk):
    desk.exchange.fault("rest_error", account="alpha", endpoint="/fapi/v3/positionRisk",
                        http_status=503, code=-1001, message="Internal error")


def lose_user_stream_and_positions(desk):
    refuse_positions(desk)
    desk.exchange.fault("cut", scope="user", account="alpha")


# ZMTP 3.0 (ZeroMQ RFC 23): signature, version, mechanism, as-server, filler.
STRANGE_GREETING = (b"\xff" + bytes(8) + b"\x7f" + b"\x03\x00" + b"STRANGE".ljust(20, b"\0")
                    + bytes(32))


def greet_strangely(desk):
    for _ in range(8):
        with socket.create_connection(("127.0.0.1", desk.setup.bus_port), timeout=5) as stranger:
            stranger.sendall(STRANGE_GREETING)
            while stranger.recv(4096):
                pass


def subscribe_asleep(desk):
    desk.subscribe(b"", rcvhwm=1, rcvbuf=4096)


def use_request_weight_up(desk):
    """Another program behind the same address asks for everything, again and again."""
    into_minute = time.time() % 60
    if into_minute > 40:  # the exchange's count begins anew with each minute
        time.sleep(60 - into_minute)
    tls = ssl.create_default_context(cafile=desk.exchange.ca_file)
    host, port = desk.exchange.address.split(":")
    client = http.client.HTTPSConnection(host, int(port), timeout=5, context=tls)
    for _ in range(200):  # of weight 10 each
        client.request("GET", "/fapi/v1/premiumIndex")
        client.getresponse().read()
    client.close()


def take_file_descriptors(desk):
    open_now = int(desk.bridge.metrics().total("process_open_fds"))
    resource.prlimit(desk.bridge.pid, resource.RLIMIT_NOFILE, (open_now + 3, open_now + 3))


def step_the_clock_of_the_exchange(desk):
    desk.exchange.fault("server_time", offset="-2s")


def reload_a_broken_configuration(desk):
    file = desk.setup.config_file
    file.write_text(file.read_text(encoding="utf-8") + "unknown = 1\n", encoding="utf-8")
    desk.bridge.send(signal.SIGHUP)


TROUBLES = {
    "well": Trouble(set(), lambda desk: desk.exchange.trade("beta", "SOLUSDT", "BUY", "1")),
    "user-stream": Trouble({("PositionBridgeStreamDown", "alpha", "user")}, lose_user_stream,
                           tolerates={("PositionBridgeStreamUnsteady", "alpha", "user")}),
    "exchange-gone": Trouble(
        {("PositionBridgeNoAccountLive",), ("PositionBridgeStreamDown", "mark"),
         ("PositionBridgeStreamDown", "alpha", "user"),
         ("PositionBridgeStreamDown", "beta", "user")},
        lambda desk: desk.exchange.kill(),
        tolerates={("PositionBridgeStreamUnsteady", "alpha", "user"),
                   ("PositionBridgeStreamUnsteady", "beta", "user"),
                   ("PositionBridgeStreamUnsteady", "mark")}),
    "bridge-gone": Trouble({("PositionBridgeDown",)}, lambda desk: desk.bridge.kill()),
    "credentials": Trouble({("PositionBridgeAccountFailed", "alpha")}, refuse_credentials),
    "no-snapshot": Trouble({("PositionBridgeAccountNotLive", "alpha")},
                           lose_user_stream_and_positions,
                           tolerates={("PositionBridgeReconcileFailing", "alpha")}),
    "no-comparison": Trouble({("PositionBridgeReconcileFailing", "alpha")}, refuse_positions),
    "silent-symbol": Trouble(
        {("PositionBridgePositionsStale", "alpha")},
        lambda desk: desk.exchange.fault("silence_symbol", symbol="BTCUSDT"),
        settings={"mark_price": {"stale_after": "2s"}}),
    "lost-event": Trouble({("PositionBridgeReconcileCorrections", "alpha")}, lose_events),
    # The desk lives 46 minutes ago: the key that it has just got is so old, and nobody has kept it
    # alive since.
    "old-key": Trouble(
        {("PositionBridgeListenKeyExpiring", "alpha"), ("PositionBridgeListenKeyExpiring", "beta")},
        environment={"LD_PRELOAD": FAKE_TIME, "FAKETIME": "-46m",
                     "FAKETIME_DONT_FAKE_MONOTONIC": "1"}),
    "clock": Trouble({("PositionBridgeClockSkew", "simulator")},
                     before=step_the_clock_of_the_exchange),
    "broken-messages": Trouble(
        {("PositionBridgeParseErrors", "mark")},
        lambda desk: desk.exchange.fault("malformed_frames", scope="market", form="broken_json",
                                         percent=30)),
    "late-messages": Trouble(
        {("PositionBridgeExchangeDelay",)},
        lambda desk: desk.exchange.fault("slow", scope="market", delay="4s")),
    "slow-subscriber": Trouble({("PositionBridgeSlowSubscriber",)},
                               subscribe_asleep,
                               settings={"publisher": {"send_high_water_mark": 1}}),
    "weight": Trouble({("PositionBridgeRestWeightHigh", "simulator")}, use_request_weight_up),
    "ban": Trouble({("PositionBridgeBanned", "simulator")}, lambda desk: desk.exchange.fault(
        "ban_address", address="127.0.0.1", duration="150s")),
    "strangers": Trouble({("PositionBridgeClientsRefused", "protocol")}, greet_strangely),
    "broken-configuration": Trouble({("PositionBridgeReloadFailed",)},
                                    reload_a_broken_configuration),
    "descriptors": Trouble({("PositionBridgeFileDescriptors",)}, take_file_descriptors),
}

"""A subscriber that keeps all messages."""

import dataclasses
import queue
import secrets
import threading
import time
from decimal import Decimal

import msgpack
import zmq

from harness.waiting import wait_until

POLL_INTERVAL_MS = 20


class RepeatedKey(Exception):
    """A map with a duplicate key."""


def _to_map(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise RepeatedKey(str([key for key, _ in pairs]))
    return result


@dataclasses.dataclass
class Message:
    topic: str
    payload: bytes
    received_at: float  # on time.monotonic()
    body: dict = dataclasses.field(init=False)

    def __post_init__(self):
        # A dict keeps the key order of the message; ints and floats remain distinct.
        self.body = msgpack.unpackb(self.payload, raw=False, object_pairs_hook=_to_map)

    @property
    def is_position(self):
        return self.topic.startswith("position.update.")

    @property
    def is_status(self):
        return self.topic.startswith("account.status.")

    @property
    def is_snapshot(self):
        return self.topic.startswith("snapshot.")

    def __getitem__(self, key):
        return self.body[key]

    def has(self, values):
        """Whether the body contains all of `values`; sizes are compared as numbers."""
        return all(Decimal(self.body[name]) == Decimal(value) if name == "size"
                   else self.body[name] == value for name, value in values.items())


def snapshot_topic(scope):
    """A snapshot topic with a new nonce."""
    return f"snapshot.{secrets.token_hex(8)}.{scope}"


class Subscriber:
    """Receives in its own thread until it is closed."""

    def __init__(self, endpoint, filters=("",), keys=None, server_key=None):
        """`keys`: its own key pair, for a bus that is encrypted with `server_key`."""
        self.messages = []
        self.positions = {}  # (account, symbol, position side) -> its last message
        self.statuses = {}   # account -> its last account.status
        self._closing = threading.Event()
        self._options = queue.SimpleQueue()  # a socket must be used in one thread
        self._failure = None
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        # Lose no message, and connect as soon as the bridge listens.
        self._socket.setsockopt(zmq.RCVHWM, 0)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 5)
        if keys:
            self._socket.curve_secretkey = keys.secret.encode()
            self._socket.curve_publickey = keys.public.encode()
            self._socket.curve_serverkey = server_key.encode()
        for topic in filters:
            self._socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
        self._socket.connect(endpoint)
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def close(self):
        self._closing.set()
        self._thread.join()
        self._socket.close(linger=0)
        self._context.term()
        if self._failure:
            raise self._failure

    def _receive(self):
        try:
            while not self._closing.is_set():
                while not self._options.empty():
                    self._socket.setsockopt(*self._options.get())
                if self._socket.poll(POLL_INTERVAL_MS):
                    self._take(self._socket.recv_multipart())
        except Exception as failure:  # reported by the next wait, or at the end
            self._failure = failure

    def _take(self, frames):
        if len(frames) != 2:
            raise AssertionError(f"a message of {len(frames)} frames")
        message = Message(frames[0].decode("utf-8"), frames[1], time.monotonic())
        if message.is_position:
            key = tuple(message[name] for name in ("account", "symbol", "position_side"))
            self.positions[key] = message
        if message.is_status:
            self.statuses[message["account"]] = message
        self.messages.append(message)

    # --- snapshots -----------------------------------------------------------------------------

    def add_filter(self, topic):
        self._options.put((zmq.SUBSCRIBE, topic.encode()))

    def remove_filter(self, topic):
        self._options.put((zmq.UNSUBSCRIBE, topic.encode()))

    def ask(self, scope):
        """Requests a snapshot and returns its topic."""
        topic = snapshot_topic(scope)
        self.add_filter(topic)
        return topic

    def snapshot(self, scope="all", seconds=5.0):
        """The messages of an answer by account. Needs a subscription to heartbeats."""
        topic = self.ask(scope)
        first = self.wait_for(lambda message: message.topic == topic, "a snapshot of " + scope,
                              seconds=seconds)
        # The messages of an answer are not mixed with others.
        end = self.wait_for(lambda message: message.topic != topic, "what follows the snapshot",
                            since=self.messages.index(first))
        answer = self.messages[self.messages.index(first):self.messages.index(end)]
        self.remove_filter(topic)
        return {message["account"]: message for message in answer}

    # --- received messages ---------------------------------------------------------------------

    def count(self):
        """A position in the list of messages, for `since`."""
        return len(self.messages)

    def since(self, place, test=lambda message: True):
        return [message for message in self.messages[place:] if test(message)]

    def updates(self, account=None, symbol=None, position_side=None, since=0):
        wanted = {"account": account, "symbol": symbol, "position_side": position_side}
        return self.since(since, lambda message: message.is_position and all(
            value is None or message[name] == value for name, value in wanted.items()))

    def status_changes(self, account, since=0):
        return self.since(since,
                          lambda message: message.is_status and message["account"] == account)

    def state(self, account):
        status = self.statuses.get(account)
        return status["state"] if status else None

    # --- waiting -------------------------------------------------------------------------------

    def wait_for(self, test, what, since=0, seconds=10.0):
        """The first message from `since` on that passes `test`."""
        place = since

        def find():
            nonlocal place
            if self._failure:
                raise self._failure
            while place < len(self.messages):
                place += 1
                if test(self.messages[place - 1]):
                    return self.messages[place - 1]
            return None

        return wait_until(find, what, seconds)

    def wait_for_update(self, account, symbol, position_side="BOTH", since=0, seconds=10.0,
                        **values):
        """The first update of that position from `since` on with all of `values`."""
        return self.wait_for(
            lambda message: message.is_position
            and (message["account"], message["symbol"], message["position_side"])
            == (account, symbol, position_side) and message.has(values),
            f"an update of {account} {symbol} {position_side} with {values}", since, seconds)

    def wait_for_state(self, account, state, since=0, seconds=15.0):
        return self.wait_for(
            lambda message: message.is_status and message["account"] == account
            and message["state"] == state,
            lambda: f"{account} {state}; it is {self.state(account)}", since, seconds)

    def wait_for_heartbeat(self, seconds=10.0):
        place = self.count()
        return self.wait_for(lambda message: message.topic == "bridge.heartbeat", "a heartbeat",
                             place, seconds)

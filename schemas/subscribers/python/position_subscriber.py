"""Keeps the current positions of a position-bridge from its bus.

`Book` makes all decisions: it takes messages and the time, and returns changes and subscriptions.
It has no socket and no clock. `Subscriber` is the socket around it.
"""

import random
import secrets
import time

import msgpack
import zmq

MISSED_HEARTBEATS = 3
FIRST_ASK_WITHIN_S = 0.1  # many subscribers detect a loss together: spread their requests
ASK_AGAIN_AFTER_S = 1.0   # doubled each time
ASK_AGAIN_AFTER_MAX_S = 30.0


class Garbage(Exception):
    """A message that does not follow the protocol."""


class Account:
    """The state of an account; `is_current`: no message of it is missing."""

    def __init__(self):
        self.state = "unknown"  # or the state from the bridge: live, stale, ...
        self.sequence = None
        self.is_current = False
        self.is_known = False   # otherwise it may hold positions that the bridge does not know


class _Ask:
    """A required snapshot: requested by `topic` if that is set; the next request is at `due`."""

    def __init__(self, due):
        self.topic = None
        self.due = due
        self.count = 0
        self.is_answered = False
        self.account = None  # the account of these parts
        self.parts = []


class Book:
    """`positions` maps (account, symbol, position side) to the last message of each open position.

    The `state` of a position is "live" only while it can be trusted: heartbeats arrive, no
    message was missed, and the bridge reports it as live. `subscriptions` collects ("subscribe" or
    "unsubscribe", topic) for the owner of the socket, which empties the list.
    """

    def __init__(self, accounts=None, heartbeat_interval=1.0, now=0.0, uniform=random.random):
        self.positions = {}
        self.accounts = {}
        self.counters = {"gaps": 0, "snapshots": 0, "epochs": 0, "stale": 0, "rejected": 0}
        self.epoch = None  # (instance, start of its run)
        self.is_silent = True
        self._followed = accounts and set(accounts)
        self._scopes = sorted(self._followed) if accounts else ["all"]
        self._silence = MISSED_HEARTBEATS * heartbeat_interval
        self._silent_at = now + self._silence
        self._uniform = uniform
        self._asks = {}
        self._changes = []
        self.subscriptions = [("subscribe", topic) for topic in self._topics()]
        for scope in self._scopes:
            self._asks[scope] = _Ask(now)

    def _topics(self):
        yield from ["bridge.heartbeat", "bridge.shutdown"]
        if self._followed:
            for account in sorted(self._followed):
                yield from [f"position.update.{account}.", f"account.status.{account}"]
        else:
            yield from ["position.update.", "account.status."]

    # --- input ---------------------------------------------------------------------------------

    def receive(self, topic, payload, now):
        """Takes a message; returns what changed: (account, symbol, position side), or (account,)."""
        try:
            message = _decode(topic, payload)
        except Garbage:
            self.counters["rejected"] += 1
            return []
        if message["type"] == "position.snapshot":
            if topic not in [ask.topic for ask in self._asks.values()]:
                return []  # the rest of a withdrawn request's answer
        else:
            self._end_answers()
        self._enter_epoch((message["instance"], message["epoch"]), now)
        {"position.update": self._on_update, "account.status": self._on_status,
         "bridge.heartbeat": self._on_heartbeat, "bridge.shutdown": self._on_shutdown,
         "position.snapshot": lambda *_: self._on_snapshot(topic, message),
         }[message["type"]](message, now)
        return self._take_changes()

    def tick(self, now):
        """Advances the time; call it often, after receiving what has arrived."""
        if now >= self._silent_at:
            self._silent_at = now + self._silence
            self._distrust_everything(now)
        for scope, ask in self._asks.items():
            if now >= ask.due:
                self._ask(scope, ask, now)
        return self._take_changes()

    # --- messages ------------------------------------------------------------------------------

    def _on_update(self, message, now):
        name = message["account"]
        if self._follow_sequence(name, message["account_seq"], now):
            self._put(message, self.accounts[name])

    def _on_status(self, message, now):
        name = message["account"]
        if not self._follow_sequence(name, message["account_seq"], now):
            return
        account = self.accounts[name]
        account.state = message["state"]
        self._changes.append((name,))
        if account.state != "live":
            self._mark_stale(name)
        elif not account.is_known:
            self._distrust(name)
            self._want(name, now)

    def _on_heartbeat(self, message, now):
        self._silent_at = now + self._silence
        self.is_silent = False
        heard = {name: sequence for name, sequence in message["accounts"].items()
                 if self._is_followed(name)}
        for name, sequence in heard.items():
            account = self.accounts.setdefault(name, Account())
            if account.sequence is not None and sequence > account.sequence:
                self._lose(name, now)
            if account.sequence is None or sequence > account.sequence:
                account.sequence = sequence
            if not account.is_current:
                self._want(name, now)
        for name, account in self.accounts.items():
            if name not in heard and account.state != "stopped":
                self._distrust(name)
                self._want(name, now)

    def _on_snapshot(self, topic, message):
        scope, ask = next((item for item in self._asks.items() if item[1].topic == topic),
                          (None, None))
        name = message["account"]
        # A new epoch may just have ended the requests of the last one.
        if ask is None or not self._is_followed(name):
            return
        if message["part"] == 1:
            ask.account, ask.parts = name, []
        if (name, message["part"]) != (ask.account, len(ask.parts) + 1):
            ask.account = None  # a part was lost: request it again
            return
        ask.parts.append(message["positions"])
        if message["part"] < message["parts"]:
            return
        self._replace(name, message, ask.parts)
        ask.account = None
        ask.is_answered = True
        if scope != "all":
            self._end(scope)

    def _on_shutdown(self, message, now):
        self._distrust_everything(now)

    def _replace(self, name, message, parts):
        """Replaces the account by the snapshot."""
        for key in [key for key in self.positions if key[0] == name]:
            del self.positions[key]
            self._changes.append(key)
        account = self.accounts.setdefault(name, Account())
        account.state = message["state"]
        account.sequence = message["account_seq"]
        account.is_known = message["positions"] is not None
        account.is_current = True
        self.is_silent = False
        for position in (entry for part in parts for entry in part or []):
            self._put(position, account)
        self.counters["snapshots"] += 1
        self._changes.append((name,))

    def _put(self, position, account):
        key = (position["account"], position["symbol"], position["position_side"])
        if position["side"] == "FLAT":
            self.positions.pop(key, None)
        else:
            is_current = account.is_current
            self.positions[key] = position if is_current else position | {"state": "stale"}
        self._changes.append(key)

    # --- losses -----------------------------------------------------------------------

    def _is_followed(self, name):
        return not self._followed or name in self._followed

    def _enter_epoch(self, epoch, now):
        if epoch == self.epoch:
            return
        self.epoch = epoch
        self.counters["epochs"] += 1
        self._changes += [*self.positions, *((name,) for name in self.accounts)]
        self.positions.clear()
        self.accounts.clear()
        self._silent_at = now + self._silence
        for scope in [scope for scope in self._asks if scope not in self._scopes]:
            self._end(scope)
        for scope in self._scopes:
            ask = self._asks.get(scope)
            if ask and ask.topic:  # the new bridge received it when we connected
                ask.count = 1
                ask.due = now + self._pause(ask)
            else:
                self._want(scope, now)

    def _follow_sequence(self, name, sequence, now):
        """Whether the message is new."""
        if not self._is_followed(name):
            return False
        account = self.accounts.setdefault(name, Account())
        if account.sequence is not None:
            if sequence <= account.sequence:
                return False
            if sequence > account.sequence + 1:
                self._lose(name, now)
        account.sequence = sequence
        return True

    def _lose(self, name, now):
        self.counters["gaps"] += 1
        self._distrust(name)
        self._want(name, now)

    def _distrust(self, name):
        self.accounts[name].is_current = False
        self._changes.append((name,))
        self._mark_stale(name)

    def _distrust_everything(self, now):
        if not self.is_silent:
            self.counters["stale"] += 1
        self.is_silent = True
        for name in self.accounts:
            self._distrust(name)
        for scope in self._scopes:
            self._want(scope, now)

    def _mark_stale(self, name):
        for key, position in self.positions.items():
            if key[0] == name and position["state"] != "stale":
                self.positions[key] = position | {"state": "stale"}
                self._changes.append(key)

    # --- requests --------------------------------------------------------------------------------

    def _want(self, scope, now):
        if scope not in self._asks and "all" not in self._asks:
            self._asks[scope] = _Ask(now + FIRST_ASK_WITHIN_S * self._uniform())

    def _ask(self, scope, ask, now):
        if ask.topic:
            self.subscriptions.append(("unsubscribe", ask.topic))
        ask.topic = f"snapshot.{secrets.token_hex(16)}.{scope}"
        ask.account = None
        ask.is_answered = False
        ask.count += 1
        ask.due = now + self._pause(ask)
        self.subscriptions.append(("subscribe", ask.topic))

    def _pause(self, ask):
        longest = min(ASK_AGAIN_AFTER_S * 2 ** min(ask.count - 1, 10), ASK_AGAIN_AFTER_MAX_S)
        return longest * (0.5 + 0.5 * self._uniform())

    def _end_answers(self):
        """The messages of an answer are consecutive: any other message ends it."""
        for scope in [scope for scope, ask in self._asks.items() if ask.is_answered]:
            self._end(scope)

    def _end(self, scope):
        ask = self._asks.pop(scope)
        if ask.topic:
            self.subscriptions.append(("unsubscribe", ask.topic))

    def _take_changes(self):
        changes, self._changes = list(dict.fromkeys(self._changes)), []
        return changes


# --- messages from bytes -----------------------------------------------------------------------

_KEYS = {
    "position.update": ("account", "symbol", "position_side", "side", "size", "state",
                        "account_seq"),
    "account.status": ("account", "state", "account_seq"),
    "position.snapshot": ("scope", "account", "state", "account_seq", "part", "parts",
                          "positions"),
    "bridge.heartbeat": ("accounts",),
    "bridge.shutdown": (),
}
_NUMBERS = {"epoch", "account_seq", "part", "parts"}


def _decode(topic, payload):
    """The message: all keys that a Book reads are present, unknown keys stay."""
    try:
        message = msgpack.unpackb(payload, raw=False)
    except Exception as error:  # msgpack raises many types for malformed bytes
        raise Garbage(str(error)) from None
    _require(isinstance(message, dict) and message.get("v") == 1)
    kind = message.get("type")
    _require(isinstance(kind, str) and kind in _KEYS)
    _require(topic.startswith("snapshot." if kind == "position.snapshot" else kind))
    _check(message, ("instance", "epoch", *_KEYS[kind]))
    return message


def _check(message, keys):
    for key in keys:
        value = message.get(key)
        if key == "positions":
            _require(key in message and (value is None or isinstance(value, list)))
            for position in value or []:
                _require(isinstance(position, dict))
                _check(position, _KEYS["position.update"])
                _require(position["account"] == message["account"])
        elif key == "accounts":
            _require(isinstance(value, dict)
                     and all(isinstance(name, str) for name in value)
                     and all(map(_is_number, value.values())))
        else:
            _require(_is_number(value) if key in _NUMBERS else isinstance(value, str))


def _is_number(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _require(condition):
    if not condition:
        raise Garbage("not a message of the bus")


# --- the socket --------------------------------------------------------------------------------


class Subscriber:
    """A subscriber of one bridge, over any of its endpoints. Use it in one thread only.

        with Subscriber("tcp://127.0.0.1:5556") as subscriber:
            while True:
                for change in subscriber.poll(1.0):
                    print(change, subscriber.positions.get(change))
    """

    def __init__(self, endpoint, accounts=None, heartbeat_interval=1.0, curve=None,
                 high_water_mark=100_000):
        """`curve`: (server's public key, own public key, own secret key), each in Z85."""
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.RCVHWM, high_water_mark)
        self._socket.setsockopt(zmq.RECONNECT_IVL, 100)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 5000)
        # Detects a bridge whose machine is down.
        self._socket.setsockopt(zmq.HEARTBEAT_IVL, 1000)
        self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 3000)
        if curve:
            server, public, secret = (key.encode() for key in curve)
            self._socket.curve_serverkey = server
            self._socket.curve_publickey = public
            self._socket.curve_secretkey = secret
        self._book = Book(accounts, heartbeat_interval, time.monotonic())
        self._subscribe()
        self._socket.connect(endpoint)

    positions = property(lambda self: self._book.positions)
    accounts = property(lambda self: self._book.accounts)
    counters = property(lambda self: self._book.counters)

    def poll(self, timeout=0.1):
        """What changed, waiting up to `timeout` seconds for it; `positions` is the new state."""
        changes = []
        ends = time.monotonic() + timeout
        while not changes and (left := ends - time.monotonic()) > 0:
            # Snapshot requests may become due while it waits.
            if self._socket.poll(1000 * min(left, 0.05)):
                self._receive(changes)
            changes += self._book.tick(time.monotonic())
            self._subscribe()
        return changes

    def _receive(self, changes, at_most=1000):
        for _ in range(at_most):
            try:
                frames = self._socket.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return
            topic = frames[0].decode("utf-8", "replace")
            payload = frames[1] if len(frames) == 2 else b""
            changes += self._book.receive(topic, payload, time.monotonic())

    def _subscribe(self):
        for change, topic in self._book.subscriptions:
            option = zmq.SUBSCRIBE if change == "subscribe" else zmq.UNSUBSCRIBE
            self._socket.setsockopt(option, topic.encode())
        self._book.subscriptions.clear()

    def close(self):
        self._socket.close()
        self._context.term()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

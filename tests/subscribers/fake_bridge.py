"""A fake bridge in Python that loses messages on command.

It keeps the state of every message, sent or lost, and answers snapshot requests from that state.
"""

import threading
import time

import msgpack
import zmq

UPDATE = {
    "v": 1, "type": "position.update", "instance": "", "epoch": 0, "account": "",
    "venue": "binance-usdm", "symbol": "", "position_side": "BOTH", "side": "LONG", "size": "1",
    "entry_price": "100.5", "break_even_price": None, "mark_price": "101", "index_price": None,
    "unrealized_pnl": "0.5", "realized_pnl": None, "notional": "101", "margin_type": "cross",
    "isolated_wallet": None, "leverage": 20, "funding_rate": None, "next_funding_time_us": None,
    "state": "live", "trigger": "account_update", "account_reason": None,
    "position_time_us": 1_700_000_000_000_001, "mark_time_us": None,
    "received_us": 1_700_000_000_000_002, "published_us": 1_700_000_000_000_003,
    "account_seq": 0, "seq": 1}


class FakeAccount:
    def __init__(self):
        self.state = "live"
        self.sequence = 0
        self.positions = {}  # None: unknown


class FakeBridge:
    """`answers_snapshots`, `heartbeats` and `part_size` may be changed at any time."""

    def __init__(self, port, accounts, heartbeat_interval=0.1):
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.accounts = {name: FakeAccount() for name in accounts}
        self.answers_snapshots = True
        self.heartbeats = True
        self.part_size = 1000
        self.lost_parts = 0  # how many of the next answers lose their last message
        self.requests = []   # (time, topic) of each request for a snapshot
        self.withdrawn = []
        self.instance = "fake"
        self.epoch = time.time_ns() // 1000
        self._interval = heartbeat_interval
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._socket.setsockopt(zmq.SNDHWM, 0)
        self._socket.bind(self.endpoint)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self):
        self._closing.set()
        self._thread.join()
        self._socket.close(linger=0)
        self._context.term()

    def _run(self):
        next_heartbeat = 0.0
        while not self._closing.is_set():
            with self._lock:
                self._hear()
                if self.heartbeats and time.monotonic() >= next_heartbeat:
                    self.send_heartbeat()
                    next_heartbeat = time.monotonic() + self._interval
            time.sleep(0.005)

    def _hear(self):
        while self._socket.poll(0):
            event = self._socket.recv()
            topic = event[1:].decode()
            if not topic.startswith("snapshot."):
                continue
            if event[0] == 0:
                self.withdrawn.append(topic)
                continue
            self.requests.append((time.monotonic(), topic))
            if self.answers_snapshots:
                self._answer(topic)

    def _answer(self, topic):
        scope = topic.split(".")[2]
        messages = [message for name, account in self.accounts.items() if scope in ("all", name)
                    for message in self._parts(scope, name, account)]
        if self.lost_parts:
            self.lost_parts -= 1
            messages.pop()
        for message in messages:
            self.send(topic, message)

    def answer_again(self):
        """Answers every request that was not withdrawn, as after a reconnection."""
        with self._lock:
            for _, topic in self.requests:
                if topic not in self.withdrawn:
                    self._answer(topic)

    def _parts(self, scope, name, account):
        rows = None if account.positions is None else list(account.positions.values())
        cuts = [rows[start:start + self.part_size]
                for start in range(0, len(rows), self.part_size)] if rows else [rows]
        return [self._message("position.snapshot", scope=scope, account=name, state=account.state,
                              account_seq=account.sequence, part=part, parts=len(cuts),
                              published_us=3, positions=cut)
                for part, cut in enumerate(cuts, 1)]

    def _message(self, kind, **members):
        return {"v": 1, "type": kind, "instance": self.instance, "epoch": self.epoch} | members

    def send(self, topic, body):
        payload = body if isinstance(body, bytes) else msgpack.packb(body)
        with self._lock:
            self._socket.send_multipart([topic.encode(), payload])

    # --- messages ------------------------------------------------------------------------------

    def send_heartbeat(self):
        self.send("bridge.heartbeat", self._message(
            "bridge.heartbeat", version="0", published_us=3, more={"unknown": [1]},
            accounts={name: account.sequence for name, account in self.accounts.items()}))

    def send_shutdown(self):
        self.send("bridge.shutdown", self._message("bridge.shutdown", published_us=3))

    def update(self, name, symbol, size, is_lost=False, position_side="BOTH", **members):
        with self._lock:
            account = self.accounts[name]
            account.sequence += 1
            side = "FLAT" if size == "0" else "LONG"
            body = UPDATE | {
                "instance": self.instance, "epoch": self.epoch, "account": name,
                "symbol": symbol, "position_side": position_side, "side": side, "size": size,
                "account_seq": account.sequence} | members
            if size == "0":
                account.positions.pop((symbol, position_side), None)
            else:
                account.positions[symbol, position_side] = body
            topic = f"position.update.{name}.{symbol}.{position_side}"
            if not is_lost:
                self.send(topic, body)
            return topic, body

    def status(self, name, state, is_lost=False):
        with self._lock:
            account = self.accounts[name]
            account.sequence += 1
            account.state = state
            body = self._message(
                "account.status", account=name, venue="binance-usdm", state=state, running=True,
                user_connected=True, mark_connected=True, connected=True, active_positions=0,
                subscribed_symbols=0, detail="test", since_us=3, evidence="listed",
                confirmed_us=2, published_us=3,
                account_seq=account.sequence)
            if not is_lost:
                self.send(f"account.status.{name}", body)

    def restart(self, accounts):
        """Starts a new epoch on the existing connections."""
        with self._lock:
            self.epoch += 1
            self.accounts = {name: FakeAccount() for name in accounts}

    def truth(self):
        with self._lock:
            return {(name, *key): body["size"] for name, account in self.accounts.items()
                    for key, body in (account.positions or {}).items()}

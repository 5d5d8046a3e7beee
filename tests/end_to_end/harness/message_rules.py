"""Rules that every message of the bus must follow.

They are the rules of the documented protocol, checked on all messages of a subscriber in order.
"""

import re
from decimal import Context, Decimal

POSITION_KEYS = [
    "v", "type", "instance", "epoch", "account", "venue", "symbol", "position_side", "side",
    "size", "entry_price", "break_even_price", "mark_price", "index_price", "unrealized_pnl",
    "realized_pnl", "notional", "margin_type", "isolated_wallet", "leverage", "funding_rate",
    "next_funding_time_us", "state", "trigger", "account_reason", "position_time_us",
    "mark_time_us", "received_us", "published_us", "account_seq", "seq"]
STATUS_KEYS = [
    "v", "type", "instance", "epoch", "account", "venue", "state", "running", "user_connected",
    "mark_connected", "connected", "active_positions", "subscribed_symbols", "detail", "since_us",
    "evidence", "confirmed_us", "published_us", "account_seq"]
SNAPSHOT_KEYS = [
    "v", "type", "instance", "epoch", "scope", "account", "state", "account_seq", "part", "parts",
    "published_us", "positions"]
HEARTBEAT_KEYS = ["v", "type", "instance", "epoch", "version", "published_us", "accounts"]
SHUTDOWN_KEYS = ["v", "type", "instance", "epoch", "published_us"]

EVIDENCE = ("connected", "listed", "event")
WORDS = {
    "venue": {"binance-usdm", "binance-coinm", "binance-pm-um", "binance-pm-cm"},
    "position_side": {"BOTH", "LONG", "SHORT"},
    "side": {"LONG", "SHORT", "FLAT"},
    "margin_type": {"cross", "isolated", None},
    "trigger": {"snapshot", "account_update", "mark_price", "reconcile", "config", "state"},
}
POSITION_STATES = {"live", "stale"}
ACCOUNT_STATES = {"connecting", "syncing", "live", "stale", "failed", "stopped"}

DECIMALS = ["size", "entry_price"]
DECIMALS_OR_NIL = ["break_even_price", "mark_price", "index_price", "unrealized_pnl",
                   "realized_pnl", "notional", "isolated_wallet", "funding_rate"]
TEXTS = ["type", "instance", "account", "symbol", "state"]
COUNTS = ["v", "epoch", "received_us", "published_us", "account_seq", "seq"]
COUNTS_OR_NIL = ["leverage", "next_funding_time_us", "position_time_us", "mark_time_us"]

PLAIN_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")

# Large enough to calculate every product of a price and a quantity exactly.
EXACT = Context(prec=80)


# Keys of a position in a snapshot that may differ from its last update.
NOT_IN_SNAPSHOTS = ("trigger", "account_reason", "published_us")


def topic_of(position):
    return "position.update.{account}.{symbol}.{position_side}".format_map(position)


def signed_size(body):
    size = Decimal(body["size"])
    return -size if body["side"] == "SHORT" else size


def is_plain_decimal(value):
    if not isinstance(value, str) or not PLAIN_DECIMAL.fullmatch(value):
        return False
    return not (value.startswith("-") and Decimal(value) == 0)


def _is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _floats(value):
    if isinstance(value, dict):
        return any(_floats(member) for member in value.values())
    if isinstance(value, list):
        return any(_floats(member) for member in value)
    return isinstance(value, float)


class MessageRules:
    """Takes messages in order and collects violations."""

    def __init__(self):
        self.complaints = []
        self._identity = None       # instance and epoch
        self._account_sequences = {}
        self._sequences = {}        # topic -> its last `seq`
        self._last = {}             # topic -> its last body
        self._flat = set()          # topics whose last message said FLAT
        self._account_states = {}
        self._is_shut_down = False

    def hear(self, message):
        self._message = message
        body = message.body
        if self._is_shut_down:
            self._complain("comes after bridge.shutdown")
        if _floats(body):
            self._complain("holds a float")
        identity = (body.get("instance"), body.get("epoch"))
        if self._identity not in (None, identity):
            self._complain(f"instance and epoch were {self._identity}")
        self._identity = identity
        if body.get("v") != 1:
            self._complain("is not of version 1")
        if message.is_position:
            self._hear_position(body)
        elif message.is_status:
            self._hear_status(body)
        elif message.topic == "bridge.heartbeat":
            self._hear_heartbeat(body)
        elif message.is_snapshot:
            self._hear_snapshot(body)
        elif message.topic == "bridge.shutdown":
            self._expect_keys(SHUTDOWN_KEYS)
            self._is_shut_down = True
        else:
            self._complain("has a topic without a subscription")

    def _complain(self, what):
        self.complaints.append(f"{self._message.topic}: {what}: {self._message.body}")

    def _expect_keys(self, keys):
        if list(self._message.body) != keys:
            self._complain(f"its keys are not {keys}")
            return False
        return True

    # --- position.update -----------------------------------------------------------------------

    def _hear_position(self, body):
        if not self._expect_keys(POSITION_KEYS):
            return
        before = len(self.complaints)
        self._check_types(body)
        if len(self.complaints) > before:
            return  # values of a wrong type cannot be used in calculations
        if topic_of(body) != self._message.topic:
            self._complain(f"belongs to {topic_of(body)}")
        self._check_side(body)
        self._check_value(body)
        self._check_times(body)
        self._check_account_sequence(body)
        self._check_topic(body)
        self._check_state(body)
        self._last[self._message.topic] = body

    def _check_types(self, body):
        for name in DECIMALS + DECIMALS_OR_NIL:
            may_be_nil = name in DECIMALS_OR_NIL
            if not (is_plain_decimal(body[name]) or (may_be_nil and body[name] is None)):
                self._complain(f"{name} is not a plain decimal")
        for name in COUNTS + COUNTS_OR_NIL:
            may_be_nil = name in COUNTS_OR_NIL
            if not (_is_count(body[name]) or (may_be_nil and body[name] is None)):
                self._complain(f"{name} is not an unsigned integer")
        for name in TEXTS:
            if not isinstance(body[name], str) or not body[name]:
                self._complain(f"{name} is not a string")
        for name, words in WORDS.items():
            if body[name] not in words:
                self._complain(f"{name} is not one of {words}")
        if body["type"] != "position.update":
            self._complain("is of another type")
        if body["state"] not in POSITION_STATES:
            self._complain("has an unknown state")

    def _check_side(self, body):
        if (body["side"] == "FLAT") != (Decimal(body["size"]) == 0):
            self._complain("side and size disagree about whether it is closed")
        if body["side"] == "FLAT" and body["size"] != "0":
            self._complain('the size of a closed position is "0"')
        if Decimal(body["size"]) < 0:
            self._complain("the size is not absolute")
        if body["side"] != "FLAT" and body["position_side"] not in ("BOTH", body["side"]):
            self._complain("the side of a leg is wrong")

    def _check_value(self, body):
        """PnL and notional are exact, and present exactly when there is a mark price."""
        if body["mark_price"] is None:
            for name in ("unrealized_pnl", "notional", "mark_time_us"):
                if body[name] is not None:
                    self._complain(f"{name} without a mark price")
            return
        mark, size = Decimal(body["mark_price"]), signed_size(body)
        if mark <= 0:
            self._complain("the mark price is not greater than 0")
        gain = EXACT.subtract(mark, Decimal(body["entry_price"]))
        if body["unrealized_pnl"] is None or (
                Decimal(body["unrealized_pnl"]) != EXACT.multiply(gain, size)):
            self._complain(f"unrealized_pnl is not {EXACT.multiply(gain, size)}")
        if body["notional"] is None or Decimal(body["notional"]) != EXACT.multiply(mark, size):
            self._complain(f"notional is not {EXACT.multiply(mark, size)}")
        if body["mark_time_us"] is None:
            self._complain("a mark price without its time")

    def _check_times(self, body):
        if body["published_us"] < body["received_us"]:
            self._complain("published before it was received")
        if body["received_us"] < body["epoch"]:
            self._complain("received before the bridge started")
        if (body["trigger"] == "account_update") != (body["account_reason"] is not None):
            self._complain("account_reason belongs to the trigger account_update")

    def _check_topic(self, body):
        topic = self._message.topic
        expected = self._sequences.get(topic, 0) + 1
        if body["seq"] != expected:
            self._complain(f"seq is not {expected}")
        self._sequences[topic] = body["seq"]
        if body["side"] == "FLAT":
            if expected == 1:
                self._complain("closed before it was ever open")
            if topic in self._flat:
                self._complain("published as closed again")
            self._flat.add(topic)
        else:
            self._flat.discard(topic)

    def _check_state(self, body):
        account_state = self._account_states.get(body["account"])
        if body["state"] == "live" and account_state not in (None, "live"):
            self._complain(f"live while its account is {account_state}")

    # --- other messages ------------------------------------------------------------------------

    def _hear_status(self, body):
        if not self._expect_keys(STATUS_KEYS):
            return
        if body["type"] != "account.status" or self._message.topic != (
                "account.status." + body["account"]):
            self._complain("its topic, type and account do not match")
        if body["state"] not in ACCOUNT_STATES or body["venue"] not in WORDS["venue"]:
            self._complain("has an unknown state or venue")
        for name in ("running", "user_connected", "mark_connected", "connected"):
            if not isinstance(body[name], bool):
                self._complain(f"{name} is not a boolean")
        for name in ("active_positions", "subscribed_symbols", "since_us", "published_us"):
            if not _is_count(body[name]):
                self._complain(f"{name} is not an unsigned integer")
        if body["evidence"] not in EVIDENCE:
            self._complain("has an unknown evidence")
        if body["confirmed_us"] is not None and not _is_count(body["confirmed_us"]):
            self._complain("confirmed_us is not a time")
        if body["state"] == "live" and body["confirmed_us"] is None:
            self._complain("live and never confirmed")
        if body["connected"] != (body["user_connected"] and body["mark_connected"]):
            self._complain("connected means both streams")
        if body["state"] == "live" and not body["connected"]:
            self._complain("live without both streams")
        if body["running"] != (body["state"] not in ("failed", "stopped")):
            self._complain("running and state disagree")
        if not body["detail"]:
            self._complain("has no detail")
        self._check_account_sequence(body)
        self._account_states[body["account"]] = body["state"]

    def _hear_snapshot(self, body):
        if not self._expect_keys(SNAPSHOT_KEYS):
            return
        account, positions = body["account"], body["positions"]
        if body["type"] != "position.snapshot" or (
                self._message.topic.split(".")[2] != body["scope"]
                or body["scope"] not in ("all", account)):
            self._complain("its topic, type, scope and account do not match")
        if body["state"] not in ACCOUNT_STATES:
            self._complain("has an unknown state")
        if not 1 <= body["part"] <= body["parts"]:
            self._complain("has an invalid part number")
        if positions is None:
            if body["state"] == "live":
                self._complain("live without positions")
            return
        if any(position.get("account") != account for position in positions):
            self._complain("holds positions of another account")
        if account not in self._account_sequences:
            return  # nothing to compare it with
        if body["account_seq"] != self._account_sequences[account]:
            self._complain(f"account_seq of {account} is {self._account_sequences[account]} here")
        if body["state"] != self._account_states.get(account, body["state"]):
            self._complain(f"{account} is {self._account_states[account]} here")
        for position in positions:
            if list(position) != POSITION_KEYS:
                self._complain("one of its positions has other keys")
            elif self._without_trigger(position) != self._without_trigger(
                    self._last.get(topic_of(position), position)):
                self._complain("differs from the last published update: "
                               f"{self._last[topic_of(position)]}")
        held = {topic for topic, last in self._last.items()
                if last["account"] == account and last["side"] != "FLAT"}
        if body["parts"] == 1 and held - {topic_of(position) for position in positions}:
            self._complain(f"lacks open positions of {held}")
        if any(position["side"] == "FLAT" for position in positions):
            self._complain("contains a closed position")

    @staticmethod
    def _without_trigger(position):
        return {key: value for key, value in position.items() if key not in NOT_IN_SNAPSHOTS}

    def _check_account_sequence(self, body):
        last = self._account_sequences.get(body["account"])
        if last is not None and body["account_seq"] != last + 1:
            self._complain(f"account_seq does not follow {last}")
        self._account_sequences[body["account"]] = body["account_seq"]

    def _hear_heartbeat(self, body):
        if not self._expect_keys(HEARTBEAT_KEYS):
            return
        if body["type"] != "bridge.heartbeat" or not body["version"]:
            self._complain("is not a heartbeat")
        for account, sequence in self._account_sequences.items():
            was_removed = (account not in body["accounts"]
                           and self._account_states.get(account) == "stopped")
            if not was_removed and body["accounts"].get(account) != sequence:
                self._complain(f"account_seq of {account} is {sequence} here")


def complaints_about(messages):
    rules = MessageRules()
    for message in messages:
        rules.hear(message)
    return rules.complaints

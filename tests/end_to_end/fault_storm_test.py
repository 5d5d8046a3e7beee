"""Twenty trading accounts and a fault every second: each gap is published as stale, and at the end
all published positions equal those of the exchange.

The test run is a short sample. To run five minutes:

    FAULT_STORM_SECONDS=300 ctest --test-dir build/release -R end_to_end.fault_storm -V
"""

import os
import random
import time
import unittest

from harness.exchange import Account
from harness.waiting import wait_until
from harness.world import EndToEndTest

SECONDS = int(os.environ.get("FAULT_STORM_SECONDS", "30"))
SEED = int(os.environ.get("FAULT_STORM_SEED", str(random.SystemRandom().randrange(1_000_000))))
ACCOUNTS = 20
FAULT_INTERVAL = 1.0
# From the certain loss of a stream until the account must be published as stale.
ANNOUNCED_WITHIN = 3.0
# Reconnections wait up to a minute, and comparisons find what a dead stream did not deliver.
RECOVERS_WITHIN = 180.0

LIVELY = {"mean_interval": "500ms", "positions_max": 4,
          "symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "1000PEPEUSDT", "BNBUSDT"],
          "open": 3, "add": 2, "reduce": 2, "flip": 2, "close": 3}

# Possible faults: kind, weight and members. A close code of None means an abrupt cut.
FAULTS = [
    ("cut", 6, lambda draw: {"close_code": draw.choice([None, 1001, 1006, 1008, 1011])}),
    ("silence", 2, lambda draw: {}),
    ("half_open", 2, lambda draw: {}),
    ("mute", 1, lambda draw: {}),
    ("slow", 2, lambda draw: {"delay": "800ms", "duration": "5s"}),
    ("refuse_handshakes", 2, lambda draw: {"duration": "4s"}),
    ("refuse_tls", 1, lambda draw: {"duration": "2s"}),
    ("expire_key", 2, lambda draw: {"count": draw.choice([1, 2])}),
    ("delete_key", 2, lambda draw: {}),
    ("change_key", 1, lambda draw: {"count": 1}),
    ("ignore_events", 1, lambda draw: {"count": 1}),
    ("duplicate_events", 2, lambda draw: {"duration": "5s"}),
    ("lose_events", 1, lambda draw: {"duration": "3s", "percent": 50}),
    ("malformed_frames", 1, lambda draw: {"form": "unknown_event", "duration": "3s"}),
    ("rest_error", 2, lambda draw: {"http_status": 503, "code": -1001, "message": "Busy.",
                                    "duration": "4s"}),
    ("rest_delay", 1, lambda draw: {"delay": "2s", "duration": "4s"}),
    ("rest_shuffle", 1, lambda draw: {"delay": "1s", "duration": "4s"}),
    ("rest_lag", 1, lambda draw: {"delay": "1500ms", "duration": "4s"}),
    ("too_many_requests", 1, lambda draw: {"duration": "3s"}),
    ("ban_address", 1, lambda draw: {"address": "127.0.0.1", "duration": "4s"}),
]
# Endpoints that the bridge uses.
REQUESTS_IN_FLIGHT_MAX = 8
# These apply to the host, not to an account.
OF_THE_HOST = {"refuse_tls", "ban_address"}


def account_of(number):
    return Account(f"account-{number:02}", mode="hedge" if number % 4 == 0 else "one-way",
                   margin_type="isolated" if number % 5 == 0 else "cross", trading=LIVELY)


class FaultStorm(EndToEndTest):
    def test_every_gap_is_published_and_all_positions_are_correct_at_the_end(self):
        print(f"the storm of seed {SEED}, {SECONDS} s", flush=True)
        draw = random.Random(SEED)
        self.start([account_of(number) for number in range(ACCOUNTS)], reconcile="10s")
        self.exchange.set_trading(True)
        self.bans = 0
        self.begun_us = time.time() * 1e6
        cuts = self.rage(draw)
        self.exchange.clear_faults()
        # The request weight of a minute may be used up, or the last fault hit a listen key.
        wait_until(self.is_all_live, self.who_is_not_live, RECOVERS_WITHIN)
        self.exchange.set_trading(False)
        self.wait_until_true(seconds=60)
        self.check_announcements(cuts)
        self.check_stale_positions()
        self.check_no_connection_was_lost_without_a_word()

    def rage(self, draw):
        """Injects faults until the time is over; returns which account was cut off when."""
        kinds = [kind for kind, weight, _ in FAULTS for _ in range(weight)]
        members_of = {kind: members for kind, _, members in FAULTS}
        cuts = []
        end = time.monotonic() + SECONDS
        due = time.monotonic()
        while time.monotonic() < end:
            kind = draw.choice(kinds)
            account = draw.choice(self.accounts).name
            members = {name: value for name, value in members_of[kind](draw).items()
                       if value is not None}
            if kind not in OF_THE_HOST and draw.random() < 0.85:
                members |= {"account": account}
            elif kind in ("cut", "silence", "half_open", "mute", "slow"):
                members |= {"scope": "market"}
            self.bans += kind == "ban_address"
            was_live = self.subscriber.state(account) == "live"
            self.exchange.fault(kind, **members)
            if kind == "cut" and was_live and "account" in members:
                cuts.append((account, time.time() * 1e6))
            due += FAULT_INTERVAL
            time.sleep(max(0.0, due - time.monotonic()))
        return cuts

    def broken_limits(self):
        """Without requests that were already in flight when a ban began."""
        broken = self.exchange.broken_limits()
        if broken.get("request_while_banned", 0) <= self.bans * REQUESTS_IN_FLIGHT_MAX:
            broken.pop("request_while_banned", None)
        return broken

    def is_all_live(self):
        return all(self.subscriber.state(account.name) == "live" for account in self.accounts)

    def who_is_not_live(self):
        return "all live; " + "; ".join(
            f"{account.name}: {self.bridge.account_status(account.name)['detail']}"
            for account in self.accounts if self.subscriber.state(account.name) != "live")

    # --- what must have been published ------------------------------------------------------------

    def statuses(self, account):
        return [message for message in self.subscriber.since(0, lambda one: one.is_status)
                if message["account"] == account]

    def check_announcements(self, cuts):
        self.assertGreater(len(cuts), SECONDS // 30, "too few accounts were cut off")
        unsaid = []
        for account, at in cuts:
            said = [message for message in self.statuses(account)
                    if at - 0.5e6 <= message["published_us"] <= at + ANNOUNCED_WITHIN * 1e6
                    and not message["user_connected"]]
            if not said:
                unsaid.append((account, (at - self.begun_us) / 1e6))
        self.assertEqual([], unsaid, "cut off but not published as stale (account, seconds)")

    def check_stale_positions(self):
        """When an account stops being live, each of its open positions is published as stale."""
        heard = self.subscriber.since(0, lambda one: one.is_position or one.is_status)
        open_positions = {}
        state = {}
        owed = {}
        for message in heard:
            account = message["account"]
            if message.is_status:
                if state.get(account) == "live" and message["state"] != "live":
                    owed[account] = {key for key, is_live in open_positions.items()
                                     if key[0] == account and is_live}
                elif owed.get(account):
                    self.fail(f"{account} continued without stale messages for: {owed[account]}")
                state[account] = message["state"]
                continue
            key = (account, message["symbol"], message["position_side"])
            if key in owed.get(account, ()):
                self.assertEqual("stale", message["state"], key)
                owed[account].remove(key)
            if message["side"] == "FLAT":
                open_positions.pop(key, None)
            else:
                open_positions[key] = message["state"] == "live"

    def check_no_connection_was_lost_without_a_word(self):
        """Each counted end of an open user stream produced at least one status."""
        metrics = self.bridge.metrics()
        for account in self.accounts:
            labels = {"account": account.name, "stream": "user"}
            opened = metrics.total("position_bridge_stream_connects_total", **labels)
            said = sum(1 for before, after in zip(self.statuses(account.name),
                                                  self.statuses(account.name)[1:])
                       if before["user_connected"] and not after["user_connected"])
            # One of them is open now.
            self.assertEqual(opened - 1, said, f"connections that {account.name} lost")


if __name__ == "__main__":
    unittest.main()

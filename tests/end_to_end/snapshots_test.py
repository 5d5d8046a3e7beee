"""Snapshots: they are complete, and no message is missing between a snapshot and the stream."""

import unittest

from harness.bridge import BridgeSetup
from harness.exchange import Account
from harness.subscriber import snapshot_topic
from harness.truth import differences
from harness.waiting import wait_until
from harness.world import EndToEndTest


def holding(name, **settings):
    return Account(name, positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
                                    {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2"}],
                   **settings)


class Position:
    """A position of a snapshot in the form of a published one, for comparisons."""

    def __init__(self, body):
        self.body = body

    def __getitem__(self, key):
        return self.body[key]


def positions_of(snapshot):
    return {(body["account"], body["symbol"], body["position_side"]): Position(body)
            for message in snapshot.values() for body in message["positions"]}


class Snapshots(EndToEndTest):
    def latecomer(self, topics=("bridge.heartbeat",)):
        return self.subscribe(self.setup_of_bridge.endpoint, topics)

    def count(self, name, **labels):
        return self.bridge.metrics().total("position_bridge_" + name, **labels)

    # --- content -------------------------------------------------------------------------------

    def test_snapshot_contains_the_positions_of_every_account(self):
        self.start([holding("alpha"), holding("hedged", mode="one-way"), Account("flat")])
        self.wait_until_true()
        snapshot = self.latecomer().snapshot()
        self.assertEqual({"alpha", "hedged", "flat"}, snapshot.keys())
        self.assertEqual([], differences(self.exchange.truth(), positions_of(snapshot)))
        for account, message in snapshot.items():
            self.assertEqual(("live", "all", 1, 1), tuple(
                message[key] for key in ("state", "scope", "part", "parts")), account)
        self.assertEqual([], snapshot["flat"]["positions"], "flat is known to be flat")
        self.assertEqual(1, self.count("snapshots_served_total"))

    def test_snapshot_of_one_account(self):
        self.start([holding("main"), holding("main2")])
        snapshot = self.latecomer().snapshot("main")
        self.assertEqual(["main"], list(snapshot))
        self.assertEqual("main", snapshot["main"]["scope"])

    def test_closed_positions_are_not_in_a_snapshot(self):
        self.start([holding("alpha")])
        self.exchange.close("alpha", "BTCUSDT")
        self.subscriber.wait_for_update("alpha", "BTCUSDT", side="FLAT")
        body, = self.latecomer().snapshot("alpha")["alpha"]["positions"]
        self.assertEqual("ETHUSDT", body["symbol"])

    def test_snapshot_of_a_stale_account_contains_its_last_positions_as_stale(self):
        self.start([holding("alpha")])
        self.exchange.fault("refuse_handshakes", scope="user", account="alpha")
        self.exchange.fault("cut", scope="user", account="alpha")
        self.subscriber.wait_for_state("alpha", "stale")
        message = self.latecomer().snapshot("alpha")["alpha"]
        self.assertEqual("stale", message["state"])
        self.assertEqual(["stale", "stale"], [body["state"] for body in message["positions"]])

    def test_snapshot_of_an_unconfirmed_account_is_unknown_and_not_flat(self):
        self.start([holding("alpha")])
        setup = BridgeSetup.at(self.exchange, self.folder, self.accounts)
        with self.exchange.paused():
            self.start_bridge(setup, name="waiting")
            asker = self.subscribe(setup.endpoint, ["bridge.heartbeat"])
            message = asker.snapshot("alpha")["alpha"]
        self.assertEqual("connecting", message["state"])
        self.assertIsNone(message["positions"])

    def test_snapshot_of_an_unknown_account_is_stopped_and_unknown(self):
        self.start([holding("alpha")])
        message = self.latecomer().snapshot("alhpa")["alhpa"]
        self.assertEqual(("stopped", 0, None), tuple(
            message[key] for key in ("state", "account_seq", "positions")))

    # --- order with the stream -----------------------------------------------------------------

    def test_messages_after_a_snapshot_continue_its_sequence(self):
        trading = {"mean_interval": "20ms", "positions_max": 3,
                   "symbols": ["BTCUSDT", "ETHUSDT", "SOLUSDT"]}
        self.start([Account("alpha", trading=trading), Account("beta", trading=trading)])
        self.exchange.set_trading(True)
        self.subscriber.wait_for_update("alpha", "BTCUSDT")
        for _ in range(3):
            late = self.latecomer(["bridge.heartbeat", "position.update.", "account.status."])
            snapshot = late.snapshot()
            end = late.count()
            wait_until(lambda: late.count() > end + 50, "messages after the snapshot")
            for account, message in snapshot.items():
                place = late.messages.index(message)
                heard = [(index < place, body["account_seq"])
                         for index, body in enumerate(list(late.messages))
                         if (body.is_position or body.is_status) and body["account"] == account]
                before = [number for is_before, number in heard if is_before]
                after = [number for is_before, number in heard if not is_before]
                # Messages that arrived before the snapshot have no gap up to it.
                self.assertEqual(
                    list(range(message["account_seq"] - len(before) + 1,
                               message["account_seq"] + 1)), before, account)
                self.assertEqual(list(range(message["account_seq"] + 1,
                                            message["account_seq"] + 1 + len(after))), after,
                                 account)

    # --- rate ----------------------------------------------------------------------------------

    def test_more_than_five_requests_per_second_are_answered_later_and_once(self):
        self.start([holding("alpha")])
        asker = self.latecomer()
        asker.wait_for_heartbeat()
        topics = [asker.ask("all") for _ in range(20)]
        asker.wait_for(lambda message: message.topic == topics[-1], "the last answer", seconds=10)
        answers = [message for message in asker.messages if message.is_snapshot]
        self.assertEqual(topics, [message.topic for message in answers])
        between = answers[-1].received_at - answers[0].received_at
        self.assertGreater(between, 2.5, "five at once, then five per second")
        heartbeats = [message.received_at for message in asker.messages
                      if message.topic == "bridge.heartbeat"]
        self.assertGreater(len(heartbeats), between / 0.25 - 2, "they do not delay other messages")
        self.assertEqual(20, self.count("snapshots_served_total"))

    def test_withdrawn_requests_are_not_answered(self):
        self.start([holding("alpha")])
        asker = self.latecomer()
        asker.wait_for_heartbeat()
        crowd = self.latecomer([snapshot_topic("all") for _ in range(50)])
        wait_until(lambda: self.count("subscriptions", kind="snapshot") == 50, "fifty requests")
        crowd.close()
        wait_until(lambda: self.count("subscriptions", kind="snapshot") == 0, "they are withdrawn")
        asker.snapshot(seconds=2)  # fifty would have taken ten seconds
        self.assertGreater(20, self.count("snapshots_served_total"))

    def test_requests_beyond_the_queue_limit_are_refused_and_counted(self):
        self.start([holding("alpha")])
        crowd = self.latecomer([snapshot_topic("all") for _ in range(400)])
        wait_until(lambda: self.count("subscriptions", kind="snapshot") == 400, "all requests")
        refused = self.count("snapshots_refused_total", reason="too_many")
        # 300 wait; the bridge answered a few before it read the last.
        self.assertTrue(80 <= refused <= 100, refused)
        self.assertIn("300 requests are waiting", self.bridge.errors())

    def test_malformed_request_is_counted_and_logged(self):
        self.start([holding("alpha")])
        self.latecomer(["snapshot.", "snapshot.abc.all", "snapshot.0123456789abcdef.a b"])
        wait_until(lambda: self.count("snapshots_refused_total", reason="malformed") == 2,
                   "two refusals")
        self.assertEqual(0, self.count("snapshots_served_total"))
        self.assertEqual(1, self.bridge.errors().count("it gets no answer"))


if __name__ == "__main__":
    unittest.main()

"""Every reference subscriber against a fake bridge that loses, repeats and corrupts messages.

All languages subscribe to the same bus at once, and each must react correctly.
"""

import json
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "end_to_end"))

from fake_bridge import UPDATE, FakeBridge  # noqa: E402
from harness.programs import free_port  # noqa: E402
from harness.waiting import wait_until  # noqa: E402
from languages import LANGUAGES, ROOT, ReferenceSubscriber  # noqa: E402

HEARTBEAT_S = 0.1
START_S = 20.0  # Java and Node.js start slowly on a busy computer


class Scripted(unittest.TestCase):
    maxDiff = None

    def start(self, accounts=("main", "other"), follow="all", before=lambda bridge: None):
        folder = tempfile.TemporaryDirectory(prefix="subscribers-")
        self.addCleanup(folder.cleanup)
        self.bridge = FakeBridge(free_port(), accounts, HEARTBEAT_S)
        self.addCleanup(self.bridge.close)
        before(self.bridge)
        self.subscribers = [
            ReferenceSubscriber(Path(folder.name), language, self.bridge.endpoint, follow,
                                int(HEARTBEAT_S * 1000)) for language in LANGUAGES]
        for subscriber in self.subscribers:
            self.addCleanup(subscriber.kill)

    def wait(self, condition, what, seconds=10.0):
        """Waits until the condition holds for each subscriber."""
        for subscriber in self.subscribers:
            wait_until(lambda: condition(subscriber),
                       lambda: f"{subscriber.language}: {what}; it says {subscriber.told()}",
                       seconds)

    def is_true(self, subscriber):
        said = subscriber.positions()
        return (subscriber.is_current(*self.bridge.accounts)
                and {key: body["size"] for key, body in said.items()} == self.bridge.truth()
                and all(body["state"] == "live" for body in said.values()))

    def wait_until_true(self, seconds=10.0):
        self.wait(self.is_true, f"the truth is {self.bridge.truth()}", seconds)

    def start_true(self, **settings):
        self.start(before=lambda bridge: bridge.update("main", "BTCUSDT", "1"), **settings)
        self.wait_until_true(START_S)
        self.before = {subscriber.language: subscriber.told()["counters"]
                       for subscriber in self.subscribers}

    def counted(self, subscriber, name):
        """Since `start_true`."""
        return subscriber.counter(name) - self.before[subscriber.language][name]

    def assert_counted(self, **expected):
        for subscriber in self.subscribers:
            self.assertEqual(expected, {name: self.counted(subscriber, name) for name in expected},
                             subscriber.language)

    # --- joining -------------------------------------------------------------------------------

    def test_late_joiner_has_everything_at_once_and_missed_nothing(self):
        self.start_true()
        for subscriber in self.subscribers:
            counters = subscriber.told()["counters"]
            self.assertEqual((0, 1, 0, 0), tuple(counters[name] for name in (
                "gaps", "epochs", "stale", "rejected")), subscriber.language)
            body, = subscriber.positions().values()
            self.assertEqual({key: UPDATE[key] for key in ("entry_price", "leverage", "side",
                                                          "break_even_price", "position_time_us")},
                             {key: body[key] for key in ("entry_price", "leverage", "side",
                                                        "break_even_price", "position_time_us")},
                             subscriber.language)
        topics = [topic for _, topic in self.bridge.requests]
        self.assertEqual(len(set(topics)), len(topics), "each request has its own topic")
        for topic in topics:
            self.assertRegex(topic, r"^snapshot\.[0-9a-f]{16,32}\.(all|main|other)$")
        wait_until(lambda: set(self.bridge.withdrawn) == {topic for _, topic in self.bridge.requests},
                   "each unsubscribes after the answer")

    def test_changes_are_applied_and_closed_positions_are_removed(self):
        self.start_true()
        self.bridge.update("main", "ETHUSDT", "3.50", position_side="SHORT", side="SHORT")
        self.bridge.update("other", "币安人生USDT", "7")
        self.wait_until_true()
        self.bridge.update("main", "BTCUSDT", "0")
        self.wait_until_true()
        self.assert_counted(gaps=0, snapshots=0, epochs=0, stale=0, rejected=0)

    def test_only_the_requested_accounts_are_kept(self):
        self.start(accounts=("main", "main2"), follow="main",
                   before=lambda bridge: bridge.update("main", "BTCUSDT", "1"))
        self.wait(lambda subscriber: subscriber.is_current("main"), "main is known", START_S)
        self.bridge.update("main2", "BTCUSDT", "5")
        self.bridge.status("main2", "stale")
        self.bridge.update("main", "BTCUSDT", "2")
        self.wait(lambda subscriber: [body["size"] for body in subscriber.positions().values()]
                  == ["2"], "main alone")
        for subscriber in self.subscribers:
            self.assertEqual({"main"}, subscriber.accounts().keys(), subscriber.language)
            self.assertEqual(0, subscriber.counter("gaps"), subscriber.language)

    def test_unknown_is_not_flat(self):
        def nothing_confirmed(bridge):
            bridge.accounts["main"].positions = None
            bridge.accounts["main"].state = "connecting"

        self.start(before=nothing_confirmed)
        self.wait(lambda subscriber: subscriber.accounts().get("main", {}).get("state")
                  == "connecting", "main is connecting", START_S)
        # It becomes live, and its first update is lost.
        self.bridge.accounts["main"].positions = {}
        self.bridge.update("main", "BTCUSDT", "4", is_lost=True)
        self.bridge.status("main", "live")
        self.wait_until_true()

    # --- losses --------------------------------------------------------------------------------

    def test_gap_in_the_sequence_is_detected_and_repaired(self):
        self.start_true()
        self.bridge.update("main", "BTCUSDT", "0", is_lost=True)
        self.bridge.update("main", "ETHUSDT", "2")
        self.wait_until_true()
        self.assert_counted(gaps=1, snapshots=1, stale=0)

    def test_heartbeat_reveals_the_loss_of_the_last_message(self):
        self.start_true()
        self.bridge.update("other", "BTCUSDT", "9", is_lost=True)
        self.wait_until_true()
        self.assert_counted(gaps=1, snapshots=1, stale=0)

    def test_positions_are_stale_after_a_loss_until_the_snapshot_arrives(self):
        self.start_true()
        self.bridge.answers_snapshots = False
        self.bridge.update("main", "BTCUSDT", "2", is_lost=True)
        self.wait(lambda subscriber: not subscriber.is_current("main")
                  and [body["state"] for body in subscriber.positions().values()] == ["stale"],
                  "its position is stale")
        self.bridge.update("main", "BTCUSDT", "3")
        self.wait(lambda subscriber: [(body["size"], body["state"])
                                      for body in subscriber.positions().values()]
                  == [("3", "stale")], "still stale, since others may be missing")
        self.bridge.answers_snapshots = True
        self.wait_until_true()  # they repeat the request
        self.assert_counted(gaps=1, snapshots=1)

    def test_unanswered_request_is_repeated_with_increasing_pauses(self):
        self.start_true()
        self.bridge.answers_snapshots = False
        asked = len(self.bridge.requests)
        self.bridge.update("main", "BTCUSDT", "2", is_lost=True)
        wait_until(lambda: len(self.bridge.requests) - asked >= 3 * len(self.subscribers),
                   "each sends three requests", 15.0)
        times = sorted(when for when, _ in self.bridge.requests[asked:])
        self.assertGreater(times[3 * len(self.subscribers) - 1] - times[0], 1.2,
                           "half a second to one, then one to two")
        self.bridge.answers_snapshots = True
        self.wait_until_true(15.0)

    def test_outdated_messages_are_ignored(self):
        self.start_true()
        topic, body = self.bridge.update("main", "BTCUSDT", "2")
        self.bridge.update("main", "BTCUSDT", "3")
        self.bridge.send(topic, body)
        self.bridge.update("main", "ETHUSDT", "1")
        self.wait_until_true()
        self.assert_counted(gaps=0, snapshots=0)

    def test_snapshot_in_parts_is_combined_and_incomplete_one_is_ignored(self):
        def many(bridge):
            bridge.part_size = 3
            for number in range(10):
                bridge.update("main", f"S{number}USDT", "1")

        self.start(before=many)
        self.wait_until_true(START_S)
        self.before = {subscriber.language: subscriber.told()["counters"]
                       for subscriber in self.subscribers}
        self.bridge.lost_parts = len(self.subscribers)
        self.bridge.update("main", "S0USDT", "2", is_lost=True)
        self.wait_until_true()
        self.assert_counted(gaps=1, snapshots=1)

    # --- epochs and silence --------------------------------------------------------------------

    def test_new_epoch_discards_everything(self):
        self.start_true()
        self.bridge.restart(["main"])
        self.bridge.update("main", "SOLUSDT", "8")
        self.wait_until_true()
        self.assert_counted(epochs=1)
        for subscriber in self.subscribers:
            self.assertEqual({"main"}, subscriber.accounts().keys(), subscriber.language)

    def test_epoch_with_an_earlier_time_is_a_new_epoch_too(self):
        self.start_true()
        self.bridge.epoch -= 1_000_000
        self.bridge.update("main", "SOLUSDT", "8")
        self.wait_until_true()
        self.assert_counted(epochs=1)

    def test_snapshot_may_be_the_first_message_of_a_new_epoch(self):
        self.start_true()
        self.bridge.answers_snapshots = False
        asked = len(self.bridge.requests)
        self.bridge.update("main", "BTCUSDT", "2", is_lost=True)
        wait_until(lambda: len(self.bridge.requests) - asked >= len(self.subscribers),
                   "each requests main")
        self.bridge.heartbeats = False
        self.bridge.restart(["main"])
        self.bridge.update("main", "BTCUSDT", "8", is_lost=True)
        self.bridge.answer_again()
        self.wait(lambda subscriber: self.counted(subscriber, "epochs") == 1, "a new epoch")
        self.bridge.answers_snapshots = self.bridge.heartbeats = True
        self.wait_until_true()

    def test_missing_heartbeats_make_everything_stale_until_a_snapshot(self):
        self.start_true()
        self.bridge.heartbeats = self.bridge.answers_snapshots = False
        self.wait(lambda subscriber: not subscriber.is_current()
                  and [body["state"] for body in subscriber.positions().values()] == ["stale"],
                  "stale after three heartbeats")
        self.bridge.heartbeats = self.bridge.answers_snapshots = True
        self.wait_until_true(15.0)
        for subscriber in self.subscribers:
            self.assertGreaterEqual(self.counted(subscriber, "stale"), 1, subscriber.language)
            self.assertGreaterEqual(self.counted(subscriber, "snapshots"), 1, subscriber.language)

    def test_shutdown_makes_everything_stale_at_once(self):
        self.start_true()
        self.bridge.heartbeats = self.bridge.answers_snapshots = False
        self.bridge.send_shutdown()
        self.wait(lambda subscriber: [body["state"] for body in subscriber.positions().values()]
                  == ["stale"], "stale")
        self.assert_counted(stale=1)

    def test_stale_account_has_stale_positions(self):
        self.start_true()
        self.bridge.status("main", "stale")
        self.wait(lambda subscriber: [body["state"] for body in subscriber.positions().values()]
                  == ["stale"] and subscriber.accounts()["main"]["state"] == "stale", "stale")
        self.bridge.status("main", "live")
        self.bridge.update("main", "BTCUSDT", "1")
        self.wait_until_true()
        self.assert_counted(gaps=0, snapshots=0)

    def test_removed_account_is_not_trusted(self):
        self.start_true()
        del self.bridge.accounts["main"]
        self.wait(lambda subscriber: not subscriber.accounts()["main"]["is_current"]
                  and [body["state"] for body in subscriber.positions().values()] == ["stale"],
                  "main is not trusted")

    # --- malformed messages --------------------------------------------------------------------

    def test_malformed_messages_are_counted_and_change_nothing(self):
        self.start_true()
        topic = "position.update.main.BTCUSDT.BOTH"
        good = UPDATE | {"instance": "fake", "epoch": self.bridge.epoch, "account": "main",
                         "symbol": "BTCUSDT", "size": "666", "account_seq": 2}
        bad = [b"", b"\xc1", b"\xdd\xff\xff\xff\xff", b"\x81\xa1v", b"\x01", b"\x93" * 5000,
               [1, 2], {}, good | {"v": 2}, good | {"type": "position"}, good | {"epoch": "1"},
               good | {"account": 1}, good | {"account_seq": -1}, good | {"account_seq": None},
               good | {"size": 1}, good | {"symbol": None},
               {key: value for key, value in good.items() if key != "side"}]
        for body in bad:
            self.bridge.send(topic, body)
        self.bridge.send("bridge.heartbeat", {
            "v": 1, "type": "bridge.heartbeat", "instance": "fake", "epoch": self.bridge.epoch,
            "accounts": {"main": "many"}})
        self.bridge.send("bridge.heartbeat", good)
        self.wait(lambda subscriber: self.counted(subscriber, "rejected") == len(bad) + 2,
                  f"{len(bad) + 2} are rejected")
        self.wait_until_true()
        self.assert_counted(gaps=0, snapshots=0, epochs=0)

    def test_every_published_vector_is_handled_correctly(self):
        self.start_true()
        for file in sorted((ROOT / "schemas/vectors/v1").glob("*.json")):
            vector = json.loads(file.read_text(encoding="utf-8"))
            self.bridge.send(vector["topic"], bytes.fromhex(vector["msgpack_hex"]))
        # An epoch that differs from those of the vectors.
        self.bridge.restart(["main"])
        self.bridge.update("main", "BTCUSDT", "8")
        self.wait_until_true(20.0)
        for subscriber in self.subscribers:
            self.assertGreater(self.counted(subscriber, "epochs"), 1, "the valid ones are accepted")
            self.assertGreater(self.counted(subscriber, "rejected"), 10, subscriber.language)

    def test_unknown_keys_are_ignored(self):
        self.start_true()
        self.bridge.update("main", "BTCUSDT", "5", tomorrow={"a": [1, None, 2.5]})
        self.wait_until_true()
        self.assert_counted(rejected=0, gaps=0)

    # --- the process ---------------------------------------------------------------------------

    def test_subscribers_wait_for_an_absent_bridge(self):
        self.start_true()
        port = int(self.bridge.endpoint.rsplit(":", 1)[1])
        self.bridge.close()
        self.wait(lambda subscriber: self.counted(subscriber, "stale") >= 1, "stale")
        self.bridge = FakeBridge(port, ["main"], HEARTBEAT_S)
        self.addCleanup(self.bridge.close)
        self.bridge.update("main", "XRPUSDT", "3")
        self.wait_until_true(15.0)
        self.assert_counted(epochs=1)


if __name__ == "__main__":
    unittest.main(verbosity=2)

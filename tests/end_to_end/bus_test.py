"""The bus as subscribers see it: endpoints, filters, late joiners, restarts."""

import unittest

from harness.bridge import BridgeSetup
from harness.exchange import Account
from harness.waiting import wait_until
from harness.world import EndToEndTest


def holding(name):
    return Account(name, positions=[{"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1"},
                                    {"symbol": "ETHUSDT", "side": "SHORT", "quantity": "2"}])


class Bus(EndToEndTest):
    def test_every_endpoint_carries_the_same_messages(self):
        ipc = f"ipc://{self.folder}/bus"
        self.start([holding("alpha")], more_endpoints=[ipc])
        other = self.subscribe(ipc)
        first = other.wait_for(lambda message: message.is_position, "the first on " + ipc)
        self.exchange.close("alpha", "BTCUSDT")
        self.assertEqual(0, self.bridge.stop())
        for subscriber in (self.subscriber, other):
            subscriber.wait_for(lambda message: message.topic == "bridge.shutdown", "the end")
        raw = [(message.topic, message.payload) for message in self.subscriber.messages]
        start = raw.index((first.topic, first.payload))
        place = other.messages.index(first)
        self.assertEqual(raw[start:],
                         [(message.topic, message.payload) for message in other.messages[place:]])

    def test_second_bridge_does_not_replace_the_socket_file_of_the_first(self):
        ipc = f"ipc://{self.folder}/bus"
        self.start([holding("alpha")], more_endpoints=[ipc])
        setup = BridgeSetup.at(self.exchange, self.folder, self.accounts, more_endpoints=[ipc])
        second = self.start_bridge(setup, name="second")
        self.assertEqual(69, second.wait(5))
        self.assertIn("belongs to another running bridge", second.errors())
        self.subscribe(ipc).wait_for_heartbeat()

    def test_filter_with_final_dot_selects_one_account_or_symbol(self):
        self.start([holding("main"), holding("main2")])
        for topic in ("position.update.main.", "position.update.main2.BTCUSDT."):
            filtered = self.subscribe(self.setup_of_bridge.endpoint, [topic])
            wait_until(lambda: len(filtered.messages) >= 2, "two messages for " + topic)
            for message in list(filtered.messages):
                self.assertTrue(message.topic.startswith(topic), message.topic)

    def test_late_joiner_has_every_position_after_the_next_prices(self):
        self.start([holding("alpha"), holding("beta")])
        self.wait_until_true()
        late = self.subscribe(self.setup_of_bridge.endpoint)
        wait_until(lambda: late.positions.keys() == self.subscriber.positions.keys(),
                   "every position", 3)
        for key, message in list(late.positions.items()):
            self.assertLess(1, message["seq"], key)
        late.wait_for_heartbeat(seconds=2)

    def test_restart_begins_a_new_epoch_in_which_sequences_start_at_one(self):
        self.start([holding("alpha")])
        self.wait_until_true()
        epoch = self.subscriber.statuses["alpha"]["epoch"]
        self.assertEqual(0, self.bridge.stop())
        setup = BridgeSetup.at(self.exchange, self.folder, self.accounts)
        again = self.subscribe(setup.endpoint)
        with self.exchange.paused():
            bridge = self.start_bridge(setup, name="again")
            again.wait_for_heartbeat()
        update = again.wait_for_update("alpha", "BTCUSDT")
        self.assertLess(epoch, update["epoch"])
        self.assertEqual((1, "snapshot"), (update["seq"], update["trigger"]))
        self.assertEqual(0, bridge.stop())


if __name__ == "__main__":
    unittest.main()

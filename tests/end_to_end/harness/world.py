"""A test with an exchange, a bridge and a subscriber. It cleans up and shows logs on failure."""

import sys
import tempfile
import unittest
from pathlib import Path

from harness.bridge import Bridge, BridgeSetup
from harness.exchange import SimulatedExchange
from harness.message_rules import complaints_about
from harness.subscriber import Subscriber
from harness.truth import differences
from harness.waiting import wait_until

LOG_LINES_SHOWN = 30
COMPLAINTS_SHOWN = 10


class EndToEndTest(unittest.TestCase):
    """At the end, all messages of the subscriber are checked against the rules."""

    maxDiff = None

    def run(self, result=None):
        result = result or self.defaultTestResult()
        with tempfile.TemporaryDirectory(prefix="end-to-end-") as folder:
            self.folder = Path(folder)
            bad_before = len(result.failures) + len(result.errors)
            super().run(result)
            if len(result.failures) + len(result.errors) > bad_before:
                self._show_logs()
        return result

    def _show_logs(self):
        for log in sorted(self.folder.glob("*.log")):
            lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
            if lines:
                print(f"--- the end of {log.name} of {self.id()}", *lines[-LOG_LINES_SHOWN:],
                      sep="\n", file=sys.stderr)

    # --- starting ------------------------------------------------------------------------------

    def start_exchange(self, accounts, **settings):
        exchange = SimulatedExchange(self.folder, accounts, **settings)
        self.addCleanup(exchange.kill)
        return exchange

    def start_bridge(self, setup, **settings):
        bridge = Bridge(setup, **settings)
        self.addCleanup(bridge.kill)
        return bridge

    def subscribe(self, endpoint, filters=("",), **keys):
        subscriber = Subscriber(endpoint, filters, **keys)
        self.addCleanup(subscriber.close)
        return subscriber

    def start(self, accounts, rules=None, subscriber_keys=None, descriptors=None, also_known=(),
              **bridge_settings):
        """Starts everything and returns when every account is live.

        `also_known`: accounts of the exchange that the bridge does not run, with their keys.
        The exchange is paused until the subscriber receives messages, so that it misses none.
        """
        self.accounts = accounts
        self.exchange = self.start_exchange([*accounts, *also_known], rules=rules)
        self.setup_of_bridge = BridgeSetup.at(self.exchange, self.folder, accounts,
                                              **bridge_settings)
        for account in also_known:
            self.setup_of_bridge.name_secrets(account)
        with self.exchange.paused():
            self.subscriber = self.subscribe(self.setup_of_bridge.endpoint,
                                             **(subscriber_keys or {}))
            self.bridge = self.start_bridge(self.setup_of_bridge, descriptors=descriptors)
            self.subscriber.wait_for_heartbeat()
        self.wait_until_live()
        self.addCleanup(self._finish)

    def _finish(self):
        """Stops the bridge cleanly and checks all messages and requests."""
        if self.bridge.exit_code() is None:
            self.assertEqual(0, self.bridge.stop(), "the exit code of a clean stop")
            self.subscriber.wait_for(lambda message: message.topic == "bridge.shutdown",
                                     "bridge.shutdown")
        complaints = complaints_about(list(self.subscriber.messages))
        self.assertEqual([], complaints[:COMPLAINTS_SHOWN],
                         f"{len(complaints)} violations in published messages")
        self.assertEqual({}, self.broken_limits(), "limits of the exchange")

    def broken_limits(self):
        """The limits of the exchange that the bridge violated; a test may override this."""
        return self.exchange.broken_limits()

    # --- waiting -------------------------------------------------------------------------------

    def wait_until_live(self, since=0):
        for account in self.accounts:
            self.subscriber.wait_for_state(account.name, "live", since)

    def untrue(self):
        """The differences between published and true positions."""
        return differences(self.exchange.truth(), dict(self.subscriber.positions))

    def wait_until_true(self, seconds=5.0):
        """Waits until the published positions equal the true positions."""
        wait_until(lambda: not self.untrue(), lambda: "\n".join(["the truth:", *self.untrue()]),
                   seconds)

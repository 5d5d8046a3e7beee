"""`position-bridge watch` and `health`, at a terminal and in a script."""

import json
import re
import signal
import unittest

from harness.exchange import Account
from harness.programs import RunningProgram, program, run_bridge
from harness.terminal import Terminal
from harness.waiting import wait_until
from harness.world import EndToEndTest

CONTROL_C = b"\x03"
CLEAR, HIDE_CURSOR, SHOW_CURSOR = "\033[H\033[J", "\033[?25l", "\033[?25h"
RED, GREEN, PLAIN = "\033[31m", "\033[32m", "\033[0m"
ESCAPE = re.compile(r"\033\[[0-9;?]*[A-Za-z]")


def name_of(body):
    """Identifies a message."""
    return tuple(body.get(name) for name in ("type", "account", "symbol", "account_seq"))


class Watch(EndToEndTest):
    def setUp(self):
        # The name of one account is a prefix of the other.
        self.start([
            Account("main", positions=[
                {"symbol": "BTCUSDT", "side": "LONG", "quantity": "0.1", "entry_price": "2000"},
                {"symbol": "币安人生USDT", "side": "LONG", "quantity": "12000"}]),
            Account("main2", mode="hedge", positions=[
                {"symbol": "ETHUSDT", "side": "LONG", "quantity": "2", "entry_price": "90000"}])])

    # --- JSON lines ----------------------------------------------------------------------------

    def watch_as_json(self, *options):
        watch = RunningProgram(self.folder, "watch", [
            program("POSITION_BRIDGE"), "watch", "--connect", self.setup_of_bridge.endpoint,
            *options])
        self.addCleanup(watch.kill)
        return watch

    def check_lines_are_the_messages(self, watch, is_wanted):
        """From the first received message on, each message is a line, in order and unaltered."""
        wait_until(lambda: watch.output().count('"mark_price"') >= 6, "some lines")
        watch.send(signal.SIGINT)
        self.assertEqual(0, watch.wait(3.0))
        self.assertEqual("", watch.errors())
        lines = [json.loads(line) for line in watch.output().splitlines()]
        messages = [message.body for message in list(self.subscriber.messages)
                    if is_wanted(message)]
        self.assertIn(lines[0], messages)
        first = messages.index(lines[0])
        heard = messages[first:first + len(lines)]
        self.assertEqual([name_of(body) for body in heard], [name_of(line) for line in lines])
        self.assertEqual(heard, lines)
        self.assertEqual([list(body) for body in heard], [list(line) for line in lines],
                         "the order of the keys")

    def test_json_lines_are_the_messages(self):
        self.check_lines_are_the_messages(self.watch_as_json("--json"), lambda message: True)

    def test_json_lines_are_printed_without_a_terminal(self):
        self.check_lines_are_the_messages(self.watch_as_json(), lambda message: True)

    def test_json_lines_of_one_account_contain_only_that_account(self):
        watch = self.watch_as_json("--json", "--account", "main")
        wait_until(lambda: '"mark_price"' in watch.output(), "the first line")
        since = self.subscriber.count()
        self.exchange.fault("cut", scope="user")
        for account in ("main", "main2"):
            self.subscriber.wait_for_state(account, "live", since)
        self.check_lines_are_the_messages(
            watch, lambda message: message["type"].startswith("bridge.")
            or message["account"] == "main")

    # --- the table -----------------------------------------------------------------------------

    def open_table(self, *options):
        terminal = Terminal([program("POSITION_BRIDGE"), "watch", "--connect",
                             self.setup_of_bridge.endpoint, *options])
        self.addCleanup(terminal.close)
        return terminal

    def test_the_table_shows_every_position_with_a_colored_profit(self):
        terminal = self.open_table()
        wait_until(lambda: self.priced_positions(terminal) == 3, "all are drawn with their prices")
        picture = self.last_picture(terminal)
        lines = {words[1]: words for words in map(str.split, ESCAPE.sub("", picture).splitlines())
                 if len(words) > 1}
        self.assertEqual("3 open positions", re.search(r"\d+ open positions", picture)[0])
        self.assertEqual(["account", "symbol", "side", "size", "entry", "mark", "PnL", "age",
                          "state"], lines["symbol"])
        self.assertEqual(["main", "BTCUSDT", "LONG", "0.100"], lines["BTCUSDT"][:4])
        self.assertEqual(["main", "币安人生USDT", "LONG", "12000"], lines["币安人生USDT"][:4])
        self.assertEqual(["main2", "ETHUSDT", "LONG"], lines["ETHUSDT"][:3])
        self.assertEqual("live", lines["BTCUSDT"][-1])
        colored = {line.split()[1]: line for line in picture.splitlines() if "USDT" in line}
        self.assertRegex(colored["BTCUSDT"], re.escape(GREEN) + r"[0-9.]+" + re.escape(PLAIN))
        self.assertRegex(colored["ETHUSDT"], re.escape(RED) + r"-[0-9.]+" + re.escape(PLAIN))

    def priced_positions(self, terminal):
        lines = [line for line in self.last_picture(terminal).splitlines() if "USDT" in line]
        return sum(" - " not in line for line in lines)

    def last_picture(self, terminal):
        """The last complete screen."""
        pictures = terminal.drawn().split(CLEAR)
        return pictures[-2] if len(pictures) > 2 else ""

    def test_closed_position_leaves_the_table_and_stale_account_is_named(self):
        terminal = self.open_table()
        wait_until(lambda: "3 open positions" in self.last_picture(terminal), "three positions")
        self.exchange.close("main", "BTCUSDT")
        wait_until(lambda: "2 open positions" in self.last_picture(terminal)
                   and "BTCUSDT" not in self.last_picture(terminal), "two positions")
        self.exchange.fault("refuse_handshakes", scope="user", account="main2")
        self.exchange.fault("cut", scope="user", account="main2")
        wait_until(lambda: "main2 is stale: " in self.last_picture(terminal), "main2 is stale")
        self.exchange.clear_faults()
        self.assertEqual(0, self.bridge.stop())
        wait_until(lambda: "the bridge has stopped" in self.last_picture(terminal), "the end")

    def test_late_joiner_sees_a_stale_account(self):
        self.exchange.fault("refuse_handshakes", scope="user", account="main2")
        self.exchange.fault("cut", scope="user", account="main2")
        self.subscriber.wait_for_state("main2", "stale")
        terminal = self.open_table()
        wait_until(lambda: "main2 is stale" in self.last_picture(terminal)
                   and "ETHUSDT" in self.last_picture(terminal), "main2 and its positions", 3)

    def test_control_c_restores_the_terminal(self):
        terminal = self.open_table()
        wait_until(lambda: GREEN in self.last_picture(terminal), "a screen with colors")
        self.assertIn(HIDE_CURSOR, terminal.drawn())
        terminal.type(CONTROL_C)
        self.assertEqual(0, terminal.wait(3.0))
        self.assertLess(terminal.drawn().rindex(HIDE_CURSOR),
                        terminal.drawn().rindex(SHOW_CURSOR))
        self.assertLess(terminal.drawn().rindex(GREEN), terminal.drawn().rindex(PLAIN))

    # --- health --------------------------------------------------------------------------------

    def test_health_exit_code_tells_whether_every_account_is_live(self):
        well = run_bridge("health", "--url", self.bridge.url)
        self.assertEqual((0, ""), (well.returncode, well.stderr))
        self.exchange.fault("refuse_handshakes", scope="user", account="main2")
        self.exchange.fault("cut", scope="user", account="main2")
        self.subscriber.wait_for_state("main2", "stale")
        ill = run_bridge("health", "--url", self.bridge.url)
        self.assertEqual(69, ill.returncode)
        self.assertIn("stale", ill.stdout)
        self.assertEqual(0, self.bridge.stop())
        gone = run_bridge("health", "--url", self.bridge.url)
        self.assertEqual(69, gone.returncode)
        self.assertIn("Connection refused", gone.stderr)


if __name__ == "__main__":
    unittest.main()

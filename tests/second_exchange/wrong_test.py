"""What cannot be read, and answers over REST that are wrong."""

import json
import time

import parallel
from expected_failures import case
from world import SecondExchangeTest, wait_until

AT_ONCE_S = 2


class Unreadable(SecondExchangeTest):
    """What cannot be read costs only what it is about."""

    def start_live(self, habits=(), **settings):
        world = self.start(habits, **settings)
        world.wait_until_live()
        world.wait_until_true()
        return world

    def event(self, *rows):
        """An ACCOUNT_UPDATE of now with rows that are text where they cannot be read."""
        now_ms = int(time.time() * 1000)
        return (f'{{"e":"ACCOUNT_UPDATE","T":{now_ms},"E":{now_ms},'
                f'"a":{{"m":"ORDER","B":[],"P":[{",".join(rows)}]}}}}')

    @staticmethod
    def row(symbol, amount, entry, **changed):
        """A row of an event; `changed` are fields as they stand in JSON."""
        fields = {"s": json.dumps(symbol), "pa": f'"{amount}"', "ep": f'"{entry}"', "cr": '"0"',
                  "up": '"0"', "mt": '"cross"', "iw": '"0"', "ps": '"BOTH"',
                  "bep": f'"{entry}"'} | changed
        return "{" + ",".join(f'"{name}":{text}' for name, text in fields.items()) + "}"

    def send_rows(self, *rows):
        self.world.exchange.event("main", "ACCOUNT_UPDATE", self.event(*rows))

    @case("A1")
    def test_a_break_even_price_in_an_event(self):
        for text in ('"NaN"', "{}", "null", '"1e400000000"', "[1]"):
            with self.subTest(bep=text):
                self.check_break_even_price(text)
                self.doCleanups()

    def check_break_even_price(self, text):
        world = self.start_live(reconcile="60s")
        since = world.subscriber.count()
        world.exchange.trade("main", "BTCUSDT", "BOTH", "0", silent=True)
        world.exchange.trade("main", "SOLUSDT", "BOTH", "2", "151", silent=True)
        self.send_rows(self.row("SOLUSDT", "2", "151", bep=text), self.row("BTCUSDT", "0", "0"))
        world.subscriber.wait_for_update("main", "BTCUSDT", since=since, seconds=AT_ONCE_S,
                                         side="FLAT", state="live")
        solana = world.subscriber.wait_for_update("main", "SOLUSDT", since=since,
                                                  seconds=AT_ONCE_S, side="LONG", size="2",
                                                  state="live", entry_price="151")
        self.assertIsNone(solana["break_even_price"])
        self.check_what_was_published()

    @case("A1-matters")
    def test_an_amount_in_an_event(self):
        for changed in ({"pa": '"NaN"'}, {"ep": "{}"}, {"ps": '"SIDEWAYS"'}, {"pa": "null"}):
            with self.subTest(changed=changed):
                self.check_field_that_matters(changed)
                self.doCleanups()

    def check_field_that_matters(self, changed):
        world = self.start_live(reconcile="60s")
        since = world.subscriber.count()
        world.exchange.trade("main", "BTCUSDT", "BOTH", "2", "60100", silent=True)
        world.exchange.trade("main", "ETHUSDT", "BOTH", "0", silent=True)
        self.send_rows(self.row("BTCUSDT", "2", "60100", **changed),
                       self.row("ETHUSDT", "0", "0", mt='"isolated"'))
        world.subscriber.wait_for_update("main", "BTCUSDT", since=since, seconds=AT_ONCE_S,
                                         state="stale")
        world.subscriber.wait_for_update("main", "ETHUSDT", since=since, seconds=AT_ONCE_S,
                                         side="FLAT")
        world.wait_until_true(15)
        self.check_what_was_published()

    @case("A1-whole")
    def test_a_whole_event(self):
        for text in ('{"e":"ACCOUNT_UPDATE","T":1700000000100,"E":1700000000103}', "{",
                     '{"e":"ACCOUNT_UPDATE","E":1,"T":1,"a":[]}', '"ACCOUNT_UPDATE"'):
            with self.subTest(text=text):
                self.check_whole_event(text)
                self.doCleanups()

    def check_whole_event(self, text):
        world = self.start_live(reconcile="60s")
        since = world.subscriber.count()
        world.exchange.trade("main", "BTCUSDT", "BOTH", "2", "60100", silent=True)
        world.exchange.event("main", "ACCOUNT_UPDATE", text)
        for symbol in ("BTCUSDT", "ETHUSDT", "币安人生USDT"):
            world.subscriber.wait_for_update("main", symbol, since=since, seconds=AT_ONCE_S,
                                             state="stale")
        world.wait_until_true(15)
        self.check_what_was_published()

    @case("A2")
    def test_a_break_even_price_of_positions(self):
        self.start(['bad-row=BTCUSDT.breakEvenPrice="NaN"'])
        self.check_it_follows(but=("break_even_price",))

    @case("A2-matters")
    def test_an_amount_of_positions(self):
        world = self.start()
        world.wait_until_live()
        world.wait_until_true()
        since = world.subscriber.count()
        world.exchange.do("habit", name="bad-row", value="BTCUSDT.positionAmt={}")
        for account, side in (("main", "BOTH"), ("legs", "LONG"), ("legs", "SHORT")):
            world.subscriber.wait_for_update(account, "BTCUSDT", side, since, seconds=15,
                                             state="stale")
        self.assertEqual("live", world.subscriber.positions["main", "ETHUSDT", "BOTH"]["state"])
        self.assertEqual("live", world.subscriber.state("main"))
        world.exchange.do("drop_habit", name="bad-row")
        world.wait_until_true(15)
        self.check_what_was_published()

    @case("A3-symbol-config")
    def test_rows_of_symbol_config(self):
        self.start(["bad-settings"])
        self.check_it_follows()

    @case("A3-account-config")
    def test_fields_of_account_config(self):
        self.start(["bad-account-config"])
        self.check_it_follows()

    @case("A3-tick")
    def test_elements_of_all_mark_prices(self):
        self.start(["bad-tick", "bad-premium"], mark_price={"mode": "all"})
        self.check_it_follows()


class OneAnswer(SecondExchangeTest):
    """One answer over REST is not a fact."""

    @case("B1")
    def test_positions_over_rest_lag_by_four_seconds(self):
        world = self.start(reconcile="1s")
        world.wait_until_live()
        world.exchange.do("habit", name="rest-lag", value="4")
        for number in range(1, 5):
            world.exchange.trade("main", "SOLUSDT", "BOTH", str(number), "150")
            world.exchange.trade("legs", "BTCUSDT", "LONG", str(number), "60100")
            time.sleep(2.5)
        world.exchange.trade("main", "ETHUSDT", "BOTH", "0")
        time.sleep(6)
        world.wait_until_true(15)
        self.check_what_was_published()

    def check_one_wrong_answer(self, answer):
        world = self.start(reconcile="2s")
        world.wait_until_live()
        world.wait_until_true()
        since = world.subscriber.count()
        world.exchange.do("next_positions", account="main", answers=[answer])
        wait_until(lambda: not world.exchange.do("left_positions"), "the wrong answer was given")
        world.subscriber.wait_for(lambda message: message.is_position
                                  and message["state"] == "stale", "a position in doubt",
                                  since=since, seconds=AT_ONCE_S)
        time.sleep(5)
        world.wait_until_true(15)
        self.check_what_was_published()

    @case("B2")
    def test_one_answer_is_empty(self):
        self.check_one_wrong_answer("empty")

    @case("B2-half")
    def test_one_answer_is_half(self):
        self.check_one_wrong_answer("half")

    @case("B2-other")
    def test_one_answer_is_of_another_account(self):
        self.check_one_wrong_answer("legs")

    @case("B-true")
    def test_what_the_stream_lost_is_still_found(self):
        world = self.start(reconcile="2s")
        world.wait_until_live()
        world.exchange.trade("main", "BTCUSDT", "BOTH", "0", silent=True)
        world.exchange.trade("main", "SOLUSDT", "BOTH", "4", "150", silent=True)
        world.wait_until_true(25)
        self.check_what_was_published()


if __name__ == "__main__":
    parallel.main()

"""Malformed and unusual input from the exchange: streams survive, later messages are exact."""

import json
import time
import unittest
from decimal import Decimal

from harness.bridge import BridgeSetup
from harness.exchange import Account
from harness.fake_exchange import BINARY, FINAL, PING, TEXT, FakeExchange, frame
from harness.message_rules import complaints_about
from harness.waiting import wait_until
from harness.world import EndToEndTest

PARSE_ERRORS = "position_bridge_parse_errors_total"
MESSAGE_SIZE_MAX = 8 * 1024 * 1024


def now_ms():
    return time.time_ns() // 1_000_000


def account_update(amount, symbol="BTCUSDT", **changes):
    """An ACCOUNT_UPDATE with the key order of the exchange; `changes` apply to its position."""
    now = now_ms()
    position = {"s": symbol, "pa": amount, "ep": "84000.5", "cr": "0", "up": "0", "mt": "cross",
                "iw": "0", "ps": "BOTH", "ma": "USDT", "bep": "84010"} | changes
    return {"e": "ACCOUNT_UPDATE", "T": now, "E": now,
            "a": {"B": [{"a": "USDT", "wb": "100", "cw": "100", "bc": "0"}],
                  "P": [position], "m": "ORDER"}}


def mark_price(price, symbol="BTCUSDT", **changes):
    return {"e": "markPriceUpdate", "E": now_ms(), "s": symbol, "p": price, "i": "84001.25",
            "P": "84000", "r": "0.00010000", "T": now_ms() + 3_600_000} | changes


def in_envelope(message, stream="btcusdt@markPrice@1s"):
    return {"stream": stream, "data": message}


def without(message, *path):
    """A copy of `message` without the member at `path`."""
    copy = json.loads(json.dumps(message))
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


class BadInput(EndToEndTest):
    def setUp(self):
        self.exchange = FakeExchange()
        self.addCleanup(self.exchange.close)
        setup = BridgeSetup(self.folder, [Account("alpha")], "http://" + self.exchange.address,
                            "ws://" + self.exchange.address)
        self.subscriber = self.subscribe(setup.endpoint)
        self.bridge = self.start_bridge(setup)
        self.subscriber.wait_for_heartbeat()
        wait_until(self.bridge.is_ready, "live")
        self.since = self.subscriber.count()

    def tearDown(self):
        self.assertEqual(0, self.bridge.stop(), "a clean stop")
        self.assertEqual([], complaints_about(list(self.subscriber.messages)))

    # --- helpers -------------------------------------------------------------------------------

    def tell(self, message):
        self.exchange.user.send(message if isinstance(message, (str, bytes))
                                else json.dumps(message, ensure_ascii=False))

    def tell_price(self, message):
        self.exchange.market.send(message if isinstance(message, (str, bytes))
                                  else json.dumps(message, ensure_ascii=False))

    def hear(self, size, symbol="BTCUSDT", **values):
        return self.subscriber.wait_for_update("alpha", symbol, since=self.since, size=size,
                                               **values)

    def check_streams_were_kept(self):
        self.assertEqual((1, 1),
                         (len(self.exchange.user_streams), len(self.exchange.market_streams)))
        # The first event is evidence that the stream delivers, which account.status says.
        statuses = self.subscriber.status_changes("alpha", self.since)
        self.assertEqual([], [status for status in statuses if status["state"] != "live"])
        self.assertEqual(0, self.bridge.metrics().total(
            "position_bridge_stream_disconnects_total"))

    # --- tests ---------------------------------------------------------------------------------

    def test_unreadable_messages_are_counted_and_later_ones_are_exact(self):
        good = account_update("9")
        unreadable = [
            "", "nonsense", "{", '{"e":"ACCOUNT_UPDATE"', "[]", "null", "17", '"text"',
            json.dumps(good) + "}", json.dumps(good)[:-1], "\0", "{" * 5000, "[" * 5000,
            b"\xff\xfe\x00", '{"e":"ACCOUNT_UPDATE","T":1,"E":1,"a":[]}',
            without(good, "a"), without(good, "T"), without(good, "a", "P", 0, "pa"),
            without(good, "a", "P", 0, "s"), without(good, "a", "P", 0, "ep"),
            without(good, "a", "P", 0, "ps"),
            account_update("many"), account_update(""), account_update("0x10"),
            account_update("NaN"), account_update("1e999"), account_update("9" * 100),
            account_update(None), account_update({}), account_update("9", ps="SIDEWAYS"),
            account_update("9", s=""), account_update("9", s="B" * 300), account_update("9", ep=[]),
            good | {"E": "yesterday"}, good | {"T": -1}, good | {"T": "9" * 40},
        ]
        for number, message in enumerate(unreadable, 1):
            with self.subTest(message=str(message)[:100]):
                self.tell(message)
                wait_until(lambda: self.errors("user") >= number, f"error {number} is counted", 3)
                self.assertEqual(number, self.errors("user"))
        self.tell(account_update("-0.070", bep="83990.25"))
        update = self.hear("0.07")
        self.assertEqual(("SHORT", "84000.5", "83990.25", "ORDER"),
                         tuple(update[name] for name in ("side", "entry_price", "break_even_price",
                                                         "account_reason")))
        self.assertEqual(1, len(self.subscriber.updates(since=self.since)))
        self.check_streams_were_kept()
        self.check_log_says_it_once_in_a_while(len(unreadable))

    def errors(self, stream):
        return self.bridge.metrics().total(PARSE_ERRORS, stream=stream)

    def check_log_says_it_once_in_a_while(self, errors):
        lines = [line for line in self.bridge.errors().splitlines()
                 if "could not be read" in line]
        self.assertLess(0, len(lines))
        self.assertLess(len(lines), errors)
        self.assertEqual(len(lines), len({line.partition("account=")[2] for line in lines}),
                         f"the same line twice in a short time: {lines}")
        for line in lines:
            self.assertNotIn("kkkkkkkk", line, "the listen key")

    def test_repeated_errors_do_not_flood_the_log(self):
        for number in range(1000):
            self.tell('{"e":"ACCOUNT_UPDATE"' + " " * (number % 7))
        wait_until(lambda: self.errors("user") == 1000, "all are counted")
        lines = [line for line in self.bridge.errors().splitlines()
                 if "could not be read" in line]
        self.assertEqual(1, len(lines), lines)

    def test_unknown_events_are_counted_but_are_not_errors(self):
        for message in [
                {"e": "TOMORROWS_EVENT", "E": now_ms(), "a": "P"},
                {"e": "ACCOUNT_UPDATE2", "E": str(now_ms()), "a": {"P": [{}]}},
                {"e": "ORDER_TRADE_UPDATE", "E": now_ms(), "o": {"s": "BTCUSDT", "a": "9"}},
                {"e": "TRADE_LITE", "E": now_ms(), "s": "BTCUSDT", "q": "9"},
                {"result": None, "id": 7}, {"code": 2, "msg": "Invalid request"}]:
            self.tell(message)
        self.tell(account_update("1.5"))
        self.hear("1.5")
        self.assertEqual(0, self.errors("user"))
        metrics = self.bridge.metrics()
        for event, count in {"other": 2, "order_trade_update": 1, "trade_lite": 1,
                             "account_update": 1}.items():
            self.assertEqual(count, metrics.total("position_bridge_stream_events_total",
                                                  account="alpha", event=event), event)
        # Two requests of this test, and the requests of the bridge itself.
        self.assertLessEqual(2, metrics.total("position_bridge_stream_events_total",
                                              account="alpha", event="control_reply"))
        self.check_streams_were_kept()

    def test_unusual_notation_is_read_exactly(self):
        self.tell(account_update("0.5", bep=51090.31602036))
        self.assertEqual("51090.31602036", self.hear("0.5")["break_even_price"])
        message = account_update("0.6")
        self.tell(message | {"E": str(message["E"]), "T": str(message["T"])})
        self.assertEqual(message["T"] * 1000, self.hear("0.6")["position_time_us"])
        self.tell(account_update("1.0E8", symbol="1000PEPEUSDT", ep="4.4E-3", cr="-1.5E2"))
        update = self.hear("100000000", symbol="1000PEPEUSDT")
        self.assertEqual((Decimal("0.0044"), Decimal("-150")),
                         (Decimal(update["entry_price"]), Decimal(update["realized_pnl"])))
        self.tell(account_update("0.7", bep="", cr="", iw="", mt=""))
        self.assertEqual("LONG", self.hear("0.7")["side"])
        self.tell(account_update("0.800", bep=None, cr=None, iw=None, mt=None))
        self.assertEqual("LONG", self.hear("0.8")["side"])
        self.tell(in_envelope(account_update("0.9"), "k" * 64 + "@ACCOUNT_UPDATE"))
        self.hear("0.9")
        self.tell(json.dumps(account_update("1.1"), indent=2).replace("USDT", "\\u0055SDT"))
        self.hear("1.1")
        self.tell(account_update("0.0000"))
        self.assertEqual("FLAT", self.hear("0")["side"])
        self.assertEqual(0, self.errors("user"))
        self.check_streams_were_kept()

    def test_unusual_frames_are_accepted(self):
        self.exchange.user.send(json.dumps(account_update("0.1")).encode(), opcode=BINARY)
        self.hear("0.1")
        text = json.dumps(account_update("0.2", symbol="币安人生USDT"), ensure_ascii=False).encode()
        pieces = [text[:40], text[40:101], b"", text[101:]]
        self.exchange.user.send_raw(frame(TEXT, pieces[0], is_final=False)
                                    + frame(PING, b"between") + frame(0, pieces[1], is_final=False)
                                    + frame(0, pieces[2], is_final=False) + frame(0, pieces[3]))
        self.hear("0.2", symbol="币安人生USDT")
        many = account_update("0.3")
        many["a"]["B"] *= 60_000
        self.tell(many)
        self.hear("0.3")
        self.assertEqual(0, self.errors("user"))
        self.check_streams_were_kept()

    def test_oversized_or_invalid_frame_closes_only_its_connection(self):
        self.tell(account_update("0.1"))
        self.hear("0.1")
        self.exchange.replies["/fapi/v3/positionRisk"] = json.dumps([
            {"symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "0.1",
             "entryPrice": "84000.5", "breakEvenPrice": "84010", "isolatedWallet": "0",
             "updateTime": now_ms()}])
        too_large = bytes([FINAL | TEXT, 127]) + (MESSAGE_SIZE_MAX + 1).to_bytes(8, "big")
        unknown = bytes([FINAL | 0x3, 0])
        for number, data in enumerate([too_large, unknown], 2):
            since = self.subscriber.count()
            self.exchange.user.send_raw(data)
            self.subscriber.wait_for_state("alpha", "stale", since)
            self.subscriber.wait_for_state("alpha", "live", since)
            self.assertEqual(number, len(self.exchange.user_streams))
            self.assertEqual(number - 1, self.bridge.metrics().total(
                "position_bridge_stream_disconnects_total", account="alpha", reason="protocol"))
        self.assertEqual(1, len(self.exchange.market_streams))
        self.tell(account_update("0.4"))
        self.hear("0.4", state="live")

    def test_bad_mark_prices_are_counted_and_later_ones_are_exact(self):
        self.tell(account_update("-2.5"))
        self.assertIsNone(self.hear("2.5")["mark_price"])
        good = mark_price("84321.12345678")
        unreadable = [
            "nonsense", "[", in_envelope([]), in_envelope(without(good, "p")),
            in_envelope(without(good, "s")), in_envelope(without(good, "E")),
            in_envelope(mark_price("")), in_envelope(mark_price("0")),
            in_envelope(mark_price("-1")), in_envelope(mark_price("1e")),
            in_envelope(mark_price("84000", E="soon")), in_envelope("data"),
        ]
        # An empty list is not an error.
        expected = len(unreadable) - 1
        for message in unreadable:
            self.tell_price(message)
        wait_until(lambda: self.errors("mark") >= expected,
                   lambda: f"{expected} errors; {self.errors('mark')}", 3)
        self.tell_price(in_envelope({"e": "aggTrade", "E": now_ms(), "s": "BTCUSDT", "p": "1"}))
        self.tell_price(in_envelope(mark_price("1", symbol="NOBODYHOLDSUSDT")))
        self.tell_price(in_envelope(good))
        update = self.hear("2.5", trigger="mark_price")
        self.assertEqual("84321.12345678", update["mark_price"])
        self.assertEqual("-801.55864195", update["unrealized_pnl"])
        self.assertEqual(expected, self.errors("mark"))
        self.assertEqual(2, len(self.subscriber.updates(since=self.since)))
        self.check_streams_were_kept()

    def test_mark_prices_in_unusual_notation_are_read_exactly(self):
        self.tell(account_update("2"))
        self.hear("2")
        now = now_ms()  # the bridge ignores a price that is not newer than the last
        for price, message in [
                ("84001.5", in_envelope(mark_price("84001.5", E=str(now)))),
                ("84002.5", mark_price("84002.5", E=now + 1)),
                ("84003.5", [mark_price("1", symbol="ETHUSDT"), mark_price("84003.5", E=now + 2)]),
                ("84000", in_envelope([mark_price("8.4E4", E=now + 3, st=1)],
                                      "!markPrice@arr@1s")),
                ("84005.5", in_envelope(mark_price("84005.5", E=now + 4, i="", r="", T=0)))]:
            self.tell_price(message)
            update = self.hear("2", mark_price=price)
            self.assertEqual((Decimal(price) - Decimal("84000.5")) * 2,
                             Decimal(update["unrealized_pnl"]))
        for name in ("index_price", "funding_rate", "next_funding_time_us"):
            self.assertIsNone(update[name], name)
        self.assertEqual(0, self.errors("mark"))
        self.check_streams_were_kept()


class BadReplies(EndToEndTest):
    def test_unreadable_positions_are_requested_again(self):
        exchange = FakeExchange()
        self.addCleanup(exchange.close)
        exchange.replies["/fapi/v3/positionRisk"] = '[{"symbol":"BTCUSDT","positionAmt":"1"}]'
        setup = BridgeSetup(self.folder, [Account("alpha")], "http://" + exchange.address,
                            "ws://" + exchange.address)
        bridge = self.start_bridge(setup)
        wait_until(lambda: bridge.metrics().total("position_bridge_rest_requests_total",
                                                  endpoint="position_risk", code="200") >= 2,
                   "a new request")
        self.assertEqual("syncing", bridge.account_status("alpha")["state"])
        self.assertIn("could not be read", bridge.errors())
        exchange.replies["/fapi/v3/positionRisk"] = "[]"
        wait_until(bridge.is_ready, "live")
        self.assertEqual(0, bridge.stop())


if __name__ == "__main__":
    unittest.main()

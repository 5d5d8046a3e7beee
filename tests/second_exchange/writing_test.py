"""The same things written otherwise: JSON, frames and HTTP as other servers have them."""

import parallel
from expected_failures import case
from world import LIVE_WITHIN_S, SecondExchangeTest, wait_until


class Json(SecondExchangeTest):
    @case("event-time-text")
    def test_event_times_are_strings(self):
        self.start(["event-time-text"])
        self.check_it_follows()

    @case("numbers")
    def test_decimals_are_numbers(self):
        self.start(["numbers"])
        self.check_it_follows()

    @case("text-numbers")
    def test_integers_are_strings(self):
        self.start(["text-numbers"])
        self.check_it_follows()

    @case("shuffled")
    def test_fields_come_in_another_order_with_unknown_ones_between_them(self):
        self.start(["shuffled", "more-fields"])
        self.check_it_follows()

    @case("huge-integers")
    def test_an_unknown_field_is_an_integer_of_more_than_64_bits(self):
        self.start(["huge-integers"])
        self.check_it_follows()

    @case("whitespace")
    def test_there_is_whitespace_everywhere_and_characters_are_escaped(self):
        self.start(["whitespace", "escapes"])
        self.check_it_follows()

    @case("D6")
    def test_events_begin_with_a_byte_order_mark(self):
        self.start(["byte-order-mark"])
        self.check_it_follows()


class Frames(SecondExchangeTest):
    @case("fragments")
    def test_messages_come_in_fragments_with_pings_between_them(self):
        self.start(["fragments"])
        self.check_it_follows()

    @case("binary-frames")
    def test_json_comes_in_binary_frames(self):
        self.start(["binary-frames"])
        self.check_it_follows()

    @case("twice")
    def test_every_event_comes_twice(self):
        self.start(["twice"])
        self.check_it_follows()

    @case("envelope-account")
    def test_envelopes_have_another_name(self):
        self.start(["envelope-account"], user_stream={"form": "subscribe"})
        self.check_it_follows()

    @case("D2")
    def test_compression_that_nobody_negotiated_is_named(self):
        world = self.start(["compressed-frames"])
        world.subscriber.wait_for(
            lambda message: message.is_status and "compress" in (message["detail"] or ""),
            "a detail that names the compression", seconds=30)


class Http(SecondExchangeTest):
    @case("chunked")
    def test_answers_are_chunked(self):
        self.start(["chunked"])
        self.check_it_follows()

    @case("connection-close")
    def test_each_answer_closes_its_connection(self):
        self.start(["connection-close"])
        self.check_it_follows()

    @case("silent-close")
    def test_connections_are_closed_unannounced(self):
        self.start(["silent-close"])
        self.check_it_follows()

    @case("D9")
    def test_idle_connections_are_reset(self):
        self.start(["reset-idle=0.3"], reconcile="1s")
        self.check_it_follows()
        wait_until(lambda: self.reconciles("clean") > 12, "a dozen comparisons", 20)
        self.assertEqual(0, self.reconciles("failed"))

    def reconciles(self, outcome):
        return self.world.bridge.metrics().total("position_bridge_reconciles_total",
                                                 outcome=outcome)

    @case("lower-headers")
    def test_names_of_headers_are_in_lower_case(self):
        self.start(["lower-headers"])
        self.check_it_follows()

    @case("upper-headers")
    def test_names_of_headers_are_in_upper_case(self):
        self.start(["upper-headers", "no-date", "no-weight"])
        self.check_it_follows()

    @case("slow-bytes")
    def test_answers_and_frames_come_in_pieces(self):
        self.start(["slow-bytes"])
        self.check_it_follows()

    @case("negative-weight")
    def test_the_used_weight_is_negative(self):
        self.start(["negative-weight"])
        self.check_it_follows()

    @case("empty-keep-alive")
    def test_keeping_a_listen_key_is_answered_by_nothing(self):
        self.start(["empty-keep-alive"])
        self.check_it_follows()

    @case("zero-rows")
    def test_closed_positions_are_listed(self):
        self.start(["zero-rows"])
        self.check_it_follows()

    @case("D1")
    def test_answers_are_compressed_unasked(self):
        world = self.start(["gzip"])
        named = "compress", "gzip"
        met = world.subscriber.wait_for(
            lambda message: message.is_status and (message["state"] == "live" or any(
                word in (message["detail"] or "") for word in named)),
            "live, or a detail that names the compression", seconds=LIVE_WITHIN_S)
        if met["state"] == "live":
            self.check_it_follows()

    @case("D1-identity")
    def test_nobody_asks_for_compression(self):
        world = self.start()
        world.wait_until_live()
        self.assertEqual(["identity"], world.exchange.truth()["accept_encodings"])

    @case("D7")
    def test_there_is_no_tls_where_it_is_expected(self):
        world = self.start(claim_tls=True)
        wait_until(lambda: any("does not speak TLS" in text for text in (
            world.bridge.errors(), world.bridge.output())), "a line that says so")


if __name__ == "__main__":
    parallel.main()

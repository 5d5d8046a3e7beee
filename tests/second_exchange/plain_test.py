"""The bridge at the second exchange with its plain habits."""

import parallel
from world import SecondExchangeTest, wait_until


class Plain(SecondExchangeTest):
    def test_positions_are_followed_over_tls(self):
        self.start(tls=True)
        self.check_it_follows()

    def test_user_streams_may_be_subscribed_to(self):
        self.start(user_stream={"form": "subscribe"})
        self.check_it_follows()

    def test_all_mark_prices_come_over_one_subscription(self):
        self.start(mark_price={"mode": "all"})
        self.check_it_follows()
        markets = [connection["streams"] for connection in self.world.exchange.truth()
                   ["connections"] if connection["route"] == "market"]
        self.assertEqual([["!markPrice@arr@1s"]], markets)

    def test_pings_are_answered(self):
        world = self.start(ping_interval=1)
        world.wait_until_live()
        wait_until(lambda: all(connection["pongs"] >= 2
                               for connection in world.exchange.truth()["connections"]),
                   "two pongs on each connection")
        self.check_what_was_published()

    def test_a_stream_that_the_exchange_closes_is_opened_again(self):
        world = self.start()
        world.wait_until_live()
        world.wait_until_true()
        for code in (1001, 0):
            since = world.subscriber.count()
            world.exchange.do("close", route="private", code=code)
            world.subscriber.wait_for_state("main", "stale", since)
            # Nobody tells of what happens meanwhile.
            world.exchange.trade("main", "SOLUSDT", "BOTH", str(code + 1), "150", silent=True)
            for account in ("main", "legs"):
                world.subscriber.wait_for_state(account, "live", since, seconds=30)
            world.wait_until_true()
        self.check_what_was_published()

    def test_an_expired_listen_key_is_replaced(self):
        world = self.start()
        world.wait_until_live()
        since = world.subscriber.count()
        world.exchange.do("expire_listen_key", account="main")
        world.subscriber.wait_for_state("main", "stale", since)
        world.subscriber.wait_for_state("main", "live", since, seconds=30)
        world.exchange.trade("main", "SOLUSDT", "BOTH", "3", "150")
        world.wait_until_true()
        self.check_what_was_published()

    def test_the_position_mode_changes_without_an_event(self):
        world = self.start()
        world.wait_until_live()
        for symbol in ("BTCUSDT", "ETHUSDT", "币安人生USDT"):
            world.exchange.trade("main", symbol, "BOTH", "0")
        world.exchange.do("hedge", account="main", hedge=True)
        world.exchange.trade("main", "SOLUSDT", "LONG", "2", "150.5")
        world.exchange.trade("main", "SOLUSDT", "SHORT", "-3", "150.25")
        world.wait_until_true()
        self.check_what_was_published()

    def test_the_request_weight_of_a_minute_suffices(self):
        world = self.start()
        self.check_it_follows()
        self.assertLess(world.exchange.truth()["largest_weight"], 300)


if __name__ == "__main__":
    parallel.main()

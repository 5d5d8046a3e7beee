"""REST paths that are gone: each has a second way."""

import parallel
from expected_failures import case
from world import SecondExchangeTest

V2, V3 = "/fapi/v2/positionRisk", "/fapi/v3/positionRisk"
ACCOUNT_CONFIG, SYMBOL_CONFIG = "/fapi/v1/accountConfig", "/fapi/v1/symbolConfig"


class Gone(SecondExchangeTest):
    """Nobody asks for a path again and again that is not there."""

    def check_it_goes_without(self, *paths, as_page=False, but=()):
        world = self.start([f"{'gone-as-page' if as_page else 'gone'}={','.join(paths)}"])
        self.check_it_follows(but)
        asked = [request for request in world.exchange.truth()["requests"]
                 if request.removeprefix("GET ") in paths]
        # Once for each account, and once more by whoever asked at the same time.
        self.assertLessEqual(len(asked), 4 * len(paths))

    @case("C5")
    def test_account_config(self):
        self.check_it_goes_without(ACCOUNT_CONFIG)

    @case("C5-page")
    def test_account_config_and_a_page_is_there(self):
        self.check_it_goes_without(ACCOUNT_CONFIG, as_page=True)

    @case("C5-mode")
    def test_account_config_and_the_position_mode(self):
        self.check_it_goes_without(ACCOUNT_CONFIG, "/fapi/v1/positionSide/dual")

    @case("C6")
    def test_symbol_config(self):
        self.check_it_goes_without(SYMBOL_CONFIG)

    @case("C6-settings")
    def test_symbol_config_and_v2_of_positions(self):
        # Then leverage is known only from events, and the margin type where an event tells it.
        self.check_it_goes_without(SYMBOL_CONFIG, V2, but=("leverage", "margin_type",
                                                           "isolated_wallet"))

    @case("C7")
    def test_v3_of_positions(self):
        self.check_it_goes_without(V3)

    @case("C7-v2")
    def test_v2_of_positions(self):
        self.start([f"gone={V2}"])
        self.check_it_follows()

    @case("C7-both")
    def test_v3_and_v2_of_positions(self):
        self.check_it_goes_without(V3, V2, but=("break_even_price",))

    @case("C8")
    def test_the_time(self):
        self.check_it_goes_without("/fapi/v1/time")


if __name__ == "__main__":
    parallel.main()

"""What is assumed of Binance about user streams: evidence instead of a gate."""

import parallel
from expected_failures import case
from world import SecondExchangeTest, wait_until

# The forms of the user stream's address are tried in turn, after changes that came over REST alone.
CHANGES_MAX = 8
COMPARED_WITHIN_S = 30


class ListOfSubscriptions(SecondExchangeTest):
    @case("C1")
    def test_it_has_the_bare_key(self):
        self.start(["list-bare-key"])
        self.check_it_follows()

    @case("C2")
    def test_it_has_other_names(self):
        self.start(["list-other-names"])
        self.check_it_follows()

    @case("C3")
    def test_it_is_empty(self):
        self.start(["list-empty"])
        self.check_it_follows()

    @case("C4")
    def test_it_never_comes(self):
        self.start(["list-silent"])
        self.check_it_follows()


class AnotherForm(SecondExchangeTest):
    """Only one form of address delivers, and not the first."""

    def check_it_finds(self, form):
        world = self.start([f"deliver-only={form}"])
        world.wait_until_live()
        world.wait_until_true()
        for number in range(1, CHANGES_MAX + 1):
            if self.forms() == {form}:
                break
            # What the stream does not tell, a comparison shows.
            world.exchange.trade("main", "ETHUSDT", "BOTH", str(number), "3000")
            world.exchange.trade("legs", "ETHUSDT", "LONG", str(number), "3000")
            world.wait_until_true(COMPARED_WITHIN_S)
        wait_until(lambda: self.forms() == {form}, lambda: f"{form}; there is {self.forms()}", 15)
        self.check_it_follows(seconds=COMPARED_WITHIN_S)

    def forms(self):
        """Those in use."""
        return {name for connection in self.world.exchange.truth()["connections"]
                if connection["route"] == "private" for name in connection["forms"]}

    @case("form-subscribe")
    def test_only_subscribing_brings_events(self):
        self.check_it_finds("subscribe")

    @case("form-path")
    def test_only_a_key_in_the_path_brings_events(self):
        self.check_it_finds("path")


if __name__ == "__main__":
    parallel.main()

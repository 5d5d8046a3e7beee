#include "tests/exchange/model/prices.hpp"

#include <gtest/gtest.h>

#include "tests/exchange/tests/exchange_fixture.hpp"

namespace exchange {
namespace {

PriceBoard board(const SymbolTable& symbols, std::uint64_t seed = 7) {
  return {symbols, seed, 100, test_start};
}

TEST(PriceBoard, TheSameSeedGivesTheSamePrices) {
  const SymbolTable symbols({});
  PriceBoard one = board(symbols);
  PriceBoard two = board(symbols);
  for (std::size_t index = 0; index < symbols.size(); ++index) {
    const auto id = static_cast<SymbolId>(index);
    EXPECT_EQ(one.at(id, test_start + 100'000).mark, two.at(id, test_start + 100'000).mark);
  }
}

TEST(PriceBoard, LookingOftenOrSeldomSeesTheSameWalk) {
  const SymbolTable symbols({"BTCUSDT"});
  PriceBoard often = board(symbols);
  PriceBoard seldom = board(symbols);
  for (int second = 0; second < 600; ++second) often.at(0, test_start + second * second_ms);
  const UnixMs later = test_start + 600 * second_ms;
  EXPECT_EQ(often.at(0, later).mark, seldom.at(0, later).mark);
  EXPECT_EQ(often.at(0, later).funding_rate, seldom.at(0, later).funding_rate);
}

TEST(PriceBoard, OtherSymbolsDoNotChangeASymbolsWalk) {
  const SymbolTable alone({"ETHUSDT"});
  const SymbolTable all({});
  PriceBoard small = board(alone);
  PriceBoard large = board(all);
  const UnixMs later = test_start + hour_ms;
  EXPECT_EQ(small.at(0, later).mark, large.at(*all.find("ETHUSDT"), later).mark);
}

TEST(PriceBoard, AnotherSeedGivesOtherPrices) {
  const SymbolTable symbols({"BTCUSDT"});
  PriceBoard one = board(symbols, 1);
  PriceBoard two = board(symbols, 2);
  EXPECT_NE(one.at(0, test_start + hour_ms).mark, two.at(0, test_start + hour_ms).mark);
}

TEST(PriceBoard, PricesMoveEverySecondAndStayNearWhereTheyBegan) {
  const SymbolTable symbols({"BTCUSDT"});
  PriceBoard prices = board(symbols);
  const Amount start = Amount::literal(symbols[0].start_price);
  Amount last;
  int moves = 0;
  for (int second = 1; second <= 1'000; ++second) {
    const Amount mark = prices.at(0, test_start + second * second_ms).mark;
    moves += mark == last ? 0 : 1;
    last = mark;
  }
  EXPECT_GT(moves, 990);
  const Amount after_years = prices.at(0, test_start + 2 * 365 * 24 * hour_ms).mark;
  EXPECT_GT(after_years, start / Amount::whole(20));
  EXPECT_LT(after_years, start * Amount::whole(20));
}

TEST(PriceBoard, DatedContractsHaveNoFundingRate) {
  const SymbolTable symbols({"BTCUSDT_261225", "BTCUSDT"});
  PriceBoard prices = board(symbols);
  EXPECT_TRUE(prices.at(0, test_start + hour_ms).funding_rate.is_zero());
  EXPECT_FALSE(prices.at(1, test_start + hour_ms).funding_rate.is_zero());
}

TEST(PriceBoard, APriceThatWasSetIsShownAtOnce) {
  const SymbolTable symbols({"BTCUSDT"});
  PriceBoard prices = board(symbols);
  prices.set_mark(0, Amount::literal("12345.678"), test_start);
  EXPECT_EQ(prices.at(0, test_start).mark.text(), "12345.678");
}

TEST(SymbolTable, HoldsTheOddSymbolsOfTheRealExchange) {
  const SymbolTable symbols({});
  EXPECT_GE(symbols.size(), 45U);
  for (const char* name : {"BTCUSDT", "BTCUSDT_261225", "BTCUSDC", "币安人生USDT", "1000PEPEUSDT",
                           "XAUUSDT", "BTCUSD_PERP"}) {
    EXPECT_TRUE(symbols.find(name).has_value()) << name;
  }
  EXPECT_TRUE(symbols.find_lower("币安人生usdt").has_value());
  EXPECT_FALSE(symbols.find_lower("BTCUSDT").has_value());
}

}  // namespace
}  // namespace exchange

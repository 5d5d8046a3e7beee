#include "tests/exchange/model/position.hpp"

#include <gtest/gtest.h>

namespace exchange {
namespace {

Position after(std::initializer_list<std::pair<const char*, const char*>> fills) {
  Position position;
  for (const auto& [quantity, price] : fills) {
    apply_fill(position, Amount::literal(quantity), Amount::literal(price));
  }
  return position;
}

TEST(Position, AddingAveragesTheEntryPriceByQuantity) {
  const Position position = after({{"1", "100"}, {"3", "104"}});
  EXPECT_EQ(position.amount.text(), "4");
  EXPECT_EQ(position.entry_price.text(), "103");
  EXPECT_EQ(position.realized.text(), "0");
}

TEST(Position, ReducingRealizesAndKeepsTheEntryPrice) {
  const Position position = after({{"-2", "50"}, {"0.5", "48"}});
  EXPECT_EQ(position.amount.text(), "-1.5");
  EXPECT_EQ(position.entry_price.text(), "50");
  EXPECT_EQ(position.realized.text(), "1");
}

TEST(Position, FlippingRealizesTheWholeAndOpensTheRestAtTheFillPrice) {
  const Position position = after({{"2", "100"}, {"-5", "90"}});
  EXPECT_EQ(position.amount.text(), "-3");
  EXPECT_EQ(position.entry_price.text(), "90");
  EXPECT_EQ(position.realized.text(), "-20");
}

TEST(Position, ClosingLeavesNoEntryPriceAndKeepsWhatWasRealized) {
  const Position position = after({{"2", "100"}, {"-2", "101"}});
  EXPECT_FALSE(position.is_open());
  EXPECT_TRUE(position.entry_price.is_zero());
  EXPECT_EQ(position.realized.text(), "2");
}

TEST(Position, RealizedProfitAddsUpOverReopening) {
  const Position position = after({{"1", "100"}, {"-1", "110"}, {"-1", "110"}, {"1", "100"}});
  EXPECT_EQ(position.realized.text(), "20");
}

TEST(Position, UnrealizedProfitHasTheSignOfThePosition) {
  EXPECT_EQ(unrealized_profit(after({{"30", "0.385"}}), Amount::literal("0.41047590")).text(),
            "0.764277");
  EXPECT_EQ(unrealized_profit(after({{"-1", "70.92841"}}), Amount::literal("49.72023376")).text(),
            "21.20817624");
}

TEST(Position, BreakEvenPriceCoversTheFeeOnEitherSide) {
  EXPECT_EQ(break_even_price(after({{"0.002", "91739.9"}})).text(), "91785.76995");
  EXPECT_EQ(break_even_price(after({{"-1", "100"}})).text(), "99.95");
  EXPECT_TRUE(break_even_price(Position()).is_zero());
}

}  // namespace
}  // namespace exchange

#include "tests/exchange/model/amount.hpp"

#include <gtest/gtest.h>

namespace exchange {
namespace {

TEST(Amount, TextIsReadAndWrittenWithoutLoss) {
  for (const char* text : {"0", "1", "-87", "0.002", "84550.1", "0.00000001", "-0.00647412",
                           "123456789012345678.12345678"}) {
    const std::optional<Amount> amount = Amount::parse(text);
    ASSERT_TRUE(amount.has_value()) << text;
    EXPECT_EQ(amount->text(), text);
  }
}

TEST(Amount, FixedNotationKeepsTrailingZeros) {
  EXPECT_EQ(Amount::literal("75.6").fixed(8), "75.60000000");
  EXPECT_EQ(Amount::literal("0.7").fixed(3), "0.700");
  EXPECT_EQ(Amount::literal("-30").fixed(0), "-30");
  EXPECT_EQ(Amount().fixed(4), "0.0000");
}

TEST(Amount, WhatIsNoDecimalIsRefused) {
  for (const char* text : {"", "-", ".5", "1.", "1e8", "+1", " 1", "0x1", "1.123456789",
                           "1234567890123456789", "1,5", "--1"}) {
    EXPECT_FALSE(Amount::parse(text).has_value()) << text;
  }
}

TEST(Amount, ProductsAndQuotientsRoundHalfAwayFromZero) {
  EXPECT_EQ((Amount::literal("0.00000003") * Amount::literal("0.5")).text(), "0.00000002");
  EXPECT_EQ((Amount::literal("-0.00000003") * Amount::literal("0.5")).text(), "-0.00000002");
  EXPECT_EQ((Amount::whole(2) / Amount::whole(3)).text(), "0.66666667");
  EXPECT_EQ((Amount::whole(-2) / Amount::whole(3)).text(), "-0.66666667");
}

TEST(Amount, LargePositionsTimesLargePricesStayExact) {
  const Amount product = Amount::literal("10000000") * Amount::literal("4529764.12345678");
  EXPECT_EQ(product.text(), "45297641234567.8");
}

TEST(Amount, TruncationGoesTowardZero) {
  const Amount step = Amount::literal("0.001");
  EXPECT_EQ(Amount::literal("1.2349").truncated_to(step).text(), "1.234");
  EXPECT_EQ(Amount::literal("-1.2349").truncated_to(step).text(), "-1.234");
}

}  // namespace
}  // namespace exchange

#include "bridge/core/positions/valuation.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bridge {
namespace {

Decimal decimal(const std::string& text) {
  return Decimal::parse(text).value();
}

std::string text(const std::optional<Decimal>& value) {
  return value ? value->to_string() : "none";
}

// The rows of Binance's own documentation of positionRisk.
TEST(Valuation, LinearPnlIsThatOfTheExchangesDocumentation) {
  EXPECT_EQ(text(linear_unrealized_pnl(decimal("30"), decimal("0.385"), decimal("0.41047590"))),
            "0.764277");
  EXPECT_EQ(text(linear_unrealized_pnl(decimal("-1"), decimal("70.92841"), decimal("49.72023376"))),
            "21.20817624");
  EXPECT_EQ(text(linear_notional(decimal("30"), decimal("0.41047590"))), "12.314277");
}

TEST(Valuation, LinearPnlIsExactHoweverManyDigitsThatTakes) {
  EXPECT_EQ(text(linear_unrealized_pnl(decimal("0.010"), decimal("2490.8759520000003"),
                                       decimal("2492.02649225"))),
            "0.011505402499997");
}

TEST(Valuation, ShortPositionGainsWhenTheMarkFalls) {
  EXPECT_EQ(text(linear_unrealized_pnl(decimal("-2.5"), decimal("100"), decimal("90"))), "25");
  EXPECT_EQ(text(linear_notional(decimal("-2.5"), decimal("90"))), "-225");
}

TEST(Valuation, FlatPositionIsWorthNothing) {
  EXPECT_EQ(text(linear_unrealized_pnl(decimal("0"), decimal("0.00000"), decimal("90.5"))), "0");
  EXPECT_EQ(text(linear_notional(decimal("0.000"), decimal("90.5"))), "0");
}

TEST(Valuation, LinearPnlThatDoesNotFitIsNone) {
  const Decimal huge = decimal(std::string(30, '9'));
  EXPECT_EQ(text(linear_unrealized_pnl(huge, decimal("1.5"), huge)), "none");
}

// BTCUSD_201225, one contract of 100 USD, in the documentation of COIN-M: 0.00005866.
TEST(Valuation, InversePnlIsThatOfTheExchangesDocumentation) {
  EXPECT_EQ(text(inverse_unrealized_pnl(decimal("1"), decimal("100"), decimal("11707.70000003"),
                                        decimal("11788.66626667"))),
            "0.00005866");
  EXPECT_EQ(text(inverse_notional(decimal("1"), decimal("100"), decimal("11788.66626667"))),
            "0.00848272");
}

TEST(Valuation, InversePnlHasNoValueWithoutAnEntryOrAMark) {
  EXPECT_EQ(
      text(inverse_unrealized_pnl(decimal("1"), decimal("100"), decimal("0"), decimal("11788.6"))),
      "none");
  EXPECT_EQ(
      text(inverse_unrealized_pnl(decimal("1"), decimal("100"), decimal("11788.6"), decimal("0"))),
      "none");
  EXPECT_EQ(
      text(inverse_unrealized_pnl(decimal("0"), decimal("100"), decimal("0"), decimal("11788.6"))),
      "0");
}

}  // namespace
}  // namespace bridge

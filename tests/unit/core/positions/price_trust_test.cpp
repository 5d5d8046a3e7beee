#include "bridge/core/positions/price_trust.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using testing::exchange_time;
using testing::tick;
using Age = PriceTrust::Age;

constexpr MonotonicTime start{1h};

class PriceTrustTest : public ::testing::Test {
 protected:
  MarkPrices prices_;
  ExchangeClock clock_;
  PriceTrust trust_{prices_, clock_, 10s};
};

TEST_F(PriceTrustTest, PriceGrowsOldAfterTheLimit) {
  EXPECT_EQ(trust_.age(0, start), Age::unknown);
  prices_.set(0, tick("BTCUSDT", "100", 1'000), MarkPrices::Source::stream, start);
  EXPECT_EQ(trust_.age(0, start + 10s), Age::fresh);
  EXPECT_EQ(trust_.age(0, start + 11s), Age::old);
}

TEST_F(PriceTrustTest, PositionWithoutAPriceIsGivenTheLimitToGetOne) {
  EXPECT_TRUE(trust_.is_enough(Age::unknown, start, start + 10s));
  EXPECT_FALSE(trust_.is_enough(Age::unknown, start, start + 11s));
  EXPECT_FALSE(trust_.is_enough(Age::old, start, start));
  EXPECT_TRUE(trust_.is_enough(Age::fresh, start, start + 1h));
}

}  // namespace
}  // namespace bridge

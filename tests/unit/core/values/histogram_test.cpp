#include "bridge/core/values/histogram.hpp"

#include <gtest/gtest.h>

#include <array>

namespace bridge {
namespace {

constexpr std::array<std::int64_t, 3> bounds_us{10, 100, 1'000};

TEST(Histogram, CountsADurationInTheFirstBucketThatHoldsIt) {
  Histogram histogram{bounds_us};
  for (const int us : {1, 10, 11, 100, 1'000, 1'001, 5'000'000}) histogram.observe(Duration{us});
  EXPECT_EQ(histogram.count(0), 2U);
  EXPECT_EQ(histogram.count(1), 2U);
  EXPECT_EQ(histogram.count(2), 1U);
  EXPECT_EQ(histogram.count(3), 2U);
  EXPECT_EQ(histogram.sum_us(), 1U + 10 + 11 + 100 + 1'000 + 1'001 + 5'000'000);
}

TEST(Histogram, NegativeDurationCountsAsZero) {
  Histogram histogram{bounds_us};
  histogram.observe(Duration{-50});
  EXPECT_EQ(histogram.count(0), 1U);
  EXPECT_EQ(histogram.sum_us(), 0U);
}

}  // namespace
}  // namespace bridge

#include "bridge/app/log/repeat_limiter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace bridge {
namespace {

using namespace std::chrono_literals;

constexpr MonotonicTime start{1h};

TEST(RepeatLimiter, LetsAFactThroughOnceInAWhileAndCountsTheRest) {
  RepeatLimiter limiter{10s};
  EXPECT_EQ(limiter.admit("a", start), 0U);
  EXPECT_EQ(limiter.admit("a", start), std::nullopt);
  EXPECT_EQ(limiter.admit("a", start + 10s - 1us), std::nullopt);
  EXPECT_EQ(limiter.admit("a", start + 10s), 2U);
  EXPECT_EQ(limiter.admit("a", start + 20s), 0U);
}

TEST(RepeatLimiter, TellsFactsApart) {
  RepeatLimiter limiter{10s};
  EXPECT_EQ(limiter.admit("a", start), 0U);
  EXPECT_EQ(limiter.admit("b", start), 0U);
  EXPECT_EQ(limiter.admit("a", start), std::nullopt);
}

TEST(RepeatLimiter, ReportsTheEndOfABurstOnce) {
  RepeatLimiter limiter{10s};
  limiter.admit("b", start);
  limiter.admit("a", start);
  limiter.admit("quiet", start);
  limiter.admit("recent", start + 5s);
  for (int i = 0; i < 7; ++i) limiter.admit("a", start + 1s);
  limiter.admit("b", start + 1s);
  EXPECT_TRUE(limiter.expire(start + 9s).empty());
  const auto ended = limiter.expire(start + 10s);
  ASSERT_EQ(ended.size(), 2U);
  EXPECT_EQ(ended[0].key, "a");
  EXPECT_EQ(ended[0].count, 7U);
  EXPECT_EQ(ended[1].key, "b");
  EXPECT_EQ(ended[1].count, 1U);
  EXPECT_EQ(limiter.size(), 1U);
  EXPECT_TRUE(limiter.expire(start + 10s).empty());
  EXPECT_EQ(limiter.admit("a", start + 10s), 0U);
}

TEST(RepeatLimiter, ForgetsTheOldestWhenThereAreTooMany) {
  RepeatLimiter limiter{10s, 3};
  limiter.admit("a", start + 1s);
  limiter.admit("b", start);
  limiter.admit("c", start + 2s);
  limiter.admit("d", start + 3s);
  EXPECT_EQ(limiter.size(), 3U);
  EXPECT_EQ(limiter.admit("a", start + 4s), std::nullopt);
  EXPECT_EQ(limiter.admit("b", start + 4s), 0U);
  for (int i = 0; i < 1000; ++i) limiter.admit(std::to_string(i), start + 5s);
  EXPECT_EQ(limiter.size(), 3U);
}

}  // namespace
}  // namespace bridge

#include "bridge/core/limits/backoff.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

TEST(Backoff, NeverWaitsLongerThanTheCapAndGrowsUntilIt) {
  Duration longest_first{};
  Duration longest_tenth{};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Backoff backoff{seed};
    longest_first = std::max(longest_first, backoff.next_delay());
    for (int failure = 0; failure < 8; ++failure) backoff.next_delay();
    const Duration tenth = backoff.next_delay();
    EXPECT_LE(tenth, limits::backoff_max);
    longest_tenth = std::max(longest_tenth, tenth);
  }
  EXPECT_LE(longest_first, limits::backoff_base);
  EXPECT_GT(longest_tenth, limits::backoff_max / 2);
}

TEST(Backoff, SpreadsAccountsThatWereCutTogether) {
  std::vector<Duration> delays;
  for (std::uint64_t seed = 0; seed < 1'000; ++seed) delays.push_back(Backoff{seed}.next_delay());
  std::sort(delays.begin(), delays.end());
  // Evenly over the first second: a quarter of them in each quarter of it.
  EXPECT_NEAR(static_cast<double>(delays[250].count()), 250'000, 40'000);
  EXPECT_NEAR(static_cast<double>(delays[750].count()), 750'000, 40'000);
}

TEST(Backoff, SameSeedGivesTheSameHistory) {
  Backoff one{5};
  Backoff other{5};
  for (int i = 0; i < 20; ++i) EXPECT_EQ(one.next_delay(), other.next_delay());
}

TEST(Backoff, ResetStartsFromTheShortestWait) {
  Backoff backoff{3};
  for (int i = 0; i < 100; ++i) backoff.next_delay();
  backoff.reset();
  EXPECT_LE(backoff.next_delay(), limits::backoff_base);
}

}  // namespace
}  // namespace bridge

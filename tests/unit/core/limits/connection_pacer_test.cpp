#include "bridge/core/limits/connection_pacer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace bridge {
namespace {

using namespace std::chrono_literals;

TEST(ConnectionPacer, HundredConnectionsMayBeOpenedAtOnce) {
  ConnectionPacer pacer;
  const MonotonicTime start{1h};
  for (int connection = 0; connection < 100; ++connection) EXPECT_EQ(pacer.reserve(start), start);
  EXPECT_EQ(pacer.reserve(start), start + 1500ms);
}

TEST(ConnectionPacer, AnyFiveMinutesHaveThreeHundredConnectionsAtMost) {
  ConnectionPacer pacer;
  std::vector<MonotonicTime> opened;
  MonotonicTime now{1h};
  for (int connection = 0; connection < 2'000; ++connection) {
    // Pauses of all lengths, so that bursts fall anywhere.
    if (connection % 97 == 0) now += 40s;
    now = std::max(now, pacer.reserve(now));
    opened.push_back(now);
  }
  for (std::size_t first = 0; first + 300 < opened.size(); ++first)
    EXPECT_GE(opened[first + 300] - opened[first], 5min);
}

}  // namespace
}  // namespace bridge

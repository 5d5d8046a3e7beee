#include "bridge/core/sessions/stream_life.hpp"

#include <gtest/gtest.h>

#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using Due = StreamLife::Due;

constexpr MonotonicTime start{1h};

StreamLife open_stream() {
  StreamLife life;
  life.opening(start);
  life.opened(start);
  return life;
}

TEST(StreamLife, HandshakeThatDoesNotEndIsGivenUp) {
  StreamLife life;
  life.opening(start);
  EXPECT_EQ(life.wake(start + limits::stream_open_timeout - 1us), Due::nothing);
  EXPECT_EQ(life.deadline(), start + limits::stream_open_timeout);
  EXPECT_EQ(life.wake(start + limits::stream_open_timeout), Due::give_up_opening);
}

TEST(StreamLife, QuietConnectionThatAnswersPingsLivesForEver) {
  StreamLife life = open_stream();
  MonotonicTime now = start;
  int pings = 0;
  while (pings < 10'000) {
    now = life.deadline();
    const Due due = life.wake(now);
    ASSERT_TRUE(due == Due::ping || due == Due::nothing) << "after " << pings << " pings";
    if (due != Due::ping) continue;
    ++pings;
    life.heard(now + 100ms);
  }
  EXPECT_GE(now - start, limits::stream_ping_interval * 10'000);
}

TEST(StreamLife, ConnectionThatIsHeardOfIsNotAsked) {
  StreamLife life = open_stream();
  for (MonotonicTime now = start; now < start + 1h; now += 25s) {
    EXPECT_EQ(life.wake(now), Due::nothing);
    life.heard(now);
  }
}

TEST(StreamLife, ConnectionThatAnswersNothingIsGivenUpAfterTwoPings) {
  StreamLife life = open_stream();
  EXPECT_EQ(life.wake(start + 30s), Due::ping);
  EXPECT_EQ(life.wake(start + 60s), Due::ping);
  EXPECT_EQ(life.deadline(), start + limits::stream_silence_max);
  EXPECT_EQ(life.wake(start + limits::stream_silence_max), Due::give_up_silent);
}

TEST(StreamLife, ClosedConnectionWantsNothing) {
  StreamLife life = open_stream();
  life.closed();
  EXPECT_EQ(life.deadline(), never);
  EXPECT_EQ(life.wake(start + 24h), Due::nothing);
}

TEST(StreamLife, OnlyAnOpenMinuteIsStable) {
  StreamLife life = open_stream();
  EXPECT_FALSE(life.was_stable(start + 59s));
  EXPECT_TRUE(life.was_stable(start + 60s));
  life.closed();
  EXPECT_FALSE(life.was_stable(start + 60s));
}

}  // namespace
}  // namespace bridge

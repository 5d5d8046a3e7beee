#include "bridge/core/sessions/stream_overlap.hpp"

#include <gtest/gtest.h>

#include "bridge/core/limits/limits.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using Event = StreamOverlap::Event;

Event event(int number) {
  return account_update(number,
                        {change("BTCUSDT", PositionSide::both, std::to_string(number), "1")});
}

Now at(Duration elapsed) {
  return {.monotonic = MonotonicTime{1h} + elapsed, .wall = exchange_time(0) + elapsed};
}

std::vector<Event> events_of(const std::vector<StreamOverlap::Received>& received) {
  std::vector<Event> events;
  for (const auto& one : received) events.push_back(one.event);
  return events;
}

TEST(StreamOverlap, WithoutASuccessorEverythingIsToldAndNothingKept) {
  StreamOverlap overlap;
  EXPECT_TRUE(overlap.is_idle());
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(0s)));
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(0s)));
  EXPECT_TRUE(overlap.hand_over(at(1s).monotonic).empty());
}

TEST(StreamOverlap, WhatBothBringIsToldOnceWhicheverIsAhead) {
  StreamOverlap overlap;
  overlap.begin();
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(0s)));  // the old one is ahead
  overlap.take_from_successor(event(1), at(0s));
  overlap.take_from_successor(event(2), at(0s));  // the new one is ahead
  EXPECT_TRUE(overlap.take_from_serving(event(2), at(0s)));
  EXPECT_TRUE(overlap.hand_over(at(1s).monotonic).empty());
}

TEST(StreamOverlap, WhatOnlyTheSuccessorHasBroughtIsToldAtTheHandoverInOrder) {
  StreamOverlap overlap;
  overlap.begin();
  for (int number = 1; number <= 4; ++number) overlap.take_from_successor(event(number), at(0s));
  EXPECT_TRUE(overlap.take_from_serving(event(2), at(0s)));
  EXPECT_EQ(events_of(overlap.hand_over(at(1s).monotonic)),
            (std::vector<Event>{event(1), event(3), event(4)}));
}

TEST(StreamOverlap, WhatTheOldOneHasToldIsNotToldAgainByTheNewOneAfterTheHandover) {
  StreamOverlap overlap;
  overlap.begin();
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(0s)));
  EXPECT_TRUE(overlap.hand_over(at(1s).monotonic).empty());
  EXPECT_FALSE(overlap.is_idle());
  EXPECT_FALSE(overlap.take_from_serving(event(1), at(1s))) << "the echo";
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(1s))) << "only once";
}

TEST(StreamOverlap, EchoesAreForgottenWhenTheyCanNotComeAnyMore) {
  StreamOverlap overlap;
  overlap.begin();
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(0s)));
  overlap.hand_over(at(0s).monotonic);
  EXPECT_TRUE(overlap.take_from_serving(event(1), at(limits::stream_silence_max)));
  EXPECT_TRUE(overlap.is_idle());
}

TEST(StreamOverlap, EventThatTheExchangeSendsTwiceIsToldTwiceAndNotFourTimes) {
  StreamOverlap overlap;
  overlap.begin();
  int told = 0;
  told += overlap.take_from_serving(event(1), at(0s));
  overlap.take_from_successor(event(1), at(0s));
  overlap.take_from_successor(event(1), at(0s));
  told += overlap.take_from_serving(event(1), at(0s));
  EXPECT_EQ(told, 2);
  EXPECT_TRUE(overlap.hand_over(at(1s).monotonic).empty());
}

TEST(StreamOverlap, SuccessorThatIsGivenUpLeavesNothingBehind) {
  StreamOverlap overlap;
  overlap.begin();
  overlap.take_from_successor(event(1), at(0s));
  EXPECT_TRUE(overlap.take_from_serving(event(2), at(0s)));
  overlap.end();
  EXPECT_TRUE(overlap.is_idle());
  EXPECT_TRUE(overlap.take_from_serving(event(2), at(0s)));
}

TEST(StreamOverlap, IsOverrunWhenTheTwoDoNotBringTheSame) {
  StreamOverlap overlap;
  overlap.begin();
  for (std::size_t i = 0; i <= limits::overlap_events_max; ++i) {
    EXPECT_FALSE(overlap.is_overrun());
    overlap.take_from_successor(event(static_cast<int>(i)), at(0s));
  }
  EXPECT_TRUE(overlap.is_overrun());
}

}  // namespace
}  // namespace bridge

#include "bridge/core/subscribers/snapshot_queue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/core/limits/limits.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Duration interval = Duration{1s} / limits::snapshots_per_second;

class SnapshotQueueTest : public ::testing::Test {
 protected:
  bool ask(const std::string& topic) { return queue_.ask({.topic = topic, .scope = "all"}); }

  // Those answered now.
  std::vector<std::string> answered() {
    std::vector<std::string> topics;
    while (const auto request = queue_.next(now_)) topics.push_back(request->topic);
    return topics;
  }

  void ask_many(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(ask("many" + std::to_string(i)));
  }

  MonotonicTime now_{1h};
  SnapshotQueue queue_;
};

TEST_F(SnapshotQueueTest, FewAreAnsweredAtOnceAndOnce) {
  queue_.ask({.topic = "a", .scope = "main"});
  const auto request = queue_.next(now_);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->topic, "a");
  EXPECT_EQ(request->scope, "main");
  EXPECT_THAT(answered(), IsEmpty());
}

TEST_F(SnapshotQueueTest, ManyAreAnsweredInTheirOrderFiveASecondAndNoneIsLost) {
  ask_many(20);
  EXPECT_THAT(answered(), ElementsAre("many0", "many1", "many2", "many3", "many4"));
  for (int i = 5; i < 20; ++i) {
    now_ += interval - 1us;
    EXPECT_THAT(answered(), IsEmpty()) << i;
    now_ += 1us;
    EXPECT_THAT(answered(), ElementsAre("many" + std::to_string(i)));
  }
  EXPECT_EQ(queue_.size(), 0U);
}

TEST_F(SnapshotQueueTest, WhatIsNotUsedIsSavedUpToASecond) {
  now_ += 1h;
  ask_many(12);
  EXPECT_EQ(answered().size(), limits::snapshots_per_second);
  now_ += 1s;
  EXPECT_EQ(answered().size(), limits::snapshots_per_second);
  now_ += interval;
  EXPECT_EQ(answered().size(), 1U);
}

TEST_F(SnapshotQueueTest, OneThatGaveUpCostsNothing) {
  ask_many(5);
  answered();
  ask("gone");
  ask("stays");
  queue_.withdraw("gone");
  now_ += interval;
  EXPECT_THAT(answered(), ElementsAre("stays"));
}

TEST_F(SnapshotQueueTest, TwoWhoAskByOneTopicShareOneAnswer) {
  ask("shared");
  ask("shared");
  EXPECT_EQ(queue_.size(), 1U);
  queue_.withdraw("shared");
  EXPECT_EQ(queue_.size(), 1U);
  EXPECT_THAT(answered(), ElementsAre("shared"));
}

TEST_F(SnapshotQueueTest, TopicThatWasAnsweredCanBeAskedAgain) {
  ask("again");
  EXPECT_THAT(answered(), ElementsAre("again"));
  queue_.withdraw("again");
  ask("again");
  EXPECT_THAT(answered(), ElementsAre("again"));
}

TEST_F(SnapshotQueueTest, BeyondItsBoundOneIsRefusedUntilThereIsRoom) {
  ask_many(limits::snapshots_waiting_max);
  EXPECT_FALSE(ask("one more"));
  // One that waits already may be asked for by others, too.
  EXPECT_TRUE(ask("many0"));
  EXPECT_EQ(queue_.size(), limits::snapshots_waiting_max);
  ASSERT_TRUE(queue_.next(now_));
  EXPECT_TRUE(ask("one more"));
}

}  // namespace
}  // namespace bridge

#include "bridge/wire/bus/bus_topics.hpp"

#include <gtest/gtest.h>

namespace bridge::test {
namespace {

TEST(BusTopics, PartsAreSeparatedByDots) {
  EXPECT_EQ(position_update_topic("main", "BTCUSDT_261225", PositionSide::both),
            "position.update.main.BTCUSDT_261225.BOTH");
  EXPECT_EQ(account_status_topic("desk-2_b"), "account.status.desk-2_b");
}

TEST(BusTopics, NoPartCanLookLikeTwo) {
  EXPECT_EQ(topic_part("A.B*C>D E\n"), "A_B_C_D_E_");
  EXPECT_EQ(topic_part("币安人生USDT"), "币安人生USDT");
  EXPECT_EQ(topic_part("x\xFF"), "x\uFFFD");
}

TEST(BusTopics, ASnapshotIsAskedForByATopicOfOnesOwn) {
  EXPECT_EQ(snapshot_scope("snapshot.0123456789abcdef.all"), "all");
  EXPECT_EQ(snapshot_scope("snapshot.0123456789ABCDEF0123456789abcdef.desk-2_b"), "desk-2_b");
}

TEST(BusTopics, WhatIsNoRequestForASnapshotHasNoScope) {
  const std::string name(32, 'n');
  EXPECT_EQ(snapshot_scope("snapshot.0123456789abcdef." + name), name);
  for (const std::string& topic :
       {std::string{""}, std::string{"snapshot."}, std::string{"snapshot.0123456789abcdef"},
        std::string{"snapshot.0123456789abcdef."}, std::string{"snapshot.0123456789abcde.all"},
        std::string{"snapshot.0123456789abcdeg.all"}, std::string{"snapshot..all"},
        "snapshot." + std::string(33, '0') + ".all", std::string{"snapshot.0123456789abcdef.a.b"},
        std::string{"snapshot.0123456789abcdef.a b"}, "snapshot.0123456789abcdef." + name + "n",
        std::string{"Snapshot.0123456789abcdef.all"},
        std::string{"snapshot.0123456789abcdef.\0", 27}})
    EXPECT_EQ(snapshot_scope(topic), std::nullopt) << topic;
}

}  // namespace
}  // namespace bridge::test

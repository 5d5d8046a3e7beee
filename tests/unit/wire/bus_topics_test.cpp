#include "bridge/wire/bus_topics.hpp"

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

}  // namespace
}  // namespace bridge::test

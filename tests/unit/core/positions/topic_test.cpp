#include "bridge/core/positions/topic.hpp"

#include <gtest/gtest.h>

#include "bridge/core/positions/feed_account.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using testing::change;
using testing::exchange_time;
using enum PositionSide;

TEST(AccountTopics, NumbersCountByTopicAndByAccount) {
  FeedAccount account{{.name = "main"}, exchange_time(0)};
  std::uint32_t topic_count = 5;
  account.book.apply(0, change("BTCUSDT", both, "1", "1"), exchange_time(1));
  account.book.apply(1, change("ETHUSDT", both, "1", "1"), exchange_time(1));
  const auto topic_of = [&](SymbolId symbol) -> Topic& {
    return account.topics.of(account.book, *account.book.find(symbol, both), account, topic_count);
  };
  Topic& ether = topic_of(1);
  Topic& bitcoin = topic_of(0);
  EXPECT_EQ(bitcoin.number, 5U);
  EXPECT_EQ(ether.number, 6U);
  EXPECT_EQ(topic_count, 7U);
  EXPECT_EQ(&topic_of(0), &bitcoin);

  account.topics.number(ether);
  EXPECT_EQ(account.topics.number_status(), 2U);
  account.topics.number(bitcoin);
  account.topics.number(ether);
  EXPECT_EQ(ether.seq, 2U);
  EXPECT_EQ(ether.account_seq, 4U);
  EXPECT_EQ(bitcoin.seq, 1U);
  EXPECT_EQ(bitcoin.account_seq, 3U);
  EXPECT_EQ(account.topics.account_seq(), 4U);
}

}  // namespace
}  // namespace bridge

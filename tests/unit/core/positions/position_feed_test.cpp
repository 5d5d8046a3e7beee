#include "bridge/core/positions/position_feed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum PositionSide;
using Phase = PositionFeed::UserPhase;

class PositionFeedTest : public ::testing::Test {
 protected:
  PositionFeedTest() {
    main_ = feed_.add_account({.name = "main", .venue = Venue::binance_usdm}, now());
  }

  Now now() const {
    return {.monotonic = MonotonicTime{1h} + elapsed_, .wall = exchange_time(1'000'000) + elapsed_};
  }

  void synchronize(PositionFeed::AccountNumber account, std::vector<PositionRow> rows) {
    feed_.set_user_connected(account, true);
    PositionFeed::Snapshot snapshot;
    snapshot.positions.rows = std::move(rows);
    snapshot.certain_before = exchange_time(1'000);
    feed_.synchronize(account, snapshot, "ready", now());
  }

  // An account that is live and holds `rows`; what was said until then is forgotten.
  void bring_live(std::vector<PositionRow> rows = {}) {
    feed_.set_mark_connected(true, "", now());
    synchronize(main_, std::move(rows));
    subscriber_.take();
  }

  void price(std::string_view symbol, const std::string& value, std::int64_t time_ms) {
    feed_.apply(tick(symbol, value, time_ms), now());
  }

  Subscriber subscriber_;
  std::uint32_t topics_ = 0;
  ExchangeClock clock_;
  PositionFeed feed_{subscriber_, clock_, 10s, topics_};
  PositionFeed::AccountNumber main_ = 0;
  Duration elapsed_{};
};

TEST_F(PositionFeedTest, AccountIsLiveOnceBothStreamsAre) {
  feed_.set_user_phase(main_, Phase::connecting, "connecting", now());
  synchronize(main_, {row("BTCUSDT", both, "0.5", "100", 1)});
  feed_.set_mark_connected(true, "", now());
  EXPECT_THAT(subscriber_.lines,
              ElementsAre("main is connecting", "main is syncing",
                          "main BTCUSDT BOTH LONG 0.5 entry 100 mark nil pnl nil stale snapshot",
                          "main is live",
                          "main BTCUSDT BOTH LONG 0.5 entry 100 mark nil pnl nil live state"));
  EXPECT_TRUE(subscriber_.last_connected);
}

TEST_F(PositionFeedTest, PositionIsPublishedWithoutAPriceAndAgainWithTheFirst) {
  bring_live();
  feed_.apply(main_, account_update(2'000, {change("BTCUSDT", both, "0.5", "100")}), now());
  price("BTCUSDT", "110.00", 2'500);
  EXPECT_THAT(
      subscriber_.lines,
      ElementsAre("main BTCUSDT BOTH LONG 0.5 entry 100 mark nil pnl nil live account_update/ORDER",
                  "main BTCUSDT BOTH LONG 0.5 entry 100 mark 110.00 pnl 5 live mark_price"));
}

TEST_F(PositionFeedTest, TickReachesEveryPositionOfItsSymbolAndNoOther) {
  const auto other = feed_.add_account({.name = "other", .venue = Venue::binance_usdm}, now());
  bring_live({row("BTCUSDT", long_side, "1", "100", 1), row("BTCUSDT", short_side, "-2", "100", 1),
              row("ETHUSDT", both, "1", "10", 1)});
  synchronize(other, {row("BTCUSDT", both, "-0.1", "90", 1)});
  subscriber_.take();
  price("BTCUSDT", "95", 2'000);
  EXPECT_THAT(
      subscriber_.lines,
      ElementsAre("main BTCUSDT LONG LONG 1 entry 100 mark 95 pnl -5 live mark_price",
                  "main BTCUSDT SHORT SHORT 2 entry 100 mark 95 pnl 10 live mark_price",
                  "other BTCUSDT BOTH SHORT 0.1 entry 90 mark 95 pnl -0.5 live mark_price"));
}

TEST_F(PositionFeedTest, ClosedPositionIsSaidOnceAndThenSilent) {
  bring_live({row("BTCUSDT", both, "0.5", "100", 1)});
  price("BTCUSDT", "110", 2'000);
  subscriber_.take();
  feed_.apply(main_, account_update(3'000, {change("BTCUSDT", both, "0", "0.0000")}), now());
  feed_.apply(main_, account_update(3'001, {change("BTCUSDT", both, "0", "0.0000")}), now());
  price("BTCUSDT", "111", 4'000);
  EXPECT_THAT(
      subscriber_.lines,
      ElementsAre(
          "main BTCUSDT BOTH FLAT 0 entry 0.0000 mark 110 pnl 0 live account_update/ORDER"));
  EXPECT_THAT(feed_.held_symbols(), IsEmpty());
}

TEST_F(PositionFeedTest, ZeroBothRowOfAHedgeAccountIsNotSaid) {
  bring_live();
  feed_.apply(main_,
              account_update(2'000, {change("BTCUSDT", both, "0", "0"),
                                     change("BTCUSDT", long_side, "1", "100")}),
              now());
  EXPECT_THAT(
      subscriber_.lines,
      ElementsAre("main BTCUSDT LONG LONG 1 entry 100 mark nil pnl nil live account_update/ORDER"));
}

TEST_F(PositionFeedTest, EveryMessageOfAnAccountIsNumberedWithoutGaps) {
  bring_live({row("BTCUSDT", both, "0.5", "100", 1), row("ETHUSDT", both, "1", "10", 1)});
  subscriber_.account_seqs.clear();
  const auto before = feed_.view(main_).account_seq;
  price("BTCUSDT", "110", 2'000);
  price("ETHUSDT", "11", 2'000);
  feed_.set_mark_connected(false, "lost", now());
  EXPECT_THAT(subscriber_.account_seqs,
              ElementsAre(before + 1, before + 2, before + 3, before + 4, before + 5));
  EXPECT_EQ(feed_.view(main_).account_seq, before + 5);
}

TEST_F(PositionFeedTest, TopicGoesOnCountingAfterThePositionWasClosed) {
  bring_live();
  feed_.apply(main_, account_update(2'000, {change("BTCUSDT", both, "1", "100")}), now());
  feed_.apply(main_, account_update(2'001, {change("BTCUSDT", both, "0", "0")}), now());
  feed_.apply(main_, account_update(2'002, {change("BTCUSDT", both, "2", "100")}), now());
  EXPECT_THAT(subscriber_.seqs, ElementsAre(1, 2, 3));
}

TEST_F(PositionFeedTest, LosingAStreamMakesEachOpenPositionStaleOnceAndComingBackLiveOnce) {
  bring_live({row("BTCUSDT", both, "0.5", "100", 1)});
  price("BTCUSDT", "110", 2'000);
  subscriber_.take();
  feed_.set_user_connected(main_, false);
  feed_.set_user_phase(main_, Phase::connecting, "the stream was cut", now());
  feed_.set_user_phase(main_, Phase::syncing, "reading", now());
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main is stale",
                          "main BTCUSDT BOTH LONG 0.5 entry 100 mark 110 pnl 5 stale state"));
  EXPECT_EQ(feed_.view(main_).detail, "the stream was cut");
  synchronize(main_, {row("BTCUSDT", both, "0.5", "100", 1)});
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main is live",
                          "main BTCUSDT BOTH LONG 0.5 entry 100 mark 110 pnl 5 live snapshot"));
}

TEST_F(PositionFeedTest, LosingTheMarkStreamMakesEveryAccountStale) {
  bring_live({row("BTCUSDT", both, "0.5", "100", 1)});
  feed_.set_mark_connected(false, "the mark price stream was lost", now());
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main is stale",
                          "main BTCUSDT BOTH LONG 0.5 entry 100 mark nil pnl nil stale state"));
  EXPECT_EQ(subscriber_.last_detail, "the mark price stream was lost");
  EXPECT_FALSE(subscriber_.last_connected);
}

TEST_F(PositionFeedTest, PositionClosedDuringAGapIsSaidFlatByTheSnapshot) {
  bring_live({row("BTCUSDT", both, "0.5", "100", 1), row("ETHUSDT", both, "1", "10", 1)});
  feed_.set_user_phase(main_, Phase::connecting, "cut", now());
  subscriber_.take();
  synchronize(main_, {row("ETHUSDT", both, "1", "10", 1)});
  EXPECT_THAT(
      subscriber_.take(),
      ElementsAre("main is live", "main BTCUSDT BOTH FLAT 0 entry 0 mark nil pnl nil live snapshot",
                  "main ETHUSDT BOTH LONG 1 entry 10 mark nil pnl nil live snapshot"));
}

TEST_F(PositionFeedTest, EventsBufferedWhileTheSnapshotWasReadAreReplayedOverIt) {
  feed_.set_mark_connected(true, "", now());
  feed_.set_user_connected(main_, true);
  subscriber_.take();
  PositionFeed::Snapshot snapshot;
  snapshot.certain_before = exchange_time(1'000);
  snapshot.positions.rows = {row("BTCUSDT", both, "1", "100", 1'200)};
  snapshot.account_updates = {
      account_update(900, {change("OLDUSDT", both, "7", "1")}),  // closed again before the snapshot
      account_update(1'100, {change("BTCUSDT", both, "9", "100")}),  // already in the row
      account_update(1'300, {change("BTCUSDT", both, "2", "100")}),
      account_update(1'400, {change("NEWUSDT", both, "3", "1")}),
  };
  feed_.synchronize(main_, snapshot, "ready", now());
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main is live",
                          "main BTCUSDT BOTH LONG 2 entry 100 mark nil pnl nil live snapshot",
                          "main NEWUSDT BOTH LONG 3 entry 1 mark nil pnl nil live snapshot"));
}

TEST_F(PositionFeedTest, PositionWithoutAPriceForTooLongIsStaleUntilTheNext) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  price("BTCUSDT", "110", 2'000);
  subscriber_.take();
  while (elapsed_ <= 10s) {
    elapsed_ = feed_.deadline() - MonotonicTime{1h};
    feed_.wake(now());
  }
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main BTCUSDT BOTH LONG 1 entry 100 mark 110 pnl 10 stale state"));
  EXPECT_LE(elapsed_, 11s);
  price("BTCUSDT", "111", 13'000);
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main BTCUSDT BOTH LONG 1 entry 100 mark 111 pnl 11 live mark_price"));
}

TEST_F(PositionFeedTest, StalePositionsAreCountedWhileTheyAreOpen) {
  const auto stale = [&] { return feed_.gauges(main_).positions_stale.read(); };
  bring_live({row("BTCUSDT", both, "1", "100", 1), row("ETHUSDT", both, "1", "10", 1)});
  EXPECT_EQ(stale(), 0U);
  feed_.set_user_phase(main_, Phase::connecting, "cut", now());
  EXPECT_EQ(stale(), 2U) << "both, since the account is";
  synchronize(main_, {row("ETHUSDT", both, "1", "10", 1)});
  EXPECT_EQ(stale(), 0U) << "one is closed, the other one trusted again";
  feed_.set_mark_connected(false, "lost", now());
  EXPECT_EQ(stale(), 1U);
  feed_.set_mark_connected(true, "", now());
  elapsed_ = 11s;
  feed_.wake(now());
  EXPECT_EQ(stale(), 1U) << "no price came";
  feed_.apply(main_, account_update(13'000, {change("ETHUSDT", both, "0", "0")}), now());
  EXPECT_EQ(stale(), 0U) << "what is closed is not stale";
}

// The simulation found it: a stalled connection delivers what waited in it, late and in a bunch.
TEST_F(PositionFeedTest, PriceThatArrivesLateIsStaleHoweverFreshlyHeard) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  clock_.learn(exchange_time(100'000), now());
  price("BTCUSDT", "110", 100'000 - 10'001);
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main BTCUSDT BOTH LONG 1 entry 100 mark 110 pnl 10 stale mark_price"));
  price("BTCUSDT", "111", 100'000 - 9'999);
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main BTCUSDT BOTH LONG 1 entry 100 mark 111 pnl 11 live mark_price"));
}

TEST_F(PositionFeedTest, PriceFromTheLastTimeASymbolWasHeldIsForgotten) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  price("BTCUSDT", "110", 2'000);
  feed_.apply(main_, account_update(3'000, {change("BTCUSDT", both, "0", "0")}), now());
  subscriber_.take();
  elapsed_ = 1h;
  feed_.apply(main_, account_update(4'000, {change("BTCUSDT", both, "1", "100")}), now());
  EXPECT_THAT(
      subscriber_.take(),
      ElementsAre("main BTCUSDT BOTH LONG 1 entry 100 mark nil pnl nil live account_update/ORDER"));
}

TEST_F(PositionFeedTest, PriceOlderThanTheLastIsNotPublished) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  price("BTCUSDT", "110", 2'000);
  subscriber_.take();
  price("BTCUSDT", "90", 1'000);
  EXPECT_THAT(subscriber_.take(), IsEmpty());
}

TEST_F(PositionFeedTest, ReconcileCorrectsAndSaysWhat) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  const auto result = feed_.reconcile(main_, {{row("BTCUSDT", both, "3", "105", 500)}},
                                      exchange_time(900'000), now());
  ASSERT_EQ(result.corrections.size(), 1U);
  EXPECT_EQ(result.corrections[0].before.amount, decimal("1"));
  EXPECT_EQ(result.corrections[0].after.amount, decimal("3"));
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main BTCUSDT BOTH LONG 3 entry 105 mark nil pnl nil live reconcile"));
}

TEST_F(PositionFeedTest, ReconcileThatFindsNothingSaysNothing) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  EXPECT_TRUE(feed_
                  .reconcile(main_, {{row("BTCUSDT", both, "1.0", "100.0", 500)}},
                             exchange_time(900'000), now())
                  .corrections.empty());
  EXPECT_THAT(subscriber_.take(), IsEmpty());
}

TEST_F(PositionFeedTest, LeverageChangeIsPublishedForOpenPositionsOfTheSymbol) {
  bring_live({row("BTCUSDT", both, "1", "100", 1), row("ETHUSDT", both, "1", "100", 1)});
  feed_.apply(
      main_,
      LeverageChange{.event_time = {}, .transaction_time = {}, .symbol = "BTCUSDT", .leverage = 25},
      now());
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main BTCUSDT BOTH LONG 1 entry 100 mark nil pnl nil live config"));
  EXPECT_EQ(subscriber_.leverages.back(), 25U);
}

TEST_F(PositionFeedTest, HeldSymbolsAreCountedOverAccounts) {
  const auto other = feed_.add_account({.name = "other", .venue = Venue::binance_usdm}, now());
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  synchronize(other, {row("BTCUSDT", long_side, "1", "100", 1)});
  const auto revision = feed_.held_symbols_revision();
  feed_.apply(main_, account_update(2'000, {change("BTCUSDT", both, "0", "0")}), now());
  EXPECT_THAT(feed_.held_symbols(), ElementsAre("BTCUSDT"));
  EXPECT_EQ(feed_.held_symbols_revision(), revision);
  feed_.apply(other, account_update(2'000, {change("BTCUSDT", long_side, "0", "0")}), now());
  EXPECT_THAT(feed_.held_symbols(), IsEmpty());
  EXPECT_NE(feed_.held_symbols_revision(), revision);
}

TEST_F(PositionFeedTest, FailedAccountIsFailedWhateverTheMarkStreamDoes) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  feed_.set_user_connected(main_, false);
  feed_.set_user_phase(main_, Phase::failed, "refused", now());
  EXPECT_THAT(subscriber_.take(),
              ElementsAre("main is failed",
                          "main BTCUSDT BOTH LONG 1 entry 100 mark nil pnl nil stale state"));
  feed_.set_mark_connected(false, "", now());
  feed_.set_mark_connected(true, "", now());
  EXPECT_EQ(feed_.view(main_).state, AccountState::failed);
}

TEST_F(PositionFeedTest, WhatIsHeldIsUnknownUntilTheExchangeHasSaidItAndThenMayBeNothing) {
  feed_.set_mark_connected(true, "", now());
  feed_.set_user_phase(main_, Phase::connecting, "connecting", now());
  EXPECT_FALSE(feed_.present_positions(main_).has_value());
  feed_.set_user_phase(main_, Phase::syncing, "reading", now());
  EXPECT_FALSE(feed_.present_positions(main_).has_value());
  synchronize(main_, {});
  const auto positions = feed_.present_positions(main_);
  ASSERT_TRUE(positions.has_value());
  EXPECT_THAT(*positions, IsEmpty());
}

TEST_F(PositionFeedTest, WhatIsHeldIsWhatWasPublishedLastUnderItsNumbers) {
  bring_live({row("BTCUSDT", both, "0.5", "100", 1), row("ETHUSDT", both, "-2", "50", 1)});
  const WallTime synchronized_at = now().wall;
  elapsed_ += 1s;
  price("BTCUSDT", "110", 1'000);
  price("BTCUSDT", "112", 2'000);
  const auto positions = feed_.present_positions(main_);
  ASSERT_TRUE(positions.has_value());
  ASSERT_EQ(positions->size(), 2U);
  const PositionUpdate& priced = positions->front();
  EXPECT_EQ(text(priced), "main BTCUSDT BOTH LONG 0.5 entry 100 mark 112 pnl 6 live snapshot");
  EXPECT_EQ(priced.account_seq, subscriber_.account_seqs.back());
  EXPECT_EQ(priced.seq, subscriber_.seqs.back());
  EXPECT_EQ(priced.received, now().wall);
  const PositionUpdate& unpriced = positions->back();
  EXPECT_EQ(text(unpriced), "main ETHUSDT BOTH SHORT 2 entry 50 mark nil pnl nil live snapshot");
  EXPECT_EQ(unpriced.seq, 1U);
  EXPECT_EQ(unpriced.received, synchronized_at);
  // Asking moves nothing.
  const auto account_seq = feed_.view(main_).account_seq;
  feed_.present_positions(main_);
  EXPECT_EQ(feed_.view(main_).account_seq, account_seq);
  price("BTCUSDT", "113", 3'000);
  EXPECT_EQ(subscriber_.account_seqs.back(), account_seq + 1);
  EXPECT_EQ(subscriber_.seqs.back(), 4U);
}

TEST_F(PositionFeedTest, WhatWasClosedIsNotHeld) {
  bring_live({row("BTCUSDT", both, "1", "100", 1), row("ETHUSDT", long_side, "1", "50", 1)});
  feed_.apply(main_, account_update(2'000, {change("BTCUSDT", both, "0", "0")}), now());
  const auto positions = feed_.present_positions(main_);
  ASSERT_TRUE(positions.has_value());
  ASSERT_EQ(positions->size(), 1U);
  EXPECT_EQ(positions->front().symbol, "ETHUSDT");
}

TEST_F(PositionFeedTest, WhatAStaleAccountHeldLastIsKnownAndStale) {
  bring_live({row("BTCUSDT", both, "1", "100", 1)});
  feed_.set_user_connected(main_, false);
  feed_.set_user_phase(main_, Phase::connecting, "lost", now());
  const auto positions = feed_.present_positions(main_);
  ASSERT_TRUE(positions.has_value());
  ASSERT_EQ(positions->size(), 1U);
  EXPECT_EQ(positions->front().state, PositionState::stale);
  EXPECT_EQ(positions->front().account_seq, feed_.view(main_).account_seq);
}

}  // namespace
}  // namespace bridge

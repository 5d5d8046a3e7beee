#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/sessions/environment_fixture.hpp"

// What has cost others money with these streams, one thread of reports a test, told of the sessions
// of one environment: what the exchange does, and what a subscriber must see.
namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

class ProductionThreads : public EnvironmentTest {
 protected:
  void live_with_a_position() {
    start(1, {.reconcile_interval = 60s});
    treatment().held["BTCUSDT"] = row("BTCUSDT", PositionSide::both, "1", "100", 1);
    ASSERT_TRUE(pass_until(10s, [this] { return is_live(0); }));
    pass(3s);
    ASSERT_THAT(subscriber_.lines, Contains(HasSubstr("mark 100 pnl 0 live mark_price")));
    subscriber_.take();
  }
  bool is_position_stale() {
    return std::any_of(subscriber_.lines.begin(), subscriber_.lines.end(), [](const auto& line) {
      return line.find("BTCUSDT BOTH LONG") != std::string::npos &&
             line.find(" stale ") != std::string::npos;
    });
  }
};

// A market connection on a route that is not served opens, acknowledges every subscription and
// brings nothing.
TEST_F(ProductionThreads, T01_SilentMarketRouteIsStaleAndTriedAgainAndNeverTakenForAPrice) {
  market_is_mute_ = true;
  has_premium_index_ = false;
  start(1);
  treatment().held["BTCUSDT"] = row("BTCUSDT", PositionSide::both, "1", "100", 1);
  pass(60s);
  EXPECT_THAT(subscriber_.lines, Contains(HasSubstr("mark nil pnl nil live snapshot")));
  EXPECT_THAT(subscriber_.lines, Contains(HasSubstr("mark nil pnl nil stale state")));
  EXPECT_THAT(log_, Contains(HasSubstr("it has not brought a single price")));
  EXPECT_LT(connection_attempts_.size(), 10U) << "no reconnect storm";
  market_is_mute_ = false;
  pass(2min);
  EXPECT_THAT(subscriber_.lines.back(), HasSubstr("mark 100 pnl 0 live"));
}

// The first price comes from REST then, and grows old like any other.
TEST_F(ProductionThreads, T01_PriceFromRestOnASilentMarketRouteIsStaleAfterAWhile) {
  market_is_mute_ = true;
  start(1);
  treatment().held["BTCUSDT"] = row("BTCUSDT", PositionSide::both, "1", "100", 1);
  pass(60s);
  EXPECT_THAT(subscriber_.lines, Contains(HasSubstr("mark 101 pnl 1 live mark_price")));
  EXPECT_THAT(subscriber_.lines, Contains(HasSubstr("mark 101 pnl 1 stale state")));
  EXPECT_THAT(subscriber_.lines.back(), HasSubstr(" stale "));
  EXPECT_THAT(log_, Contains(HasSubstr("it has not brought a single price")));
}

// The user stream opens and SUBSCRIBE is acknowledged, but its events are not sent.
TEST_F(ProductionThreads, T02_StreamWhoseEventsWereOverlookedIsLateBySecondsAndThenReplaced) {
  treatment_of_all_.events_are_overlooked = true;
  start(1, {.reconcile_interval = 60s});
  ASSERT_TRUE(pass_until(30s, [this] { return is_live(0); })) << detail();
  trade(0, "BTCUSDT", "2");
  EXPECT_TRUE(pass_until(limits::watch_interval + limits::rest_lag_max + 1s,
                         [this] { return published_amount(0, "BTCUSDT") == "2"; }));
  treatment().events_are_overlooked = false;
  EXPECT_TRUE(pass_until(2min, [this] { return is_live(0); }));
}

// Connected, and yet a trade was not told, once.
TEST_F(ProductionThreads, T03_LostEventIsFoundByTheNextComparison) {
  live_with_a_position();
  treatment().events_to_lose = 1;
  trade(0, "BTCUSDT", "3");
  pass(limits::rest_lag_max);
  ASSERT_EQ(published_amount(0, "BTCUSDT"), "1");
  EXPECT_TRUE(pass_until(61s, [this] { return published_amount(0, "BTCUSDT") == "3"; }));
  EXPECT_THAT(subscriber_.lines,
              Contains(HasSubstr("LONG 3 entry 100 mark 100 pnl 0 live reconcile")));
}

// The listen key is shared: another program deletes it, and the socket stays open and silent.
TEST_F(ProductionThreads, T04_AnotherProgramDeletesTheListenKey) {
  live_with_a_position();
  treatment().key.clear();
  trade(0, "BTCUSDT", "3");
  EXPECT_TRUE(pass_until(66s, [this] { return !is_live(0); }))
      << "asked at once after a correction";
  EXPECT_THAT(detail(), HasSubstr("the listen key is gone"));
  EXPECT_TRUE(pass_until(66s, [this] { return is_live(0); }));
  trade(0, "BTCUSDT", "4");
  pass(1s);
  EXPECT_EQ(published_amount(0, "BTCUSDT"), "4");
}

// And without any trade in between, the next renewal finds it.
TEST_F(ProductionThreads, T04b_DeletedKeyOfAQuietAccountIsFoundByTheNextRenewal) {
  live_with_a_position();
  treatment().key.clear();
  EXPECT_TRUE(pass_until(limits::listen_key_renewal_max + 1s, [this] { return !is_live(0); }));
}

// listenKeyExpired comes in storms, twice for one key, although it was kept alive.
TEST_F(ProductionThreads, T05_StormOfExpiriesEndsLiveAndTrue) {
  live_with_a_position();
  for (int round = 0; round < 5; ++round) {
    const Secret old{treatment().key};
    tell(0, ListenKeyExpired{.event_time = now().wall, .listen_key = old});
    tell(0, ListenKeyExpired{.event_time = now().wall, .listen_key = old});
    pass(60ms);
    treatment().key.clear();
    EXPECT_EQ(state(), AccountState::stale);
    ASSERT_TRUE(pass_until(2min, [this] { return is_live(0); }));
    tell(0, ListenKeyExpired{.event_time = now().wall, .listen_key = old});
    pass(1s);
    EXPECT_TRUE(is_live(0)) << "an expiry of the key before";
  }
}

// What happens between two connections is told by nobody.
TEST_F(ProductionThreads, T06_WhatHappensInAReconnectionGapIsInTheSnapshotAfterIt) {
  live_with_a_position();
  cut(0);
  pass(60ms);
  EXPECT_TRUE(is_position_stale());
  trade(0, "BTCUSDT", "0");
  trade(0, "ETHUSDT", "-2");
  ASSERT_TRUE(pass_until(2min, [this] { return is_live(0); }));
  EXPECT_THAT(subscriber_.lines, Contains(HasSubstr("BTCUSDT BOTH FLAT 0")));
  EXPECT_THAT(subscriber_.lines, Contains(HasSubstr("ETHUSDT BOTH SHORT 2")));
}

// Several changes in one read, and several within one millisecond: each counts, in order.
TEST_F(ProductionThreads, T07_EveryRowOfEveryEventOfOneReadIsApplied) {
  live_with_a_position();
  trade(0, "BTCUSDT", "2");
  trade(0, "BTCUSDT", "3");
  trade(0, "BTCUSDT", "5");
  pass(60ms);
  const auto lines = subscriber_.take();
  EXPECT_THAT(lines, Contains(HasSubstr("LONG 2 ")));
  EXPECT_THAT(lines, Contains(HasSubstr("LONG 3 ")));
  EXPECT_THAT(lines, Contains(HasSubstr("LONG 5 ")));
}

// Positions do not tick: without a change nothing comes for hours, and that is no death.
TEST_F(ProductionThreads, T08_QuietAccountIsValuedAnewWithEachPriceAndStaysLive) {
  live_with_a_position();
  pass(6h);
  EXPECT_TRUE(is_live(0));
  EXPECT_FALSE(is_position_stale());
  EXPECT_GT(subscriber_.lines.size(), 6U * 3600U - 10U);
}

// A market connection goes quiet while its pings are still answered.
TEST_F(ProductionThreads, T09_MarketConnectionThatGoesQuietIsStaleWithinItsLimitAndReplaced) {
  live_with_a_position();
  change_streams(EnvironmentSession::mark_owner, [](Stream& stream) { stream.is_mute = true; });
  pass(11s);
  EXPECT_TRUE(is_position_stale());
  EXPECT_TRUE(pass_until(
      30s, [this] { return subscriber_.lines.back().find(" live ") != std::string::npos; }));
}

// Closed with 1001, 1006 and 1008 every few days.
TEST_F(ProductionThreads, T10_EveryCloseCodeIsSaidAndRecoveredFrom) {
  live_with_a_position();
  for (const char* text : {"closed with code 1001", "connection reset", "closed with code 1008",
                           "closed with code 1011"}) {
    cut(0, CloseCause::server, text);
    pass(60ms);
    EXPECT_EQ(state(), AccountState::stale);
    EXPECT_THAT(detail(), HasSubstr(text));
    ASSERT_TRUE(pass_until(2min, [this] { return is_live(0); }));
    pass(2min);
  }
}

// A switch between one-way and hedge mode is told by no event.
TEST_F(ProductionThreads, T11_SwitchOfThePositionModeIsNoticedByComparing) {
  live_with_a_position();
  treatment().mode = PositionMode::hedge;
  pass(limits::reconciles_per_settings_check * 61s);
  EXPECT_THAT(log_, Contains(HasSubstr("switched from one-way to hedge mode")));
}

// -1021 when our estimate of its clock runs ahead: it never does.
TEST_F(ProductionThreads, T12_EstimateOfTheExchangesClockIsNeverAhead) {
  start(1);
  pass(1h);
  EXPECT_TRUE(clock_.is_known());
  EXPECT_LE(clock_.at_least(now().monotonic), now().wall);
  EXPECT_GE(clock_.at_least(now().monotonic), now().wall - 100ms);
}

// The stream of all symbols comes in several frames, TradFi apart; absent symbols mean nothing.
TEST_F(ProductionThreads, T13_FrameWithoutAHeldSymbolDoesNotTakeItsPriceAway) {
  start(1, {.mark_price_mode = MarkPriceMode::all});
  treatment().held["BTCUSDT"] = row("BTCUSDT", PositionSide::both, "1", "90", 1);
  treatment().held["XAUUSDT"] = row("XAUUSDT", PositionSide::both, "2", "90", 1);
  ASSERT_TRUE(pass_until(10s, [this] { return is_live(0); }));
  pass(3s);
  subscriber_.take();
  pass(5min);
  EXPECT_THAT(subscriber_.lines, Not(Contains(HasSubstr("nil"))));
  EXPECT_THAT(subscriber_.lines, Not(Contains(HasSubstr("stale"))));
  EXPECT_THAT(subscriber_.lines,
              Contains(HasSubstr("XAUUSDT BOTH LONG 2 entry 90 mark 100 pnl 20")));
}

// Testing against the demo exchange proves nothing about routes: evidence counts for the connection
// that it came on.
TEST_F(ProductionThreads, T14_EachConnectionHasToShowAnewThatItCarriesTheEvents) {
  live_with_a_position();
  trade(0, "BTCUSDT", "2");
  pass(1s);
  EXPECT_EQ(session_->feed().view(0).evidence, StreamEvidence::event);
  treatment().lists = Treatment::Lists::nothing;
  cut(0);
  pass(60ms);
  EXPECT_TRUE(pass_until(1min, [this] { return is_live(0); }));
  EXPECT_EQ(session_->feed().view(0).evidence, StreamEvidence::connected);
}

// Headers that say -1, and numbers where there were texts.
TEST_F(ProductionThreads, T15_UsedWeightOfMinusOneIsNoWeight) {
  foreign_weight_ = -1;
  start(3);
  EXPECT_TRUE(pass_until(10s, [this] { return all_live(); }));
  EXPECT_GT(session_->gate().metrics().used_weight.read(), 0);
}

// REST is refused to this place (451) while streams work: live is only who has been compared.
TEST_F(ProductionThreads, T16_RestThatIsBlockedLeavesRunningStreamsAloneAndSaysSo) {
  live_with_a_position();
  rest_is_blocked_ = true;
  pass(5min);
  trade(0, "BTCUSDT", "2");
  pass(1s);
  EXPECT_EQ(published_amount(0, "BTCUSDT"), "2") << "the stream goes on";
  EXPECT_THAT(log_, Contains(HasSubstr("could not be compared with the exchange: HTTP 451")));
  pass(limits::listen_key_life);
  EXPECT_EQ(state(), AccountState::stale) << "nobody renews its key";
}

// Listen keys are in addresses, envelopes, answers and events; none reaches a line of the log or a
// subscriber.
TEST_F(ProductionThreads, T17_NoListenKeyIsEverSaid) {
  live_with_a_position();
  tell(0, ListenKeyExpired{.event_time = now().wall, .listen_key = Secret{treatment().key}});
  treatment().key.clear();
  pass(10min);
  cut(0);
  pass(30min);
  for (const std::string& line : log_) EXPECT_EQ(line.find("KEY-"), std::string::npos) << line;
  for (const std::string& line : subscriber_.lines)
    EXPECT_EQ(line.find("KEY-"), std::string::npos) << line;
  EXPECT_EQ(detail().find("KEY-"), std::string::npos);
}

}  // namespace
}  // namespace bridge

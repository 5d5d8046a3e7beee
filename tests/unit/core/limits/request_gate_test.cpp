#include "bridge/core/limits/request_gate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/core/limits/limits.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;

class RequestGateTest : public ::testing::Test {
 protected:
  // The exchange's clock shows 12:00:30, ours 11:59:00.
  RequestGateTest() { clock_.learn(exchange_time(0) + 12h + 30s, now()); }

  Now now() const {
    return {.monotonic = MonotonicTime{1h} + elapsed_,
            .wall = exchange_time(0) + 12h - 60s + elapsed_};
  }
  void submit(Endpoint endpoint, Urgency urgency = Urgency::routine) {
    gate_.submit({0, {++number_, endpoint, urgency}});
  }
  // Releases all that may be sent, each answered at once.
  std::vector<Endpoint> send_all() {
    std::vector<Endpoint> sent;
    while (const auto ticket = gate_.release(now())) {
      sent.push_back(ticket->request.endpoint);
      gate_.answered(ListenKeyClosed{}, std::nullopt, now());
    }
    return sent;
  }
  static RestFailure refusal(int status) {
    return {.kind = RestFailure::Kind::refused, .http_status = status, .message = "no"};
  }
  void refuse(const RestFailure& failure) {
    submit(Endpoint::server_time, Urgency::vital);
    ASSERT_TRUE(gate_.release(now()));
    gate_.answered(failure, std::nullopt, now());
  }

  ExchangeClock clock_;
  RequestGate gate_{clock_};
  Duration elapsed_{};
  RequestNumber number_ = 0;
};

TEST_F(RequestGateTest, LetsTheVitalThroughBeforeWhatCanWait) {
  submit(Endpoint::position_risk, Urgency::routine);
  submit(Endpoint::symbol_config, Urgency::synchronization);
  submit(Endpoint::keep_listen_key_alive, Urgency::vital);
  EXPECT_THAT(send_all(), ::testing::ElementsAre(Endpoint::keep_listen_key_alive,
                                                 Endpoint::symbol_config, Endpoint::position_risk));
}

TEST_F(RequestGateTest, RoutineStopsAtHalfOfTheWeightUntilTheExchangesNextMinute) {
  for (int i = 0; i < 300; ++i) submit(Endpoint::position_risk);
  EXPECT_EQ(send_all().size(), 240U) << "of weight 5 each";
  EXPECT_EQ(gate_.metrics().used_weight.read(), limits::routine_weight_spent_max);
  EXPECT_EQ(gate_.deadline(), now().monotonic + 30s) << "when its clock shows 12:01:00";
  elapsed_ = 30s - 1us;
  EXPECT_TRUE(send_all().empty());
  elapsed_ = 30s;
  EXPECT_EQ(send_all().size(), 60U);
}

TEST_F(RequestGateTest, KeysAndSynchronizationsMayUseMoreOfTheWeightAndNeverAll) {
  for (int i = 0; i < 300; ++i) submit(Endpoint::position_risk);
  send_all();
  for (int i = 0; i < 500; ++i) submit(Endpoint::position_risk, Urgency::synchronization);
  EXPECT_EQ(send_all().size(), 144U);
  EXPECT_EQ(gate_.metrics().used_weight.read(), limits::request_weight_spent_max);
}

TEST_F(RequestGateTest, WeightInAnAnswerCountsWhenItIsMoreThanWeKnowOf) {
  submit(Endpoint::server_time);
  gate_.release(now());
  gate_.answered(ServerTime{}, 1'000, now());
  EXPECT_EQ(gate_.metrics().used_weight.read(), 1'000);
  submit(Endpoint::server_time);
  gate_.release(now());
  gate_.answered(ServerTime{}, -1, now());
  EXPECT_EQ(gate_.metrics().used_weight.read(), 1'001);
}

TEST_F(RequestGateTest, FewAreUnderWayAtOnce) {
  for (int i = 0; i < 20; ++i) submit(Endpoint::server_time);
  int released = 0;
  while (gate_.release(now())) ++released;
  EXPECT_EQ(released, limits::requests_in_flight_max);
  gate_.answered(ServerTime{}, std::nullopt, now());
  EXPECT_TRUE(gate_.release(now()));
  EXPECT_FALSE(gate_.release(now()));
}

TEST_F(RequestGateTest, WhatNobodyWantsAnyMoreCostsNothing) {
  submit(Endpoint::position_risk);
  const auto ticket = gate_.release(now());
  ASSERT_TRUE(ticket);
  gate_.withdrawn(*ticket);
  EXPECT_EQ(gate_.metrics().used_weight.read(), 0);
}

TEST_F(RequestGateTest, RetryAfterSilencesTheAddressForSoLong) {
  RestFailure failure = refusal(429);
  failure.retry_after = 90s;
  refuse(failure);
  submit(Endpoint::keep_listen_key_alive, Urgency::vital);
  EXPECT_TRUE(send_all().empty());
  EXPECT_EQ(gate_.deadline(), now().monotonic + 90s);
  EXPECT_THAT(gate_.notice(), HasSubstr("refuses REST requests from this address"));
  EXPECT_THAT(gate_.notice(), HasSubstr("until 12:00:30 UTC")) << "our wall clock and 90 s";
  elapsed_ = 90s;
  EXPECT_EQ(send_all().size(), 1U);
  EXPECT_TRUE(gate_.notice().empty());
}

TEST_F(RequestGateTest, RefusalWithoutATimeIsWaitedOutAllTheSame) {
  refuse(refusal(429));
  EXPECT_EQ(gate_.deadline(), now().monotonic + limits::slow_down_pause);
}

TEST_F(RequestGateTest, BanLastsUntilTheTimeThatTheExchangeNamesByItsOwnClock) {
  RestFailure failure = refusal(418);
  failure.code = -1003;
  failure.banned_until = exchange_time(0) + 12h + 30s + 10min;
  refuse(failure);
  EXPECT_EQ(gate_.deadline(), now().monotonic + 10min);
  EXPECT_THAT(gate_.notice(), HasSubstr("has banned this address"));
  EXPECT_EQ(gate_.metrics().bans.read(), 1U);
}

TEST_F(RequestGateTest, BanWithoutATimeIsTheShortestThatThereIs) {
  refuse(refusal(418));
  EXPECT_EQ(gate_.deadline(), now().monotonic + limits::ban_pause);
}

// A clock that is wrong by years must not silence the bridge for years.
TEST_F(RequestGateTest, BanIsNeverTakenForLongerThanTheExchangeBans) {
  RestFailure failure = refusal(418);
  failure.banned_until = exchange_time(0) + 24h * 3650;
  refuse(failure);
  EXPECT_EQ(gate_.deadline(), now().monotonic + limits::ban_max);
}

TEST_F(RequestGateTest, ShorterRefusalDoesNotEndALongerOne) {
  submit(Endpoint::server_time);
  submit(Endpoint::server_time);
  gate_.release(now());
  gate_.release(now());
  RestFailure ban = refusal(418);
  ban.retry_after = 10min;
  gate_.answered(ban, std::nullopt, now());
  gate_.answered(refusal(429), std::nullopt, now());
  EXPECT_EQ(gate_.deadline(), now().monotonic + 10min);
}

}  // namespace
}  // namespace bridge

#include "bridge/core/sessions/environment_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/sessions/environment_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::HasSubstr;

class EnvironmentSessionTest : public EnvironmentTest {
 protected:
  // The bridge knows the exchange's clock to within a round trip: what is sent in the last moments
  // of a minute may be counted in the next one.
  static constexpr int round_trip_weight = limits::requests_in_flight_max * 5;

  // The most that happened within any `window`.
  template <class Weight>
  std::int64_t peak(const std::vector<Asked>& events, Duration window, Weight&& weight) {
    std::int64_t most = 0;
    std::int64_t sum = 0;
    std::size_t first = 0;
    for (const Asked& event : events) {
      sum += weight(event);
      while (event.at - events[first].at >= window) sum -= weight(events[first++]);
      most = std::max(most, sum);
    }
    return most;
  }
  std::int64_t peak_connections(Duration window) {
    std::vector<Asked> events;
    for (const MonotonicTime at : connection_attempts_) events.push_back({at, 0, {}});
    return peak(events, window, [](const Asked&) { return 1; });
  }
  // By minutes of the exchange's clock, as it counts.
  std::map<std::int64_t, int> weight_by_minute() {
    std::map<std::int64_t, int> weights;
    const WallTime start = now().wall - (now().monotonic - MonotonicTime{});
    for (const Asked& request : requests_) {
      const Duration at = (start + (request.at - MonotonicTime{})).time_since_epoch();
      weights[std::chrono::floor<std::chrono::minutes>(at).count()] +=
          request_weight(request.endpoint);
    }
    return weights;
  }
};

TEST_F(EnvironmentSessionTest, AThousandAccountsComeUpWithinTheLimitsOfOneAddress) {
  start(1'000, {.reconcile_interval = 60s});
  EXPECT_TRUE(pass_until(30min, [this] { return all_live(); }));
  EXPECT_LE(peak_connections(5min), 300);
  EXPECT_LE(peak_connections(1s), limits::connection_burst + 1)
      << "the mark price stream waits not";
  pass(10min);
  for (const auto& [minute, weight] : weight_by_minute())
    EXPECT_LE(weight, limits::request_weight_spent_max + round_trip_weight) << "minute " << minute;
  EXPECT_TRUE(all_live());
}

TEST_F(EnvironmentSessionTest, AThousandAccountsThatWereCutTogetherComeBackWithinTheLimits) {
  start(1'000, {.reconcile_interval = 60s});
  ASSERT_TRUE(pass_until(30min, [this] { return all_live(); }));
  connection_attempts_.clear();
  for (AccountNumber number = 0; number < 1'000; ++number) cut(number);
  pass(1s);
  EXPECT_TRUE(pass_until(30min, [this] { return all_live(); }));
  EXPECT_LE(peak_connections(5min), 300);
}

TEST_F(EnvironmentSessionTest, FiftyAccountsAreLiveWithinTenSecondsOfTheStart) {
  start(50, {.reconcile_interval = 60s});
  EXPECT_TRUE(pass_until(10s, [this] { return all_live(); }));
}

TEST_F(EnvironmentSessionTest, FiftyAccountsAreLiveWithinTenSecondsOfACutOfEverything) {
  start(50, {.reconcile_interval = 60s});
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  pass(2min);
  for (AccountNumber number = 0; number < 50; ++number) cut(number);
  cut(EnvironmentSession::mark_owner);
  pass(200ms);
  ASSERT_FALSE(is_live(0));
  EXPECT_TRUE(pass_until(10s, [this] { return all_live(); }));
}

TEST_F(EnvironmentSessionTest, PositionThatOpensHasAMarkPriceWithinHalfASecond) {
  start(1);
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  market_is_mute_ = true;  // the stream is subscribed and has not ticked yet
  trade(0, "BTCUSDT", "1");
  pass(500ms);
  EXPECT_EQ(subscriber_.lines.back(),
            "account-0 BTCUSDT BOTH LONG 1 entry 100 mark 101 pnl 1 live mark_price");
  EXPECT_EQ(count_of(Endpoint::premium_index), 1U);
}

TEST_F(EnvironmentSessionTest, PricesOfManySymbolsAreAskedForAtOnce) {
  start(1);
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  market_is_mute_ = true;
  cut(0);
  for (int number = 0; number < 30; ++number) {
    const std::string symbol = "COIN" + std::to_string(number) + "USDT";
    treatment().held[symbol] = row(symbol, PositionSide::both, "1", "100", exchange_ms());
  }
  ASSERT_TRUE(pass_until(10s, [this] { return !is_live(0); }));
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  pass(500ms);
  EXPECT_EQ(count_of(Endpoint::premium_index), 0U);
  EXPECT_EQ(count_of(Endpoint::premium_index_of_all), 1U);
  EXPECT_EQ(published_amount(0, "COIN29USDT"), "1");
}

TEST_F(EnvironmentSessionTest, WithoutPremiumIndexTheStreamBringsTheFirstPrice) {
  has_premium_index_ = false;
  start(1);
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  trade(0, "BTCUSDT", "1");
  pass(30s);
  EXPECT_LE(count_of(Endpoint::premium_index),
            static_cast<std::size_t>(limits::first_price_requests_max));
  EXPECT_NE(subscriber_.lines.back().find(" live mark_price"), std::string::npos);
}

TEST_F(EnvironmentSessionTest, ComparisonsOfManyAccountsStayUnderHalfOfTheWeight) {
  start(1'000, {.reconcile_interval = 10s});
  ASSERT_TRUE(pass_until(30min, [this] { return all_live(); }));
  pass(20min);
  requests_.clear();
  pass(2min);
  requests_.clear();  // whole minutes
  pass(10min);
  for (const auto& [minute, weight] : weight_by_minute())
    EXPECT_LE(weight, limits::routine_weight_spent_max + 60) << "keys are renewed besides";
  EXPECT_GE(count_of(Endpoint::position_risk), 1'900U) << "and all of the rest is used";
  EXPECT_TRUE(session_->reconcile_plan().is_stretched());
  EXPECT_EQ(session_->reconcile_plan().interval(), 300s);
}

TEST_F(EnvironmentSessionTest, WeightThatOthersUseAtThisAddressIsTakenIntoAccount) {
  start(2, {.reconcile_interval = 10s});
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  foreign_weight_ = limits::routine_weight_spent_max;
  pass(70s);
  const std::size_t before = count_of(Endpoint::position_risk);
  pass(45s);
  EXPECT_LE(count_of(Endpoint::position_risk), before + 2) << "one a minute shows that it is full";
  EXPECT_TRUE(all_live());
}

TEST_F(EnvironmentSessionTest, BanStopsTheAddressAndIsSaidOnEveryAccount) {
  start(5, {.reconcile_interval = 10s});
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  ban(3min);
  pass(15s);  // somebody was compared and is told
  requests_.clear();
  for (AccountNumber number = 0; number < 5; ++number) {
    EXPECT_THAT(detail(number), HasSubstr("has banned this address"));
    EXPECT_TRUE(is_live(number)) << "its streams go on";
  }
  pass(150s);
  EXPECT_TRUE(requests_.empty()) << "nothing is asked before its end";
  pass(1min);
  EXPECT_FALSE(requests_.empty());
  for (AccountNumber number = 0; number < 5; ++number)
    EXPECT_EQ(detail(number).find("banned"), std::string::npos) << "and its end is said, too";
  EXPECT_EQ(session_->gate().metrics().bans.read(), 1U);
}

TEST_F(EnvironmentSessionTest, RefusedCredentialsAreLeftAloneAndHurtNobodyElse) {
  start(3, {.reconcile_interval = 10s});
  treatment(1).credentials_are_bad = true;
  pass(1min);
  EXPECT_EQ(state(1), AccountState::failed);
  EXPECT_TRUE(is_live(0));
  EXPECT_TRUE(is_live(2));
  pass(24h);
  EXPECT_EQ(std::count_if(requests_.begin(), requests_.end(),
                          [](const Asked& request) { return request.owner == 1; }),
            1);
}

TEST_F(EnvironmentSessionTest, ADayAndARotationPassWithoutAWordToSubscribers) {
  start(20, {.reconcile_interval = 60s});
  treatment().held["BTCUSDT"] = row("BTCUSDT", PositionSide::both, "1", "100", 1);
  ASSERT_TRUE(pass_until(30s, [this] { return all_live(); }));
  pass(3s);
  subscriber_.take();
  connection_attempts_.clear();
  for (int hour = 0; hour < 25; ++hour) {
    pass(1h);
    for (const std::string& line : subscriber_.take()) {
      ASSERT_EQ(line.find("stale"), std::string::npos) << line << " in hour " << hour;
      ASSERT_EQ(line.find(" is "), std::string::npos) << line << " in hour " << hour;
    }
  }
  EXPECT_EQ(connection_attempts_.size(), 21U) << "twenty user streams and the mark price stream";
}

TEST_F(EnvironmentSessionTest, RotationTellsEachEventOnceWhicheverConnectionIsAhead) {
  start(1, {.reconcile_interval = 0s});
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  ASSERT_TRUE(pass_until(25h, [this] { return streams_of(0).size() == 2; }));
  subscriber_.take();
  std::vector<std::string> expected;
  for (int size = 1; streams_of(0).size() == 2; ++size) {
    trade(0, "ETHUSDT", std::to_string(size));
    expected.push_back("LONG " + std::to_string(size) + " ");
    pass(100ms);
    ASSERT_LT(size, 100) << "it takes over in the end";
  }
  pass(1s);
  std::vector<std::string> told;
  for (const std::string& line : subscriber_.take()) {
    if (line.find("account_update") != std::string::npos) told.push_back(line);
  }
  ASSERT_EQ(told.size(), expected.size());
  for (std::size_t i = 0; i < told.size(); ++i) EXPECT_THAT(told[i], HasSubstr(expected[i]));
}

TEST_F(EnvironmentSessionTest, StreamThatDiesWhileItIsReplacedIsSynchronizedOnItsSuccessor) {
  start(1, {.reconcile_interval = 0s});
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  ASSERT_TRUE(pass_until(25h, [this] {
    const auto streams = streams_of(0);
    return streams.size() == 2 && streams[1].is_open;
  }));
  const auto attempts = connection_attempts_.size();
  change_streams(0, [first = true](Stream& stream) mutable {
    stream.is_silenced = std::exchange(first, false);
  });
  trade(0, "ETHUSDT", "7");
  EXPECT_TRUE(pass_until(90s, [this] { return !is_live(0) || streams_of(0).size() == 1; }));
  EXPECT_TRUE(pass_until(10s, [this] { return is_live(0); }));
  EXPECT_EQ(published_amount(0, "ETHUSDT"), "7");
  EXPECT_EQ(connection_attempts_.size(), attempts) << "without another connection";
}

TEST_F(EnvironmentSessionTest, SuccessorThatDoesNotCarryTheEventsIsGivenUpAndTriedAgain) {
  start(1, {.reconcile_interval = 0s});
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  treatment().events_are_overlooked = true;
  ASSERT_TRUE(pass_until(25h, [this] { return streams_of(0).size() == 2; }));
  subscriber_.take();
  pass(1min);
  EXPECT_EQ(streams_of(0).size(), 1U);
  EXPECT_TRUE(is_live(0));
  treatment().events_are_overlooked = false;
  pass(limits::rotation_retry * 2 + 1min);
  EXPECT_TRUE(is_live(0));
  EXPECT_EQ(session_->account(0).stream_metrics().disconnects[CloseCause::rotated].read(), 1U);
  EXPECT_TRUE(subscriber_.lines.empty()) << subscriber_.lines.front();
}

TEST_F(EnvironmentSessionTest,
       MarkPriceStreamIsNotReplacedBeforeItsSuccessorBringsEveryHeldSymbol) {
  start(1, {.reconcile_interval = 0s});
  for (const char* symbol : {"BTCUSDT", "ETHUSDT", "SOLUSDT"})
    treatment().held[symbol] = row(symbol, PositionSide::both, "1", "100", 1);
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  pass(5s);
  settling_.insert("SOLUSDT");  // brings nothing on either, and is not waited for
  pass(1min);
  subscriber_.take();
  ASSERT_TRUE(
      pass_until(25h, [this] { return streams_of(EnvironmentSession::mark_owner).size() == 2; }));
  EXPECT_TRUE(
      pass_until(30s, [this] { return streams_of(EnvironmentSession::mark_owner).size() == 1; }));
  for (const std::string& line : subscriber_.take()) {
    if (line.find("SOLUSDT") == std::string::npos) {
      EXPECT_EQ(line.find("stale"), std::string::npos) << line;
    }
  }
  EXPECT_EQ(session_->mark().metrics().stream.disconnects[CloseCause::rotated].read(), 1U);
}

TEST_F(EnvironmentSessionTest, SettlingSymbolIsStaleWithoutAReconnection) {
  start(1, {.reconcile_interval = 0s});
  for (const char* symbol : {"BTCUSDT", "ETHUSDT"})
    treatment().held[symbol] = row(symbol, PositionSide::both, "1", "100", 1);
  ASSERT_TRUE(pass_until(10s, [this] { return all_live(); }));
  pass(5s);
  settling_.insert("ETHUSDT");
  const auto attempts = connection_attempts_.size();
  pass(1h);
  EXPECT_THAT(
      subscriber_.lines,
      ::testing::Contains(HasSubstr("ETHUSDT BOTH LONG 1 entry 100 mark 100 pnl 0 stale state")));
  EXPECT_EQ(connection_attempts_.size(), attempts);
  EXPECT_TRUE(is_live(0));
}

}  // namespace
}  // namespace bridge

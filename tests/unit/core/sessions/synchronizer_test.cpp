#include "bridge/core/sessions/synchronizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "bridge/core/limits/limits.hpp"
#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using enum PositionSide;

class SynchronizerTest : public ::testing::Test {
 protected:
  SynchronizerTest() {
    clock_.learn(exchange_time(10'000), {.monotonic = start_, .wall = exchange_time(10'000)});
  }

  std::vector<Endpoint> asked() {
    std::vector<Endpoint> endpoints;
    for (const Effect& effect : effects_.take()) {
      const auto& request = std::get<effect::Request>(effect);
      EXPECT_EQ(request.urgency, Urgency::synchronization);
      endpoints.push_back(request.endpoint);
      numbers_[request.endpoint] = request.request;
    }
    return endpoints;
  }
  void answer(Endpoint endpoint, RestReply reply) {
    asked();
    EXPECT_FALSE(synchronizer_.answer(numbers_.at(endpoint), std::move(reply), start_ + 3s));
  }
  void answer_all(PositionRows rows) {
    answer(Endpoint::account_config, AccountConfig{});
    answer(Endpoint::symbol_config, SymbolConfigs{});
    answer(Endpoint::position_risk, std::move(rows));
  }

  const MonotonicTime start_{1h};
  ExchangeClock clock_;
  Effects effects_;
  AccountRequests requests_{effects_};
  std::map<Endpoint, RequestNumber> numbers_;
  EndpointDirectory endpoints_;
  Counter switches_;
  PositionModeWatch mode_{effects_, switches_};
  Synchronizer synchronizer_{{requests_, endpoints_, mode_, effects_}, clock_};
};

TEST_F(SynchronizerTest, ReadsTheAccountOnlyWhenRestMustKnowWhatHappenedBeforeTheOpening) {
  synchronizer_.begin(start_);
  synchronizer_.wake(start_ + limits::rest_lag_max - 1us);
  EXPECT_THAT(asked(), IsEmpty());
  EXPECT_EQ(synchronizer_.deadline(), start_ + limits::rest_lag_max);
  synchronizer_.wake(start_ + limits::rest_lag_max);
  EXPECT_THAT(asked(), ElementsAre(Endpoint::account_config, Endpoint::symbol_config,
                                   Endpoint::position_risk));
  EXPECT_EQ(synchronizer_.deadline(), never);
}

TEST_F(SynchronizerTest, IsCompleteWhenEverythingIsAnsweredAndHandsOutRowsAndEvents) {
  synchronizer_.begin(start_);
  EXPECT_TRUE(synchronizer_.keep(account_update(10'500, {change("ETHUSDT", both, "2", "10")})));
  synchronizer_.wake(start_ + limits::rest_lag_max);
  answer(Endpoint::account_config, AccountConfig{});
  answer(Endpoint::position_risk, PositionRows{{row("BTCUSDT", both, "1", "100", 1)}});
  EXPECT_FALSE(synchronizer_.is_complete());
  answer(Endpoint::symbol_config,
         SymbolConfigs{{{.symbol = "BTCUSDT", .margin_type = {}, .leverage = 20}}});
  ASSERT_TRUE(synchronizer_.is_complete());
  const auto snapshot = synchronizer_.take();
  EXPECT_EQ(snapshot.positions.rows.size(), 1U);
  EXPECT_EQ(snapshot.symbol_configs.rows.size(), 1U);
  EXPECT_EQ(snapshot.account_updates.size(), 1U);
  EXPECT_EQ(snapshot.certain_before, exchange_time(10'000)) << "asked 2 s later, less the lag";
  EXPECT_FALSE(synchronizer_.is_under_way());
  EXPECT_FALSE(synchronizer_.is_complete());
}

TEST_F(SynchronizerTest, ReadsEverythingAgainAfterAFailureAndKeepsTheEvents) {
  synchronizer_.begin(start_);
  EXPECT_TRUE(synchronizer_.keep(account_update(10'500, {change("ETHUSDT", both, "2", "10")})));
  synchronizer_.wake(start_ + 2s);
  answer(Endpoint::account_config, AccountConfig{});
  const RequestNumber late = numbers_[Endpoint::position_risk];
  synchronizer_.read_again(3s, start_ + 2s);
  EXPECT_FALSE(synchronizer_.awaits(late));
  EXPECT_FALSE(synchronizer_.is_complete());
  EXPECT_EQ(synchronizer_.deadline(), start_ + 5s);
  synchronizer_.wake(start_ + 5s);
  answer_all({});
  ASSERT_TRUE(synchronizer_.is_complete());
  const auto snapshot = synchronizer_.take();
  EXPECT_EQ(snapshot.account_updates.size(), 1U);
  EXPECT_EQ(snapshot.certain_before, exchange_time(13'000)) << "all of it is of the second time";
}

TEST_F(SynchronizerTest, AnotherOpeningForgetsWhatTheFirstOneBrought) {
  synchronizer_.begin(start_);
  EXPECT_TRUE(synchronizer_.keep(account_update(10'500, {change("ETHUSDT", both, "2", "10")})));
  synchronizer_.begin(start_ + 1s);
  synchronizer_.wake(start_ + 3s);
  answer_all({});
  EXPECT_THAT(synchronizer_.take().account_updates, IsEmpty());
}

TEST_F(SynchronizerTest, KeepsALimitedNumberOfEvents) {
  synchronizer_.begin(start_);
  const auto update = account_update(10'500, {});
  for (std::size_t count = 0; count < limits::sync_buffer_max; ++count)
    ASSERT_TRUE(synchronizer_.keep(update));
  EXPECT_FALSE(synchronizer_.keep(update));
}

}  // namespace
}  // namespace bridge

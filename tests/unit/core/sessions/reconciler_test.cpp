#include "bridge/core/sessions/reconciler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
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

// A synchronized account that holds 0.5 BTCUSDT, compared every minute.
class ReconcilerTest : public ::testing::Test {
 protected:
  ReconcilerTest() {
    clock_.learn(now().wall, now());
    account_ = feed_.add_account({.name = "main", .venue = Venue::binance_usdm}, now());
    feed_.set_mark_connected(true, "", now());
    feed_.synchronize(account_,
                      {.positions = {{held("0.5")}}, .certain_before = exchange_time(9'000'000)},
                      "live", now());
    subscriber_.take();
    reconciler_.emplace(
        Reconciler::Account{feed_, account_, clock_, {requests_, endpoints_, mode_, effects_}},
        plan_, 1);
    reconciler_->start(now().monotonic);
  }

  Now now() const {
    return {.monotonic = MonotonicTime{1h} + elapsed_,
            .wall = exchange_time(10'000'000) + elapsed_};
  }
  static PositionRow held(const std::string& amount) {
    return row("BTCUSDT", both, amount, "100", 9'100'000);
  }

  // Waits for the next comparison; what it asks for.
  std::vector<Endpoint> next() {
    elapsed_ = reconciler_->deadline() - MonotonicTime{1h};
    reconciler_->wake(now());
    std::vector<Endpoint> endpoints;
    for (const Effect& effect : effects_.take()) {
      const auto* request = std::get_if<effect::Request>(&effect);
      if (request == nullptr) continue;
      EXPECT_EQ(request->urgency, Urgency::routine);
      endpoints.push_back(request->endpoint);
      numbers_[request->endpoint] = request->request;
    }
    return endpoints;
  }
  std::optional<Reconciler::Result> answer(Endpoint endpoint, RestReply reply) {
    return reconciler_->answer(numbers_.at(endpoint), std::move(reply), now());
  }
  ReconcileOutcome compare_with(std::vector<PositionRow> rows) {
    next();
    const auto result = answer(Endpoint::position_risk, PositionRows{std::move(rows)});
    return result.value().outcome;
  }

  Duration elapsed_{};
  Subscriber subscriber_;
  std::uint32_t topics_ = 0;
  ExchangeClock clock_;
  PositionFeed feed_{subscriber_, clock_, 24h, topics_};
  PositionFeed::AccountNumber account_ = 0;
  Effects effects_;
  AccountRequests requests_{effects_};
  EndpointDirectory endpoints_;
  Counter switches_;
  PositionModeWatch mode_{effects_, switches_};
  ReconcilePlan plan_{60s};
  std::optional<Reconciler> reconciler_;
  std::map<Endpoint, RequestNumber> numbers_;
};

TEST_F(ReconcilerTest, EqualPositionsAreCleanAndPublishNothing) {
  EXPECT_THAT(next(), ElementsAre(Endpoint::position_risk));
  const auto result = answer(Endpoint::position_risk, PositionRows{{held("0.5")}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, ReconcileOutcome::clean);
  EXPECT_TRUE(result->is_confirmed);
  EXPECT_THAT(subscriber_.take(), IsEmpty());
  EXPECT_EQ(reconciler_->deadline(), now().monotonic + 60s);
}

TEST_F(ReconcilerTest, CorrectionsInARowAreCountedUntilAComparisonIsClean) {
  EXPECT_EQ(compare_with({held("0.6")}), ReconcileOutcome::corrected);
  EXPECT_EQ(compare_with({held("0.7")}), ReconcileOutcome::corrected);
  EXPECT_EQ(reconciler_->corrections_in_a_row(), 2);
  EXPECT_EQ(compare_with({held("0.7")}), ReconcileOutcome::clean);
  EXPECT_EQ(reconciler_->corrections_in_a_row(), 0);
}

TEST_F(ReconcilerTest, FailedComparisonConfirmsNothingAndSaysNothingAboutTheStream) {
  EXPECT_EQ(compare_with({held("0.6")}), ReconcileOutcome::corrected);
  next();
  const auto result = answer(Endpoint::position_risk,
                             RestFailure{.kind = RestFailure::Kind::network, .message = "reset"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, ReconcileOutcome::failed);
  EXPECT_FALSE(result->is_confirmed);
  EXPECT_EQ(reconciler_->corrections_in_a_row(), 1);
}

TEST_F(ReconcilerTest, SettingsAreComparedWithEveryTenthLookAtPositions) {
  for (int round = 1; round < limits::reconciles_per_settings_check; ++round) {
    ASSERT_THAT(next(), ElementsAre(Endpoint::position_risk)) << round;
    answer(Endpoint::position_risk, PositionRows{{held("0.5")}});
  }
  EXPECT_THAT(next(), ElementsAre(Endpoint::account_config, Endpoint::symbol_config,
                                  Endpoint::position_risk));
  EXPECT_FALSE(answer(Endpoint::position_risk, PositionRows{{held("0.5")}}));
  EXPECT_FALSE(answer(Endpoint::account_config, AccountConfig{}));
  const auto result =
      answer(Endpoint::symbol_config,
             SymbolConfigs{{{.symbol = "BTCUSDT", .margin_type = {}, .leverage = 20}}});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, ReconcileOutcome::corrected);
}

TEST_F(ReconcilerTest, ComparisonThatWasPausedAwaitsNothingAndRemembersTheCorrections) {
  EXPECT_EQ(compare_with({held("0.6")}), ReconcileOutcome::corrected);
  next();
  reconciler_->pause();
  EXPECT_FALSE(reconciler_->awaits(numbers_[Endpoint::position_risk]));
  EXPECT_EQ(reconciler_->deadline(), never);
  EXPECT_EQ(reconciler_->corrections_in_a_row(), 1);
  reconciler_->stop();
  EXPECT_EQ(reconciler_->corrections_in_a_row(), 0);
}

}  // namespace
}  // namespace bridge

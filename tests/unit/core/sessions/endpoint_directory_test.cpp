#include "bridge/core/sessions/endpoint_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/core/limits/limits.hpp"
#include "tests/unit/core/sessions/environment_fixture.hpp"

namespace bridge {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using ::testing::Contains;
using ::testing::HasSubstr;
using enum Endpoint;

constexpr MonotonicTime start_time{1h};

TEST(EndpointDirectory, EndpointThatIsGoneIsLeftAloneForAnHour) {
  EndpointDirectory directory;
  EXPECT_EQ(directory.endpoint_for(Question::positions, start_time), position_risk);
  EXPECT_TRUE(directory.note_gone(position_risk, start_time));
  EXPECT_FALSE(directory.note_gone(position_risk, start_time + 1min)) << "it is known";
  EXPECT_EQ(directory.endpoint_for(Question::positions, start_time), position_risk_v2);
  const MonotonicTime later = start_time + limits::gone_endpoint_pause;
  EXPECT_EQ(directory.endpoint_for(Question::positions, later - 1us), position_risk_v2);
  EXPECT_EQ(directory.endpoint_for(Question::positions, later), position_risk);
}

TEST(EndpointDirectory, PositionsAreAskedForInAnyCaseAndTheRestMayStayUnknown) {
  EndpointDirectory directory;
  for (const Endpoint endpoint : {position_risk, position_risk_v2, account_v2, symbol_config,
                                  account_config, position_side_dual})
    directory.note_gone(endpoint, start_time);
  EXPECT_EQ(directory.endpoint_for(Question::positions, start_time), position_risk);
  EXPECT_EQ(directory.endpoint_for(Question::settings, start_time), std::nullopt);
  EXPECT_EQ(directory.endpoint_for(Question::position_mode, start_time), std::nullopt);
}

// An environment whose exchange does not have some endpoints.
class MissingEndpointTest : public EnvironmentTest {
 protected:
  void start_without(std::vector<Endpoint> endpoints) {
    for (const Endpoint endpoint : endpoints) missing_[endpoint] = no_such_path();
    start(2, {.reconcile_interval = 10s});
    for (AccountNumber number = 0; number < 2; ++number) trade(number, "BTCUSDT", "0.5");
  }
  void expect_live_and_right() {
    EXPECT_TRUE(pass_until(30s, [this] { return all_live(); })) << detail();
    pass(1s);
    EXPECT_EQ(published_amount(0, "BTCUSDT"), "0.5");
    trade(0, "BTCUSDT", "0.7");
    pass(1s);
    EXPECT_EQ(published_amount(0, "BTCUSDT"), "0.7");
    pass(2min);
    EXPECT_TRUE(all_live());
    EXPECT_EQ(published_amount(0, "BTCUSDT"), "0.7") << "comparisons agree";
    EXPECT_EQ(session_->account(0).metrics().reconciles[ReconcileOutcome::corrected].read(), 0U);
    EXPECT_GT(session_->account(0).metrics().reconciles[ReconcileOutcome::clean].read(), 5U);
  }
};

TEST_F(MissingEndpointTest, WithoutThirdVersionPositionsComeFromTheSecond) {
  start_without({position_risk});
  expect_live_and_right();
  EXPECT_EQ(count_of(position_risk), 1U + 1U) << "asked once by each that came up together";
  EXPECT_EQ(published_leverage(0, "BTCUSDT"), 20U);
}

TEST_F(MissingEndpointTest, WithoutPositionRiskPositionsComeFromTheAccount) {
  start_without({position_risk, position_risk_v2});
  expect_live_and_right();
  EXPECT_GT(count_of(account_v2), 10U);
}

TEST_F(MissingEndpointTest, WithoutSymbolConfigSettingsComeFromTheSecondVersionOfPositions) {
  start_without({symbol_config});
  expect_live_and_right();
  EXPECT_EQ(published_leverage(0, "BTCUSDT"), 20U);
}

TEST_F(MissingEndpointTest, WithoutAnySettingsTheLeverageIsUnknownAndTheAccountLive) {
  start_without({symbol_config, position_risk_v2});
  expect_live_and_right();
  EXPECT_EQ(published_leverage(0, "BTCUSDT"), std::nullopt);
  EXPECT_THAT(
      log_, Contains(HasSubstr("for the leverage and margin types, there is nothing else to ask")));
}

TEST_F(MissingEndpointTest, WithoutAccountConfigTheModeComesFromElsewhere) {
  start_without({account_config});
  expect_live_and_right();
  EXPECT_GT(count_of(position_side_dual), 1U);
  EXPECT_THAT(log_, Contains(HasSubstr("synchronized (one-way mode)")));
}

TEST_F(MissingEndpointTest, WithoutEitherTheModeComesFromTheRows) {
  start_without({account_config, position_side_dual});
  expect_live_and_right();
  EXPECT_THAT(log_, Contains(HasSubstr("synchronized (one-way mode)")));
}

TEST_F(MissingEndpointTest, OnlyTheFirstVersionOfEverythingIsNeeded) {
  start_without({position_risk_v2, account_v2, position_side_dual});
  expect_live_and_right();
  EXPECT_EQ(count_of(position_risk_v2) + count_of(account_v2) + count_of(position_side_dual), 0U);
}

TEST_F(MissingEndpointTest, PathMayBeGoneByCodeToo) {
  missing_[position_risk] = no_such_path(400, -5000);
  start_without({});
  expect_live_and_right();
}

TEST_F(MissingEndpointTest, FirewallThatTurnsARequestAwayDoesNotMakeThePathGone) {
  missing_[position_risk] = no_such_path(403);
  start(1, {.reconcile_interval = 10s});
  pass(30s);
  EXPECT_FALSE(is_live(0));
  EXPECT_EQ(count_of(position_risk_v2), 0U);
  missing_.clear();
  EXPECT_TRUE(pass_until(70s, [this] { return all_live(); }));
}

TEST_F(MissingEndpointTest, EndpointThatComesBackIsAskedAgainAfterAnHour) {
  start_without({position_risk});
  pass(30s);
  missing_.clear();
  requests_.clear();
  pass(limits::gone_endpoint_pause);
  EXPECT_GT(count_of(position_risk), 0U);
  EXPECT_TRUE(all_live());
}

TEST_F(MissingEndpointTest, WithoutAnyPositionsTheAccountIsNotLiveAndSaysWhy) {
  start_without({position_risk, position_risk_v2, account_v2});
  pass(2min);
  EXPECT_FALSE(is_live(0));
  EXPECT_THAT(log_, Contains(HasSubstr("could not be read: HTTP 404")));
  missing_.clear();
  EXPECT_TRUE(pass_until(70s, [this] { return all_live(); }));
}

TEST_F(MissingEndpointTest, WithoutTimeTheClockFollowsTheDatesOfAnswers) {
  answers_have_dates_ = true;
  start_without({server_time});
  expect_live_and_right();
  EXPECT_EQ(count_of(server_time), 1U) << "not asked again for an hour";
  const Duration behind = now().wall - clock_.at_least(now().monotonic);
  EXPECT_GE(behind, 0s);
  EXPECT_LT(behind, 1s);
}

}  // namespace
}  // namespace bridge

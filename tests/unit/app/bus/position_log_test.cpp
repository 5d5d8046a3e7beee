#include "bridge/app/bus/position_log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace bridge {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class PositionLogTest : public testing::Test {
 protected:
  void account_is(AccountState state) {
    log_.note(AccountStatus{.account = main_, .state = state});
  }

  void published(PositionState state, Trigger trigger, const char* amount = "1") {
    position_.amount = Decimal::parse(amount).value();
    log_.note(PositionUpdate{.topic = 7,
                             .account = main_,
                             .symbol = "BTCUSDT",
                             .position_side = PositionSide::both,
                             .position = position_,
                             .state = state,
                             .trigger = trigger});
  }

  // What `act` has written, without times.
  template <class Act>
  std::vector<std::string> lines(Act&& act) {
    testing::internal::CaptureStderr();
    act();
    std::vector<std::string> found;
    std::istringstream text{testing::internal::GetCapturedStderr()};
    for (std::string line; std::getline(text, line);)
      found.push_back(line.substr(line.find(' ') + 1));
    return found;
  }

  const AccountIdentity main_{.name = "main", .venue = Venue::binance_usdm};
  Position position_;
  PositionLog log_;
};

TEST_F(PositionLogTest, SaysOnceWhatAnAccountHasBecome) {
  EXPECT_THAT(lines([&] {
                account_is(AccountState::syncing);
                account_is(AccountState::live);
                account_is(AccountState::live);
                account_is(AccountState::stale);
              }),
              ElementsAre("INFO  account=main  is syncing", "INFO  account=main  is live",
                          "INFO  account=main  is stale"));
}

TEST_F(PositionLogTest, SaysThatAPositionOfALiveAccountHasNoPriceAndWhenItHasOneAgain) {
  lines([&] { account_is(AccountState::live); });
  EXPECT_THAT(lines([&] {
                published(PositionState::live, Trigger::mark_price);
                published(PositionState::stale, Trigger::state);
                published(PositionState::stale, Trigger::account_update);
                published(PositionState::stale, Trigger::state);
                published(PositionState::live, Trigger::mark_price);
                published(PositionState::live, Trigger::mark_price);
              }),
              ElementsAre("WARN  account=main  BTCUSDT BOTH is stale: the exchange sends no mark "
                          "price for it",
                          "INFO  account=main  BTCUSDT BOTH is not stale any more"));
}

TEST_F(PositionLogTest, SaysNothingOfPositionsWhoseAccountIsNotLive) {
  lines([&] { account_is(AccountState::stale); });
  EXPECT_THAT(lines([&] {
                published(PositionState::stale, Trigger::state);
                published(PositionState::live, Trigger::snapshot);
              }),
              IsEmpty());
}

TEST_F(PositionLogTest, PositionThatIsClosedIsNotStaleAnyMore) {
  lines([&] {
    account_is(AccountState::live);
    published(PositionState::stale, Trigger::state);
  });
  EXPECT_THAT(lines([&] { published(PositionState::stale, Trigger::account_update, "0"); }),
              ElementsAre("INFO  account=main  BTCUSDT BOTH is not stale any more"));
}

}  // namespace
}  // namespace bridge

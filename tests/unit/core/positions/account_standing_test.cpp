#include "bridge/core/positions/account_standing.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using testing::exchange_time;
using Change = AccountStanding::Change;
using Phase = AccountStanding::UserPhase;

constexpr AccountStanding::Surroundings mark_up{.mark_connected = true};
constexpr AccountStanding::Surroundings mark_down{.mark_connected = false,
                                                  .mark_detail = "the mark stream is lost"};

class AccountStandingTest : public ::testing::Test {
 protected:
  AccountStanding standing_{exchange_time(0)};
};

TEST_F(AccountStandingTest, FirstTimeIsAlwaysSaid) {
  EXPECT_EQ(standing_.settle(mark_down, exchange_time(1)), Change::said);
  EXPECT_EQ(standing_.settle(mark_down, exchange_time(2)), Change::none);
  EXPECT_EQ(standing_.state(), AccountState::connecting);
}

TEST_F(AccountStandingTest, IsLiveWhenSynchronizedAndTheMarkStreamIsConnected) {
  standing_.set_synchronized("ready");
  standing_.settle(mark_down, exchange_time(1));
  EXPECT_EQ(standing_.state(), AccountState::syncing) << "it never was live";
  EXPECT_EQ(standing_.detail(), "the mark stream is lost");
  EXPECT_EQ(standing_.settle(mark_up, exchange_time(2)), Change::liveness);
  EXPECT_TRUE(standing_.is_live());
  EXPECT_EQ(standing_.detail(), "ready");
  EXPECT_EQ(standing_.since(), exchange_time(2));
}

TEST_F(AccountStandingTest, WhatWasLiveIsStaleUntilItIsLiveAgain) {
  standing_.set_synchronized("ready");
  standing_.settle(mark_up, exchange_time(1));
  standing_.set_user_phase(Phase::connecting, "cut");
  EXPECT_EQ(standing_.settle(mark_up, exchange_time(2)), Change::liveness);
  EXPECT_EQ(standing_.state(), AccountState::stale);
  standing_.set_user_phase(Phase::syncing, "reading");
  EXPECT_EQ(standing_.settle(mark_up, exchange_time(3)), Change::none) << "still stale";
  EXPECT_EQ(standing_.since(), exchange_time(2));
}

TEST_F(AccountStandingTest, OneThatBeginsAgainIsConnectingAndNotStale) {
  standing_.set_synchronized("ready");
  standing_.settle(mark_up, exchange_time(1));
  standing_.begin_again();
  standing_.set_user_phase(Phase::connecting, "connecting");
  standing_.settle(mark_up, exchange_time(2));
  EXPECT_EQ(standing_.state(), AccountState::connecting);
}

TEST_F(AccountStandingTest, RemarksStandBesideThePhase) {
  standing_.set_synchronized("ready");
  standing_.set_user_warning("no list");
  AccountStanding::Surroundings banned = mark_up;
  banned.notice = "banned";
  standing_.settle(banned, exchange_time(1));
  EXPECT_EQ(standing_.detail(), "ready; no list; banned");
  EXPECT_EQ(standing_.settle(mark_up, exchange_time(2)), Change::said);
  EXPECT_EQ(standing_.detail(), "ready; no list");
  standing_.set_user_phase(Phase::stopped, "stopped");
  standing_.settle(banned, exchange_time(3));
  EXPECT_EQ(standing_.detail(), "stopped");
}

TEST_F(AccountStandingTest, AConnectionThatCameOrWentIsSaid) {
  standing_.settle(mark_down, exchange_time(1));
  standing_.set_user_connected(true);
  EXPECT_EQ(standing_.settle(mark_down, exchange_time(2)), Change::said);
  EXPECT_EQ(standing_.settle(mark_up, exchange_time(3)), Change::said);
}

}  // namespace
}  // namespace bridge

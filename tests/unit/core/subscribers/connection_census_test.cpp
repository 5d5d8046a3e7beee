#include "bridge/core/subscribers/connection_census.hpp"

#include <gtest/gtest.h>

namespace bridge {
namespace {

using namespace std::chrono_literals;

class ConnectionCensusTest : public ::testing::Test {
 protected:
  std::uint64_t turned_away() { return census_.take_turned_away(now_); }

  MonotonicTime now_{1h};
  ConnectionCensus census_{5s};
};

TEST_F(ConnectionCensusTest, ThoseWhoCameAndDidNotGoAreConnected) {
  census_.accepted(7, now_);
  census_.accepted(8, now_);
  EXPECT_EQ(census_.connected(), 2U);
  census_.disconnected(7);
  EXPECT_EQ(census_.connected(), 1U);
  // A descriptor that is used again is one connection, whatever was not said in between.
  census_.accepted(8, now_);
  EXPECT_EQ(census_.connected(), 1U);
}

TEST_F(ConnectionCensusTest, OneThatWentWithoutAWordWasTurnedAway) {
  census_.accepted(7, now_);
  EXPECT_EQ(turned_away(), 0U);
  census_.disconnected(7);
  EXPECT_EQ(turned_away(), 1U);
  EXPECT_EQ(turned_away(), 0U);
}

TEST_F(ConnectionCensusTest, OneWhoseHandshakeEndedWasNot) {
  census_.accepted(7, now_);
  census_.handshake_ended();
  now_ += 1h;
  EXPECT_EQ(turned_away(), 0U);
  census_.disconnected(7);
  EXPECT_EQ(turned_away(), 0U);
}

TEST_F(ConnectionCensusTest, OneThatMayStillBeAtItHidesAnotherForItsTimeOnly) {
  census_.accepted(7, now_);
  census_.accepted(8, now_ + 1s);
  census_.disconnected(7);
  now_ += 5s;
  EXPECT_EQ(turned_away(), 1U) << "one of the two is gone, and one may be at it still";
  census_.handshake_ended();
  now_ += 1s;
  EXPECT_EQ(turned_away(), 0U);
}

TEST_F(ConnectionCensusTest, AmongFriendsNoStrangerIsCountedTwiceOrForgotten) {
  std::uint64_t counted = 0;
  for (std::uint32_t round = 0; round < 100; ++round) {
    census_.accepted(2 * round, now_);
    census_.accepted(2 * round + 1, now_);
    census_.disconnected(2 * round + 1);  // the stranger
    now_ += 10ms;
    counted += turned_away();
    EXPECT_LE(counted, round + 1);
    census_.handshake_ended();  // the friend, who stays
    counted += turned_away();
    EXPECT_LE(counted, round + 1);
  }
  now_ += 5s;
  EXPECT_EQ(counted + turned_away(), 100U);
  EXPECT_EQ(census_.connected(), 100U);
}

}  // namespace
}  // namespace bridge

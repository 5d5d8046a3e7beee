#include "bridge/core/positions/symbol_holders.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridge {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SymbolHolders, SymbolIsHeldFromItsFirstHolderToItsLast) {
  PositionBook::Entry entry{.symbol = 3, .position = {}};
  Topic a;
  Topic b;
  a.entry = b.entry = &entry;
  SymbolHolders holders;
  EXPECT_THAT(holders.of(3), IsEmpty());
  EXPECT_TRUE(holders.add(a, "BTCUSDT"));
  EXPECT_FALSE(holders.add(b, "BTCUSDT")) << "it is held already";
  EXPECT_THAT(holders.of(3), ElementsAre(&a, &b));
  EXPECT_THAT(holders.symbols(), ElementsAre("BTCUSDT"));
  EXPECT_EQ(holders.symbol_limit(), 4U);
  holders.remove(a, "BTCUSDT");
  EXPECT_EQ(holders.revision(), 1U) << "the set of symbols has not changed since";
  holders.remove(b, "BTCUSDT");
  EXPECT_EQ(holders.revision(), 2U);
  EXPECT_THAT(holders.symbols(), IsEmpty());
}

}  // namespace
}  // namespace bridge

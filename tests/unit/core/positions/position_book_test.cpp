#include "bridge/core/positions/position_book.hpp"

#include <gtest/gtest.h>

#include "tests/unit/core/positions/feed_fixture.hpp"

namespace bridge {
namespace {

using testing::change;
using testing::decimal;
using testing::exchange_time;
using testing::row;
using Change = PositionBook::Change;
using enum PositionSide;

class PositionBookTest : public ::testing::Test {
 protected:
  Change apply(const std::string& symbol, PositionSide side, const std::string& amount,
               std::int64_t time_ms) {
    return book_
        .apply(symbols_.intern(symbol), change(symbol, side, amount, "100"), exchange_time(time_ms))
        .change;
  }

  PositionBook::Comparison replace_by(std::vector<PositionRow> rows,
                                      std::int64_t certain_before_ms = 0) {
    return book_.replace_by(symbols_, PositionRows{std::move(rows)},
                            exchange_time(certain_before_ms));
  }

  PositionBook::Comparison correct_by(std::vector<PositionRow> rows,
                                      std::int64_t certain_before_ms) {
    return book_.correct_by(symbols_, PositionRows{std::move(rows)},
                            exchange_time(certain_before_ms));
  }

  std::string amount(const std::string& symbol, PositionSide side) {
    const auto* entry = book_.find(symbols_.intern(symbol), side);
    return entry == nullptr ? "none" : entry->position.amount.to_string();
  }

  SymbolTable symbols_;
  PositionBook book_;
};

TEST_F(PositionBookTest, SaysWhetherAPositionOpenedChangedOrClosed) {
  EXPECT_EQ(apply("BTCUSDT", both, "0.5", 1), Change::opened);
  EXPECT_EQ(apply("BTCUSDT", both, "0.7", 2), Change::updated);
  EXPECT_EQ(apply("BTCUSDT", both, "-0.7", 3), Change::updated);  // a flip
  EXPECT_EQ(apply("BTCUSDT", both, "0", 4), Change::closed);
  EXPECT_EQ(apply("BTCUSDT", both, "0", 5), Change::none);
  EXPECT_EQ(book_.open_count(), 0U);
}

TEST_F(PositionBookTest, ZeroBothRowBesideHedgeLegsIsNoPosition) {
  EXPECT_EQ(apply("BTCUSDT", both, "0", 1), Change::none);
  EXPECT_EQ(apply("BTCUSDT", long_side, "20", 1), Change::opened);
  EXPECT_EQ(apply("BTCUSDT", short_side, "-10", 1), Change::opened);
  EXPECT_EQ(apply("BTCUSDT", both, "0", 2), Change::none);
  EXPECT_EQ(amount("BTCUSDT", long_side), "20");
  EXPECT_EQ(amount("BTCUSDT", short_side), "-10");
  EXPECT_EQ(book_.open_count(), 2U);
}

TEST_F(PositionBookTest, UpdateOlderThanTheEntryIsIgnored) {
  apply("BTCUSDT", both, "0.5", 10);
  EXPECT_EQ(apply("BTCUSDT", both, "0.9", 9), Change::ignored);
  EXPECT_EQ(amount("BTCUSDT", both), "0.5");
}

TEST_F(PositionBookTest, TwoUpdatesOfOneMillisecondAreBothApplied) {
  apply("BTCUSDT", both, "0.5", 10);
  EXPECT_EQ(apply("BTCUSDT", both, "0.9", 10), Change::updated);
  EXPECT_EQ(amount("BTCUSDT", both), "0.9");
}

TEST_F(PositionBookTest, UpdateOlderThanSnapshotIsIgnored) {
  replace_by({row("BTCUSDT", both, "2", "100", 50)});
  EXPECT_EQ(apply("BTCUSDT", both, "1", 40), Change::ignored);
  EXPECT_EQ(amount("BTCUSDT", both), "2");
}

TEST_F(PositionBookTest, SnapshotRowOlderThanTheStreamIsNotTaken) {
  apply("BTCUSDT", both, "3", 100);
  const auto comparison = correct_by({row("BTCUSDT", both, "2", "100", 50)}, 90);
  EXPECT_TRUE(comparison.changed.empty());
  EXPECT_EQ(comparison.undecided, 1U);
  EXPECT_EQ(amount("BTCUSDT", both), "3");
}

TEST_F(PositionBookTest, SnapshotRowNewerThanTheStreamIsTaken) {
  apply("BTCUSDT", both, "3", 100);
  const auto comparison = correct_by({row("BTCUSDT", both, "4", "100", 150)}, 5'000);
  ASSERT_EQ(comparison.changed.size(), 1U);
  EXPECT_EQ(comparison.changed[0].change, Change::updated);
  EXPECT_EQ(amount("BTCUSDT", both), "4");
}

TEST_F(PositionBookTest, RowSoNewThatTheStreamMayStillBringItWaitsForTheStream) {
  apply("BTCUSDT", both, "3", 100);
  const auto comparison = correct_by({row("BTCUSDT", both, "4", "100", 1'500)}, 1'000);
  EXPECT_TRUE(comparison.changed.empty());
  EXPECT_EQ(comparison.undecided, 1U);
  EXPECT_EQ(amount("BTCUSDT", both), "3");
}

TEST_F(PositionBookTest, PositionMissingFromTheSnapshotIsClosed) {
  apply("BTCUSDT", both, "3", 100);
  apply("ETHUSDT", both, "1", 100);
  const auto comparison = replace_by({row("ETHUSDT", both, "1", "100", 100)});
  ASSERT_EQ(comparison.changed.size(), 1U);
  EXPECT_EQ(comparison.changed[0].change, Change::closed);
  EXPECT_EQ(amount("BTCUSDT", both), "0");
  EXPECT_EQ(book_.open_count(), 1U);
}

TEST_F(PositionBookTest, PositionOpenedWhileTheSnapshotWasMadeIsNotClosedByIt) {
  apply("BTCUSDT", both, "3", 4'999);
  const auto comparison = correct_by({}, 4'000);
  EXPECT_TRUE(comparison.changed.empty());
  EXPECT_EQ(comparison.undecided, 1U);
  EXPECT_EQ(amount("BTCUSDT", both), "3");
}

// The simulation found it: a stalled stream brought the opening after REST had shown the closing.
TEST_F(PositionBookTest, EventsFromBeforeAComparisonThatFoundNothingDoNotReopenThePosition) {
  apply("BTCUSDT", both, "3", 100);
  correct_by({}, 5'000);
  EXPECT_EQ(amount("BTCUSDT", both), "0");
  EXPECT_EQ(apply("BTCUSDT", both, "4", 200), Change::ignored);
  EXPECT_EQ(apply("BTCUSDT", both, "5", 5'000), Change::opened);
}

TEST_F(PositionBookTest, SnapshotAfterAGapReplacesWhateverWasThere) {
  apply("BTCUSDT", both, "3", 5'000);
  apply("ETHUSDT", both, "1", 5'000);
  const auto comparison = replace_by({row("BTCUSDT", both, "2", "100", 50)});
  EXPECT_EQ(comparison.undecided, 0U);
  EXPECT_EQ(amount("BTCUSDT", both), "2");
  EXPECT_EQ(amount("ETHUSDT", both), "0");
}

TEST_F(PositionBookTest, RowThatSaysTheSameInOtherDigitsChangesNothing) {
  apply("BTCUSDT", both, "0.5", 100);
  EXPECT_TRUE(replace_by({row("BTCUSDT", both, "0.500", "100.00", 100)}).changed.empty());
  EXPECT_EQ(amount("BTCUSDT", both), "0.5");
}

TEST_F(PositionBookTest, LegThatIsToldAgainHasNotChanged) {
  apply("BTCUSDT", long_side, "0.5", 100);
  EXPECT_EQ(apply("BTCUSDT", long_side, "0.500", 200), Change::none);
  const auto* entry = book_.find(symbols_.intern("BTCUSDT"), long_side);
  EXPECT_EQ(entry->position.changed_at, exchange_time(100));
}

TEST_F(PositionBookTest, LegThatIsToldAgainWithMoreThanTheSnapshotKnewChangedWhenTheSnapshotSays) {
  replace_by({row("BTCUSDT", long_side, "0.5", "100", 100)});
  EXPECT_EQ(apply("BTCUSDT", long_side, "0.5", 200), Change::updated);
  const auto* entry = book_.find(symbols_.intern("BTCUSDT"), long_side);
  EXPECT_EQ(entry->position.realized_pnl, decimal("0"));
  EXPECT_EQ(entry->position.changed_at, exchange_time(100));
}

TEST_F(PositionBookTest, RealizedProfitIsUnknownOnceARowWasTakenOverRest) {
  apply("BTCUSDT", both, "3", 100);
  const auto* entry = book_.find(symbols_.intern("BTCUSDT"), both);
  ASSERT_TRUE(entry->position.realized_pnl);
  replace_by({row("BTCUSDT", both, "4", "100", 150)});
  EXPECT_FALSE(entry->position.realized_pnl);
}

TEST_F(PositionBookTest, ChangeInTheGapThatLedBackToTheSamePositionIsNoticed) {
  apply("BTCUSDT", both, "3", 100);
  EXPECT_EQ(replace_by({row("BTCUSDT", both, "3", "100", 150)}).changed.size(), 1U);
  EXPECT_FALSE(book_.find(symbols_.intern("BTCUSDT"), both)->position.realized_pnl);
}

TEST_F(PositionBookTest, BufferedEventOfAFlatSymbolIsNewsOnlyIfTheSnapshotMayNotHaveSeenIt) {
  replace_by({}, 100);
  EXPECT_EQ(apply("BTCUSDT", both, "1", 99), Change::ignored);
  EXPECT_EQ(apply("BTCUSDT", both, "1", 100), Change::opened);
}

// Opened and closed while the stream was stalled, and never known to the book before.
TEST_F(PositionBookTest, EventsFromBeforeAComparisonDoNotOpenWhatItDidNotShow) {
  correct_by({}, 5'000);
  EXPECT_EQ(apply("BTCUSDT", both, "4", 4'999), Change::ignored);
  EXPECT_EQ(apply("BTCUSDT", both, "4", 5'000), Change::opened);
}

TEST_F(PositionBookTest, LeverageIsKnownBeforeAndAfterThePositionOpens) {
  const SymbolId symbol = symbols_.intern("BTCUSDT");
  EXPECT_TRUE(book_.set_leverage(symbol, 25, exchange_time(1)).empty());
  apply("BTCUSDT", both, "0.5", 1);
  EXPECT_EQ(book_.find(symbol, both)->position.leverage, 25U);
  EXPECT_EQ(book_.set_leverage(symbol, 10, exchange_time(1)).size(), 1U);
  EXPECT_EQ(book_.find(symbol, both)->position.leverage, 10U);
  EXPECT_TRUE(book_.set_leverage(symbol, 10, exchange_time(1)).empty()) << "nothing changed";
}

TEST_F(PositionBookTest, SymbolConfigsSetLeverageAndMarginTypeOfOpenPositions) {
  apply("BTCUSDT", both, "0.5", 1);
  SymbolConfigs configs;
  configs.rows.push_back(
      {.symbol = "BTCUSDT", .margin_type = MarginType::isolated, .leverage = 20});
  EXPECT_EQ(book_.set_symbol_configs(symbols_, configs, exchange_time(2)).corrections.size(), 1U);
  const auto* entry = book_.find(symbols_.intern("BTCUSDT"), both);
  EXPECT_EQ(entry->position.leverage, 20U);
  EXPECT_EQ(entry->position.margin_type, MarginType::isolated);
}

// The simulation found it: the margin type was changed while nothing was open, which is told of the
// BOTH side alone, and then a comparison opened a leg that the stream had not told of.
TEST_F(PositionBookTest, MarginTypeThatWasToldOfOneSideIsThatOfALegThatOpensLater) {
  PositionChange isolated = change("BTCUSDT", short_side, "-1", "100");
  isolated.margin_type = MarginType::isolated;
  const SymbolId symbol = symbols_.intern("BTCUSDT");
  book_.apply(symbol, isolated, exchange_time(1));
  isolated.amount = isolated.entry_price = decimal("0");
  book_.apply(symbol, isolated, exchange_time(2));
  book_.apply(symbol, change("BTCUSDT", both, "0", "0"), exchange_time(3));  // cross
  correct_by({row("BTCUSDT", short_side, "-2", "100", 4)}, 5'000);
  EXPECT_EQ(book_.find(symbol, short_side)->position.amount, decimal("-2"));
  EXPECT_EQ(book_.find(symbol, short_side)->position.margin_type, MarginType::cross);
}

TEST_F(PositionBookTest, RevisionMovesWithEveryChange) {
  apply("BTCUSDT", both, "0.5", 1);
  const auto* entry = book_.find(symbols_.intern("BTCUSDT"), both);
  const auto before = entry->revision;
  apply("BTCUSDT", both, "0.6", 2);
  EXPECT_NE(entry->revision, before);
}

}  // namespace
}  // namespace bridge

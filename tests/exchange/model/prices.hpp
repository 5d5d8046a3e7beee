#pragma once

#include <vector>

#include "tests/exchange/model/amount.hpp"
#include "tests/exchange/model/random.hpp"
#include "tests/exchange/model/symbols.hpp"
#include "tests/exchange/model/time.hpp"

namespace exchange {

struct MarkPrice {
  Amount mark;
  Amount index;
  Amount estimated_settle;
  Amount funding_rate;
};

/// Mark prices of every symbol: a random walk in equal steps, each symbol with its own random
/// numbers. A symbol walks only when somebody looks, and comes out the same whenever
/// it is looked at.
class PriceBoard {
 public:
  /// `volatility_percent` scales every symbol's own volatility.
  PriceBoard(const SymbolTable& symbols, std::uint64_t seed, int volatility_percent, UnixMs start,
             UnixMs step_ms = second_ms);

  /// Prices of the step that `now` falls into. Time does not go back: an earlier `now` gets the
  /// latest prices known.
  const MarkPrice& at(SymbolId symbol, UnixMs now);

  /// Puts the walk of a symbol at `mark`, from where it goes on.
  void set_mark(SymbolId symbol, Amount mark, UnixMs now);

 private:
  struct Walk {
    Random random;
    std::int64_t mark_units;
    std::int64_t anchor_units;
    std::int64_t volatility_ppb;
    std::int64_t premium_ppb;
    std::int64_t steps;
    bool has_funding;
    MarkPrice shown;
  };

  void step(Walk& walk) const;
  static void show(Walk& walk);

  UnixMs step_ms_;
  std::vector<Walk> walks_;
};

}  // namespace exchange

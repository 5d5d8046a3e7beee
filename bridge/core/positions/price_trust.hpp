#pragma once

#include <cstdint>

#include "bridge/core/exchange/exchange_clock.hpp"
#include "bridge/core/positions/mark_prices.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// Whether the mark price of a symbol can be trusted: it is younger than `stale_after`, by our clock
// since we heard it and by the exchange's since it was true. What waited in a socket comes late,
// however quickly it is read then.
class PriceTrust {
 public:
  enum class Age : std::uint8_t { unknown, fresh, old };

  // What is referred to outlives it.
  PriceTrust(const MarkPrices& prices, const ExchangeClock& clock, Duration stale_after)
      : prices_{prices}, clock_{clock}, stale_after_{stale_after} {}

  Age age(SymbolId symbol, MonotonicTime now) const;
  // Whether a position that opened at `opened_at` can be valued at a price of that age. One that
  // has no price yet is given `stale_after` to get it.
  bool is_enough(Age age, MonotonicTime opened_at, MonotonicTime now) const;

 private:
  bool is_old(SymbolId symbol, MonotonicTime now) const;

  const MarkPrices& prices_;
  const ExchangeClock& clock_;
  const Duration stale_after_;
};

}  // namespace bridge

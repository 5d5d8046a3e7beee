#pragma once

#include <cstdint>
#include <vector>

#include "bridge/core/exchange/exchange_events.hpp"
#include "bridge/core/positions/publications.hpp"
#include "bridge/core/values/symbol_table.hpp"
#include "bridge/core/values/time.hpp"

namespace bridge {

// The latest mark price of each symbol, and when we last heard of it.
class MarkPrices {
 public:
  enum class Source : std::uint8_t { stream, rest };

  // Null while no price is known.
  const MarkPrice* find(SymbolId symbol) const {
    if (symbol >= prices_.size() || !prices_[symbol].known) return nullptr;
    return &prices_[symbol].price;
  }

  // Only meaningful where a price is known.
  MonotonicTime heard_at(SymbolId symbol) const { return prices_[symbol].heard_at; }

  // When the stream last brought a price; only meaningful where a price is known. A price from
  // REST says nothing about a subscription.
  MonotonicTime streamed_at(SymbolId symbol) const { return prices_[symbol].streamed_at; }

  void forget(SymbolId symbol) {
    if (symbol < prices_.size()) prices_[symbol].known = false;
  }

  // False for a price that is older than the one we have, or the same: two connections may overlap.
  bool set(SymbolId symbol, const MarkPriceTick& tick, Source source, MonotonicTime heard_at) {
    if (symbol >= prices_.size()) prices_.resize(symbol + std::size_t{1});
    Slot& slot = prices_[symbol];
    if (slot.known && tick.event_time <= slot.price.event_time &&
        (tick.event_time < slot.price.event_time || tick.mark_price == slot.price.mark_price))
      return false;
    slot.known = true;
    slot.heard_at = heard_at;
    if (source == Source::stream) slot.streamed_at = heard_at;
    slot.price.mark_price = tick.mark_price;
    slot.price.index_price = tick.index_price;
    slot.price.funding_rate = tick.funding_rate;
    slot.price.next_funding_time = tick.next_funding_time;
    slot.price.event_time = tick.event_time;
    return true;
  }

 private:
  struct Slot {
    MarkPrice price;
    MonotonicTime heard_at;
    MonotonicTime streamed_at = MonotonicTime::min();
    bool known = false;
  };

  std::vector<Slot> prices_;
};

}  // namespace bridge

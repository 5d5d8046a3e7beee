#include "bridge/core/positions/price_trust.hpp"

namespace bridge {

PriceTrust::Age PriceTrust::age(SymbolId symbol, MonotonicTime now) const {
  if (prices_.find(symbol) == nullptr) return Age::unknown;
  return is_old(symbol, now) ? Age::old : Age::fresh;
}

bool PriceTrust::is_enough(Age age, MonotonicTime opened_at, MonotonicTime now) const {
  return age == Age::fresh || (age == Age::unknown && now - opened_at <= stale_after_);
}

bool PriceTrust::is_old(SymbolId symbol, MonotonicTime now) const {
  if (now - prices_.heard_at(symbol) > stale_after_) return true;
  return clock_.is_known() &&
         clock_.at_least(now) - prices_.find(symbol)->event_time > stale_after_;
}

}  // namespace bridge

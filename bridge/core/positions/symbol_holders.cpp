#include "bridge/core/positions/symbol_holders.hpp"

#include <algorithm>

#include "bridge/core/values/assert.hpp"

namespace bridge {

bool SymbolHolders::add(Topic& topic, std::string_view name) {
  const SymbolId symbol = topic.entry->symbol;
  if (symbol >= holders_.size()) holders_.resize(symbol + std::size_t{1});
  auto& holders = holders_[symbol];
  BRIDGE_ASSERT(std::find(holders.begin(), holders.end(), &topic) == holders.end());
  holders.push_back(&topic);
  if (holders.size() > 1) return false;
  symbols_.emplace(name);
  ++revision_;
  return true;
}

void SymbolHolders::remove(Topic& topic, std::string_view name) {
  const SymbolId symbol = topic.entry->symbol;
  BRIDGE_ASSERT(symbol < holders_.size());
  auto& holders = holders_[symbol];
  const auto place = std::find(holders.begin(), holders.end(), &topic);
  BRIDGE_ASSERT(place != holders.end());
  holders.erase(place);
  if (!holders.empty()) return;
  symbols_.erase(symbols_.find(name));
  ++revision_;
}

}  // namespace bridge

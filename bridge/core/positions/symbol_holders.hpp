#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bridge/core/positions/topic.hpp"
#include "bridge/core/values/symbol_table.hpp"

namespace bridge {

// The open positions of each symbol, over all accounts: a tick finds its positions here without a
// search.
class SymbolHolders {
 public:
  // `name`: of the topic's symbol. True if it is the first that holds the symbol.
  bool add(Topic& topic, std::string_view name);
  void remove(Topic& topic, std::string_view name);

  std::span<Topic* const> of(SymbolId symbol) const {
    if (symbol >= holders_.size()) return {};
    return holders_[symbol];
  }
  // One more than the greatest symbol that was ever held.
  SymbolId symbol_limit() const { return static_cast<SymbolId>(holders_.size()); }

  // The symbols that are held, and a number that moves whenever that set does.
  const std::set<std::string, std::less<>>& symbols() const { return symbols_; }
  std::uint64_t revision() const { return revision_; }

 private:
  std::vector<std::vector<Topic*>> holders_;  // by symbol
  std::set<std::string, std::less<>> symbols_;
  std::uint64_t revision_ = 0;
};

}  // namespace bridge

#pragma once

#include <optional>
#include <vector>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// What is published together belongs together: profit and notional follow from amount, entry price
/// and mark price, and what the subscriber has is what the book has.
class ValuationChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "valuation"; }
  void published_position(const bridge::PositionUpdate& update, AccountIndex account) override;
  void settled(AccountIndex account) override;

 private:
  /// What the exchange calls a symbol of the bridge; nothing: it has none of that name.
  std::optional<exchange::SymbolId> listed(bridge::SymbolId symbol);

  std::vector<std::optional<exchange::SymbolId>> listed_;  // by the bridge's number
};

}  // namespace simulation

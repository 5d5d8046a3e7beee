#pragma once

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
};

}  // namespace simulation

#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// After faults stop, everything is live within a bound.
class RecoveryChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "recovery"; }
  void recovered() override;
  void finished() override;

 private:
  bool is_overdue(AccountIndex account) const;
};

}  // namespace simulation

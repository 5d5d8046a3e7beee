#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// Everything that the exchange says can be read. (That the sessions come to rest after every input
/// they assert themselves.)
class ProgressChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "progress"; }
  void sweep() override {
    const Driver::Faults& faults = scene().driver.faults();
    if (!faults.unreadable.empty()) report("could not be read: " + faults.unreadable);
  }
};

}  // namespace simulation

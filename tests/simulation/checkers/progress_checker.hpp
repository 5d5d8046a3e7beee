#pragma once

#include "tests/simulation/checker.hpp"

namespace simulation {

/// The sessions come to rest after every input, and can read everything that the exchange says.
class ProgressChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "progress"; }
  void sweep() override {
    const Driver::Faults& faults = scene().driver.faults();
    if (faults.never_settles) report("a session wants to be woken again and again at one moment");
    if (!faults.unreadable.empty()) report("could not be read: " + faults.unreadable);
  }
};

}  // namespace simulation

#pragma once

#include <utility>

#include "tests/simulation/checker.hpp"

namespace simulation {

/// Everything that the exchange says can be read, unless a fault has spoilt it. (That the sessions
/// come to rest after every input they assert themselves.)
class ProgressChecker final : public Checker {
 public:
  using Checker::Checker;
  std::string_view name() const override { return "progress"; }
  void sweep() override {
    const Driver::Faults& faults = scene().driver.faults();
    const bool is_new = std::exchange(seen_, faults.unreadable_count) != faults.unreadable_count;
    if (is_new && scene().clock.elapsed() > scene().truth.frames_spoilt_until())
      report("could not be read: " + faults.unreadable);
  }

 private:
  std::uint64_t seen_ = 0;
};

}  // namespace simulation
